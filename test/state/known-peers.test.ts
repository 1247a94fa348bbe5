import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createIdentity, trustOnFirstUse } from "chatroom";
import { expect, onTestFinished, test, vi } from "vitest";
import { KeptLog } from "../link/parties.ts";
import { failure, join as joinRoom, openRoom } from "../support/rooms.ts";

const [bar, baz, other] = [createIdentity().key, createIdentity().key, createIdentity().key];

/** Where a file of known peers may be made; gone after the test. */
function fileIn(name = "known.json"): string {
  const folder = mkdtempSync(join(tmpdir(), "chatroom-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, name);
}

test("the first identity of a name is kept, readable by its owner alone; it is taken again, by another program too", async () => {
  const file = fileIn();
  const trust = trustOnFirstUse(file);
  expect(existsSync(file)).toBe(false);
  expect(await trust("Bar", bar)).toBe(true);
  expect(await trust('a "name": 1', baz)).toBe(true);
  expect(JSON.parse(readFileSync(file, "utf8"))).toEqual({ Bar: bar, 'a "name": 1': baz });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readdirSync(join(file, ".."))).toEqual(["known.json"]);
  const later = trustOnFirstUse(file);
  expect(await later("Bar", bar)).toBe(true);
  expect(await later('a "name": 1', baz)).toBe(true);
});

test("another identity is refused and says what to do; the file stays as it is, and whoever edits it is heard", async () => {
  const file = fileIn();
  const trust = trustOnFirstUse(file);
  await trust("Bar", bar);
  const before = readFileSync(file, "utf8");
  const error = await failure(trust("Bar", other));
  expect(error.message).toContain(file);
  expect(error.message).toContain(`another one, ${bar}`);
  expect(error.message).toContain('remove the line of "Bar" from that file');
  expect(readFileSync(file, "utf8")).toBe(before);
  expect(await trust("Bar", bar)).toBe(true);
  writeFileSync(file, "{}");
  expect(await trust("Bar", other)).toBe(true);
  expect(JSON.parse(readFileSync(file, "utf8"))).toEqual({ Bar: other });
});

test("who shows none is refused, known or not", async () => {
  const file = fileIn();
  const trust = trustOnFirstUse(file);
  expect((await failure(trust("Bar", undefined))).message).toContain("give that program the option identity");
  await trust("Bar", bar);
  expect((await failure(trust("Bar", undefined))).message).toContain(bar);
  expect(existsSync(file)).toBe(true);
});

test("names that objects have anyway are names like others", async () => {
  const file = fileIn();
  const trust = trustOnFirstUse(file);
  for (const name of ["__proto__", "constructor", "toString"]) {
    expect(await trust(name, bar), name).toBe(true);
    expect((await failure(trust(name, other))).message, name).toContain("posing as it");
  }
});

test("tries at once do not race: of thirty with keys of their own one is the first, and no name of others is lost", async () => {
  const file = fileIn();
  const [one, two] = [trustOnFirstUse(file), trustOnFirstUse(join(file, "..", ".", "known.json"))];
  const trust = (at: number, name: string, key: string) => (at % 2 === 0 ? one : two)(name, key);
  const keys = Array.from({ length: 30 }, () => createIdentity().key);
  const tries = await Promise.allSettled(keys.map((key, at) => trust(at, "Bar", key)));
  expect(tries.filter(({ status }) => status === "fulfilled").length).toBe(1);
  expect(tries[0]?.status).toBe("fulfilled");
  await Promise.all(keys.map((key, at) => trust(at, `Bar-${at}`, key)));
  const known = JSON.parse(readFileSync(file, "utf8")) as Record<string, string>;
  expect(known["Bar"]).toBe(keys[0]);
  expect(Object.keys(known).length).toBe(31);
  for (const [at, key] of keys.entries()) expect(known[`Bar-${at}`]).toBe(key);
});

test("several programs share a file: each name is kept by whoever was first, and none is lost", async () => {
  const file = fileIn();
  const program = async () => {
    vi.resetModules(); // nothing in common with the one before
    return (await import("../../src/state/known-peers.ts")).trustOnFirstUse(file);
  };
  const programs = [await program(), await program(), await program()];
  const names = Array.from({ length: 10 }, (_, at) => `Bar-${at}`);
  const tries = await Promise.allSettled(
    programs.flatMap((trust, at) => names.map((name) => trust(name, [bar, baz, other][at] as string))),
  );
  expect(tries.filter(({ status }) => status === "fulfilled").length).toBe(names.length);
  const known = JSON.parse(readFileSync(file, "utf8")) as Record<string, string>;
  expect(Object.keys(known).toSorted()).toEqual(names);
});

test.each([
  ["nothing in it", ""],
  ["half of it", `{ "Bar": "${bar}", `],
  ["a list", "[]"],
  ["a text", '"Bar"'],
  ["null", "null"],
  ["a number for an identity", '{ "Bar": 1 }'],
  ["an identity that is none", '{ "Bar": "id:xyz" }'],
  ["a key that nobody can hold", `{ "Bar": "id:${"A".repeat(43)}" }`],
  ["a name twice", `{ "Bar": "${bar}", "Bar": "${other}" }`],
  ["a name twice, spelt otherwise", `{ "Bar": "${bar}", "\\u0042ar": "${other}" }`],
  ["no UTF-8", Buffer.from([0x7b, 0xff, 0x7d])],
])(
  "a damaged file (%s) is an error that names it, at the start and later, and is left as it is",
  async (_what, content) => {
    const file = fileIn();
    const trust = trustOnFirstUse(file);
    writeFileSync(file, content);
    expect(() => trustOnFirstUse(file)).toThrow(`the file of known peers ${file} is damaged`);
    expect((await failure(trust("Bar", bar))).message).toContain(`the file of known peers ${file} is damaged`);
    expect((await failure(trust("New", bar))).message).toContain(file);
    expect(readFileSync(file)).toEqual(Buffer.from(content));
  },
);

test("a damaged file shows nothing of a private text in it", async () => {
  const { identity } = createIdentity();
  for (const content of [`{ "Bar": "${identity}" }`, `{ "Bar": ${identity} }`, identity]) {
    const file = fileIn();
    writeFileSync(file, content);
    let message = "";
    try {
      trustOnFirstUse(file);
    } catch (error) {
      message = String(error);
    }
    expect(message).toContain(file);
    expect(message).not.toContain(identity.slice(10, 20));
  }
});

test("a path that can't be used is told: none, a folder, one whose folder is missing", async () => {
  expect(() => trustOnFirstUse("")).toThrow(TypeError);
  expect(() => trustOnFirstUse(undefined as unknown as string)).toThrow(TypeError);
  const folder = fileIn("folder");
  mkdirSync(folder);
  expect(() => trustOnFirstUse(folder)).toThrow(`the file of known peers ${folder} can't be used (EISDIR)`);
  const nowhere = trustOnFirstUse(join(folder, "missing", "known.json"));
  expect((await failure(nowhere("Bar", bar))).message).toMatch(/can't be used \(ENOENT\)/);
});

test("a file that can't be written lets nobody in, and the old one stays", async () => {
  const file = fileIn();
  const trust = trustOnFirstUse(file);
  await trust("Bar", bar);
  mkdirSync(`${file}.lock`); // where the next one would be written
  utimesSync(`${file}.lock`, new Date(0), new Date(0));
  expect((await failure(trust("Baz", baz))).message).toMatch(/can't be used \(EISDIR\)/);
  expect(JSON.parse(readFileSync(file, "utf8"))).toEqual({ Bar: bar });
  expect(await trust("Bar", bar)).toBe(true);
});

test("as option pins: the first use, a change, and what the log says of it", async () => {
  const file = fileIn();
  const room = await openRoom();
  const log = new KeptLog();
  const foo = await joinRoom(room, "Foo", { pins: trustOnFirstUse(file), log });
  const first = createIdentity();
  const one = await joinRoom(room, "Bar", { identity: first.identity });
  one.handle("echo", (data) => data);
  expect(await foo.peer("Bar").get("echo", 1)).toBe(1);
  expect(JSON.parse(readFileSync(file, "utf8"))).toEqual({ Bar: first.key });
  await one.close();
  const two = await joinRoom(room, "Bar", { identity: createIdentity().identity });
  const got: unknown[] = [];
  two.handle("echo", (data) => got.push(data));
  const call = await failure(foo.peer("Bar").get("echo", 2, { timeoutMs: 500 }));
  expect(call).toMatchObject({ code: "TIMEOUT", outcome: "did not run" });
  expect(call.message).toContain(`remove the line of "Bar" from that file`);
  expect(
    log.lines
      .filter(({ level }) => level === "warn")
      .map(({ message }) => message)
      .join("\n"),
  ).toContain(file);
  await two.close();
  const back = await joinRoom(room, "Bar", { identity: first.identity });
  back.handle("echo", (data) => data);
  expect(await foo.peer("Bar").get("echo", 3)).toBe(3);
  expect(got).toEqual([]);
});
