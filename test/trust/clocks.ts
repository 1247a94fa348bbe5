import { type Clock, systemClock } from "../../src/base/clock.ts";

/** The machine's time, so many times as fast: a span of half a minute passes in seconds. */
export function fastClock(factor: number): Clock {
  return {
    now: () => systemClock.now() * factor,
    date: () => systemClock.date(),
    after: (ms, run, options) => systemClock.after(ms / factor, run, options),
  };
}
