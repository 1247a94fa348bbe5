import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";

const ROOT = resolve(import.meta.dirname, "../..");
const read = (file: string): string => readFileSync(join(ROOT, file), "utf8");

/** A source without its comments. */
const code = (file: string): string => read(file).replaceAll(/\/\/.*|\/\*[^]*?\*\//g, "");

/** The words in quotes of a union. */
const words = (text: string): string[] => [...text.matchAll(/"([^"]+)"/g)].map(([, word]) => word as string);

/** The events of src/link/audit.ts and their reasons; unions of other files written out. */
function declared(): Map<string, string[]> {
  const [, body = ""] = /interface AuditReasons \{([^]*?)\n\}/.exec(code("src/link/audit.ts")) ?? [];
  const [, refusals = ""] = /type RefusalReason =([^]*?);/.exec(code("src/link/answering.ts")) ?? [];
  const [, failures = ""] = /type Failure =([^]*?)>;/.exec(code("src/link/admission.ts")) ?? [];
  const events = new Map<string, string[]>();
  for (const [, event = "", union = ""] of body.matchAll(/^ {2}("[a-z ]+"|[a-z]+): ([^;]+);/gm)) {
    const more = [...(union.includes("RefusalReason") ? words(refusals) : [])];
    if (union.includes("Failure")) more.push(...words(failures).filter((word) => word !== "penalty"));
    events.set(event.replaceAll('"', ""), [...more, ...words(union)]);
  }
  return events;
}

test("docs/audit.md has a row for every event, with every reason that it may have, and no others", () => {
  const rows = new Map(
    read("docs/audit.md")
      .split("\n")
      .filter((line) => /^\| `[a-z ]+` \| (debug|info|warn) \|/.test(line))
      .map((line) => line.split("|").map((cell) => cell.trim()))
      .map((cells) => [cells[1]?.replaceAll("`", ""), cells[5] ?? ""]),
  );
  const events = declared();
  expect(events.size).toBeGreaterThan(8);
  expect(new Set(rows.keys())).toEqual(new Set(events.keys()));
  for (const [event, reasons] of events) {
    const told = [...(rows.get(event) ?? "").matchAll(/`([^`]+)`/g)].map(([, word]) => word);
    const others = ["allow", "deny", "refusedForS"];
    expect(new Set(told.filter((word) => !others.includes(word as string))), event).toEqual(new Set(reasons));
  }
});
