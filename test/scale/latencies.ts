import { percentile } from "../trust/counters.ts";

/** What is told of many times, ms. */
export interface Latencies {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly most: number;
}

export function summary(taken: readonly number[]): Latencies {
  return { count: taken.length, p50: percentile(taken, 0.5), p99: percentile(taken, 0.99), most: percentile(taken, 1) };
}

export function show({ count, p50, p99, most }: Latencies): string {
  return `p50 ${p50.toFixed(1)}, p99 ${p99.toFixed(1)}, most ${most.toFixed(1)} ms (${count})`;
}
