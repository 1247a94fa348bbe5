import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { DEFAULT_LIMITS } from "../../src/base/limits.ts";

const ROOT = resolve(import.meta.dirname, "../..");

/** The rows of docs/limits.md by the names of limits: default, unit, what happens beyond, test. */
const rows = new Map(
  readFileSync(join(ROOT, "docs/limits.md"), "utf8")
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) => line.split("|").map((cell) => cell.trim()))
    .map(([, name = "", ...cells]) => [name.replaceAll("`", ""), cells] as const),
);

const limits = Object.entries(DEFAULT_LIMITS).flatMap(([group, keys]) =>
  Object.entries(keys as Record<string, number>).map(([key, value]) => [`${group}.${key}`, value] as const),
);

/** Whether a test of that file is named after the limit, by itself or as one of a list. */
function isTestedIn(file: string, name: string): boolean {
  const text = readFileSync(join(ROOT, file), "utf8");
  const [group = "", key = ""] = name.split(".");
  if (new RegExp(`["(, ]limit ${group}\\.${key}[:,) ]`).test(text)) return true;
  return text.includes(`limit ${group}.%s:`) && text.includes(`"${key}"`);
}

test("every limit has a row with its default, its unit, what happens beyond it, and a test that bears its name", () => {
  expect([...rows.keys()]).toEqual(limits.map(([name]) => name));
  for (const [name, value] of limits) {
    const [shown, unit, beyond, file] = rows.get(name) ?? [];
    expect(shown, name).toBe(value.toLocaleString("en-US"));
    if (name.endsWith("Ms")) expect(unit, name).toBe("ms");
    if (/bytes$/i.test(name)) expect(unit, name).toBe("bytes");
    if (name.endsWith("PerSecond")) expect(unit, name).toBe("per s");
    expect(beyond, name).not.toBe("");
    expect(isTestedIn(file ?? "", name), `a test "limit ${name}: ..." in ${file}`).toBe(true);
  }
});

test("no test bears the name of a limit that does not exist", () => {
  const known = new Set(limits.map(([name]) => name));
  for (const [, , , , file = ""] of [...rows].map(([, cells]) => ["", ...cells])) {
    const text = readFileSync(join(ROOT, file), "utf8");
    for (const [, name = ""] of text.matchAll(/["(, ]limit ([a-z]+\.[A-Za-z]+)[:,)]/g)) expect(known).toContain(name);
  }
});
