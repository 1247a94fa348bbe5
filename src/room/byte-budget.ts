import type { Clock } from "../base/clock.ts";

/** What is spent at once at the least, so that chunks of a socket fit. */
const LEAST_BURST_BYTES = 65_536;

/** So many bytes per second, gathered up to what a tenth of a second gives. They are known only once they came, so it may be overdrawn: then one waits. */
export class ByteBudget {
  readonly #clock: Clock;
  readonly #perMs: number;
  readonly #burst: number;
  #level: number;
  #at: number;

  constructor(clock: Clock, perSecond: number) {
    this.#clock = clock;
    this.#perMs = perSecond / 1_000;
    this.#burst = Math.max(LEAST_BURST_BYTES, perSecond / 10);
    this.#level = this.#burst;
    this.#at = clock.now();
  }

  /** Takes them, and says for how many ms nothing more is to be taken; 0: go on. */
  spend(bytes: number): number {
    const now = this.#clock.now();
    this.#level = Math.min(this.#burst, this.#level + (now - this.#at) * this.#perMs) - bytes;
    this.#at = now;
    return this.#level >= 0 ? 0 : Math.ceil(-this.#level / this.#perMs);
  }
}
