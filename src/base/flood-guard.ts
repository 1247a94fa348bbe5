import type { Clock, Timer } from "./clock.ts";
import type { Limits } from "./limits.ts";
import { TokenBucket } from "./token-bucket.ts";

interface Flow<Kind> {
  readonly kind: Kind;
  readonly bucket: TokenBucket;
  suppressed: number;
  /** When the last one came, written or not. */
  at: number;
}

/**
 * Keeps lines of a log that others can cause from filling a disk: of each kind only so many are written at once, and per second. What was left out is counted in the next
 * line of its kind, or in one of its own when no more come.
 */
export class FloodGuard<Kind> {
  readonly #clock: Clock;
  readonly #limits: Limits["audit"];
  readonly #summarise: (kind: Kind, suppressed: number) => void;
  readonly #flows = new Map<string, Flow<Kind>>();
  #timer: Timer | undefined;
  #isClosed = false;

  /** @param summarise writes the line that ends a flood, and says how many of it were left out since its last line */
  constructor(clock: Clock, limits: Limits["audit"], summarise: (kind: Kind, suppressed: number) => void) {
    this.#clock = clock;
    this.#limits = limits;
    this.#summarise = summarise;
  }

  /**
   * A line is to be written: how many were left out before it, or undefined when this one is left out too.
   * @param key tells kinds apart; each is remembered for good, so others must not choose it
   */
  take(key: string, kind: Kind): number | undefined {
    const now = this.#clock.now();
    const flow = this.#flow(key, kind, now);
    flow.at = now;
    if (!flow.bucket.take(now)) {
      flow.suppressed++;
      this.#arm(this.#limits.quietMs);
      return undefined;
    }
    const { suppressed } = flow;
    flow.suppressed = 0;
    return suppressed;
  }

  /** Sums up what was left out so far. What is left out later is not told. */
  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#timer = undefined;
    for (const flow of this.#flows.values()) this.#end(flow);
  }

  #flow(key: string, kind: Kind, now: number): Flow<Kind> {
    let flow = this.#flows.get(key);
    if (flow === undefined) {
      const bucket = new TokenBucket(this.#limits.perSecond, this.#limits.burst, now);
      flow = { kind, bucket, suppressed: 0, at: now };
      this.#flows.set(key, flow);
    }
    return flow;
  }

  #arm(ms: number): void {
    if (!this.#isClosed) this.#timer ??= this.#clock.after(ms, () => this.#quiet(), { hold: false });
  }

  /** Sums up the floods that are over, and looks after the others later. */
  #quiet(): void {
    this.#timer = undefined;
    const now = this.#clock.now();
    let restMs = Infinity;
    for (const flow of this.#flows.values()) {
      if (flow.suppressed === 0) continue;
      const leftMs = flow.at + this.#limits.quietMs - now;
      if (leftMs > 0) restMs = Math.min(restMs, leftMs);
      else {
        flow.bucket.charge(now);
        this.#end(flow);
      }
    }
    if (restMs < Infinity) this.#arm(Math.ceil(restMs));
  }

  #end(flow: Flow<Kind>): void {
    const { kind, suppressed } = flow;
    if (suppressed === 0) return;
    flow.suppressed = 0;
    this.#summarise(kind, suppressed);
  }
}
