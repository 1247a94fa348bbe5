import type { Clock } from "../base/clock.ts";
import { FloodGuard } from "../base/flood-guard.ts";
import type { Limits } from "../base/limits.ts";
import type { Logger } from "../base/log.ts";

/** The failures of handlers, as lines at level error. Callers cause some of them, so each method has its own {@link FloodGuard}'s share. */
export class FailureLog {
  readonly #log: Logger;
  /** By method: those are ours, and few. */
  readonly #floods: FloodGuard<string>;

  constructor(log: Logger, clock: Clock, limits: Limits["audit"]) {
    this.#log = log;
    this.#floods = new FloodGuard(clock, limits, (method, suppressed) =>
      log.error({ method, suppressed }, `${suppressed} more failures of "${method}"`),
    );
  }

  /** Writes a failure, unless too many of its method came. `err` may be anything. */
  note(peer: string, method: string, err: unknown, text: string): void {
    const suppressed = this.#floods.take(method, method);
    if (suppressed === undefined) return;
    this.#log.error({ peer, method, ...(suppressed > 0 ? { suppressed } : {}), err }, text);
  }

  /** Writes what was left out so far. */
  close(): void {
    this.#floods.close();
  }
}
