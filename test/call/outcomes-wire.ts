import type { Timer } from "../../src/base/clock.ts";
import { LinkError } from "../../src/base/errors.ts";
import type { Link, LinkEvents } from "../../src/link/link.ts";
import type { ManualClock } from "../../src/testing/manual-clock.ts";
import type { Program } from "./outcomes-program.ts";

export type Side = 0 | 1;
export const SIDES: readonly Side[] = [0, 1];

export function other(side: Side): Side {
  return side === 0 ? 1 : 0;
}

/** A link that is silent for so long is dead. */
const DEAD_MS = 45_000;
/** What a link takes before it is no longer writable. */
const HIGH_WATER_BYTES = 128 * 1024;

interface Item {
  readonly bytes: number;
  readonly arrive: () => void;
}

/** What lies between the two ends of a link: it takes time, stalls one way or both, and breaks. */
export class Wire {
  readonly ends: [WireLink | undefined, WireLink | undefined] = [undefined, undefined];
  /** It broke during the handshake. */
  onBroken: (() => void) | undefined;
  isCut = false;
  readonly #clock: ManualClock;
  readonly #latencyMs: number;
  readonly #queues: [Item[], Item[]] = [[], []];
  readonly #due: [number, number] = [0, 0];
  readonly #stalled: [boolean, boolean] = [false, false];
  #isDeserted = false;
  #death: Timer | undefined;

  constructor(clock: ManualClock, latencyMs: number) {
    this.#clock = clock;
    this.#latencyMs = latencyMs;
  }

  /** Something goes to a side, behind what is on its way there already. */
  push(to: Side, bytes: number, arrive: () => void): void {
    if (this.isCut) return;
    this.#queues[to].push({ bytes, arrive });
    this.#clock.after(this.#latencyMs, () => {
      this.#due[to]++;
      this.#drain(to);
    });
  }

  #drain(to: Side): void {
    while (this.#due[to] > 0 && !this.#stalled[to]) {
      const item = this.#queues[to].shift();
      if (item === undefined) return;
      this.#due[to]--;
      item.arrive();
      this.ends[other(to)]?.left();
    }
  }

  bytesToward(side: Side): number {
    let bytes = 0;
    for (const item of this.#queues[side]) bytes += item.bytes;
    return bytes;
  }

  get isStalled(): boolean {
    return this.#stalled[0] || this.#stalled[1];
  }

  /** Nothing passes that way until it is told otherwise; if that lasts, both ends take the link for dead. */
  stall(to: Side, isStalled: boolean): void {
    if (this.isCut) return;
    this.#stalled[to] = isStalled;
    this.#death?.cancel();
    if (this.isStalled || this.#isDeserted) this.#dieLater();
    this.#drain(to);
  }

  /** One end is gone without a word: the other one notices by its silence. */
  desert(): void {
    this.#isDeserted = true;
    this.#death?.cancel();
    this.#dieLater();
  }

  #dieLater(): void {
    this.#death = this.#clock.after(DEAD_MS, () => this.cut([0, 0], [0, 0]));
  }

  /** Breaks. Of what is on its way to each side so many items still arrive, and it learns of the end so much later. */
  cut(arrive: readonly [number, number], laterMs: readonly [number, number]): void {
    if (this.isCut) return;
    this.isCut = true;
    this.#death?.cancel();
    this.onBroken?.();
    for (const to of SIDES) {
      const queue = this.#queues[to];
      queue.length = Math.min(queue.length, arrive[to]);
      this.#stalled[to] = false;
      this.#drain(to);
      this.#clock.after(this.#latencyMs + laterMs[to], () =>
        this.ends[to]?.lose(new LinkError("ERR_TRUNCATED", "the wire was cut")),
      );
    }
  }
}

export type Identity = Pick<
  Link,
  "role" | "purpose" | "localName" | "remoteName" | "linkId" | "localEnd" | "remoteEnd" | "resume" | "ticketId"
>;

