import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";

const ROOT = resolve(import.meta.dirname, "..");

/** By number: the test files, below test/, in which it stands in a name. */
function casesInTests(): Map<number, Set<string>> {
  const found = new Map<number, Set<string>>();
  for (const file of readdirSync(join(ROOT, "test"), { recursive: true, encoding: "utf8" })) {
    if (!file.endsWith(".ts") || file.startsWith("mutants")) continue;
    const text = readFileSync(join(ROOT, "test", file), "utf8");
    for (const [, numbers = ""] of text.matchAll(/["`]cases? ((?:\d+(?:, | and )?)+):/g)) {
      for (const [number] of numbers.matchAll(/\d+/g)) {
        found.set(Number(number), (found.get(Number(number)) ?? new Set()).add(file));
      }
    }
  }
  return found;
}

/** By number: the files that docs/attacks.md names. */
function casesInDocs(): Map<number, readonly string[]> {
  const rows = readFileSync(join(ROOT, "docs/attacks.md"), "utf8").matchAll(/^\| (\d+) \|.*\| ([^|]+) \|$/gm);
  return new Map([...rows].map(([, number, files = ""]) => [Number(number), files.trim().split(", ")]));
}

/** All of the protocol's list. */
const CASES = Array.from({ length: 97 }, (_, index) => index + 1);

test("every case of the list of attacks stands in the name of a test, and docs/attacks.md says in which files", () => {
  const tests = casesInTests();
  expect(CASES.filter((number) => !tests.has(number))).toEqual([]);
  const docs = casesInDocs();
  expect([...docs.keys()]).toEqual(CASES);
  for (const [number, files] of docs)
    expect(files, `case ${number}`).toEqual([...(tests.get(number) ?? [])].toSorted());
});
