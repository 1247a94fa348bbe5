import type { Mutants } from "./mutant.ts";

/** Who came and who went, told together. */
export const ANNOUNCEMENTS: Mutants = {
  file: "src/room/announcements.ts",
  tests: ["test/room/announcements.test.ts"],
  mutants: [
    {
      name: "who came is told one by one",
      find: "    if (this.#pause === undefined) this.#tell();",
      replace: "    this.#tell();",
    },
    {
      name: "what happened in a pause is never told",
      find: "this.#clock.after(pauseMs, () => this.#tell(), { hold: false })",
      replace: "this.#clock.after(pauseMs, () => (this.#pause = undefined), { hold: false })",
    },
    {
      name: "nobody is told at once",
      find: "    if (this.#pause === undefined) this.#tell();",
      replace: "    this.#pause ??= this.#clock.after(1, () => this.#tell(), { hold: false });",
    },
    {
      name: "a few members wait too",
      find: "if (pauseMs >= LEAST_PAUSE_MS)",
      replace: "if (pauseMs > 0)",
    },
    {
      name: "who came and went again in a pause is here",
      find: "    this.#here.delete(name);\n",
      replace: "",
    },
    {
      name: "who went in a pause is never gone",
      find: "    this.#gone.add(name);\n",
      replace: "",
    },
    {
      name: "who comes is told before who went",
      find: '      ...parts(gone).map((names) => ({ type: "gone" as const, names })),\n      ...parts(here).map((members) => ({ type: "here" as const, members })),',
      replace:
        '      ...parts(here).map((members) => ({ type: "here" as const, members })),\n      ...parts(gone).map((names) => ({ type: "gone" as const, names })),',
    },
    {
      name: "a newcomer hears what happened before its welcome",
      find: "    this.#newcomers.set(member, new News());\n",
      replace: "",
    },
    {
      name: "a newcomer hears nothing of its pause",
      find: "    for (const news of this.#newcomers.values()) change(news);\n",
      replace: "",
    },
    {
      name: "a newcomer of the last pause is one for ever",
      find: "    this.#newcomers.clear();\n",
      replace: "",
    },
    {
      name: "who is introduced in a pause is not known",
      find: "if (news?.hasCome(member) === true) to.tell",
      replace: "if (news === null) to.tell",
    },
    {
      name: "a part of a long list is lost",
      find: "Math.ceil(list.length / MEMBERS_PER_MESSAGE)",
      replace: "Math.min(1, list.length)",
    },
    {
      name: "a closed Room announces",
      find: "    this.#pause?.cancel();\n    this.#pause = undefined;\n  }",
      replace: "  }",
    },
  ],
};

/** Waits between tries. */
export const RETRIES: Mutants = {
  file: "src/node/retries.ts",
  tests: ["test/node/retries.test.ts"],
  mutants: [
    {
      name: "who is there again is tried as seldom as before",
      find: '      this.#absence = "over";\n      this.#failures = 0;',
      replace: '      this.#absence = "over";',
    },
    {
      name: "who is there and gone by turns is tried all the time",
      find: '      this.#absence = "over";\n',
      replace: '      this.#absence = "none";\n',
    },
  ],
};
