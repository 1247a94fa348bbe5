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

/** What the calls of a peer may take here. */
export const CALLEE_CAPS: Mutants = {
  file: "src/call/dispatcher.ts",
  tests: ["test/hostile/cancels.test.ts", "test/hostile/memory.test.ts"],
  mutants: [
    {
      name: "a peer may cancel as often as it likes",
      find: "if (!this.#cancels.take(now)) {",
      replace: "if (!this.#cancels.take(now) && now < 0) {",
    },
    {
      name: "calls that were cancelled count as in flight until their handlers end",
      find: "if (call?.isAccepted === false) this.#cancelled.add(call);",
      replace: "",
    },
    {
      name: "any number of cancelled calls may run on",
      find: "Math.min(this.#cancelled.size, MAX_CANCELLED_RUNNING)",
      replace: "this.#cancelled.size",
    },
    {
      name: "inputs under way may take any memory",
      find: "memoryBeside(this.#inputWeight, payload.length)",
      replace: "2 ** 30",
    },
    {
      name: "inputs of calls that ended count as under way",
      find: "else this.#inputWeight -= call.weight;",
      replace: "",
    },
    {
      name: "sends whose handlers run count as waiting",
      find: "    this.#inputWeight -= call.weight;\n    this.#acceptedWeight",
      replace: "    this.#acceptedWeight",
    },
    {
      name: "sends start whatever the running ones hold",
      find: " || this.#acceptedWeight >= MAX_INPUT_BYTES",
      replace: "",
    },
    {
      name: "inputs of one session count in the next",
      find: "    this.#inputWeight = this.#acceptedWeight = 0;\n",
      replace: "",
    },
    {
      name: "a session begins with the cancels of the one before",
      find: "    this.#cancels = undefined;\n",
      replace: "",
    },
  ],
};
