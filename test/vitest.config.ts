import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { PlainSummary } from "./plain-summary.ts";

// Tests import the sources: the condition makes `chatroom` and its entries resolve to src/.
const conditions = ["chatroom-source", "node", "import", "default"];

/** What keeps all cores busy by itself, or compares times: when everything else is done, one file after the other. */
const ALONE = [
  "test/fuzz/fuzz.test.ts",
  "test/lab/**/*.test.ts",
  "test/link/user-timing.test.ts",
  "test/scale/members.test.ts",
];

/** One more than cores, since many files wait for the system most of the time. The long forms of tests hold times too: they have the machine to themselves. */
const WORKERS = process.env["SOAK"] === undefined ? availableParallelism() + 1 : 1;

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    root: new URL("..", import.meta.url).pathname,
    globalSetup: "test/support/built.ts",
    setupFiles: ["test/support/nothing-left.ts", "test/support/cases.ts"],
    pool: "forks",
    testTimeout: 30_000,
    reporters: ["default", new PlainSummary()],
    projects: [
      {
        extends: true,
        test: {
          name: "together",
          include: ["test/**/*.test.ts"],
          exclude: ALONE,
          maxWorkers: WORKERS,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: { name: "alone", include: ALONE, fileParallelism: false, sequence: { groupOrder: 2 } },
      },
    ],
  },
});
