import { Machine } from "../../src/session/machine.ts";
import { Outbox } from "../../src/session/outbox.ts";

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
  const { push } = Outbox.prototype;
  const { flush } = Machine.prototype;
  Outbox.prototype.push = function (this: Outbox, message) {
    const result = push.call(this, message);
    most.queue = Math.max(most.queue, this.queuedBytes);
    return result;
  };
  Machine.prototype.flush = function (this: Machine, source, ackNow) {
    const actions = flush.call(this, source, ackNow);
    most.window = Math.max(most.window, this.committed - this.acked, this.out.end - this.acked);
    return actions;
  };
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
