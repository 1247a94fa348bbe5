// At the cap, and one over, with the shipped defaults: calls with one peer.
import { expect, test } from "vitest";
import { DEFAULT_LIMITS } from "../../src/base/limits.ts";
import { cancelBudget } from "../../src/call/cancels.ts";
import { MessageQueue } from "../../src/call/messages.ts";
import { CANCEL, GET, RESULT, SEND } from "../../src/wire/frames.ts";
import { CallBench } from "../call/call-bench.ts";
import { turns } from "../support/until.ts";

const C = DEFAULT_LIMITS.calls;
const W = DEFAULT_LIMITS.wire;

const never = (): Promise<never> => new Promise(() => {});

/** An input that weighs so much: a call's header has 7 bytes, a binary's 5 or 3. */
const weighing = (bytes: number): string => "x".repeat(bytes - 7 - (bytes > 65_536 ? 5 : 3));

test("limit calls.waiting: 65,536 calls wait for a peer, the next one is BUSY and did not run", async () => {
  const bench = new CallBench();
  const calls = Array.from({ length: C.waiting }, () => bench.start("x"));
  const over = bench.start("x");
  await turns(1);
  expect([over.told, calls.at(-1)?.told]).toEqual(["BUSY: did not run", "waits"]);
  bench.conversation.caller.close("closing");
  await turns(1);
});

test("limit calls.waitingBytes: calls wait until they take more than 16 MiB, the next one is BUSY and did not run", async () => {
  const bench = new CallBench();
  const input = new Uint8Array(1 << 20);
  const calls = Array.from({ length: 17 }, () => bench.start("x", { input }));
  await turns(1);
  expect(calls.map(({ told }) => told)).toEqual([...Array(16).fill("waits"), "BUSY: did not run"]);
  expect(C.waitingBytes).toBe(16 << 20);
  bench.conversation.caller.close("closing");
  await turns(1);
});

test("limit calls.answerBytes: answers of 128 MiB wait for a peer that does not read, a further one is BUSY and ran", async () => {
  const bench = new CallBench();
  const big = new Uint8Array(8 * (1 << 20));
  bench.handle("big", () => big);
  bench.open();
  await turns(1);
  bench.pull();
  let channel = 0;
  const busy = (): string[] => bench.pull(4_000).filter((one) => one.endsWith("BUSY"));
  // The first goes into the queue, where it is no answer that waits.
  for (; channel < 1 + Math.floor(C.answerBytes / (big.length + 5)); ) bench.called(GET, ++channel, 1);
  expect(busy()).toEqual([]);
  bench.called(GET, ++channel, 1);
  expect(busy()).toEqual([`ERROR ${channel} BUSY`]);
  expect(bench.conversation.dispatcher.unsent).toBe(channel - 2);
});

test("limit calls.freeMessages: 10,000 free messages of a peer wait to be read, the next one is refused; others have their share", () => {
  const queue = new MessageQueue();
  for (let count = 0; count < C.freeMessages; count++) expect(queue.push({ from: "Foo", data: 1 }, 1)).toBe(true);
  expect(queue.push({ from: "Foo", data: 1 }, 1)).toBe(false);
  expect(queue.push({ from: "Bar", data: 1 }, 1)).toBe(true);
});

test("limit calls.freeMessageBytes: 16 MiB of a peer's free messages wait to be read, one byte more is refused", () => {
  const queue = new MessageQueue();
  expect(queue.push({ from: "Foo", data: 1 }, C.freeMessageBytes - 10)).toBe(true);
  expect(queue.push({ from: "Foo", data: 1 }, 11)).toBe(false);
  expect(queue.push({ from: "Foo", data: 1 }, 10)).toBe(true);
});

test("limit wire.callsInFlight: 1,024 gets of a peer run, the next is BUSY; a caller keeps the 1,025th to itself", async () => {
  const bench = new CallBench();
  bench.handle("x", never);
  bench.open("y");
  await turns(1);
  bench.pull();
  for (let channel = 1; channel <= W.callsInFlight; channel++) bench.called(GET, channel, 1);
  expect(bench.pull()).toEqual([]);
  bench.called(GET, W.callsInFlight + 1, 1);
  expect(bench.pull()).toEqual(["ERROR 1025 BUSY"]);
  for (let count = 0; count <= W.callsInFlight; count++) bench.start("y");
  expect(bench.pull()).toHaveLength(W.callsInFlight);
  bench.receive(RESULT, 1);
  expect(bench.pull()).toEqual(["GET 1025"]);
});

test("limit wire.cancelledRunning: 8,192 cancelled calls run on beside those in flight, and not one more", async () => {
  const bench = new CallBench();
  bench.handle("x", never);
  bench.open();
  await turns(1);
  bench.pull();
  let channel = 0;
  for (; channel < W.cancelledRunning + 10; ) {
    bench.called(GET, ++channel, 1);
    bench.receive(CANCEL, channel);
  }
  for (let count = 0; count < W.callsInFlight - 10; count++) bench.called(GET, ++channel, 1);
  expect(bench.pull()).toEqual([]);
  bench.called(GET, ++channel, 1);
  expect(bench.pull()).toEqual([`ERROR ${channel} BUSY`]);
});

test("limit wire.cancelBurst: 10,000 cancels at once are taken, one more ends the session", () => {
  const bench = new CallBench();
  bench.open();
  for (let count = 0; count < W.cancelBurst; count++) bench.receive(CANCEL, 1);
  expect(() => bench.receive(CANCEL, 1)).toThrow(/cancel/);
});

test("limit wire.cancelsPerSecond: after a burst 1,000 per second are taken, and not one more", () => {
  const budget = cancelBudget(0);
  for (let count = 0; count < W.cancelBurst; count++) expect(budget.take(0)).toBe(true);
  for (let count = 0; count < W.cancelsPerSecond; count++) expect(budget.take(1_000)).toBe(true);
  expect(budget.take(1_000)).toBe(false);
});

test.each(["inputBytes", "lightInputBytes"])(
  "limit wire.%s: inputs under way of 64 MiB fit, a further one is BUSY, unless it takes at most 16 KiB",
  async () => {
    const bench = new CallBench();
    bench.handle("x", never);
    bench.open();
    await turns(1);
    bench.pull();
    for (let channel = 1; channel <= 4; channel++) bench.called(GET, channel, 1, weighing(W.inputBytes / 4));
    expect(bench.pull()).toEqual([]);
    bench.called(GET, 5, 1, weighing(W.lightInputBytes + 1));
    expect(bench.pull()).toEqual(["ERROR 5 BUSY"]);
    bench.called(GET, 6, 1, weighing(W.lightInputBytes));
    bench.called(SEND, 7, 1, weighing(W.lightInputBytes));
    expect(bench.pull()).toEqual(["RESULT 7"]);
  },
);
