import { type Action, Machine } from "../../src/session/machine.ts";
import { Outbox } from "../../src/session/outbox.ts";

type Flush = (this: Machine, ...input: Parameters<Machine["flush"]>) => readonly Action[];
type Push = (this: Outbox, ...input: Parameters<Outbox["push"]>) => ReturnType<Outbox["push"]>;

/** Looks at every session of this process whenever it sent, from now on until the function that this gives is called. */
export function watchSending(
  see: (machine: Machine, committedBefore: number, did: readonly Action[]) => void,
): () => void {
  const methods: { flush: Flush } = Machine.prototype;
  const { flush } = methods;
  methods.flush = function (...input) {
    const before = this.committed;
    const actions = flush.apply(this, input);
    see(this, before, actions);
    return actions;
  };
  return () => void (methods.flush = flush);
}

/** The most that any session of this process held, in bytes. */
export interface Most {
  /** Committed, and not acknowledged. */
  window: number;
  /** Queued, and charged for. */
  queue: number;
}

/** Looks at every outbox and every session of this process, whenever something enters them, from now on. */
export function watchCounters(): Most {
  const most: Most = { window: 0, queue: 0 };
  const methods: { push: Push } = Outbox.prototype;
  const { push } = methods;
  methods.push = function (...input) {
    const result = push.apply(this, input);
    most.queue = Math.max(most.queue, this.queuedBytes);
    return result;
  };
  watchSending(({ committed, acked, out }) => {
    most.window = Math.max(most.window, committed - acked, out.end - acked);
  });
  return most;
}

/** Heap and what hangs on it, after everything that can go has gone. For a process with `--expose-gc`. */
export function memoryBytes(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** A latency such that this part of all is below it. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}
