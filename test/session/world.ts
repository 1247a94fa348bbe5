import { type End, type Handshake, handshakeStarted, linkProven, sessionEnded } from "../../src/session/bind.ts";
import type { Action, EndReason } from "../../src/session/machine.ts";
import type { Seeded } from "./seeded.ts";
import {
  byteAt,
  MAX_LINKS,
  other,
  type Packet,
  pairName,
  Process,
  type Side,
  type SimLink,
  SimSession,
  WINDOW_BYTES,
} from "./world-parts.ts";

/**
 * Two nodes of fixed names whose processes come and go, and links between them that stall, are cut and arrive late: SESSION's rules under a schedule.
 * Everything that must hold is checked after each step; a broken rule throws.
 */

export class World {
  readonly chance: Seeded;
  readonly processes: [Process, Process];
  links: SimLink[] = [];
  /** A number for the stream of each pair and direction. */
  readonly streams = new Map<string, number>();
  /** Of each of them: how much was committed. */
  readonly committed = new Map<string, number>();
  readonly counts = {
    steps: 0,
    bytes: 0,
    restarts: 0,
    moves: 0,
    cuts: 0,
    ends: 0,
    expiries: 0,
    replaced: 0,
    refused: 0,
    sessions: 0,
    resent: 0,
  };
  #lastLink = 0;
  #incarnations = 0;
  /** In the settling phase at the end every link is good. */
  settling = false;
  handshakes = 0;

  constructor(chance: Seeded) {
    this.chance = chance;
    this.processes = [this.#process(0), this.#process(1)];
  }

  #process(side: Side): Process {
    const incarnation = new Uint8Array(12);
    incarnation[side] = ++this.#incarnations;
    return new Process(side, incarnation);
  }

  /** One step of the schedule. */
  step(): void {
    const { chance } = this;
    this.counts.steps++;
    const side = chance.int(2) as Side;
    const link = this.links.length === 0 ? undefined : chance.pick(this.links);
    const process = this.processes[side];
    const what = chance.int(1_000);
    if (what < 520) this.#deliverSome(link, side);
    else if (what < 770) this.flush(process, 1 + chance.int(12));
    else if (what < 840) this.#dialSome(side);
    else if (what < 900 && link !== undefined) link.stalled[side] = !link.stalled[side] && chance.once(2);
    else if (what < 930 && link !== undefined) this.#cut(link);
    else if (what < 980 && link !== undefined) this.#suspect(process, link);
    else if (what < 990) this.#expire(process);
    else if (what < 992) this.end(process, "done");
    else if (what < 995) this.#restart(side);
    this.#forgetDeadLinks();
    this.check();
  }

