import type { Mutants } from "./mutant.ts";

/** Keys of Maps and Sets that collide on purpose. */
export const KEYS: Mutants = {
  file: "src/wire/values-keys.ts",
  tests: ["test/wire/keys.test.ts"],
  mutants: [
    {
      name: "bigints may collide",
      find: `typeof key === "bigint") hash`,
      replace: `key === 1n) hash`,
    },
    { name: "texts of digits may collide", find: "hash = hashOfIndex(key);", replace: "" },
    { name: "texts in even steps are refused", find: "MEETINGS_OF_TEXTS = 1 / 50", replace: "MEETINGS_OF_TEXTS = 1" },
    { name: "a text that begins with 0 counts as an index", find: `(key[0] !== "0" || length === 1)`, replace: "true" },
    { name: "fractions may collide", find: "(key | 0) === key", replace: "key === key" },
    { name: "the sign of a bigint counts", find: "key < 0n ? -key : key", replace: "key" },
    { name: "one value pays for the one before", find: "  left = FREE_MEETINGS;\n}", replace: "}" },
    { name: "honest keys have no meetings of their own", find: "left += MEETINGS_PER_KEY - ", replace: "left -= " },
  ],
};
