/**
 * A value that can't be sent, or bytes that are no value. The only error the value codec throws.
 * `path` leads from the value to the culprit: "" for the value itself, else ".items[3].when"; bytes from the other
 * side have no path.
 */
export class ValueError extends Error {
  override readonly name: string = "ValueError";
  readonly path: string;
  /** What is wrong there, e.g. "a function can't be sent". */
  readonly what: string;

  constructor(path: string, what: string, cause?: unknown) {
    super(`value${path}: ${what}`, cause === undefined ? undefined : { cause });
    this.path = path;
    this.what = what;
  }

  /** The same message under the word that its reader knows: `describe("input")` gives "input.items[3].when: ...". */
  describe(root: string): string {
    return `${root}${this.path}: ${this.what}`;
  }
}

/** A value that would take more memory than there is for it. */
export class ValueTooHeavy extends ValueError {
  constructor() {
    super("", "takes more memory than there is for it");
  }
}

/** A value whose bytes would be over the limit. */
export class ValueTooLarge extends ValueError {
  constructor(maxBytes: number) {
    super("", `takes more than ${maxBytes} bytes, the most that one message has`);
  }
}