  #deliverSome(link: SimLink | undefined, side: Side): void {
    if (link === undefined) return;
    for (let count = 1 + this.chance.int(3); count > 0; count--) this.deliver(link, side);
  }

  #dialSome(side: Side): void {
    if (this.links.length < 6) this.dial(side);
  }

  dial(side: Side): SimLink {
    const process = this.processes[side];
    const handshake = handshakeStarted(process.binding);
    const link: SimLink = {
      id: ++this.#lastLink,
      rank: this.chance.int(3),
      initiator: side,
      processes: [undefined, undefined],
      toward: [[], []],
      stalled: [false, false],
      handshakes: [undefined, undefined],
      proven: [false, false],
      gone: [false, false],
    };
    link.processes[side] = process;
    link.handshakes[side] = handshake;
    link.toward[other(side)].push({ type: "hello", end: handshake.mine });
    this.links.push(link);
    this.handshakes++;
    return link;
  }

  /** The next packet on its way to a side arrives there. False: there is none, or it can't. */
  deliver(link: SimLink, side: Side): boolean {
    if (link.stalled[side]) return false;
    const packet = link.toward[side].shift();
    if (packet === undefined) return false;
    if (link.gone[side]) return true;
    if (packet.type === "hello") link.processes[side] = this.processes[side];
    const process = link.processes[side];
    if (process === undefined || !process.alive) return true;
    switch (packet.type) {
      case "hello": {
        const handshake = handshakeStarted(process.binding);
        link.handshakes[side] = handshake;
        this.#send(link, side, { type: "reply", end: handshake.mine });
        this.#ends.set(link, [packet.end, handshake.mine]);
        break;
      }
      case "reply":
        this.#send(link, side, { type: "confirm" });
        this.#prove(link, process, packet.end);
        break;
      case "confirm":
        this.#prove(link, process, (this.#ends.get(link) as [End, End])[0]);
        break;
      case "record":
        this.#perform(process, process.session, process.session?.machine.record(link.id, packet.bytes) ?? [], "record");
        break;
      case "fin":
        link.gone[side] = true;
        this.#perform(process, process.session, process.session?.machine.linkLost(link.id) ?? [], "lost");
        break;
    }
    return true;
  }

  readonly #ends = new Map<SimLink, [End, End]>();

  #send(link: SimLink, from: Side, packet: Packet): void {
    if (!link.gone[other(from)]) link.toward[other(from)].push(packet);
  }

  /** A handshake is done at that process. */
  #prove(link: SimLink, process: Process, them: End): void {
    const { side, binding } = process;
    link.proven[side] = true;
    const handshake = link.handshakes[side] as Handshake;
    const verdict = linkProven(binding, { ...handshake, them, mayJoin: true });
    if (verdict === "destroy") {
      this.counts.refused++;
      this.#drop(link, side);
      if (this.settling) this.dial(side);
      return;
    }
    if (verdict === "replace") {
      this.#checkReplaced(process);
      this.counts.replaced++;
      const gone = process.session as SimSession;
      this.#perform(process, gone, gone.machine.end("superseded", ""), "replaced");
    }
    if (verdict !== "join") {
      const name = pairName(handshake.mine, them);
      if (this.streams.has(name)) throw new Error("a pair of ends names two sessions of one side");
      this.streams.set(name, this.streams.size + 1);
      this.counts.sessions++;
      process.session = new SimSession(side, handshake.mine, them);
    }
    const session = process.session as SimSession;
    session.alone = false;
    this.#perform(process, session, session.machine.linkProven(link.id, link.rank), "proven");
  }

  /** I8: a session that the other side still holds, by a live process, is never given up for another link. */
  #checkReplaced(process: Process): void {
    const mine = process.session as SimSession;
    const theirs = this.processes[other(process.side)].session;
    if (theirs !== undefined && theirs.name === pairName(mine.them, mine.mine))
      throw new Error("I8: a live session was replaced");
  }

  flush(process: Process, bytes: number): void {
    const { session } = process;
    if (session === undefined) return;
    const { machine } = session;
    const stream = this.streams.get(session.name) as number;
    let left = bytes;
    const source = {
      pull: (roomBytes: number, offset: number, inFlightBytes: number): Uint8Array[] => {
        if (inFlightBytes + roomBytes > WINDOW_BYTES) throw new Error("I2: the window is passed");
        const length = Math.min(left, roomBytes);
        left = 0;
        if (length === 0) return [];
        this.committed.set(session.name, offset + length);
        return [Uint8Array.from({ length }, (_, at) => byteAt(stream, offset + at))];
      },
    };
    const before = machine.committed;
    for (let actions = machine.flush(source, true); actions.length > 0; actions = machine.flush(source, true)) {
      if (machine.committed === before) this.counts.resent++;
      this.#perform(process, session, actions, "flush");
    }
  }

  #suspect(process: Process, link: SimLink): void {
    const machine = process.session?.machine;
    if (machine === undefined) return;
    const known = machine.links.find((one) => one.id === link.id);
    if (known === undefined) return;
    machine.linkSuspect(link.id, !known.suspect);
  }

  /** The link breaks: what is on its way is lost from some point on, and each side learns of it later. */
  #cut(link: SimLink): void {
    this.counts.cuts++;
    for (const side of [0, 1] as const) {
      const packets = link.toward[side];
      packets.length = this.chance.int(packets.length + 1);
      packets.push({ type: "fin" });
      link.stalled[side] = false;
    }
  }

  #expire(process: Process): void {
    if (process.session?.alone !== true) return;
    this.counts.expiries++;
    this.end(process, "lost");
  }

  end(process: Process, reason: EndReason): void {
    const { session } = process;
    if (session === undefined) return;
    this.counts.ends++;
    this.#perform(process, session, session.machine.end(reason, ""), "end");
  }

  /** The program ends without a word, and another one of that name starts. Its links fall silent or break. */
  #restart(side: Side): void {
    this.counts.restarts++;
    const old = this.processes[side];
    old.alive = false;
    this.processes[side] = this.#process(side);
    for (const link of this.links) {
      if (link.processes[side] !== old) continue;
      link.gone[side] = true;
      if (this.chance.once(2)) link.toward[other(side)].push({ type: "fin" });
    }
  }

  #drop(link: SimLink, side: Side): void {
    link.gone[side] = true;
    this.#send(link, side, { type: "fin" });
  }

  #perform(process: Process, session: SimSession | undefined, actions: readonly Action[], event: string): void {
    const { side } = process;
    for (const action of actions) {
      const link = "link" in action ? this.links.find((one) => one.id === action.link) : undefined;
      switch (action.type) {
        case "send":
          if (link !== undefined && !link.gone[side])
            this.#send(link, side, { type: "record", bytes: Uint8Array.from(Buffer.concat(action.parts)) });
          break;
        case "deliver":
          this.#delivered(session as SimSession, action.bytes);
          break;
        case "close":
        case "destroy":
          if (action.type === "destroy" && event === "record") throw new Error("I3: an honest peer left a gap");
          if (link !== undefined) this.#drop(link, side);
          break;
        case "alone":
          (session as SimSession).alone = true;
          break;
        case "ended":
          if (action.reason === "protocol" || action.reason === "failed")
            throw new Error(`I3: an honest session ended: ${action.text}`);
          if (event !== "replaced") {
            process.session = undefined;
            sessionEnded(process.binding);
          }
          break;
      }
    }
  }

  /** I1: what is delivered under a pair is what was committed under it, from the start, once and in order. */
  #delivered(session: SimSession, bytes: Uint8Array): void {
    const from = pairName(session.them, session.mine);
    const stream = this.streams.get(from);
    if (stream === undefined) throw new Error("I1: bytes of a pair that never was");
    for (const [at, byte] of bytes.entries()) {
      if (byte !== byteAt(stream, session.delivered + at))
        throw new Error(`I1: a wrong byte at ${session.delivered + at}`);
    }
    session.delivered += bytes.length;
    this.counts.bytes += bytes.length;
    if (session.delivered > (this.committed.get(from) ?? 0))
      throw new Error("I1: more was delivered than was committed");
    if (session.delivered > session.machine.recv) throw new Error("I1: recv is behind what was delivered");
  }

  /** I2 and I6, in every state. */
  check(): void {
    for (const { session, side } of this.processes) {
      if (session === undefined) continue;
      const { acked, committed, recv, out, links, cur } = session.machine;
      const theirs = this.processes[other(side)].session;
      const isPair = theirs !== undefined && theirs.name === pairName(session.them, session.mine);
      if (isPair && !(acked <= theirs.machine.recv && theirs.machine.recv <= committed))
        throw new Error("I2: acked <= peer.recv <= committed");
      if (acked > committed || out.start !== acked || out.end !== committed)
        throw new Error("I2: out is [acked, committed)");
      if (committed - acked > WINDOW_BYTES) throw new Error("I6: more than the window is kept");
      if (links.length > MAX_LINKS) throw new Error("I6: too many links");
      if (cur !== undefined && !links.includes(cur)) throw new Error("the current link is none of its links");
      if (recv !== session.delivered) throw new Error("recv is what was delivered");
      if (cur !== undefined && session.carrier >= 0 && cur.id !== session.carrier) this.counts.moves++;
      session.carrier = cur?.id ?? -1;
      const kept = Buffer.concat(acked === committed ? [] : out.slice(acked, WINDOW_BYTES + 1));
      if (kept.length !== committed - acked) throw new Error("I2: out holds another length");
      const stream = this.streams.get(session.name) as number;
      for (let at = 0; at < kept.length; at++)
        if (kept[at] !== byteAt(stream, acked + at)) throw new Error("I2: out holds other bytes");
    }
  }

  #forgetDeadLinks(): void {
    this.links = this.links.filter(
      (link) => !(link.toward[0].length === 0 && link.toward[1].length === 0 && link.gone[0] && link.gone[1]),
    );
  }

  /** I4: once nothing fails any more, one fresh link brings both ends to one session, with everything delivered and acknowledged. At most two handshakes. */
  settle(): void {
    this.settling = true;
    for (const link of this.links) {
      // Whatever is stalled or half dead by now breaks; what is well goes on.
      if (link.stalled[0] || link.stalled[1] || link.gone[0] || link.gone[1]) {
        this.#cut(link);
        link.toward[0].length = link.toward[1].length = 0;
        for (const side of [0, 1] as const) link.toward[side].push({ type: "fin" });
      }
    }
    this.#quiet();
    this.handshakes = 0;
    this.dial(this.chance.int(2) as Side);
    this.#quiet();
    const [one, two] = this.processes.map((process) => process.session);
    if (one === undefined || two === undefined) throw new Error("I4: no session came about");
    if (one.name !== pairName(two.them, two.mine)) throw new Error("I4: the ends hold different sessions");
    for (const [session, peer] of [
      [one, two],
      [two, one],
    ] as const) {
      const { acked, committed } = session.machine;
      if (peer.delivered !== committed || acked !== committed)
        throw new Error(`I4: ${committed} committed, ${acked} acknowledged, ${peer.delivered} delivered`);
    }
    if (this.handshakes > 2) throw new Error(`I4: it took ${this.handshakes} handshakes`);
    this.check();
  }

  /** Lets everything arrive and everything be sent, until nothing moves. */
  #quiet(): void {
    for (let rounds = 0, moved = true; moved; rounds++) {
      if (rounds > 200) throw new Error("I4: it does not come to rest");
      moved = false;
      for (const process of this.processes) this.flush(process, rounds < 3 ? 5 : 0);
      for (const link of this.links) {
        for (const side of [0, 1] as const) while (this.deliver(link, side)) moved = true;
      }
      this.#forgetDeadLinks();
      this.check();
    }
  }
}
