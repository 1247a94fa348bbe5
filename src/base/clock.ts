/** A pending timer of a {@link Clock}. */
export interface Timer {
  cancel(): void;
}

/** Where time comes from. Everything that waits takes one, so that a test can advance time by hand. */
export interface Clock {
  /** Milliseconds on a monotonic scale; only differences mean anything. */
  now(): number;
  /** Milliseconds since 1970, for showing to people and for deadlines as dates. */
  date(): number;
  /** Calls `run` once, after `ms` milliseconds. With `hold: false` the timer does not keep the process alive. */
  after(ms: number, run: () => void, options?: { hold?: boolean }): Timer;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  date: () => Date.now(),
  after(ms, run, options) {
    const timer = setTimeout(run, ms);
    if (options?.hold === false) timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
};
