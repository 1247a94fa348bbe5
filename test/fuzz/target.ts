import type { Roll } from "./mutate.ts";

/** A parser that is fuzzed: what it is fed with, and what must hold of whatever comes out. */
export interface Target {
  /** Valid inputs, from our encoders and the vectors: where the search begins. */
  readonly samples: readonly Uint8Array[];
  /** Pieces that are put into inputs as they are: words, magics, whole fields. */
  readonly words?: readonly Uint8Array[];
  /** A change that keeps an input well-formed as far as it can, for every other input; undefined: it has none for this one. */
  readonly vary?: (input: Uint8Array, roll: Roll) => Uint8Array | undefined;
  /** The longest input that is made. Default: 2,048. */
  readonly maxBytes?: number;
  /**
   * Takes one input, which it must not keep. Returns what came of it, in a few words: an input with new words is kept and changed further.
   * Throws when something came of it that must not.
   */
  run(input: Uint8Array): string;
}

/** Fails the run that it is called in. */
export function must(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what);
}

/** What a parser gave, or the error it refused with, which must be of the class that it documents. */
export function outcomeOf<T>(
  parse: () => T,
  documented: abstract new (...args: never[]) => Error,
): { readonly value: T; readonly error?: undefined } | { readonly value?: undefined; readonly error: Error } {
  try {
    return { value: parse() };
  } catch (error) {
    // The class itself: a TypeError is no Error in these words.
    if (error instanceof Error && error.constructor === documented) return { error };
    throw new Error(`throws ${String(error)}, which it does not document`, { cause: error });
  }
}

/** The words of an outcome, without what differs from input to input. */
export function wordsOf(error: Error): string {
  const { code = error.name } = error as { code?: string };
  return `${code} ${error.message.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""').replaceAll(/\d+/g, "N")}`.slice(0, 120);
}

/** The input in pieces: cut where its own bytes say, or one by one. */
export function piecesOf(input: Uint8Array, bytes: number): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < input.length; at += bytes) pieces.push(input.slice(at, at + bytes));
  return pieces;
}

/** Two small parsers in one: the first byte says which of them gets the rest. */
export function either(one: Target, other: Target): Target {
  const both = [one, other] as const;
  const of = (input: Uint8Array): Target => both[(input[0] ?? 0) & 1] as Target;
  return {
    samples: both.flatMap(({ samples }, at) => samples.map((sample) => Uint8Array.from([at, ...sample]))),
    words: both.flatMap(({ words = [] }) => words),
    maxBytes: 1 + Math.max(...both.map(({ maxBytes = 2_048 }) => maxBytes)),
    vary: (input, roll) => {
      const varied = of(input).vary?.(input.subarray(1), roll);
      return varied && Uint8Array.from([input[0] ?? 0, ...varied]);
    },
    run: (input) => `${(input[0] ?? 0) & 1} ${of(input).run(input.subarray(1))}`,
  };
}
