import { expect, test } from "vitest";
import { DEFAULT_LIMITS } from "../../src/base/limits.ts";
import type { HandlerCall } from "../../src/call/handler-call.ts";
import type { Schema } from "../../src/call/validation.ts";
import {
  CALL_HEADER_BYTES,
  CONTRACT,
  ERROR,
  GET,
  HAS_META,
  RESULT,
  SEND,
  writeCallHeader,
} from "../../src/wire/frames.ts";
import { encodeAfter, encodeValue } from "../../src/wire/values.ts";
import { turns } from "../support/until.ts";
import { CallBench } from "./call-bench.ts";

/** Rules of calls that show only when several of them, or several sessions, meet. */

const never = (): Promise<never> => new Promise(() => {});
const slow: Schema = { "~standard": { validate: never } };

function send(bench: CallBench, size: number): void {
  bench.start("x", { word: "send", input: new Uint8Array(size) });
}

test("what did not leave goes to the next session in its order: what was queued, then what waited", () => {
  const bench = new CallBench();
  bench.open("x");
  bench.pull();
  for (const size of [1, 2, 3, 4_000_000, 300_000, 4]) send(bench, size);
  expect(bench.conversation.caller.waiting).toBe(2);
  const sizes: number[] = [];
  const { outbox } = bench.conversation;
  const push = outbox.push.bind(outbox);
  outbox.push = (message) => {
    if (message.kind === SEND) sizes.push(message.payload.length);
    return push(message);
  };
  bench.end();
  bench.open("x");
  expect(sizes).toEqual([11, 12, 13, 4_000_012]); // the small ones by name, which takes a byte more
  expect(bench.conversation.caller.waiting).toBe(2);
});

test("a call within a call ends with it: at its deadline, and when it is cancelled", async () => {
  const bench = new CallBench();
  bench.open("x");
  const abort = new AbortController();
  const scope = { signal: abort.signal, deadlineAt: bench.clock.now() + 1_000 };
  const late = bench.start("x", { scope: { ...scope, signal: new AbortController().signal } });
  const cancelled = bench.start("x", { scope });
  abort.abort();
  bench.clock.advance(1_020);
  await turns(1);
  expect([late.told, cancelled.told]).toEqual(["TIMEOUT: did not run", "CANCELLED: did not run"]);
});

test("a send that waited and left holds up no later one", () => {
  const bench = new CallBench();
  send(bench, 1);
  bench.open("x");
  send(bench, 1);
  expect(bench.pull()).toEqual(["CONTRACT 0", "SEND 1", "SEND 2"]);
});

test("calls that wait for their peer are bounded in number", async () => {
  const bench = new CallBench();
  for (let count = 0; count < DEFAULT_LIMITS.calls.waiting; count++) bench.start("x");
  const over = bench.start("x");
  await turns(1);
  expect(over.told).toBe("BUSY: did not run");
});

test("calls that wait for their peer are bounded in bytes, as long as they wait", async () => {
  const bench = new CallBench();
  const abort = new AbortController();
  const big = { input: new Uint8Array(9_000_000), options: { signal: abort.signal } };
  const calls = [bench.start("x", big), bench.start("x", big), bench.start("x")];
  await turns(1);
  expect(calls.map(({ told }) => told)).toEqual(["waits", "waits", "BUSY: did not run"]);
  abort.abort();
  const later = bench.start("x");
  await turns(1);
  expect(later.told).toBe("waits");
});

test("a signal that fires after the answer is nothing", async () => {
  const bench = new CallBench();
  bench.open("x");
  const abort = new AbortController();
  bench.start("x", { options: { signal: abort.signal } });
  bench.pull();
  bench.receive(RESULT, 1);
  abort.abort();
  expect(bench.pull()).toEqual([]);
});

test("an error code that every object knows is no declared one", async () => {
  const bench = new CallBench();
  bench.open("x");
  const call = bench.start("x", { method: { name: "x", word: "any", errors: {} } });
  bench.receive(ERROR, 1, encodeValue(["constructor", false, "no"]));
  await turns(1);
  expect(call.told).toBe("constructor: did not run");
});

test("closing ends calls that wait for their peer", async () => {
  const bench = new CallBench();
  const call = bench.start("x");
  await bench.conversation.close("bye");
  await turns(1);
  expect(call.told).toBe("CLOSED: did not run");
});

test("a get is not called as a send, by either side", async () => {
  const bench = new CallBench();
  bench.handle("x", never, { word: "get" });
  bench.open();
  bench.receive(CONTRACT, 0, encodeValue(["Bar", [["x", "get"]]]));
  const call = bench.start("x", { word: "send" });
  bench.called(SEND, 1, 1);
  await turns(1);
  expect(call.told).toBe("NOT_FOUND: did not run");
  expect(bench.pull()).toEqual(["CONTRACT 0", "ERROR 1 NOT_FOUND"]);
});

