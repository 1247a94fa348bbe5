import type { Mutants } from "./mutant.ts";

/** What is logged of what others do, and how often. */
export const AUDIT: Mutants = {
  file: "src/link/audit.ts",
  tests: ["test/link/audit.test.ts", "test/audit"],
  mutants: [
    {
      name: "all events share one budget",
      find: "this.#floods.take(`${event}: ${reason}`,",
      replace: 'this.#floods.take("all",',
    },
    {
      name: "what was left out is not told with the next line",
      find: "suppressed: suppressed > 0 ? suppressed : undefined",
      replace: "suppressed: undefined",
    },
    {
      name: "a claimed name looks proven",
      find: "name === undefined ? undefined : (true as const)",
      replace: "undefined",
    },
    {
      name: "a name that a link only claims looks proven",
      find: "...(isClaimed ? { claimed: true } : {})",
      replace: "",
    },
    {
      name: "fields that are not known are written",
      find: ".filter(([, value]) => value !== undefined)",
      replace: "",
    },
  ],
};

/** How often lines are written that others can cause. */
export const FLOOD_GUARD: Mutants = {
  file: "src/base/flood-guard.ts",
  tests: ["test/link/audit.test.ts", "test/call/failure-log.test.ts"],
  mutants: [
    {
      name: "a flood is written line by line",
      find: "if (!flow.bucket.take(now)) {",
      replace: "if (!flow.bucket.take(now) && now < 0) {",
    },
    {
      name: "what was left out is told again and again",
      find: "    const { suppressed } = flow;\n    flow.suppressed = 0;",
      replace: "    const { suppressed } = flow;",
    },
    {
      name: "the end of a flood is not told",
      find: "      this.#arm(this.#limits.quietMs);\n",
      replace: "",
    },
    {
      name: "a flood that goes on is summed up as if it were over",
      find: "if (leftMs > 0) restMs",
      replace: "if (leftMs > 1e9) restMs",
    },
    {
      name: "closing loses what was left out",
      find: "    for (const flow of this.#flows.values()) this.#end(flow);\n",
      replace: "",
    },
    {
      name: "closing leaves the timer",
      find: "    this.#timer?.cancel();\n",
      replace: "",
    },
    {
      name: "what comes after closing starts the timer again",
      find: "if (!this.#isClosed) this.#timer ??=",
      replace: "this.#timer ??=",
    },
    {
      name: "a summary says the same twice",
      find: "    if (suppressed === 0) return;\n    flow.suppressed = 0;",
      replace: "    if (suppressed === 0) return;",
    },
  ],
};

/** Lines of the built-in logger. */
export const LOG: Mutants = {
  file: "src/base/log.ts",
  tests: ["test/base/log.test.ts", "test/call/failure-log.test.ts"],
  mutants: [
    {
      name: "what a logger stumbles over costs the line",
      find: 'if (!("err" in fields)) return failed(error);',
      replace: "if (fields !== undefined) return failed(error);",
    },
    {
      name: "what a logger throws goes further",
      find: 'if (!("err" in fields)) return failed(error);',
      replace: 'if (!("err" in fields)) throw error;',
    },
    {
      name: "a message is written as it is",
      find: "printable(`${word} ${name}: ${message}`)",
      replace: "`${word} ${name}: ${message}`",
    },
    {
      name: "fields are written as they are",
      find: 'printable(rest.join(" "))',
      replace: 'rest.join(" ")',
    },
    {
      name: "a stack is written as it is",
      find: "`    ${printable(line)}\\n`",
      replace: "`    ${line}\\n`",
    },
    {
      name: "invisible characters stay",
      find: "[\\p{Cc}\\p{Cf}",
      replace: "[\\p{Cc}",
    },
    {
      name: "names of others are never quoted",
      find: "/^[\\p{L}\\p{N}_.-]+$/u.test(text) ? text :",
      replace: "text !== undefined ? text :",
    },
  ],
};

/** The option `limits`. */
export const LIMITS_OPTION: Mutants = {
  file: "src/base/limits-option.ts",
  tests: ["test/base/limits-option.test.ts", "test/limits/option.test.ts"],
  mutants: [
    {
      name: "parts of the protocol can be set",
      find: "if (SHARED.includes(group))",
      replace: 'if (group === "")',
    },
    {
      name: "groups of every object pass",
      find: "Object.hasOwn(DEFAULT_LIMITS, group) ? DEFAULT_LIMITS[group as keyof Limits] : undefined",
      replace: "DEFAULT_LIMITS[group as keyof Limits]",
    },
    {
      name: "limits of every object pass",
      find: "if (!Object.hasOwn(known, key))",
      replace: "if (!(key in known))",
    },
    {
      name: "a limit may be endless",
      find: "!Number.isFinite(value)",
      replace: "Number.isNaN(value)",
    },
    {
      name: "a limit may be below 0",
      find: " || value < 0)",
      replace: ")",
    },
    {
      name: "a span may be more than a timer takes",
      find: "value > MOST_MS",
      replace: "value > Infinity",
    },
    {
      name: "a list is an object of limits",
      find: " || Array.isArray(value))",
      replace: ")",
    },
  ],
};

/** Who is told of, at a listener. */
export const PENALISED: Mutants = {
  file: "src/link/listener.ts",
  tests: ["test/link/sources.test.ts", "test/audit/events.test.ts"],
  mutants: [
    {
      name: "a penalty is told at each refusal",
      find: "!wasRefused && refusedForS > 0",
      replace: "refusedForS > 0",
    },
    {
      name: "a failure that is not too much is told as a penalty",
      find: "!wasRefused && refusedForS > 0",
      replace: "!wasRefused",
    },
  ],
};