/** One end of a proven link, without its cryptography. */
export class WireLink implements Link {
  readonly role: Link["role"];
  readonly purpose: Link["purpose"];
  readonly localName: string;
  readonly remoteName: string;
  readonly linkId: Uint8Array;
  readonly localEnd: Uint8Array | undefined;
  readonly remoteEnd: Uint8Array | undefined;
  readonly resume: Link["resume"];
  readonly ticketId: Uint8Array | undefined;
  readonly encryption = true;
  readonly identity = undefined;
  readonly isUserProven = true;
  readonly suite = 1;
  readonly local = { host: "10.0.0.1", port: 1 };
  readonly remote = { host: "10.0.0.2", port: 1 };
  rttMs: number | undefined;
  isOpen = true;
  readonly #program: Program;
  readonly #wire: Wire;
  readonly #pings = new Set<(rttMs: number | undefined) => void>();
  #events: LinkEvents | undefined;
  #isFull = false;

  constructor(program: Program, wire: Wire, identity: Identity) {
    this.#program = program;
    this.#wire = wire;
    this.role = identity.role;
    this.purpose = identity.purpose;
    this.localName = identity.localName;
    this.remoteName = identity.remoteName;
    this.linkId = identity.linkId;
    this.localEnd = identity.localEnd;
    this.remoteEnd = identity.remoteEnd;
    this.resume = identity.resume;
    this.ticketId = identity.ticketId;
    wire.ends[program.side] = this;
  }

  get #peer(): WireLink | undefined {
    return this.#wire.ends[other(this.#program.side)];
  }

  get bufferedBytes(): number {
    return this.#wire.bytesToward(other(this.#program.side));
  }

  get writable(): boolean {
    const isFull = this.bufferedBytes >= HIGH_WATER_BYTES;
    if (isFull) this.#isFull = true;
    return !isFull;
  }

  /** Something that this end sent has arrived. */
  left(): void {
    if (!this.#isFull || !this.isOpen || this.bufferedBytes >= HIGH_WATER_BYTES) return;
    this.#isFull = false;
    this.#events?.drain();
  }

  start(events: LinkEvents): void {
    this.#events = events;
  }

  send(parts: readonly Uint8Array[]): void {
    if (!this.isOpen) return;
    const record = Uint8Array.from(Buffer.concat(parts));
    this.#push(record.length, (there) => there.#received(record));
  }

  #received(record: Uint8Array): void {
    if (this.#events === undefined) throw new Error("a record came before the link was taken over");
    this.#events.data(record);
  }

  sendSealed(): void {
    throw new Error("a session sends no boxes");
  }

  /** Only what the other end still is there for arrives. */
  #push(bytes: number, arrive: (there: WireLink) => void): void {
    this.#wire.push(other(this.#program.side), bytes, () => {
      const there = this.#peer;
      if (there?.isOpen === true) arrive(there);
    });
  }

  ping(timeoutMs: number): Promise<number | undefined> {
    const { clock } = this.#program;
    const sentAt = clock.now();
    return new Promise((resolve) => {
      const done = (rttMs: number | undefined): void => {
        if (!this.#pings.delete(done)) return;
        timer.cancel();
        this.rttMs = rttMs ?? this.rttMs;
        resolve(rttMs);
      };
      const timer = clock.after(timeoutMs, () => done(undefined));
      this.#pings.add(done);
      if (!this.isOpen) return done(undefined);
      this.#push(0, (there) => there.#push(0, () => done(clock.now() - sentAt)));
    });
  }

  close(code = 0, text = ""): void {
    const error = code === 0 ? undefined : new LinkError("ERR_REFUSED", text, { received: code });
    this.#push(0, (there) => there.lose(error));
    this.vanish();
  }

  destroy(): void {
    this.#push(0, (there) => there.lose(new LinkError("ERR_TRUNCATED", "the other side broke off")));
    this.vanish();
  }

  /** This end is no more, and nobody is told. */
  vanish(): void {
    this.isOpen = false;
    for (const done of this.#pings) done(undefined);
  }

  /** This end learns that the link is over. */
  lose(error: LinkError | undefined): void {
    if (!this.isOpen) return;
    this.vanish();
    this.#events?.closed(error);
  }
}
