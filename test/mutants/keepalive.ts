import type { Mutants } from "./mutant.ts";

/** Pings, silence and death. */
export const KEEPALIVE: Mutants = {
  file: "src/link/keepalive.ts",
  tests: ["test/link/keepalive.test.ts", "test/link/link.test.ts"],
  mutants: [
    {
      name: "one ping more than the limit is taken",
      find: "return ++this.#pingsInWindow <= this.#limits.pings;",
      replace: "return ++this.#pingsInWindow <= this.#limits.pings + 1;",
    },
    {
      name: "the last ping within the limit is refused",
      find: "return ++this.#pingsInWindow <= this.#limits.pings;",
      replace: "return ++this.#pingsInWindow < this.#limits.pings;",
    },
    {
      name: "pings are counted for ever",
      find: "      this.#pingsInWindow = 0;\n",
      replace: "",
    },
    {
      name: "a pong with other bytes than its ping is taken",
      find: "if (ping === undefined || readId(payload) !== ping.id) return false;",
      replace: "if (ping === undefined) return false;",
    },
    {
      name: "a silent link dies late",
      find: "if (silentMs >= deadMs) return",
      replace: "if (silentMs >= deadMs + 1_000) return",
    },
    {
      name: "a silent link dies early",
      find: "if (silentMs >= deadMs) return",
      replace: "if (silentMs >= deadMs - idleMs) return",
    },
    {
      name: "time in which this program did not run counts as silence",
      find: "if (lateMs > LATE_MS) this.#heardAt",
      replace: "if (lateMs < 0) this.#heardAt",
    },
    {
      name: "an owner may ping as often as it likes",
      find: "if (this.#clock.now() - this.#lastSentAt >= SPACING_MS) this.#send();\n    const ping",
      replace: "this.#send();\n    const ping",
    },
    {
      name: "an idle link is not pinged",
      find: "    if (now - this.#lastSentAt >= SPACING_MS) this.#send();\n  }",
      replace: "  }",
    },
    {
      name: "a link that ends leaves its timer",
      find: "    this.#timer?.cancel();\n    this.#timer = undefined;\n    for",
      replace: "    for",
    },
    {
      name: "who waits for a pong waits for ever when the link ends",
      find: "        timer.cancel();\n        resolve(undefined);",
      replace: "        timer.cancel();",
    },
  ],
};
