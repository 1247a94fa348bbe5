import type { Clock, Timer } from "../base/clock.ts";
import { LATE_MS } from "../base/running-time.ts";

/** A link of a busy session from which no pong came for so long, while this program ran, is suspect: another one is made beside it. */
export const SUSPECT_MS = 2_500;
/** Pings of a busy session follow each other by this much. */
const PING_MS = 1_000;

interface Watched {
  readonly ping: (timeoutMs: number) => Promise<number | undefined>;
  /** The last pong, or when this side began to wait for one; moved on by the time in which this program did not run. */
  quietSince: number;
  isSuspect: boolean;
}

/** Watches the links of one session by their pings, while the session is busy. Idle, it costs nothing: the link's own keepalive goes on. */
export class Suspicion {
  readonly #clock: Clock;
  readonly #isBusy: () => boolean;
  readonly #suspect: (id: number, isSuspect: boolean) => void;
  readonly #links = new Map<number, Watched>();
  #timer: Timer | undefined;
  #dueAt = 0;

  /** @param suspect told when a link becomes suspect, and when a pong clears it */
  constructor(clock: Clock, isBusy: () => boolean, suspect: (id: number, isSuspect: boolean) => void) {
    this.#clock = clock;
    this.#isBusy = isBusy;
    this.#suspect = suspect;
  }

  add(id: number, link: { ping(timeoutMs: number): Promise<number | undefined> }): void {
    const ping = (timeoutMs: number): Promise<number | undefined> => link.ping(timeoutMs);
    this.#links.set(id, { ping, quietSince: this.#clock.now(), isSuspect: false });
  }

  remove(id: number): void {
    this.#links.delete(id);
  }

  /** The session may have become busy. Called often. */
  wake(): void {
    if (this.#timer !== undefined || this.#links.size === 0 || !this.#isBusy()) return;
    const now = this.#clock.now();
    for (const link of this.#links.values()) if (!link.isSuspect) link.quietSince = now;
    this.#arm(PING_MS);
  }

  /** The peer looks for another link, busy or not: those that are there are suspect until a pong comes. */
  doubt(): void {
    for (const [id, link] of this.#links) {
      if (!link.isSuspect) {
        link.isSuspect = true;
        this.#suspect(id, true);
      }
      this.#ping(id, link);
    }
    if (this.#timer === undefined && this.#links.size > 0) this.#arm(PING_MS);
  }

  stop(): void {
    this.#links.clear();
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #arm(ms: number): void {
    this.#dueAt = this.#clock.now() + ms;
    this.#timer = this.#clock.after(ms, () => this.#tick(), { hold: false });
  }

  #tick(): void {
    this.#timer = undefined;
    const now = this.#clock.now();
    const lateMs = now - this.#dueAt;
    let isWaiting = false;
    let nextMs = PING_MS;
    for (const [id, link] of this.#links) {
      if (lateMs > LATE_MS) link.quietSince = Math.min(now, link.quietSince + lateMs);
      const leftMs = link.quietSince + SUSPECT_MS - now;
      if (leftMs <= 0 && !link.isSuspect && this.#isBusy()) {
        link.isSuspect = true;
        this.#suspect(id, true);
      }
      if (link.isSuspect) isWaiting = true;
      else if (leftMs > 0) nextMs = Math.min(nextMs, Math.ceil(leftMs));
      this.#ping(id, link);
    }
    if (this.#links.size > 0 && (isWaiting || this.#isBusy())) this.#arm(nextMs);
  }

  #ping(id: number, link: Watched): void {
    void link.ping(SUSPECT_MS).then((rttMs) => {
      if (rttMs === undefined || this.#links.get(id) !== link) return;
      link.quietSince = this.#clock.now();
      if (!link.isSuspect) return;
      link.isSuspect = false;
      this.#suspect(id, false);
    });
  }
}
