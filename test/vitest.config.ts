import { defineConfig } from "vitest/config";
import { PlainSummary } from "./plain-summary.ts";

// Tests import the sources: the condition makes `chatroom` and its entries resolve to src/.
const conditions = ["chatroom-source", "node", "import", "default"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    root: new URL("..", import.meta.url).pathname,
    include: ["test/**/*.test.ts"],
    setupFiles: ["test/support/nothing-left.ts", "test/support/cases.ts"],
    pool: "forks",
    testTimeout: 30_000,
    reporters: ["default", new PlainSummary()],
  },
});
