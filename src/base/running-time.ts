import type { Clock, Timer } from "./clock.ts";

/** A timer this late means that the program itself did not run (stopped, asleep, in a debugger): that time is nobody's silence. */
export const LATE_MS = 1_000;

const STEP_MS = 1_000;

/** As `clock.after`, but counts only time in which this program ran: after a pause of the whole program the rest is still waited for. */
export function afterRunning(clock: Clock, ms: number, run: () => void, options?: { hold: boolean }): Timer {
  let leftMs = ms;
  let timer: Timer;
  const step = (): void => {
    const plannedMs = Math.min(leftMs, STEP_MS);
    const startedAt = clock.now();
    timer = clock.after(
      plannedMs,
      () => {
        const passedMs = clock.now() - startedAt;
        leftMs -= passedMs > plannedMs + LATE_MS ? plannedMs : Math.max(plannedMs, passedMs);
        if (leftMs <= 0) run();
        else step();
      },
      options,
    );
  };
  step();
  return { cancel: () => timer.cancel() };
}
