import type { Mutants } from "./mutant.ts";

/** What a pipe may free, and when. */
export const TCP_PIPE: Mutants = {
  file: "src/pipe/tcp.ts",
  tests: ["test/pipe/tcp.test.ts"],
  mutants: [
    {
      name: "what was only lent is freed",
      find: "if (isGiven) this.#given.push",
      replace: "this.#given.push",
    },
    {
      name: "what was given is freed while it is on its way",
      find: "if (socket.writableLength === 0) this.#discardGiven();",
      replace: "this.#discardGiven();",
    },
    {
      name: "what was given is freed with the next write alone",
      find: "    if (this.#socket.writableLength === 0) this.#discardGiven();\n",
      replace: "",
    },
  ],
};
