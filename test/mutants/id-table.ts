import type { Mutants } from "./mutant.ts";

/** Calls by their numbers. */
export const ID_TABLE: Mutants = {
  file: "src/base/id-table.ts",
  tests: ["test/base/id-table.test.ts"],
  mutants: [
    {
      name: "what stood behind a number that is gone is not found any more",
      find: "if (((at - home) & this.#mask) < ((at - free) & this.#mask)) continue;",
      replace: "break;",
    },
    {
      name: "a number moves in front of its own slot",
      find: "if (((at - home) & this.#mask) < ((at - free) & this.#mask)) continue;",
      replace: "",
    },
    {
      name: "a table forgets what it had when it grows",
      find: "this.#values[at] = values[from];",
      replace: "",
    },
    {
      name: "a number that is put in again counts twice",
      find: "    if (this.#ids[at] === 0) {",
      replace: "    if (this.#ids[at] === 0 || this.#size < 9) {",
    },
  ],
};
