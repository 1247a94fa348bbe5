import { beforeEach } from "vitest";

/** Names of tests that are cases of docs/attacks.md, or stand in a group of one. */
const CASE = /^case \d+:/;

interface Named {
  readonly name: string;
  readonly suite?: Named | undefined;
}

function isCase({ name, suite }: Named): boolean {
  return CASE.test(name) || (suite !== undefined && isCase(suite));
}

/** Stands before every test file: around each case honest programs talk to each other, and its memory is looked at. */
beforeEach(async ({ task, onTestFinished }) => {
  if (!isCase(task)) return;
  const { aroundCase } = await import("./around-case.ts");
  // Told first, so called last: what belongs to the case is closed by then.
  onTestFinished(await aroundCase());
});
