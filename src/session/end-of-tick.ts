let queue: (() => void)[] = [];

/**
 * Runs a function when the present callback of the event loop, and every promise reaction that follows from it, is done: so what all of them push leaves together, and
 * still in the same turn of the loop. nextTick alone would run before the reactions when it is called outside of one, a microtask alone in the midst of them.
 */
export function endOfTick(run: () => void): void {
  queue.push(run);
  if (queue.length === 1) queueMicrotask(afterMicrotasks);
}

function afterMicrotasks(): void {
  process.nextTick(runAll);
}

function runAll(): void {
  const due = queue;
  queue = [];
  for (const run of due) run();
}
