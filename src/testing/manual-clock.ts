import type { Clock, Timer } from "../base/clock.ts";
import { TimerHeap } from "./timer-heap.ts";

/** A clock that moves only when told to. Timers run in the order of their times, then of their making. */
export class ManualClock implements Clock {
  #now = 0;
  readonly #timers = new TimerHeap();

  now(): number {
    return this.#now;
  }

  /** Starts at 2000-01-01T00:00:00Z. */
  date(): number {
    return 946_684_800_000 + this.#now;
  }

  after(ms: number, run: () => void): Timer {
    const timer = this.#timers.add(this.#now + (ms > 0 ? ms : 0), run);
    return { cancel: () => this.#timers.remove(timer) };
  }

  /** Timers that wait. */
  get pending(): number {
    return this.#timers.size;
  }

  /** When the next timer is due, on the scale of `now`; undefined when none waits. */
  get nextAt(): number | undefined {
    return this.#timers.first?.at;
  }

  /** Moves to the next timer and runs it. False: none waits. */
  step(): boolean {
    const next = this.#timers.first;
    if (next === undefined) return false;
    this.#timers.remove(next);
    this.#now = Math.max(this.#now, next.at);
    next.run();
    return true;
  }

  /** Moves `ms` milliseconds on, running every timer on the way at its own time. */
  advance(ms: number): void {
    const end = this.#now + ms;
    while ((this.nextAt ?? Infinity) <= end) this.step();
    this.#now = end;
  }
}
