import { type Binding, type End, type Handshake, newBinding, sameEnd } from "../../src/session/bind.ts";
import { Machine } from "../../src/session/machine.ts";

export const WINDOW_BYTES = 40;
export const MAX_LINKS = 3;

export type Side = 0 | 1;
export const SIDES: readonly Side[] = [0, 1];

/** The Room told two processes of each other: each may dial once, and knows which introduction it was. */
export interface Introduction {
  readonly id: number;
  readonly holders: readonly [Process, Process];
  /** Whether the process of that side has dialled. */
  readonly dialled: [boolean, boolean];
}

/**
 * How a link came about. `introduction`: by a fresh ticket; the link gives its session a resume key, whose number is the link's. `key`: by such a key (purpose 5).
 * `copied`: by neither; its owner learned the ends of a session, which are no secret, and names them.
 */
export type Made =
  | { readonly type: "introduction"; readonly introduction: Introduction }
  | { readonly type: "key"; readonly key: number }
  | { readonly type: "copied" };

/** What travels on a link, one way. `refuse`: REFUSE with code 6. `nobody`: the system says that nobody listens at that address. */
export type Packet =
  | { readonly type: "hello"; readonly end: End }
  | { readonly type: "reply"; readonly end: End }
  | { readonly type: "refuse" | "nobody" | "confirm" | "fin" }
  | { readonly type: "record"; readonly bytes: Uint8Array };

export interface SimLink {
  readonly id: number;
  readonly rank: number;
  readonly initiator: Side;
  readonly made: Made;
  /** Where it was dialled to. */
  readonly address: number;
  /** The session that it was dialled for: what became of the dial matters to that one only. */
  readonly wantedBy: SimSession | undefined;
  /** The process at each end, once there is one. */
  readonly processes: [Process | undefined, Process | undefined];
  /** Packets on their way to each side. */
  readonly toward: [Packet[], Packet[]];
  /** Nothing passes towards that side for the time being. */
  readonly stalled: [boolean, boolean];
  readonly handshakes: [Handshake | undefined, Handshake | undefined];
  /** What each side was told the other's end is. */
  readonly told: [End | undefined, End | undefined];
  /** That end is gone: closed, destroyed, or told that the link ended. */
  readonly gone: [boolean, boolean];
}

/** A session at one side. */
export class SimSession {
  readonly machine: Machine;
  readonly mine: End;
  readonly them: End;
  /** The numbers of its stream and of the peer's. */
  readonly stream: number;
  readonly theirStream: number;
  /** The introduction of its first link, or the last one that joined before the peer was heard. */
  introduction: Introduction | undefined;
  /** Where the peer's process listens, and which one it is. */
  readonly peer: Process;
  /** Resume keys of the links that joined: the one that was used last comes first, or a newer one. */
  keys: number[] = [];
  alone = false;
  /** A record came that is to be acknowledged: that is done a little later, also if nothing else is sent. */
  isAckDue = false;
  delivered = 0;
  /** The link that carried its stream when it was last looked at. */
  carrier = -1;
  /** What was checked of `out`: [acked, committed). */
  checked = [0, 0];

  constructor(
    side: Side,
    ends: { readonly mine: End; readonly them: End },
    streams: { readonly mine: number; readonly theirs: number },
    first: { readonly introduction: Introduction | undefined; readonly peer: Process },
  ) {
    this.machine = new Machine({ windowBytes: WINDOW_BYTES, links: MAX_LINKS }, side === 0);
    this.mine = ends.mine;
    this.them = ends.them;
    this.stream = streams.mine;
    this.theirStream = streams.theirs;
    this.introduction = first.introduction;
    this.peer = first.peer;
  }

  /** Nothing at all has come from the peer. */
  get isUnconfirmed(): boolean {
    return this.machine.attachments === 0;
  }
}

/** Whether two sessions, one of each side, are the two ends of one. */
export function isPair(one: SimSession, two: SimSession): boolean {
  return sameEnd(one.mine, two.them) && sameEnd(one.them, two.mine);
}

export class Process {
  readonly side: Side;
  /** Where it listens. */
  readonly address: number;
  readonly binding: Binding;
  session: SimSession | undefined;
  alive = true;

  constructor(side: Side, incarnation: number, address: number) {
    this.side = side;
    this.address = address;
    const bytes = new Uint8Array(12);
    bytes[side] = 1;
    bytes[10] = incarnation >>> 8;
    bytes[11] = incarnation;
    this.binding = newBinding(bytes);
  }
}

/** The number of the stream that flows from one end to another: the same for whoever asks, and no other's. */
export class Streams {
  readonly #numbers = new Map<string, number>();
  /** Of each stream: how much was committed, and which sessions send it. */
  readonly committed: number[] = [];
  readonly #senders = new Set<number>();

  number(from: End, to: End): number {
    const name = `${textOf(from)} ${textOf(to)}`;
    let number = this.#numbers.get(name);
    if (number === undefined) {
      number = this.#numbers.size;
      this.#numbers.set(name, number);
      this.committed.push(0);
    }
    return number;
  }

  /** A session begins to send it. False: another one did. */
  begin(stream: number): boolean {
    if (this.#senders.has(stream)) return false;
    this.#senders.add(stream);
    return true;
  }

  get begun(): number {
    return this.#senders.size;
  }
}

function textOf({ incarnation, epoch }: End): string {
  return `${incarnation[0]}.${incarnation[10]}.${incarnation[11]}.${epoch}`;
}

/** The byte at an offset of a stream: a different one in each stream. */
export function byteAt(stream: number, offset: number): number {
  return (Math.imul((stream + 1) * 7_919 + offset, 0x9e37_79b1) >>> 24) & 0xff;
}

export function other(side: Side): Side {
  return side === 0 ? 1 : 0;
}
