import { expect, test } from "vitest";
import { MAX_TIMEOUT_MS } from "../../src/call/handler-call.ts";
import { CREDIT } from "../../src/session/frames.ts";
import { ERROR, GOODBYE, HAS_META, RESULT } from "../../src/wire/frames.ts";
import { encodeValue } from "../../src/wire/values.ts";
import { frame, u32 } from "../session/naive.ts";
import { expectNothingLeft } from "../support/leftovers.ts";
import { failure } from "../support/rooms.ts";
import { turns, until } from "../support/until.ts";
import { call, cancel, chunked, contract, NOTHING, send } from "./script.ts";
import { ECHO, heapBytes, MIB, NOTE, sceneOf, TIMES, VICTIMS } from "./scene.ts";

expectNothingLeft();

const METHODS = contract([undefined, [["ask", "any"]]]);

function result(channel: number, value: unknown): Uint8Array {
  return frame(RESULT, channel, encodeValue(value));
}

function error(channel: number, code: unknown): Uint8Array {
  return frame(ERROR, channel, encodeValue([code, true, "a text", undefined]));
}

test.each(VICTIMS)(
  "case 71: answers to calls that are unknown, finished or another peer's are nothing, double ones too, at a %s",
  async (is) => {
    const scene = await sceneOf(is);
    const peer = await scene.attacker();
    const other = await scene.attacker("Another");
    for (const one of [peer, other]) one.say(METHODS);
    await peer.taken();
    await other.taken();
    const toPeer = scene.victim.peer("Attacker").get("ask", 1);
    const toOther = scene.victim.peer("Another").get("ask", 2);
    await until(() => peer.calls.length === 1 && other.calls.length === 1);
    const channel = peer.calls[0]?.channel ?? expect.fail("no call");
    expect(other.calls[0]?.channel).toBe(channel); // each peer's calls are numbered alike, so a number tells nothing
    let told: unknown = "nothing";
    void toOther.then((value) => (told = value));
    await peer.flood(chunked(5_000, 5_000, (n) => result(n + channel + 1, "forged")));
    peer.say(result(0, "forged"), error(0xffff_ffff, "FORGED"));
    peer.say(result(channel, "first"), result(channel, "second"), error(channel, "THIRD"));
    expect(await toPeer).toBe("first");
    await peer.taken();
    expect(told).toBe("nothing");
    other.say(result(channel, "own"));
    expect(await toOther).toBe("own");
    const next = scene.victim.peer("Attacker").get("ask", 3);
    await until(() => peer.calls.length === 2);
    expect(peer.calls[1]?.channel).toBe(channel + 1);
    peer.say(result(channel, "too late"), result(channel + 1, "right"));
    expect(await next).toBe("right");
    await scene.calls.expectWell();
  },
);

test.each<readonly [string, Uint8Array, object]>([
  ["a RESULT that is no value", frame(RESULT, 1, Buffer.of(0xc1)), { code: "INVALID_OUTPUT", outcome: "ran" }],
  ["an ERROR that is no value", frame(ERROR, 1, Buffer.of(0xc1)), { code: "INVALID_OUTPUT", outcome: "may have run" }],
  ["an ERROR of another form", frame(ERROR, 1, encodeValue("x")), { code: "INVALID_OUTPUT", outcome: "may have run" }],
  ["an ERROR without bytes", frame(ERROR, 1, NOTHING), { code: "INVALID_OUTPUT", outcome: "may have run" }],
  ["an ERROR with a number for a code", error(1, 5), { code: "INVALID_OUTPUT", outcome: "may have run" }],
  ["an ERROR named like what every object has", error(1, "__proto__"), { code: "__proto__", outcome: "ran" }],
  ["an ERROR with a long code", error(1, "x".repeat(65)), { code: "INVALID_OUTPUT", outcome: "may have run" }],
  [
    "an ERROR with a code that a terminal obeys",
    error(1, "\x1b[2J"),
    { code: "INVALID_OUTPUT", outcome: "may have run" },
  ],
])("%s settles the call that it answers, and no other", async (_what, answer, expected) => {
  const scene = await sceneOf("Server");
  const peer = await scene.attacker();
  peer.say(METHODS);
  await peer.taken();
  const asked = failure(scene.victim.peer("Attacker").get("ask"));
  await until(() => peer.calls.length === 1);
  expect(peer.calls[0]?.channel).toBe(1);
  peer.say(answer);
  expect(await asked).toMatchObject(expected);
  peer.say(call(1, ECHO, "goes on"));
  expect(await peer.answer(1)).toMatchObject({ value: "goes on" });
  await scene.calls.expectWell();
});

