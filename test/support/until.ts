/** Looks in turns one after the other: enough for whatever this process does by itself. */
const EAGER_TURNS = 5_000;
const PAUSE_MS = 1;

/**
 * Resolves when the condition holds, looked at in every turn of the event loop; what takes longer waits for the system or another process, whom a busy loop
 * would only keep from a core, and is looked at each millisecond. The test's own time limit ends it.
 */
export async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; !condition(); turn++) {
    await new Promise((resolve) => (turn < EAGER_TURNS ? setImmediate(resolve) : setTimeout(resolve, PAUSE_MS)));
  }
}

/** Lets the event loop turn so many times: enough for anything that would happen at once to have happened. */
export async function turns(count = 40): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}
