import { expect, test } from "vitest";
import { decodeContract } from "../../src/call/contract.ts";
import type { HandlerCall } from "../../src/call/handler-call.ts";
import { ProtocolViolation } from "../../src/session/violation.ts";
import {
  CANCEL,
  CONTRACT,
  type CallHeader,
  ERROR,
  GET,
  GOODBYE,
  HAS_META,
  HAS_NAME,
  readCallHeader,
  readCallName,
  RESULT,
  SEND,
  writeCallHeader,
} from "../../src/wire/frames.ts";
import { decodeValue, encodeValue } from "../../src/wire/values.ts";
import { turns } from "../support/until.ts";
import { CallBench } from "./call-bench.ts";

/** The calls of one peer, frame by frame: what leaves, and what becomes of what comes. */

const never = (): Promise<never> => new Promise(() => {});

test("the contract leaves first, and with it calls by name, as if the peer's had come", async () => {
  const bench = new CallBench();
  const call = bench.start("x", { input: 5, options: { meta: { a: "b" } } });
  bench.open();
  bench.start("é", { word: "send" });
  bench.start("", { word: "send", input: "free" });
  const frames = bench.frames();
  expect(frames.map(({ kind }) => kind)).toEqual([CONTRACT, GET, SEND, SEND]);
  const headers = frames.slice(1).map(({ payload }) => readCallHeader(payload) as CallHeader);
  expect(headers.map(({ flags }) => flags)).toEqual([HAS_META | HAS_NAME, HAS_NAME, HAS_NAME]);
  expect(headers.map((header, at) => readCallName(frames[at + 1]?.payload as Uint8Array, header))).toEqual([
    "x",
    "é",
    "",
  ]);
  expect(headers.map(({ valueAt }, at) => decodeValue(frames[at + 1]?.payload as Uint8Array, valueAt))).toEqual([
    [{ a: "b" }, 5],
    undefined,
    "free",
  ]);
  expect(headers[0]?.timeoutMs).toBe(60_000);
  bench.receive(RESULT, 1, encodeValue("yes"));
  await turns(1);
  expect(call.told).toBe("value yes");
});

test("what is big waits for the peer's contract, and what was started after it with it", () => {
  const bench = new CallBench();
  bench.open();
  bench.start("x", { input: "x".repeat(16_300) });
  bench.start("x", { word: "send", input: "x".repeat(17_000) });
  bench.start("x", { word: "send" });
  expect(bench.pull()).toEqual(["CONTRACT 0", "GET 1"]);
  bench.contract("x");
  expect([...bench.pull(), ...bench.pull()]).toEqual(["SEND 2", "SEND 2", "SEND 3"]); // the big one in two parts
});

test("calls of a session that the peer refused wait for the next one; of one that was lost they may have run", async () => {
  const bench = new CallBench();
  const calls = [bench.start("x", { input: 7 }), bench.start("x", { word: "send", input: 8 })];
  bench.open();
  bench.pull();
  bench.end(undefined, true);
  await turns(1);
  expect(calls.map(({ told }) => told)).toEqual(["waits", "waits"]);
  bench.open("x");
  const [, get, send] = bench.frames();
  for (const [frame, input] of [
    [get, 7],
    [send, 8],
  ] as const) {
    const payload = frame?.payload as Uint8Array;
    expect(decodeValue(payload, readCallHeader(payload)?.valueAt)).toBe(input);
  }
  bench.end();
  await turns(1);
  expect(calls.map(({ told }) => told)).toEqual(["DISCONNECTED: may have run", "DISCONNECTED: may have run"]);
});

test("a handler is found by its name as by its number: word, kinds and names that may call it hold", async () => {
  const bench = new CallBench();
  bench.open("x");
  await turns(1);
  const ran: unknown[] = [];
  const handler = (input: unknown): void => void ran.push(input);
  bench.handle("ask", handler, { word: "get" });
  bench.handle("take", handler, { word: "send" });
  bench.handle("theirs", handler, { from: ["Baz"] });
  bench.handle("é", (input) => input);
  bench.pull();
  bench.calledByName(GET, 1, "ask", 1);
  bench.calledByName(SEND, 2, "take", 2);
  bench.calledByName(SEND, 3, "ask");
  bench.calledByName(GET, 4, "theirs");
  bench.calledByName(GET, 5, "nothing");
  bench.calledByName(GET, 6, "é", "echo");
  bench.calledByName(SEND, 7, "", "free");
  await turns(1);
  expect(ran).toEqual([1, 2]);
  const told = bench.frames().filter(({ channel }) => channel > 0);
  expect(told.map(({ kind, channel, payload }) => [channel, kind, payload.length > 0 && decodeValue(payload)])).toEqual(
    [
      [1, RESULT, false],
      [2, RESULT, false],
      [3, ERROR, ["NOT_FOUND", false, '"ask" is a get, not a send', undefined]],
      [4, ERROR, ["REFUSED", false, 'only Baz may call "theirs", and you are a Bar', undefined]],
      [5, ERROR, ["NOT_FOUND", false, 'it handles no "nothing"; it handles ask, take, theirs, é', undefined]],
      [6, RESULT, "echo"],
      [7, RESULT, false],
    ],
  );
});

