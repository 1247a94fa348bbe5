import { type Binding, type End, encodeEnd, type Handshake, newBinding } from "../../src/session/bind.ts";
import { Machine } from "../../src/session/machine.ts";

export const WINDOW_BYTES = 40;
export const MAX_LINKS = 3;

export type Side = 0 | 1;

/** What travels on a link, one way. */
export type Packet =
  | { type: "hello"; end: End }
  | { type: "reply"; end: End }
  | { type: "confirm" }
  | { type: "record"; bytes: Uint8Array }
  | { type: "fin" };

export interface SimLink {
  readonly id: number;
  readonly rank: number;
  readonly initiator: Side;
  /** The process at each end, once there is one. */
  readonly processes: [Process | undefined, Process | undefined];
  /** Packets on their way to each side. */
  readonly toward: [Packet[], Packet[]];
  /** Nothing passes towards that side for the time being. */
  readonly stalled: [boolean, boolean];
  readonly handshakes: [Handshake | undefined, Handshake | undefined];
  readonly proven: [boolean, boolean];
  /** That end is gone: closed, destroyed, or told that the link ended. */
  readonly gone: [boolean, boolean];
}

/** A session at one side. */
export class SimSession {
  readonly machine: Machine;
  readonly mine: End;
  readonly them: End;
  readonly name: string;
  alone = false;
  delivered = 0;
  /** The link that carried its stream when it was last looked at. */
  carrier = -1;

  constructor(side: Side, mine: End, them: End) {
    this.machine = new Machine({ windowBytes: WINDOW_BYTES, links: MAX_LINKS }, side === 0);
    this.mine = mine;
    this.them = them;
    this.name = pairName(mine, them);
  }
}

export class Process {
  readonly side: Side;
  readonly binding: Binding;
  session: SimSession | undefined;
  alive = true;

  constructor(side: Side, incarnation: Uint8Array) {
    this.side = side;
    this.binding = newBinding(incarnation);
  }
}

export function pairName(from: End, to: End): string {
  return Buffer.concat([encodeEnd(from), encodeEnd(to)]).toString("base64");
}

/** The byte at an offset of a stream: a different one in each stream. */
export function byteAt(stream: number, offset: number): number {
  return (Math.imul(stream * 7_919 + offset, 0x9e37_79b1) >>> 24) & 0xff;
}

export function other(side: Side): Side {
  return side === 0 ? 1 : 0;
}
