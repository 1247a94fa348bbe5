import { Coverage } from "./coverage.ts";
import { mutate, type Roll } from "./mutate.ts";
import type { Target } from "./target.ts";

/** The most that one input may take, ms: the fastest of a few tries counts, for the machine has other things to do. */
export const MAX_MS = 50;
const SLOW_TRIES = 5;
/** Inputs between two looks at the coverage. */
const BATCH = 64;
/** Inputs that are kept to be changed further. */
const MAX_CORPUS = 2_000;
const MAX_OUTCOMES = 400;
/** What may be left of all inputs when they are done, apart from those that are kept. */
export const MAX_GROWTH_BYTES = 10 * 2 ** 20;
const MINIMISE_MS = 3_000;

export interface FuzzOptions {
  readonly seed: number;
  readonly ms: number;
  readonly coverage: Coverage;
  /** Told of each input before it runs, for whoever watches from outside. */
  readonly begin?: (input: Uint8Array) => void;
  /** Collects garbage. */
  readonly collect: () => void;
}

export interface Report {
  readonly inputs: number;
  readonly corpus: number;
  readonly outcomes: number;
  readonly functions: number;
  readonly slowestMs: number;
  readonly grownBytes: number;
}

/** An input that breaks a rule, and which. The message holds the smallest one that was found, as hex. */
export class Broken extends Error {
  readonly input: Uint8Array;
  constructor(what: string, input: Uint8Array, seed: number, original: Uint8Array) {
    super(
      `${what}\n  seed ${seed}; the input, made smaller: INPUT=${hex(input)}\n  as it was: ${hex(original.subarray(0, 4_096))}`,
    );
    this.input = input;
  }
}

/**
 * Feeds a target with changed samples for so long. Inputs that run blocks which never ran, or have an outcome of words never heard, are kept and changed further.
 * The inputs follow from the seed alone; how many there are, from the time.
 * @throws Broken for an input that the target fails, that is slow, or that changes what all objects have; Error when memory grew
 */
export function fuzz(target: Target, options: FuzzOptions): Report {
  const { seed, ms, coverage, collect } = options;
  const { words = [], maxBytes = 2_048 } = target;
  const roll = rollOf(seed);
  const trial = new Trial(target, options);
  const corpus: Uint8Array[] = [];
  const outcomes = new Set<string>();
  let kept = 0;
  const keep = (input: Uint8Array): void => {
    if (corpus.length < MAX_CORPUS) corpus.push(input);
    else corpus[target.samples.length + roll(MAX_CORPUS - target.samples.length)] = input;
    kept += input.length;
  };

  for (const sample of target.samples) {
    keep(sample);
    outcomes.add(trial.run(sample));
  }
  coverage.grew();
  const endsAt = performance.now() + ms;
  let before: number | undefined;
  while (performance.now() < endsAt) {
    const batch: Uint8Array[] = [];
    for (let i = 0; i < BATCH; i++) {
      const from = pick(corpus, roll);
      const varied = roll(2) === 0 ? target.vary?.(from, roll) : undefined;
      const input = varied?.slice(0, maxBytes) ?? mutate(from, pick(corpus, roll), words, maxBytes, roll);
      batch.push(input);
      const outcome = trial.run(input);
      if (outcomes.size < MAX_OUTCOMES && !outcomes.has(outcome)) {
        outcomes.add(outcome);
        keep(input);
      }
    }
    if (coverage.grew(false)) {
      // Which of them did it: each once more, alone.
      for (const input of batch) {
        trial.run(input);
        if (coverage.grew()) keep(input);
      }
    }
    // What is compiled and filled once is there after a while; the baseline stands before half of the time is over.
    if (before === undefined && performance.now() > endsAt - ms / 2) before = usedBytes(collect) - kept;
  }
  const grownBytes = usedBytes(collect) - kept - (before ?? 0);
  if (before !== undefined && grownBytes > MAX_GROWTH_BYTES)
    throw new Error(`memory grew by ${grownBytes} bytes over ${trial.inputs} inputs; seed ${seed}`);
  return {
    inputs: trial.inputs,
    corpus: corpus.length,
    outcomes: outcomes.size,
    functions: coverage.functions,
    slowestMs: trial.slowestMs,
    grownBytes,
  };
}

