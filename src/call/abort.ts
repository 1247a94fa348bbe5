interface Watch {
  readonly runs: Set<() => void>;
  readonly fire: () => void;
}

const watches = new WeakMap<AbortSignal, Watch>();

/**
 * Calls `run` when the signal fires, until the returned function is called. However many calls share a signal, it has one listener:
 * Node warns of a leak from the eleventh on.
 */
export function onAbort(signal: AbortSignal, run: () => void): () => void {
  const watch = watches.get(signal) ?? begin(signal);
  watch.runs.add(run);
  return () => {
    if (!watch.runs.delete(run) || watch.runs.size > 0) return;
    signal.removeEventListener("abort", watch.fire);
    watches.delete(signal);
  };
}

function begin(signal: AbortSignal): Watch {
  const runs = new Set<() => void>();
  const watch = {
    runs,
    fire: () => {
      for (const run of runs) run();
    },
  };
  signal.addEventListener("abort", watch.fire, { once: true });
  watches.set(signal, watch);
  return watch;
}
