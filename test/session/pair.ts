import type { End } from "../../src/session/bind.ts";
import type { EndReason, SessionEnd, SessionLink } from "../../src/session/session.ts";
import { OutMessage, type Lane } from "../../src/session/out-message.ts";
import { Outbox, type OutboxOptions } from "../../src/session/outbox.ts";
import { Session } from "../../src/session/session.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";

type LinkEvents = Parameters<SessionLink["start"]>[0];

/** One end of a link that is carried by hand. */
export class TestLink implements SessionLink {
  other: TestLink | undefined;
  writable = true;
  rttMs: number | undefined = undefined;
  events: LinkEvents | undefined;
  /** Every record that was ever sent, and those that did not arrive yet. */
  readonly sent: Buffer[] = [];
  readonly underWay: Buffer[] = [];
  closedWith: number | undefined;
  isDestroyed = false;
  #isClosedThere = false;

  get isOpen(): boolean {
    return this.closedWith === undefined && !this.isDestroyed;
  }

  start(events: LinkEvents): void {
    this.events = events;
  }

  send(parts: readonly Uint8Array[]): void {
    if (!this.isOpen) throw new Error("a record was sent on a closed link");
    const record = Buffer.concat(parts);
    if (record.length > 65_536) throw new Error(`a record has ${record.length} bytes`);
    this.sent.push(record);
    this.underWay.push(record);
  }

  /** Answers of pings are given by hand: `pongs.shift()?.(rttMs)`. */
  readonly pongs: ((rttMs: number | undefined) => void)[] = [];

  ping(): Promise<number | undefined> {
    return new Promise((resolve) => this.pongs.push(resolve));
  }

  close(code: number): void {
    this.closedWith = code;
  }

  destroy(): void {
    this.isDestroyed = true;
    this.underWay.length = 0;
  }

  /** The next record, or the close behind the last one, arrives at the other end. False: nothing was on its way. */
  carry(): boolean {
    const record = this.underWay.shift();
    const there = this.other;
    if (record !== undefined) {
      if (there?.isOpen === true) there.events?.data(new Uint8Array(record));
      return true;
    }
    if (this.isOpen || this.#isClosedThere) return false;
    this.#isClosedThere = true;
    if (there?.isOpen === true) there.lose(this.closedWith === 0 ? undefined : new Error("the other side broke off"));
    return true;
  }

  /** This end learns that the link is over. */
  lose(error?: Error): void {
    this.isDestroyed = true;
    this.underWay.length = 0;
    this.events?.closed(error);
  }
}

export interface PartyOptions extends OutboxOptions {
  resumeWindowMs?: number;
  onLinkNeeded?(): void;
  onMessage?(message: { kind: number; channel: number; payload: Buffer }): void;
}

function endOf(byte: number): End {
  return { incarnation: new Uint8Array(12).fill(byte), epoch: 0 };
}

/** A program with an outbox, its session, and what came. */
export class Party {
  readonly outbox: Outbox;
  readonly received: { kind: number; channel: number; payload: Buffer }[] = [];
  readonly ends: SessionEnd[] = [];
  readonly session: Session;

  constructor(pair: Pair, isLower: boolean, options: PartyOptions) {
    this.outbox = new Outbox(options);
    this.session = new Session({
      local: endOf(isLower ? 1 : 2),
      remote: endOf(isLower ? 2 : 1),
      outbox: this.outbox,
      clock: pair.clock,
      closesLinks: isLower,
      defer: (run) => void pair.deferred.push(run),
      ...(options.resumeWindowMs === undefined ? {} : { resumeWindowMs: options.resumeWindowMs }),
      events: {
        message: (kind, channel, payload) => {
          const message = { kind, channel, payload: Buffer.from(payload) };
          this.received.push(message);
          options.onMessage?.(message);
        },
        linkNeeded: () => options.onLinkNeeded?.(),
        ended: (one) => void this.ends.push(one),
      },
    });
  }

  push(lane: Lane, payload: Uint8Array | string, channel = 1): OutMessage {
    const message = new OutMessage(lane === "send" ? 0x12 : 0x11, channel, Buffer.from(payload), lane);
    const result = this.outbox.push(message);
    if (result !== "queued") throw new Error(`refused: ${result}`);
    return message;
  }

  get texts(): string[] {
    return this.received.map((message) => message.payload.toString());
  }

  get reasons(): EndReason[] {
    return this.ends.map((end) => end.reason);
  }
}

/** Two programs, the ends of ticks, and the links between them, all moved by hand. */
export class Pair {
  readonly clock = new ManualClock();
  deferred: (() => void)[] = [];
  readonly one: Party;
  readonly two: Party;
  readonly links: [TestLink, TestLink][] = [];

  constructor(one: PartyOptions = {}, two: PartyOptions = {}) {
    this.one = new Party(this, true, one);
    this.two = new Party(this, false, two);
  }

  /** A new link between the two, attached at both ends; its ends. */
  link(rank = 0): [TestLink, TestLink] {
    const ends: [TestLink, TestLink] = [new TestLink(), new TestLink()];
    ends[0].other = ends[1];
    ends[1].other = ends[0];
    this.links.push(ends);
    this.one.session.attach(ends[0], rank);
    this.two.session.attach(ends[1], rank);
    return ends;
  }

  /** The tick ends. */
  tick(): void {
    for (const run of this.deferred.splice(0)) run();
  }

  /** Ticks and carries records until nothing moves. No time passes. */
  run(): void {
    for (let moved = true; moved; ) {
      moved = this.deferred.length > 0;
      this.tick();
      for (const ends of this.links) for (const end of ends) while (end.carry()) moved = true;
    }
  }
}