test.each(VICTIMS)("method numbers that mean nothing are NOT_FOUND and did not run, at a %s", async (is) => {
  const scene = await sceneOf(is);
  const peer = await scene.attacker();
  const numbers = [0, 99, 10_001, 0xffff];
  for (const [at, number] of numbers.entries()) peer.say(call(at + 1, number, "x"));
  for (const at of numbers.keys())
    expect(await peer.answer(at + 1)).toMatchObject({
      kind: ERROR,
      value: ["NOT_FOUND", false, expect.any(String), undefined],
    });
  await scene.calls.expectWell();
});

test("a deadline of 0 has passed when the handler looks, and one of 2^32 - 1 ms is 23 days; neither stops a timer for others", async () => {
  const scene = await sceneOf("Server");
  const peer = await scene.attacker();
  peer.say(call(1, TIMES, undefined, { timeoutMs: 0 }), call(2, TIMES, undefined, { timeoutMs: 0xffff_ffff }));
  for (const channel of [1, 2]) expect(await peer.answer(channel)).toMatchObject({ kind: RESULT });
  expect(scene.times[0]?.left).toBeLessThanOrEqual(1);
  expect(Math.abs((scene.times[1]?.left ?? 0) - MAX_TIMEOUT_MS)).toBeLessThan(5_000);
  await scene.calls.expectWell();
});

test("meta that is a bomb, or no meta, is refused or is plain data; no prototype changes", async () => {
  const scene = await sceneOf("Server");
  const seen: unknown[] = [];
  scene.victim.handle("meta", (_input, { meta }) => void seen.push(meta));
  await turns();
  const peer = await scene.attacker();
  const many = Object.fromEntries(Array.from({ length: 1_000 }, (_, at) => [`key ${at}`, "x"]));
  const metas: readonly (readonly [unknown, boolean])[] = [
    [[{ a: "b" }, 1], true],
    [[many, 1], true],
    [[{ a: 1 }, 1], false],
    [[{ a: { b: "c" } }, 1], false],
    [[null, 1], false],
    [["text", 1], false],
    [[{}, 1, 2], false],
    ["no list", false],
    [undefined, false],
  ];
  for (const [at, [value]] of metas.entries()) peer.say(call(at + 1, 5, value, { flags: HAS_META }));
  for (const [at, [, isTaken]] of metas.entries()) {
    const { kind, value } = await peer.answer(at + 1);
    expect(kind).toBe(isTaken ? RESULT : ERROR);
    if (!isTaken) expect(value).toEqual(["INVALID_INPUT", false, expect.any(String), undefined]);
  }
  expect(seen).toEqual([{ a: "b" }, many]);
  const bytes = Buffer.from(call(60, 5, [{ aaaaaaaaa: "x" }, 1], { flags: HAS_META }));
  bytes.write("__proto__", bytes.indexOf("aaaaaaaaa"));
  peer.say(bytes);
  expect(await peer.answer(60)).toMatchObject({
    kind: ERROR,
    value: ["INVALID_INPUT", false, expect.any(String), undefined],
  });
  expect(({} as Record<string, unknown>)["a"]).toBeUndefined();
  expect(Object.getPrototypeOf(seen[0])).toBe(Object.prototype);
  peer.say(call(50, ECHO, 1, { flags: 0xfc }));
  expect(await peer.answer(50)).toMatchObject({ value: 1 }); // flags that mean nothing yet
  await scene.calls.expectWell();
});

test("credit that nobody asked for, or more than was asked, gets the peer nothing more than its message", async () => {
  const scene = await sceneOf("Server");
  const peer = await scene.attacker();
  peer.say(call(1, ECHO, "before"));
  for (const number of [0, 1, 7, 0xffff_ffff])
    for (let round = 0; round < 100; round++) peer.say(frame(CREDIT, number, u32(0xffff_ffff)));
  const page = new Uint8Array(MIB).fill(7);
  scene.victim.handle("page", () => page);
  await turns();
  peer.say(call(2, 5));
  await until(() => peer.recv > 60_000);
  for (let round = 0; round < 1_000; round++) peer.say(frame(CREDIT, 0, u32(0xffff_ffff)));
  const answer = await peer.answer(2);
  expect(answer.kind).toBe(RESULT);
  expect(Buffer.compare(answer.value as Uint8Array, page)).toBe(0);
  peer.say(frame(CREDIT, 0, u32(1)), call(3, ECHO, "after"));
  expect(await peer.answer(3)).toMatchObject({ value: "after" });
  await scene.calls.expectWell();
});

