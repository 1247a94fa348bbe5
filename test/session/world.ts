import { type End, handshakeStarted, linkProven, sameEnd, sessionEnded } from "../../src/session/bind.ts";
import type { Action, EndReason } from "../../src/session/machine.ts";
import type { Seeded } from "./seeded.ts";
import { Dials } from "./world-dials.ts";
import { checkDelivered, checkSession } from "./world-checks.ts";
import {
  byteAt,
  isPair,
  type Made,
  other,
  type Packet,
  Process,
  type Side,
  type SimLink,
  SIDES,
  SimSession,
  Streams,
  WINDOW_BYTES,
} from "./world-parts.ts";
import { RULES, type Rules } from "./world-rules.ts";

/**
 * Two nodes of fixed names whose processes come and go, and links between them that stall, are cut and arrive late: SESSION's rules under whatever events its methods are
 * called for. Everything that must hold is checked after each step; a broken rule throws.
 */
export class World {
  readonly chance: Pick<Seeded, "int" | "once">;
  readonly rules: Rules;
  readonly processes: [Process, Process];
  links: SimLink[] = [];
  readonly streams = new Streams();
  readonly dials: Dials = new Dials(this);
  /** Nothing fails any more, and acknowledgements that wait for something to ride on go in time. */
  isCalm = false;
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
    resumed: 0,
    crossed: 0,
    unconfirmed: 0,
    unknownKeys: 0,
    goneAtOnce: 0,
    intruders: 0,
    linkedAtPeace: 0,
  };
  #incarnations = 0;
  #addresses = 0;
  /** What happened may have changed the state of that side. */
  readonly #touched: [boolean, boolean] = [true, true];

  constructor(chance: Pick<Seeded, "int" | "once">, rules: Rules = RULES) {
    this.chance = chance;
    this.rules = rules;
    this.processes = [this.#process(0, ++this.#addresses), this.#process(1, ++this.#addresses)];
  }

  #process(side: Side, address: number): Process {
    return new Process(side, ++this.#incarnations, address);
  }

  /** The next packet on its way to a side arrives there. False: there is none, or it can't. */
  deliver(link: SimLink, side: Side): boolean {
    if (link.stalled[side]) return false;
    const packet = link.toward[side].shift();
    if (packet === undefined) return false;
    if (link.gone[side]) return true;
    if (packet.type === "hello") {
      this.#hello(link, side, packet.end);
      return true;
    }
    const process = link.processes[side];
    if (process === undefined || !process.alive) return true;
    this.#touched[side] = true;
    const { session } = process;
    switch (packet.type) {
      case "reply":
        link.told[side] = packet.end;
        this.#send(link, side, { type: "confirm" });
        this.#prove(link, process, packet.end);
        break;
      case "confirm":
        this.#prove(link, process, link.told[side] as End);
        break;
      case "record":
        this.#perform(process, session, session?.machine.record(link.id, packet.bytes) ?? [], "record");
        if (session !== undefined && session.machine.unackedBytes > 0) session.isAckDue = true;
        break;
      case "fin":
        link.gone[side] = true;
        this.#perform(process, session, session?.machine.linkLost(link.id) ?? [], "lost");
        break;
      case "refuse":
        link.gone[side] = true;
        this.dials.refused(link, process);
        break;
      case "nobody":
        link.gone[side] = true;
        this.dials.nobody(link, process);
        break;
    }
    return true;
  }

  /** A handshake reaches whoever listens at that address, and is refused where its key or its introduction is not known. */
  #hello(link: SimLink, side: Side, end: End): void {
    const process = this.processes[side];
    if (process.address !== link.address) return this.#answer(link, side, "nobody");
    const { made } = link;
    const isKnown =
      made.type === "key"
        ? process.session?.keys.includes(made.key)
        : made.type === "introduction" && made.introduction.holders[side] === process;
    if (isKnown !== true) return this.#answer(link, side, "refuse");
    const handshake = handshakeStarted(process.binding);
    link.processes[side] = process;
    link.handshakes[side] = handshake;
    link.told[side] = end;
    this.#send(link, side, { type: "reply", end: handshake.mine });
  }

  #answer(link: SimLink, side: Side, type: "nobody" | "refuse"): void {
    this.#send(link, side, { type });
    link.gone[side] = true;
  }

  /** I8: what one failed dial says never ends a session that a live process still holds at the other end. */
  checkGivenUp(process: Process): void {
    const mine = process.session;
    const theirs = this.processes[other(process.side)].session;
    if (mine !== undefined && theirs !== undefined && isPair(mine, theirs))
      throw new Error("I8: a live session was given up");
  }

  #send(link: SimLink, from: Side, packet: Packet): void {
    if (!link.gone[other(from)]) link.toward[other(from)].push(packet);
  }

  /** A handshake is done at that process. */
  #prove(link: SimLink, process: Process, them: End): void {
    const { side, binding, session: before } = process;
    const { made } = link;
    const handshake = link.handshakes[side];
    if (handshake === undefined) throw new Error("a link is proven without a handshake");
    // An intruder's own session is none of these two's; what it must not do is join theirs.
    const isForeign = made.type === "copied" && (before === undefined || !sameEnd(before.them, them));
    const mayJoin = before !== undefined && this.rules.mayJoin(made, before);
    const verdict = isForeign ? "destroy" : linkProven(binding, { ...handshake, them, mayJoin });
    if (made.type === "copied" && verdict !== "destroy") throw new Error("I9: a link with copied ends was taken");
    if (verdict === "destroy") {
      this.counts.refused++;
      this.#drop(link, side);
      if (made.type !== "copied") this.dials.ledNowhere(side);
      return;
    }
    if (verdict === "replace") {
      this.checkGivenUp(process);
      this.counts.replaced++;
      this.#perform(process, before, before?.machine.end("superseded", "") ?? [], "replaced");
    }
    if (verdict !== "join") process.session = this.#newSession(link, process, handshake.mine, them);
    else this.#countJoin(made, before as SimSession);
    const session = process.session as SimSession;
    session.alone = false;
    if (made.type === "introduction") {
      if (session.isUnconfirmed) session.introduction = made.introduction;
      session.keys = [link.id, ...session.keys].slice(0, this.rules.keptKeys);
    } else if (made.type === "key") session.keys = [made.key, ...session.keys.filter((key) => key !== made.key)];
    this.#perform(process, session, session.machine.linkProven(link.id, link.rank), "proven");
  }

  #newSession(link: SimLink, process: Process, mine: End, them: End): SimSession {
    const { made } = link;
    const { side } = process;
    if (made.type !== "introduction") throw new Error("I9: a link by a key began a session");
    const ids = { mine: this.streams.number(mine, them), theirs: this.streams.number(them, mine) };
    if (!this.streams.begin(ids.mine)) throw new Error("a pair of ends names two sessions of one side");
    this.counts.sessions++;
    const { introduction } = made;
    return new SimSession(side, { mine, them }, ids, { introduction, peer: introduction.holders[other(side)] });
  }

  #countJoin(made: Made, session: SimSession): void {
    if (made.type === "key") this.counts.resumed++;
    else if (made.type === "introduction" && made.introduction === session.introduction) this.counts.crossed++;
    else this.counts.unconfirmed++;
  }

  flush(process: Process, bytes: number): void {
    const { session } = process;
    if (session === undefined) return;
    this.#touched[process.side] = true;
    const { machine, stream } = session;
    let left = bytes;
    const source = {
      pull: (roomBytes: number, offset: number, inFlightBytes: number): Uint8Array[] => {
        if (inFlightBytes + roomBytes > WINDOW_BYTES) throw new Error("I2: the window is passed");
        const length = Math.min(left, roomBytes);
        left = 0;
        if (length === 0) return [];
        this.streams.committed[stream] = offset + length;
        const chunk = new Uint8Array(length);
        for (let at = 0; at < length; at++) chunk[at] = byteAt(stream, offset + at);
        return [chunk];
      },
    };
    const before = machine.committed;
    const ackNow = session.isAckDue && (this.isCalm || this.chance.once(2));
    for (let actions = machine.flush(source, ackNow); actions.length > 0; actions = machine.flush(source, ackNow)) {
      if (machine.committed === before) this.counts.resent++;
      this.#perform(process, session, actions, "flush");
    }
    if (machine.unackedBytes === 0) session.isAckDue = false;
  }

  suspect(process: Process, link: SimLink): void {
    const machine = process.session?.machine;
    const known = machine?.links.find((one) => one.id === link.id);
    if (known === undefined) return;
    this.#touched[process.side] = true;
    machine?.linkSuspect(link.id, !known.suspect);
  }

  /** The link breaks: of what is on its way to each side only so many packets arrive, and each side learns of it later. */
  cut(link: SimLink, arrive: (side: Side) => number): void {
    this.counts.cuts++;
    for (const side of SIDES) {
      const packets = link.toward[side];
      packets.length = Math.min(packets.length, arrive(side));
      packets.push({ type: "fin" });
      link.stalled[side] = false;
    }
  }

  expire(process: Process): void {
    if (process.session?.alone !== true) return;
    this.counts.expiries++;
    this.end(process, "lost");
  }

  end(process: Process, reason: EndReason): void {
    const { session } = process;
    if (session === undefined) return;
    this.#touched[process.side] = true;
    this.counts.ends++;
    this.#perform(process, session, session.machine.end(reason, ""), "end");
  }

  /** The program ends without a word, and another one of that name starts, where it listened or elsewhere. Each of its links falls silent or breaks. */
  restart(side: Side, atSameAddress: boolean, breaks: () => boolean): void {
    this.counts.restarts++;
    const old = this.processes[side];
    old.alive = false;
    this.processes[side] = this.#process(side, atSameAddress ? old.address : ++this.#addresses);
    this.#touched[side] = true;
    this.dials.introductions = [];
    for (const link of this.links) {
      if (link.processes[side] !== old) continue;
      link.gone[side] = true;
      if (breaks()) link.toward[other(side)].push({ type: "fin" });
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
            this.#send(link, side, { type: "record", bytes: joined(action.parts) });
          break;
        case "deliver":
          this.counts.bytes += action.bytes.length;
          checkDelivered(session as SimSession, action.bytes, this.streams);
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

  /** I2 and I6, in every state. Looks at what changed since the last time. */
  check(): void {
    for (const side of SIDES) {
      const { session } = this.processes[side];
      if (session === undefined || !(this.#touched[0] || this.#touched[1])) continue;
      if (checkSession(session, this.processes[other(side)].session)) this.counts.moves++;
    }
    this.#touched[0] = this.#touched[1] = false;
  }

  forgetDeadLinks(): void {
    if (this.links.some(isDead)) this.links = this.links.filter((link) => !isDead(link));
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only.slice() : Uint8Array.from(Buffer.concat(parts));
}

/** Both ends are gone, and nothing is on its way. */
function isDead({ toward, gone }: SimLink): boolean {
  return gone[0] && gone[1] && toward[0].length === 0 && toward[1].length === 0;
}
