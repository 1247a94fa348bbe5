/** So many tokens per second, gathered up to a burst. Holds no timer: the level is worked out when asked. */
export class TokenBucket {
  readonly #perSecond: number;
  readonly #burst: number;
  #level: number;
  #at: number;

  /** Full at first. `now` and all later times are of one monotonic clock, in ms. */
  constructor(perSecond: number, burst: number, now: number) {
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#level = burst;
    this.#at = now;
  }

  /** Takes a token; false when there is none. */
  take(now: number): boolean {
    if (!this.hasToken(now)) return false;
    this.#level -= 1;
    return true;
  }

  hasToken(now: number): boolean {
    this.#refill(now);
    return this.#level >= 1;
  }

  /** Takes a token even when there is none: the debt keeps later ones out for longer, by one burst at most. */
  charge(now: number): void {
    this.#refill(now);
    this.#level = Math.max(this.#level - 1, -this.#burst);
  }

  /** Gives back a token that turned out not to be spent. */
  giveBack(): void {
    this.#level = Math.min(this.#level + 1, this.#burst);
  }

  /** Seconds until the next token. */
  waitS(now: number): number {
    this.#refill(now);
    return Math.max(0, (1 - this.#level) / this.#perSecond);
  }

  #refill(now: number): void {
    const passedMs = Math.max(0, now - this.#at);
    this.#level = Math.min(this.#burst, this.#level + (passedMs / 1000) * this.#perSecond);
    this.#at = now;
  }
}
