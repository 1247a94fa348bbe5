import { TokenBucket } from "./token-bucket.ts";

/** Waits between tries, ms: 100, 200, 400 ... at most 3 s, times a random factor from a half to one, so that those who lost the same host do not return all at once. */
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 3_000;

/** Paces what succeeds and is wanted again at once: without a failure no wait would grow. */
export class AgainPace {
  readonly #perSecond: number;
  readonly #burst: number;
  #bucket: TokenBucket | undefined;

  /** What is lost may be made again at once `burst` times in a row; from there on so often per second. */
  constructor(perSecond: number, burst: number) {
    this.#perSecond = perSecond;
    this.#burst = burst;
  }

  /** How long to wait, in ms, before making it once more. To be asked once for each time. */
  waitMs(now: number): number {
    this.#bucket ??= new TokenBucket(this.#perSecond, this.#burst, now);
    const waitMs = this.#bucket.waitS(now) * 1_000;
    this.#bucket.take(now);
    return waitMs;
  }
}

/**
 * How long to wait, in ms, after so many failed tries in a row.
 * @param chance a number in [0, 1)
 */
export function retryWaitMs(failures: number, chance: number): number {
  return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(Math.max(failures - 1, 0), 10)) * (0.5 + chance / 2);
}
