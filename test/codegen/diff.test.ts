import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { unifiedDiff } from "../../codegen/src/diff.ts";

const SEED = 20_251;

test(`git applies the diff of any two texts and gets the second one (seed ${SEED})`, () => {
  const dir = mkdtempSync(join(tmpdir(), "chatroom-diff-"));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  // Few different lines, so that they repeat; always a last line break, as generated files have.
  const text = fc
    .array(fc.constantFrom("a", "b", "}", ""), { minLength: 1, maxLength: 30 })
    .map((parts) => `${parts.join("\n")}\n`);
  const pairs = fc.sample(fc.tuple(text, text), { seed: SEED, numRuns: 200 }).filter(([one, other]) => one !== other);
  const patches = pairs.map(([before, after], index) => {
    writeFileSync(join(dir, `${index}.txt`), before);
    return unifiedDiff(before, after, `a/${index}.txt`, `b/${index}.txt`);
  });
  execFileSync("git", ["apply", "--whitespace=nowarn", "-"], { cwd: dir, input: patches.join("") });
  for (const [index, [, after]] of pairs.entries()) {
    expect(readFileSync(join(dir, `${index}.txt`), "utf8"), patches[index]).toBe(after);
  }
});

test("equal texts have no diff", () => {
  expect(unifiedDiff("a\nb\n", "a\nb\n", "a/x", "b/x")).toBe("");
});

function lines(letter: string): string {
  return Array.from({ length: 2100 }, (_, index) => `${letter}${index}\n`).join("");
}

test("parts too large to search are shown as removed and added", () => {
  const diff = unifiedDiff(`start\n${lines("a")}end\n`, `start\n${lines("b")}end\n`, "a/x", "b/x");
  expect(diff.split("\n").slice(0, 4)).toEqual(["--- a/x", "+++ b/x", "@@ -1,2102 +1,2102 @@", " start"]);
  expect(diff.split("\n").filter((line) => line.startsWith("-a"))).toHaveLength(2100);
});
