/** A program that polls with setImmediate never comes to rest: after so many turns of the event loop time goes on all the same. */
const MOST_TURNS = 64;

/** Lets everything happen that follows from what just ran: promise reactions, nextTicks and immediates, until none is left. */
export async function quiet(): Promise<void> {
  for (let turn = 0; turn < MOST_TURNS; turn++) {
    await new Promise<void>((resolve) => setImmediate(resolve));
    if (!process.getActiveResourcesInfo().includes("Immediate")) return;
  }
}