test.each<readonly [string, number, (n: number) => Uint8Array]>([
  ["contracts", 40_000, () => contract()],
  ["contracts of 500 methods", 200, () => LONG],
  ["goodbyes", 40_000, () => frame(GOODBYE, 0, NOTHING)],
  ["goodbyes and contracts in turn", 20_000, (n) => (n % 2 === 0 ? frame(GOODBYE, 0, NOTHING) : METHODS)],
  ["answers to nothing", 40_000, (n) => frame(RESULT, n, NOTHING)],
  ["credit for nothing", 40_000, (n) => frame(CREDIT, n, u32(0xffff_ffff))],
  ["calls of methods that are not there", 20_000, (n) => call(n + 1, 99)],
  ["sends of nothing", 20_000, (n) => send(n + 1, NOTE)],
])("a flood of %s costs its sender's turn and leaves nothing", async (_what, count, make) => {
  const scene = await sceneOf("Server");
  await scene.calls.expectWell();
  const before = await heapBytes();
  const peer = await scene.attacker();
  await peer.flood(chunked(count, Math.min(4_000, Math.ceil(count / 20)), make));
  await peer.taken();
  expect(peer.isOver).toBe(false);
  await scene.calls.expectWell();
  peer.say(METHODS, call(0x7fff_ffff, ECHO, "alive"));
  expect(await peer.answer(0x7fff_ffff)).toMatchObject({ value: "alive" });
  const asked = scene.victim.peer("Attacker").get("ask");
  await until(() => peer.calls.length === 1);
  peer.say(result(peer.calls[0]?.channel ?? 0, "told"));
  expect(await asked).toBe("told");
  peer.answers.clear();
  scene.notes.length = 0;
  expect((await heapBytes()) - before).toBeLessThan(10 * MIB);
});

const LONG = contract([undefined, Array.from({ length: 500 }, (_, at) => [`method number ${at}`, "get"])]);

test("a call that is cancelled twice, or cancelled and opened again, is answered once each time it is opened", async () => {
  const scene = await sceneOf("Server");
  const peer = await scene.attacker();
  for (let round = 0; round < 50; round++) peer.say(call(1, ECHO, round), cancel(1), cancel(1));
  await peer.taken();
  peer.say(call(2, ECHO, "end"));
  await peer.answer(2);
  expect(peer.answered).toBe(51);
  expect(peer.isOver).toBe(false);
  await scene.calls.expectWell();
});

test("what a peer says of an error is cut, and nothing in it begins a line or is obeyed by a terminal", async () => {
  const scene = await sceneOf("Server");
  const peer = await scene.attacker();
  peer.say(METHODS);
  await peer.taken();
  const told = async (text: string): Promise<string> => {
    const count = peer.calls.length;
    const asked = failure(scene.victim.peer("Attacker").get("ask"));
    await until(() => peer.calls.length > count);
    const channel = peer.calls.at(-1)?.channel ?? expect.fail("no call");
    peer.say(frame(ERROR, channel, encodeValue(["FAILED", true, text, undefined])));
    return (await asked).message;
  };
  expect(await told("\x1b[2J line\nerror: forged\u202e\x07")).toBe(
    "ask: \\u001b[2J line\\nerror: forged\\u{202e}\\u0007",
  );
  expect(await told("T".repeat(16_000))).toBe(`ask: ${"T".repeat(1_023)}…`);
  expect(await told("😀".repeat(1_000))).toMatch(/^ask: (😀)+\\u\w+…$|^ask: (😀)+…$/u);
});

test("names of methods that a peer handles can't pose as anything else in an error", async () => {
  const scene = await sceneOf("Server");
  const peer = await scene.attacker();
  peer.say(contract([undefined, [["\x1b[31m\nerror: forged", "get"]]]));
  await peer.taken();
  expect((await failure(scene.victim.peer("Attacker").get("ask"))).message).toBe(
    'ask: it handles no "ask"; it handles \\u001b[31m\\nerror: forged',
  );
});
