import { LinkError } from "../../src/base/errors.ts";
import type { Pipe } from "../../src/pipe/pipe.ts";
import type { Path } from "../../src/schema/peer-types.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import type { Seeded } from "../session/seeded.ts";
import { CallLog } from "./outcomes-log.ts";
import { NOBODY_LISTENS, Program } from "./outcomes-program.ts";
import { other, type Side, Wire, WireLink } from "./outcomes-wire.ts";

const PATHS: readonly Path[] = ["lan", "public", "punched", "relay"];

/** How long a dial by an introduction may take. */
const DIAL_MS = 4_000;

/** What a dialler has: a ticket that the Room gave to these two programs, or the key of its session. */
interface Proof {
  readonly purpose: 3 | 5;
  readonly ticketId: Uint8Array;
  readonly holders?: readonly Program[];
}

/** Two names, the programs that bear them one after the other, and the wires between. */
export class Network {
  readonly chance: Seeded;
  readonly clock = new ManualClock();
  readonly log = new CallLog();
  readonly programs: [Program, Program];
  wires: Wire[] = [];
  /** No dial reaches anybody. */
  isDown = false;
  #lastPort = 0;

  constructor(chance: Seeded) {
    this.chance = chance;
    this.programs = [new Program(this, 0, ++this.#lastPort), new Program(this, 1, ++this.#lastPort)];
  }

  /** The Room tells the two of each other. One dials, and the other one too if it still wants a link a little later. */
  introduce(asking: Program): void {
    const { chance, programs } = this;
    if (this.isDown || !programs.every((program) => program.isAlive)) return;
    const proof: Proof = { purpose: 3, ticketId: chance.bytes(16), holders: [...programs] };
    const first = programs[chance.int(2) as Side];
    const second = programs[other(first.side)];
    const dial = (from: Program): void => {
      if (!from.isAlive) return;
      const wire = this.connect(from, programs[other(from.side)].port, proof, () => {});
      this.clock.after(DIAL_MS, () => {
        if (wire.ends[from.side] === undefined) wire.cut([0, 0], [0, 0]);
      });
    };
    dial(first);
    const isCrossing = chance.once(4);
    this.clock.after(chance.int(400), () => {
      if (isCrossing || !asking.table.isLinked(asking.peer)) dial(second);
    });
  }

  /** A dial of the table itself, by the next key of its session. Stays open until the table has its link or gives up. */
  redial(from: Program, port: number, signal: AbortSignal | undefined): Promise<Pipe> {
    return new Promise((_resolve, reject) => {
      const key = from.table.keys.of(from.peer)[from.refusedKeys];
      let wire: Wire | undefined;
      const fail = (error: LinkError): void => {
        if (error.code === "ERR_TICKET") this.log.count("keys refused");
        from.refusedKeys = error.code === "ERR_TICKET" ? from.refusedKeys + 1 : 0;
        if (from.refusedKeys >= from.table.keys.of(from.peer).length) from.refusedKeys = 0;
        reject(error);
      };
      signal?.addEventListener(
        "abort",
        () => {
          from.refusedKeys = 0;
          if (wire?.ends[from.side] === undefined) wire?.cut([0, 0], [0, 0]);
          reject(signal.reason as Error);
        },
        { once: true },
      );
      if (key === undefined) return fail(new LinkError("ERR_INTERNAL", "the round of keys is over"));
      wire = this.connect(from, port, { purpose: 5, ticketId: key.ticketId }, fail);
    });
  }

  /** Another link beside the present one, by the newest key. */
  move(from: Program): void {
    const [key] = from.table.keys.of(from.peer);
    const there = this.programs[other(from.side)];
    if (key === undefined || !there.isAlive || this.wires.length > 5) return;
    this.log.count("moves");
    this.connect(from, there.port, { purpose: 5, ticketId: key.ticketId }, () => {});
  }

  /** HELLO, REPLY, CONFIRM: as long as the wire carries them. `failed` is told what the dialler would see. */
  connect(from: Program, port: number, proof: Proof, failed: (error: LinkError) => void): Wire {
    const { chance } = this;
    const to = other(from.side);
    const wire = new Wire(this.clock, chance.pick([1, 5, 40, 200]));
    wire.onBroken = () => failed(new LinkError("ERR_TRUNCATED", "the wire was cut"));
    this.wires.push(wire);
    if (this.isDown) {
      wire.push(from.side, 0, () => wire.cut([0, 0], [0, 0]));
      return wire;
    }
    const answer = (error: LinkError): void =>
      wire.push(from.side, 0, () => {
        wire.onBroken = undefined;
        wire.cut([0, 0], [0, 0]);
        if (from.isAlive) failed(error);
      });
    const path = chance.pick(PATHS);
    const linkId = chance.bytes(32);
    const secret = proof.purpose === 5 ? undefined : chance.bytes(32);
    const end = from.table.endFor(from.peer);
    wire.push(to, 0, () => {
      const there = this.programs[to];
      if (!there.isAlive || there.port !== port) return answer(nobody());
      if (!isKnown(proof, there)) return answer(new LinkError("ERR_TICKET", "no such key", { received: 6 }));
      const localEnd = there.table.endFor(there.peer);
      const shared = { purpose: proof.purpose, linkId, ticketId: proof.ticketId };
      const identity = (program: Program, ends: readonly [Uint8Array, Uint8Array]) => ({
        ...shared,
        role: program === from ? ("initiator" as const) : ("responder" as const),
        localName: program.name,
        remoteName: program.peer,
        localEnd: ends[0],
        remoteEnd: ends[1],
        resume: secret === undefined ? undefined : { secret: secret.slice(), ticketId: linkId.slice(0, 16) },
      });
      wire.push(from.side, 0, () => {
        wire.onBroken = undefined;
        if (!from.isAlive) return;
        wire.push(to, 0, () => {
          if (!there.isAlive) return wire.desert();
          const link = new WireLink(there, wire, identity(there, [localEnd, end]));
          there.table.linkProven(link, { path, listener: { host: "10.0.0.1", port: from.port } });
          if (link.isOpen) this.log.count(proof.purpose === 5 ? "links by key" : "links by introduction");
        });
        const link = new WireLink(from, wire, identity(from, [end, localEnd]));
        from.table.linkProven(link, { path, listener: { host: "10.0.0.1", port } });
        // A redial whose link was not wanted after all.
        failed(new LinkError("ERR_TRUNCATED", "the link was destroyed"));
      });
    });
    return wire;
  }

  /** The process is gone, without a word. What hangs on it breaks at once, later, or by its silence. */
  kill(program: Program): void {
    program.vanish();
    for (const wire of this.wires) {
      const end = wire.ends[program.side];
      if (end?.isOpen !== true) continue;
      end.vanish();
      if (this.chance.once(3)) wire.desert();
      else wire.cut([9, 9], [this.chance.int(2_000), this.chance.int(2_000)]);
    }
  }

  /** The next process of that name, at the same port or another one. */
  restart(side: Side): void {
    if (this.programs[side].isAlive) return;
    const port = this.chance.once(3) ? this.programs[side].port : ++this.#lastPort;
    this.programs[side] = new Program(this, side, port);
  }

  forgetDeadWires(): void {
    this.wires = this.wires.filter(
      ({ ends, isCut }) => !isCut && !(ends[0]?.isOpen === false && ends[1]?.isOpen === false),
    );
  }
}

function isKnown({ purpose, ticketId, holders }: Proof, there: Program): boolean {
  return purpose === 5 ? there.table.keys.peerOf(ticketId) !== undefined : holders?.includes(there) === true;
}

function nobody(): LinkError {
  return new LinkError("ERR_UNREACHABLE", NOBODY_LISTENS, { cause: { code: "ECONNREFUSED" } });
}
