/** Waits between tries, ms: 100, 200, 400 ... at most 3 s, times a random factor from a half to one, so that those who lost the same host do not return all at once. */
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 3_000;

/**
 * How long to wait, in ms, after so many failed tries in a row.
 * @param chance a number in [0, 1)
 */
export function retryWaitMs(failures: number, chance: number): number {
  return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(Math.max(failures - 1, 0), 10)) * (0.5 + chance / 2);
}