test("a name that is longer than its frame, or than a method's can be, breaks the rules", () => {
  const bench = new CallBench();
  bench.open();
  const long = new Uint8Array(20);
  writeCallHeader(long, 14, HAS_NAME, 1_000);
  expect(() => bench.receive(GET, 1, long)).toThrow(ProtocolViolation);
  bench.calledByName(GET, 2, "x".repeat(64));
  expect(() => bench.calledByName(GET, 3, "x".repeat(65))).toThrow("a method's name has at most 64 characters");
});

test("a peer that was leaving and is back is called by name like any other", () => {
  const bench = new CallBench();
  bench.open("x");
  bench.receive(GOODBYE, 0);
  bench.start("x");
  expect(bench.names()).toEqual([]);
  bench.end();
  bench.open();
  expect(bench.names()).toEqual(["x"]);
});

test("a name that nobody handles is told with its control characters written out", () => {
  const bench = new CallBench();
  bench.open();
  bench.frames();
  bench.calledByName(GET, 1, "a\u0001\n\u202eb");
  const [answer] = bench.frames();
  expect(decodeValue(answer?.payload as Uint8Array)).toMatchObject([
    "NOT_FOUND",
    false,
    'it handles no "a\\u0001\\n\\u{202e}b"; it handles nothing',
    undefined,
  ]);
});

test("a contract that has not left is replaced by a newer one", async () => {
  const bench = new CallBench();
  bench.open();
  bench.handle("a", never);
  bench.handle("b", never);
  await turns(1);
  expect(bench.pull()).toEqual(["CONTRACT 0"]);
});

test("a call that is given up before it left is taken back; one that left is cancelled ahead of the others, and may have run", async () => {
  const bench = new CallBench();
  bench.open("x");
  const early = new AbortController();
  const late = new AbortController();
  const one = bench.start("x", { options: { signal: early.signal } });
  early.abort();
  expect(bench.pull()).toEqual(["CONTRACT 0"]);
  const two = bench.start("x", { options: { signal: late.signal } });
  expect(bench.pull()).toEqual(["GET 2"]);
  bench.start("x");
  late.abort();
  expect(bench.pull()).toEqual(["CANCEL 2", "GET 3"]);
  await turns(1);
  expect([one.told, two.told]).toEqual(["CANCELLED: did not run", "CANCELLED: may have run"]);
});

test("a big call of which only a part left is taken back too", async () => {
  const bench = new CallBench();
  bench.bulkBytes = 1;
  bench.open("x");
  const abort = new AbortController();
  const call = bench.start("x", { input: new Uint8Array(100_000), options: { signal: abort.signal } });
  expect(bench.pull()).toEqual(["CONTRACT 0", "GET 1"]);
  abort.abort();
  await turns(1);
  expect(call.told).toBe("CANCELLED: did not run");
});

test("when a session ends, what the peer did not receive did not run, what it may have received may have, what never left waits", async () => {
  const bench = new CallBench();
  bench.open("x");
  bench.pull();
  const received = bench.start("x");
  const size = Buffer.concat(bench.conversation.outbox.pull(65_518, 100, 0)).length;
  const missed = bench.start("x");
  bench.conversation.outbox.pull(65_518, 100 + size, size);
  const waits = bench.start("x");
  bench.end(100 + size);
  await turns(1);
  expect([received.told, missed.told, waits.told]).toEqual([
    "DISCONNECTED: may have run",
    "DISCONNECTED: did not run",
    "waits",
  ]);
  bench.open("x");
  expect(bench.pull()).toEqual(["CONTRACT 0", "GET 4"]);
});

test("when a session ends without a word of what was received, what left may have run", async () => {
  const bench = new CallBench();
  bench.open("x");
  const call = bench.start("x");
  bench.pull();
  bench.end();
  await turns(1);
  expect(call.told).toBe("DISCONNECTED: may have run");
});

test("an answer to a call that is settled, or never was, is nothing", async () => {
  const bench = new CallBench();
  bench.open("x");
  const call = bench.start("x");
  bench.receive(RESULT, 1, encodeValue(1));
  bench.receive(RESULT, 1, encodeValue(2));
  bench.receive(ERROR, 77, encodeValue(["NOPE", true, "no"]));
  await turns(1);
  expect(call.told).toBe("value 1");
  expect([bench.conversation.caller.busy, bench.deadlines.size]).toEqual([0, 0]);
});

