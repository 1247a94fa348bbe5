import type { Mutants } from "./mutant.ts";

/** The cancels of a caller. */
export const CANCELS: Mutants = {
  file: "src/call/cancels.ts",
  tests: ["test/hostile/cancels.test.ts", "test/call/call-frames.test.ts"],
  mutants: [
    {
      name: "a cancel waits behind calls",
      find: `NOTHING, "control");`,
      replace: `NOTHING, "send");`,
    },
    {
      name: "a caller cancels as many calls as it likes",
      find: "if (!this.#bucket.take(now)) return false;",
      replace: "this.#bucket.take(now);",
    },
    {
      name: "cancels that a link holds up arrive together, as a flood",
      find: "const MOST_ON_THE_WAY = CANCEL_BURST * (1 - OWN_SHARE);",
      replace: "const MOST_ON_THE_WAY = 1e9;",
    },
    {
      name: "a cancel that is owed is forgotten",
      find: "    this.#arm();\n  }\n\n  /** An answer came.",
      replace: "  }\n\n  /** An answer came.",
    },
    {
      name: "what is owed outlives its session",
      find: "    this.#owed.clear();\n",
      replace: "",
    },
    {
      name: "a session begins with the debts of the one before",
      find: "    this.#bucket = undefined;\n",
      replace: "",
    },
    {
      name: "a call that was answered is cancelled nevertheless",
      find: "return this.#owed.delete(channel);",
      replace: "return this.#owed.has(channel);",
    },
    {
      name: "nobody is told that fewer are owed",
      find: "if (this.#owed.size < before) this.#paid();",
      replace: "",
    },
  ],
};
