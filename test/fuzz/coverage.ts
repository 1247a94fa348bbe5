import { type Profiler, Session } from "node:inspector";

type Range = readonly [from: number, to: number];

/**
 * Which blocks of src/ have run, by the engine's own counters. Code that was compiled before it began is counted by whole functions: begin
 * it, then import what is to be watched.
 */
export class Coverage {
  readonly #session = new Session();
  readonly #pattern: string;
  /** Of each function that ever ran: the parts that never did. */
  readonly #neverRan = new Map<string, readonly Range[]>();

  constructor(pattern: string) {
    this.#pattern = pattern;
    this.#session.connect();
    this.#session.post("Profiler.enable");
    this.#session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  }

  /** Functions that ran. */
  get functions(): number {
    return this.#neverRan.size;
  }

  /** Whether a block ran since the last time that had never run. `isKept` false: it still counts as never run. */
  grew(isKept = true): boolean {
    let hasGrown = false;
    for (const { url, functions } of this.#take()) {
      if (!url.includes(this.#pattern)) continue;
      for (const { functionName, ranges } of functions) {
        const [whole, ...blocks] = ranges;
        if (whole === undefined || whole.count === 0) continue;
        const key = `${url} ${functionName} ${whole.startOffset}`;
        const zeros = uncovered(blocks);
        const before = this.#neverRan.get(key);
        const after = before === undefined ? zeros : intersection(before, zeros);
        if (before !== undefined && bytesOf(after) === bytesOf(before)) continue;
        hasGrown = true;
        if (isKept) this.#neverRan.set(key, after);
      }
    }
    return hasGrown;
  }

  stop(): void {
    this.#session.disconnect();
  }

  #take(): readonly Profiler.ScriptCoverage[] {
    let result: readonly Profiler.ScriptCoverage[] = [];
    // In the same thread the answer is there when the call returns.
    this.#session.post("Profiler.takePreciseCoverage", (error, taken) => {
      if (error !== null) throw error;
      ({ result } = taken);
    });
    return result;
  }
}

/** The outermost ranges with a count of zero, in order. Nested ranges lie inside of their parents and follow them. */
function uncovered(blocks: readonly Profiler.CoverageRange[]): Range[] {
  const zeros: Range[] = [];
  for (const { startOffset, endOffset, count } of blocks) if (count === 0) zeros.push([startOffset, endOffset]);
  return zeros;
}

function intersection(one: readonly Range[], other: readonly Range[]): Range[] {
  const both: Range[] = [];
  for (const [a, b] of one)
    for (const [c, d] of other) if (Math.max(a, c) < Math.min(b, d)) both.push([Math.max(a, c), Math.min(b, d)]);
  return both;
}

function bytesOf(ranges: readonly Range[]): number {
  return ranges.reduce((sum, [from, to]) => sum + to - from, 0);
}