/** Runs one input alone, as {@link fuzz} does. */
export function runOnce(target: Target, input: Uint8Array, options: FuzzOptions): string {
  return new Trial(target, options).run(input);
}

/** One input after the other, with the rules that hold for every target. */
class Trial {
  readonly #target: Target;
  readonly #options: FuzzOptions;
  readonly #prototypes = prototypeKeys();
  inputs = 0;
  slowestMs = 0;

  constructor(target: Target, options: FuzzOptions) {
    this.#target = target;
    this.#options = options;
  }

  run(input: Uint8Array): string {
    this.inputs++;
    this.#options.begin?.(input);
    try {
      return this.#checked(input);
    } catch (error) {
      throw this.#minimised(input, error);
    }
  }

  #checked(input: Uint8Array): string {
    const copy = Uint8Array.from(input);
    let outcome = "";
    let ms = took(() => (outcome = this.#target.run(copy)));
    for (let tries = 1; ms > MAX_MS && tries < SLOW_TRIES; tries++)
      ms = Math.min(
        ms,
        took(() => this.#target.run(Uint8Array.from(input))),
      );
    if (ms > MAX_MS) throw new Error(`takes ${Math.round(ms)} ms`);
    this.slowestMs = Math.max(this.slowestMs, ms);
    if (prototypeKeys() !== this.#prototypes) throw new Error("changes what all objects have");
    return outcome;
  }

  /** The smallest input found in a while that breaks a rule in the same words. */
  #minimised(original: Uint8Array, error: unknown): Broken {
    const what = firstLine(error);
    const kind = what.replaceAll(/\d+/g, "N");
    const isSame = (input: Uint8Array): boolean => {
      try {
        this.#checked(input);
        return false;
      } catch (again) {
        return firstLine(again).replaceAll(/\d+/g, "N") === kind;
      }
    };
    let input = original;
    const endsAt = performance.now() + MINIMISE_MS;
    for (let size = input.length; size >= 1; size = size >> 1) {
      for (let at = 0; at < input.length && performance.now() < endsAt; ) {
        const less = Uint8Array.from([...input.subarray(0, at), ...input.subarray(at + size)]);
        if (isSame(less)) input = less;
        else at += size;
      }
    }
    for (let at = 0; at < input.length && performance.now() < endsAt; at++) {
      const plainer = Uint8Array.from(input);
      plainer[at] = 0;
      if (isSame(plainer)) input = plainer;
    }
    const broken = new Broken(what, input, this.#options.seed, original);
    broken.cause = error;
    return broken;
  }
}

/** In ms: of the clock, or of the processor where others have it too. */
function took(run: () => void): number {
  const from = performance.now();
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return Math.min(performance.now() - from, (user + system) / 1_000);
}

function firstLine(error: unknown): string {
  return String(error).split("\n", 1)[0] as string;
}

/** How many keys the prototypes have that everything inherits from. */
function prototypeKeys(): number {
  return Reflect.ownKeys(Object.prototype).length + 1_000 * Reflect.ownKeys(Array.prototype).length;
}

function pick(corpus: readonly Uint8Array[], roll: Roll): Uint8Array {
  // Every other time one of the last ones that were kept: they lead furthest.
  const from = roll(2) === 0 ? Math.max(0, corpus.length - 32) : 0;
  return corpus[from + roll(corpus.length - from)] as Uint8Array;
}

/** xorshift32. */
function rollOf(seed: number): Roll {
  let state = seed | 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

function usedBytes(collect: () => void): number {
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
