import type { Clock, Timer } from "../base/clock.ts";
import type { Limits } from "../base/limits.ts";
import type { Logger } from "../base/log.ts";
import { TokenBucket } from "../base/token-bucket.ts";

interface Flow {
  readonly bucket: TokenBucket;
  suppressed: number;
  /** When the last one came, logged or not. */
  at: number;
}

/**
 * The failures of handlers, as lines at level error. Callers cause some of them, and must not fill a disk: of each method only so many are written at once, and per second;
 * what was left out is counted in the next line, or in one of its own when no more come.
 */
export class FailureLog {
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #limits: Limits["audit"];
  /** Few: methods are ours. */
  readonly #flows = new Map<string, Flow>();
  #timer: Timer | undefined;

  constructor(log: Logger, clock: Clock, limits: Limits["audit"]) {
    this.#log = log;
    this.#clock = clock;
    this.#limits = limits;
  }

  /** Writes a failure, unless too many of its method came. `err` may be anything, and a logger may stumble over it: that goes no further. */
  note(peer: string, method: string, err: unknown, text: string): void {
    const flow = this.#flow(method);
    flow.at = this.#clock.now();
    if (!flow.bucket.take(flow.at)) {
      flow.suppressed++;
      this.#timer ??= this.#clock.after(this.#limits.quietMs, () => this.#quiet(), { hold: false });
      return;
    }
    const { suppressed } = flow;
    flow.suppressed = 0;
    const fields = { peer, method, ...(suppressed > 0 ? { suppressed } : {}) };
    try {
      this.#log.error({ ...fields, err }, text);
    } catch {
      this.#log.error(fields, text);
    }
  }

  /** Writes what was left out so far. */
  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    for (const [method, flow] of this.#flows) this.#summarise(method, flow);
  }

  #flow(method: string): Flow {
    let flow = this.#flows.get(method);
    if (flow === undefined) {
      const now = this.#clock.now();
      flow = { bucket: new TokenBucket(this.#limits.perSecond, this.#limits.burst, now), suppressed: 0, at: now };
      this.#flows.set(method, flow);
    }
    return flow;
  }

  /** Sums up the floods that are over, and looks after the others later. */
  #quiet(): void {
    this.#timer = undefined;
    const now = this.#clock.now();
    let restMs = Infinity;
    for (const [method, flow] of this.#flows) {
      if (flow.suppressed === 0) continue;
      const leftMs = flow.at + this.#limits.quietMs - now;
      if (leftMs > 0) restMs = Math.min(restMs, leftMs);
      else this.#summarise(method, flow);
    }
    if (restMs < Infinity) this.#timer = this.#clock.after(Math.ceil(restMs), () => this.#quiet(), { hold: false });
  }

  #summarise(method: string, flow: Flow): void {
    const { suppressed } = flow;
    if (suppressed === 0) return;
    flow.suppressed = 0;
    this.#log.error({ method, suppressed }, `${suppressed} more failures of "${method}"`);
  }
}
