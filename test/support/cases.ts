import { afterAll, beforeEach } from "vitest";
import type { HonestPair } from "./honest-pair.ts";

/** Names of tests, or of groups of them, that are cases of docs/attacks.md. */
const CASE = /^cases? \d[^:]*:/;

interface Named {
  readonly name: string;
  readonly suite?: Named | undefined;
}

function isCase({ name, suite }: Named): boolean {
  return CASE.test(name) || (suite !== undefined && isCase(suite));
}

/** One for a file, from its first case on. */
let pair: HonestPair | undefined;

/** Stands before every test file: through each case two honest programs go on talking to each other, and its memory is back in the end. */
beforeEach(async ({ task, onTestFinished }) => {
  if (!isCase(task)) return;
  const { HonestPair } = await import("./honest-pair.ts");
  pair ??= await HonestPair.open();
  // Told first, so called last: what belongs to the case is closed by then.
  onTestFinished(await pair.watch());
});

afterAll(async () => {
  await pair?.close();
});