test.each([
  ["no list", 5],
  ["a code that is no text", [5, true, "no"]],
  ["no word of whether it ran", ["NOPE", 1, "no"]],
  ["no text", ["NOPE", true]],
])("an error of the wrong form (%s) leaves open whether the call ran", async (_name, told) => {
  const bench = new CallBench();
  bench.open("x");
  const call = bench.start("x");
  bench.receive(ERROR, 1, encodeValue(told));
  await turns(1);
  expect(call.told).toBe("INVALID_OUTPUT: may have run");
});

test("an error says whether the call ran", async () => {
  const bench = new CallBench();
  bench.open("x");
  const calls = [bench.start("x"), bench.start("x")];
  bench.receive(ERROR, 1, encodeValue(["NOPE", true, "no"]));
  bench.receive(ERROR, 2, encodeValue(["NOPE", false, "no"]));
  await turns(1);
  expect(calls.map(({ told }) => told)).toEqual(["NOPE: ran", "NOPE: did not run"]);
});

test("sends leave in one order, gets pass a big one; a get may overtake sends that wait for room", () => {
  const bench = new CallBench();
  bench.bulkBytes = 1;
  bench.open("x");
  bench.pull();
  for (const size of [4_000_000, 300_000]) bench.start("x", { word: "send", input: new Uint8Array(size) });
  bench.start("x", { word: "send", input: 1 });
  bench.start("x");
  expect(bench.conversation.caller.waiting).toBe(2);
  expect(bench.pull()).toEqual(["GET 2", "SEND 1"]);
});

test("after the peer's goodbye calls wait for its next session", () => {
  const bench = new CallBench();
  bench.open("x");
  bench.pull();
  bench.receive(GOODBYE, 0);
  bench.start("x");
  expect(bench.pull()).toEqual([]);
  expect(bench.conversation.caller.waiting).toBe(1);
});

test("each call is answered once: a get by its result, a send as soon as it was accepted, whatever its handler does", async () => {
  const bench = new CallBench();
  bench.handle("ok", () => 1);
  bench.handle("late", async () => 1);
  bench.handle("fails", () => Promise.reject(new Error("no")));
  bench.handle("throws", () => {
    throw new Error("no");
  });
  bench.open();
  await turns(1);
  bench.pull();
  for (const method of [1, 2, 3, 4]) {
    bench.called(GET, method, method);
    bench.called(SEND, method + 10, method);
  }
  await turns(1);
  expect(bench.pull().toSorted()).toEqual([
    "ERROR 3 FAILED",
    "ERROR 4 FAILED",
    "RESULT 1",
    "RESULT 11",
    "RESULT 12",
    "RESULT 13",
    "RESULT 14",
    "RESULT 2",
  ]);
});

test("a call that was cancelled is not answered, whether its handler gives, fails or declares", async () => {
  const bench = new CallBench();
  const ends: ((how: "give" | "fail" | "declare") => void)[] = [];
  bench.handle("x", (_input, call: HandlerCall) =>
    new Promise<string>((resolve) => ends.push(resolve)).then((how) => {
      if (how === "fail") throw new Error("no");
      return how === "declare" ? call.fail("NOPE") : how;
    }),
  );
  bench.open();
  await turns(1);
  bench.pull();
  for (const channel of [1, 2, 3]) bench.called(GET, channel, 1);
  for (const channel of [1, 2, 3]) bench.receive(CANCEL, channel);
  for (const how of ["give", "fail", "declare"] as const) ends.shift()?.(how);
  await turns(1);
  expect(bench.pull()).toEqual([]);
});

test.each([
  ["runs", GET, 1],
  ["waits behind another send", SEND, 2],
  ["is number 0", GET, 0],
])("a call whose number %s breaks the rules", async (_name, kind, channel) => {
  const bench = new CallBench();
  bench.handle("x", never);
  bench.handle("slow", never, { input: { "~standard": { validate: never } } });
  bench.open();
  bench.called(GET, 1, 1);
  bench.called(SEND, 3, 2);
  bench.called(SEND, 2, 1);
  expect(() => bench.called(kind, channel, 1)).toThrow(ProtocolViolation);
});

test("a call whose answer still waits for room can't be opened again", () => {
  const bench = new CallBench();
  bench.handle("big", () => new Uint8Array(5_000_000));
  bench.open();
  bench.called(GET, 1, 1);
  bench.called(GET, 2, 1);
  expect(bench.conversation.dispatcher.unsent).toBe(1);
  expect(() => bench.called(GET, 2, 1)).toThrow("opened twice");
  bench.receive(CANCEL, 2);
  expect(bench.conversation.dispatcher.unsent).toBe(0);
});

