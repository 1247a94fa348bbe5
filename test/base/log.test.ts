import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { expect, test, vi } from "vitest";
import { loggerOf, printable, quoted } from "../../src/base/log.ts";

const ROOT = resolve(import.meta.dirname, "../..");

/** What the built-in logger writes. */
function written(run: (log: ReturnType<typeof loggerOf>) => void): string {
  let text = "";
  const spy = vi.spyOn(process.stderr, "write").mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  try {
    run(loggerOf("debug", "room"));
  } finally {
    spy.mockRestore();
  }
  // Colours are the logger's own, where it has a terminal.
  return stripVTControlCharacters(text);
}

const NASTY = "a\nb\r\u001b[2Jc\u0000\u0007\u009b31m\u2028\u2029\u202e\u200b\u007f\ud800";

test("one event is one line: nothing in a message or field can begin another one, or move a terminal", () => {
  const fields = { text: NASTY, err: new Error(NASTY), [NASTY]: 1, list: [NASTY], inner: { deep: NASTY } };
  for (const level of ["debug", "info", "warn"] as const) {
    const text = written((log) => log[level](fields, NASTY));
    expect(text.match(/\n/g)).toHaveLength(1);
    expect(text).toMatch(/^\d\d:\d\d:\d\d\.\d{3} (debug|info|warn) room: a\\nb\\r\\u001b\[2Jc/);
    expect(text.slice(0, -1)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
  }
});

test("below an error stands its stack, indented, with nothing in it that a terminal obeys", () => {
  const text = written((log) => log.error({ err: new Error(NASTY) }, "failed"));
  const [first, ...stack] = text.trimEnd().split("\n");
  expect(first).toContain("error room: failed err=");
  expect(stack.length).toBeGreaterThan(1);
  for (const line of stack) expect(line).toMatch(/^ {4}[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]*$/u);
});

test("names of others are quoted where they could pose as something else", () => {
  for (const plain of ["Foo", "worker-7", "a.b_c", "Größe", "名前"]) expect(quoted(plain)).toBe(plain);
  expect(quoted("Foo joined from=1.2.3.4")).toBe('"Foo joined from=1.2.3.4"');
  expect(quoted('say "hi"')).toBe('"say \\"hi\\""');
  expect(quoted("a\nb")).toBe('"a\\nb"');
  expect(quoted("")).toBe('""');
  expect(printable("a\u202eb\u009bc")).toBe("a\\u{202e}b\\u{9b}c");
});

test.each<[string, () => unknown]>([
  [
    "throws",
    () => {
      throw new Error("no space left");
    },
  ],
  ["rejects", () => Promise.reject(new Error("no space left"))],
])("a logger of the user's own that %s ends nothing; the first failure in a row is told", async (_how, fail) => {
  const lines: string[] = [];
  const spy = vi.spyOn(process.stderr, "write").mockImplementation((chunk) => lines.push(String(chunk)) > 0);
  let isFull = true;
  const taken: string[] = [];
  const say = (_fields: object, message: string): void => (isFull ? (fail() as undefined) : void taken.push(message));
  try {
    const log = loggerOf({ debug: say, info: say, warn: say, error: say }, "room");
    for (const level of ["debug", "info", "warn", "error"] as const) log[level]({}, "lost");
    await new Promise((done) => setImmediate(done));
    expect(lines).toEqual(["error room: the logger of the option log failed: no space left\n"]);
    isFull = false;
    log.info({}, "taken");
    isFull = true;
    log.info({}, "lost");
    await new Promise((done) => setImmediate(done));
    expect(lines).toHaveLength(2);
    expect(taken).toEqual(["taken"]);
  } finally {
    spy.mockRestore();
  }
});

test("a text of more than one word stands in double quotes, whatever is in it: lines can be searched", () => {
  const line = written((log) => log.info({ reason: "wrong secret", name: `it's "Foo"`, code: "ERR_AUTH" }, "refused"));
  expect(line).toContain(String.raw`room: refused reason="wrong secret" name="it's \"Foo\"" code=ERR_AUTH`);
  const [, pattern = ""] = /grep '([^']+)'/.exec(readFileSync(join(ROOT, "docs/audit.md"), "utf8")) ?? [];
  expect(line).toContain(pattern === "" ? "a command for grep" : pattern);
});