test("what only some kinds may call is refused to all others, and to who has none", async () => {
  const bench = new CallBench();
  bench.handle("x", never, { from: ["Worker"] });
  bench.open();
  await turns(1);
  bench.pull();
  bench.called(GET, 1, 1);
  bench.contract("y"); // of the kind Bar
  bench.called(GET, 2, 1);
  expect(bench.pull()).toEqual(["ERROR 1 REFUSED", "ERROR 2 REFUSED"]);
});

test("a send does not start before one that came first, whose input is still checked", async () => {
  const bench = new CallBench();
  let pass!: (value: { value: unknown }) => void;
  const ran: unknown[] = [];
  const gate: Schema = { "~standard": { validate: () => new Promise((resolve) => (pass = resolve)) } };
  bench.handle("slow", (input) => void ran.push(input), { input: gate });
  bench.handle("quick", (input) => void ran.push(input));
  bench.open();
  bench.called(SEND, 1, 1);
  bench.called(SEND, 2, 2, "second");
  await turns(1);
  expect(ran).toEqual([]);
  pass({ value: "first" });
  await turns(1);
  expect(ran).toEqual(["first", "second"]);
});

test("sends that waited in an ended session are gone, and their numbers free", () => {
  const bench = new CallBench();
  bench.handle("x", never, { input: slow });
  bench.open();
  bench.called(SEND, 3, 1);
  bench.end();
  bench.open();
  expect(() => bench.called(SEND, 3, 1)).not.toThrow();
});

test("a big answer that waits for room does not hold up small ones", async () => {
  const bench = new CallBench();
  bench.bulkBytes = 1;
  bench.handle("big", () => new Uint8Array(5_000_000));
  bench.handle("page", () => new Uint8Array(16_000));
  bench.open();
  bench.called(GET, 1, 1);
  bench.called(GET, 2, 1);
  for (let channel = 3; channel <= 300; channel++) bench.called(GET, channel, 2);
  const { dispatcher, outbox } = bench.conversation;
  expect(dispatcher.unsent).toBeGreaterThan(20);
  while (bench.pull().length > 0);
  outbox.tellRoom();
  expect(dispatcher.unsent).toBe(1);
});

test("a call that is done is not cancelled any more", () => {
  const bench = new CallBench();
  let seen: HandlerCall | undefined;
  bench.handle("x", (_input, call) => void (seen = call));
  bench.open();
  bench.called(GET, 1, 1);
  seen?.cancel(new Error("late"));
  expect([seen?.isCancelled, seen?.signal.aborted]).toEqual([false, false]);
});

test("numbers of methods are those of the session's own contract: until that is there calls go by name", () => {
  const bench = new CallBench();
  bench.open("x");
  bench.pull();
  bench.end();
  bench.start("x");
  bench.open();
  expect(bench.names()).toEqual(["x"]);
  bench.contract("y", "x");
  bench.start("x");
  expect(bench.names()).toEqual([2]);
});

test("a handler that is registered again takes the place of the old one, under the number that peers know", async () => {
  const bench = new CallBench();
  const ran: string[] = [];
  bench.handle("x", () => void ran.push("old"));
  bench.handle("x", () => void ran.push("new"));
  bench.open();
  bench.called(GET, 1, 1);
  expect(ran).toEqual(["new"]);
});

test("what travels beside the input must be two values, the first one of texts", async () => {
  const bench = new CallBench();
  const seen: unknown[] = [];
  bench.handle("x", (input, { meta }) => void seen.push([meta, input]));
  bench.open();
  await turns(1);
  bench.pull();
  const odd = [[], ["7"], new Map([["trace", "7"]]), new Set(), new Date(0), new Uint8Array(0)].map((meta) => [
    meta,
    "input",
  ]);
  const values = [[{ trace: "7" }, "input"], [{ trace: 7 }, "input"], [null, "input"], ["text"], "input", ...odd];
  for (const [at, value] of values.entries()) {
    const payload = encodeAfter(CALL_HEADER_BYTES, value);
    writeCallHeader(payload, 1, HAS_META, 1_000);
    bench.receive(GET, at + 1, payload);
  }
  expect(seen).toEqual([[{ trace: "7" }, "input"]]);
  expect(bench.pull()).toEqual([
    "RESULT 1",
    ...values
      .slice(1)
      .map((_, at) => at + 2)
      .map((channel) => `ERROR ${channel} INVALID_INPUT`),
  ]);
});