test("more gets of one peer than the cap are refused, however many sends run", async () => {
  const bench = new CallBench();
  bench.handle("x", never);
  bench.open();
  await turns(1);
  bench.pull();
  for (let channel = 1; channel <= 1_000; channel++) bench.called(SEND, channel, 1);
  for (let channel = 1_001; channel <= 2_025; channel++) bench.called(GET, channel, 1);
  expect(bench.pull().filter((one) => !one.startsWith("RESULT"))).toEqual(["ERROR 2025 BUSY"]);
});

test("calls of an ended session are over: their signals fire, their answers go nowhere, and their numbers are free", async () => {
  const bench = new CallBench();
  const calls: HandlerCall[] = [];
  const ends: ((value: number) => void)[] = [];
  bench.handle("x", (_input, call) => {
    calls.push(call);
    return new Promise((resolve) => ends.push(resolve));
  });
  bench.handle("big", () => new Uint8Array(5_000_000));
  bench.open();
  bench.called(GET, 1, 1);
  bench.called(GET, 2, 2);
  bench.called(GET, 3, 2);
  bench.end();
  expect(calls[0]?.signal.aborted, "also when it is asked for only now").toBe(true);
  expect(bench.conversation.dispatcher.unsent).toBe(0);
  bench.open();
  bench.called(GET, 1, 1);
  ends[0]?.(1);
  await turns(1);
  expect(bench.pull()).toEqual(["CONTRACT 0"]);
  expect(bench.conversation.dispatcher.running).toBe(1);
});

test("while this side closes calls are refused, and it is over when the last handler that is waited for has ended", async () => {
  const bench = new CallBench();
  let end!: () => void;
  bench.handle("x", () => new Promise<void>((resolve) => (end = resolve)));
  bench.handle("never", never);
  bench.open();
  await turns(1);
  bench.pull();
  bench.called(GET, 1, 1);
  bench.called(GET, 2, 2);
  bench.receive(CANCEL, 2);
  let isOver = false;
  const over = bench.conversation.close("bye").then(() => (isOver = true));
  bench.called(GET, 3, 1);
  expect(bench.pull()).toEqual(["GOODBYE 0", "ERROR 3 CLOSED"]);
  await turns(1);
  expect(isOver).toBe(false);
  end();
  await over;
  expect(bench.pull()).toEqual(["RESULT 1"]);
  const call = bench.start("x");
  await turns(1);
  expect(call.told).toBe("CLOSED: did not run");
});

test("a handler's signal fires at the deadline, not after its end, and nothing is left on the clock", async () => {
  const bench = new CallBench();
  const calls: HandlerCall[] = [];
  bench.handle("slow", (_input, call) => {
    calls.push(call);
    expect(call.signal.aborted).toBe(false);
    return never();
  });
  bench.handle("quick", (_input, call) => {
    calls.push(call);
    expect(call.signal.aborted).toBe(false);
  });
  bench.open();
  bench.called(GET, 1, 1, undefined, 1_000);
  bench.called(GET, 2, 2, undefined, 1_000);
  expect(bench.deadlines.size).toBe(1);
  bench.receive(CANCEL, 2);
  bench.clock.advance(999);
  expect(calls[0]?.signal.aborted).toBe(false);
  bench.clock.advance(20);
  expect(calls.map((call) => call.signal.aborted)).toEqual([true, false]);
});

test("a frame that means nothing, or is too short, breaks the rules", () => {
  const bench = new CallBench();
  bench.open();
  expect(() => bench.receive(0x17, 0)).toThrow(ProtocolViolation);
  for (const bytes of [0, 6]) expect(() => bench.receive(GET, 1, new Uint8Array(bytes))).toThrow(ProtocolViolation);
});

test("a call's header keeps its number and at least a millisecond", () => {
  const payload = new Uint8Array(7);
  writeCallHeader(payload, 0x1234, 1, 0.2);
  expect(readCallHeader(payload)).toEqual({ method: 0x1234, flags: 1, timeoutMs: 1, valueAt: 7 });
});

test.each([
  ["no list", 5],
  ["a method without a name", [undefined, [["", "get"]]]],
  ["a name of 65 characters", [undefined, [["x".repeat(65), "get"]]]],
  ["an unknown word", [undefined, [["x", "stream"]]]],
  ["10,001 methods", [undefined, Array.from({ length: 10_001 }, (_, at) => [`m${at}`, "get"])]],
])("a contract with %s breaks the rules", (_name, contract) => {
  expect(() => decodeContract(encodeValue(contract))).toThrow(ProtocolViolation);
});
