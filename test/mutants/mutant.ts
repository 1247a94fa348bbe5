/** A fault that is planted on purpose: some test must fail for it. */
export interface Mutant {
  /** The rule as it is broken, in words. */
  readonly name: string;
  /** Occurs exactly once in the file; a list whose text is gone or ambiguous is an error. */
  readonly find: string;
  readonly replace: string;
}

/** Faults of one file. Plain data. */
export interface Mutants {
  readonly file: string;
  /** The test files that hold its rules, as filters of vitest. */
  readonly tests: readonly string[];
  /** Its rules show in the schedules of test/session too: they are run as well, and the number of the first one that fails is told. */
  readonly schedules?: true;
  readonly mutants: readonly Mutant[];
}
