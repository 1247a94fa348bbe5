import type { Clock, Timer } from "../base/clock.ts";
import type { Limits } from "../base/limits.ts";
import { LATE_MS } from "../base/running-time.ts";

/** Pings follow each other by at least this much, so that no caller can make a link pass the other side's limit on pings. */
const SPACING_MS = 400;

interface SentPing {
  readonly id: number;
  readonly sentAt: number;
  readonly waiting: { readonly resolve: (rttMs: number | undefined) => void; readonly timer: Timer }[];
}

/** What a keepalive does to its link. */
export interface KeepaliveActions {
  sendPing(payload: Uint8Array): void;
  /** Nothing came for `limits.deadMs`. */
  dead(): void;
}

/** Pings of one link: those that keep it alive, those that its owner asks for, and those that come. */
export class Keepalive {
  rttMs: number | undefined;
  readonly #clock: Clock;
  readonly #limits: Limits["link"];
  readonly #actions: KeepaliveActions;
  readonly #sent: SentPing[] = [];
  #lastSentAt = -Infinity;
  #nextId = 1;
  #heardAt: number;
  #dueAt = 0;
  #timer: Timer | undefined;
  #windowStartedAt = -Infinity;
  #pingsInWindow = 0;

  constructor(clock: Clock, limits: Limits["link"], actions: KeepaliveActions) {
    this.#clock = clock;
    this.#limits = limits;
    this.#actions = actions;
    this.#heardAt = clock.now();
    this.#arm(limits.idleMs);
  }

  /** Bytes came. */
  heard(): void {
    this.#heardAt = this.#clock.now();
  }

  /** A ping came. False: too many. */
  acceptPing(): boolean {
    const now = this.#clock.now();
    if (now - this.#windowStartedAt >= this.#limits.pingWindowMs) {
      this.#windowStartedAt = now;
      this.#pingsInWindow = 0;
    }
    return ++this.#pingsInWindow <= this.#limits.pings;
  }

  /** A pong came. False: nobody asked for it. */
  acceptPong(payload: Uint8Array): boolean {
    const ping = this.#sent[0];
    if (ping === undefined || readId(payload) !== ping.id) return false;
    this.#sent.shift();
    this.rttMs = this.#clock.now() - ping.sentAt;
    for (const { resolve, timer } of ping.waiting) {
      timer.cancel();
      resolve(this.rttMs);
    }
    return true;
  }

  /** The round trip, or undefined when no answer comes in time or the link ends. Joins a ping that has only just gone out. */
  ping(timeoutMs: number): Promise<number | undefined> {
    if (this.#clock.now() - this.#lastSentAt >= SPACING_MS) this.#send();
    const ping = this.#sent.at(-1);
    if (ping === undefined) return Promise.resolve(this.rttMs); // answered within the spacing
    return new Promise((resolve) => {
      const timer = this.#clock.after(timeoutMs, () => resolve(undefined));
      ping.waiting.push({ resolve, timer });
    });
  }

  /** Ends all waiting. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    for (const ping of this.#sent.splice(0)) {
      for (const { resolve, timer } of ping.waiting) {
        timer.cancel();
        resolve(undefined);
      }
    }
  }

  #send(): void {
    const id = this.#nextId++;
    this.#lastSentAt = this.#clock.now();
    this.#sent.push({ id, sentAt: this.#lastSentAt, waiting: [] });
    this.#actions.sendPing(writeId(id));
  }

  #arm(ms: number): void {
    this.#dueAt = this.#clock.now() + ms;
    this.#timer = this.#clock.after(ms, () => this.#tick(), { hold: false });
  }

  #tick(): void {
    const now = this.#clock.now();
    const lateMs = now - this.#dueAt;
    if (lateMs > LATE_MS) this.#heardAt = Math.min(now, this.#heardAt + lateMs);
    const { idleMs, deadMs } = this.#limits;
    const silentMs = now - this.#heardAt;
    if (silentMs >= deadMs) return this.#actions.dead();
    // Whole milliseconds: a remainder of less than the clock can show would be due again at once, for ever.
    if (silentMs < idleMs) return this.#arm(Math.ceil(idleMs - silentMs));
    this.#arm(Math.ceil(Math.min(idleMs, deadMs - silentMs)));
    if (now - this.#lastSentAt >= SPACING_MS) this.#send();
  }
}

/** 8 bytes, big-endian. */
function writeId(id: number): Uint8Array {
  const payload = new Uint8Array(8);
  new DataView(payload.buffer).setBigUint64(0, BigInt(id));
  return payload;
}

function readId(payload: Uint8Array): number {
  return Number(new DataView(payload.buffer, payload.byteOffset, payload.length).getBigUint64(0));
}
