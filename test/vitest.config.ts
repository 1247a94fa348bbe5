import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { PlainSummary } from "./plain-summary.ts";

// Tests import the sources: the condition makes `chatroom` and its entries resolve to src/.
const conditions = ["chatroom-source", "node", "import", "default"];

/** What keeps all cores busy, at low priority, and what mostly waits for lines and routers: beside each other. */
const FUZZ = "test/fuzz/fuzz.test.ts";
const BESIDE = [FUZZ, "test/lab/doctor.test.ts", "test/lab/paths.test.ts"];

/** What compares times, or is busy itself: when everything else is done, one file after the other. */
const ALONE = [
  "test/lab/lab.test.ts",
  "test/lab/moves.test.ts",
  "test/lab/punching.test.ts",
  "test/link/user-timing.test.ts",
  "test/scale/members.test.ts",
];

/** One more than cores, since many files wait for the system most of the time. The long forms of tests hold times too: they have the machine to themselves. */
const WORKERS = process.env["SOAK"] === undefined ? availableParallelism() + 1 : 1;

/** What takes longest begins. */
class FuzzFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // oxlint-disable-next-line unicorn/no-array-sort -- of a sequencer, which gives a new list
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => Number(b.moduleId.endsWith(FUZZ)) - Number(a.moduleId.endsWith(FUZZ)));
  }
}

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    root: new URL("..", import.meta.url).pathname,
    globalSetup: "test/support/built.ts",
    setupFiles: ["test/support/nothing-left.ts", "test/support/cases.ts"],
    pool: "forks",
    testTimeout: 30_000,
    sequence: { sequencer: FuzzFirst },
    reporters: ["default", new PlainSummary()],
    projects: [
      {
        extends: true,
        test: {
          name: "together",
          include: ["test/**/*.test.ts"],
          exclude: [...BESIDE, ...ALONE],
          maxWorkers: WORKERS,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: { name: "beside", include: BESIDE, maxWorkers: Math.min(2, WORKERS), sequence: { groupOrder: 2 } },
      },
      {
        extends: true,
        test: { name: "alone", include: ALONE, fileParallelism: false, sequence: { groupOrder: 3 } },
      },
    ],
  },
});
