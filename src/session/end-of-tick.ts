/**
 * Runs a function when the present callback of the event loop, and every promise reaction that follows from it, is done: so what all of them push leaves together, and
 * still in the same turn of the loop. nextTick alone would run before the reactions when it is called outside of one, a microtask alone in the midst of them.
 */
export function endOfTick(run: () => void): void {
  queueMicrotask(() => process.nextTick(run));
}
