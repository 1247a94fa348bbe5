import type { Clock, Timer } from "../base/clock.ts";

/** A clock that moves only when told to. Timers run in the order of their times, then of their making. */
export class ManualClock implements Clock {
  #now = 0;
  #made = 0;
  readonly #timers = new Map<number, { at: number; run: () => void }>();

  now(): number {
    return this.#now;
  }

  /** Starts at 2000-01-01T00:00:00Z. */
  date(): number {
    return 946_684_800_000 + this.#now;
  }

  after(ms: number, run: () => void): Timer {
    const id = this.#made++;
    this.#timers.set(id, { at: this.#now + Math.max(0, ms), run });
    return { cancel: () => void this.#timers.delete(id) };
  }

  /** Timers that wait. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Moves `ms` milliseconds on, running every timer on the way at its own time. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      let next: [number, { at: number; run: () => void }] | undefined;
      for (const timer of this.#timers)
        if (timer[1].at <= end && (next === undefined || timer[1].at < next[1].at)) next = timer;
      if (next === undefined) break;
      this.#timers.delete(next[0]);
      this.#now = Math.max(this.#now, next[1].at);
      next[1].run();
    }
    this.#now = end;
  }
}
