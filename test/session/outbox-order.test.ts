import { expect, test } from "vitest";
import { OutMessage } from "../../src/session/out-message.ts";
import { readFrames } from "./naive.ts";
import { Bench, channels, KIB } from "./outbox-bench.ts";

test("all that is pushed in a tick leaves in one chunk, in order, and each message knows where it ends", () => {
  const bench = new Bench();
  const messages = [bench.push("call", 1, 10), bench.push("send", 2, 0), bench.push("call", 3, 16_384)];
  expect(messages.map((message) => message.state)).toEqual(["queued", "queued", "queued"]);
  const parts = bench.outbox.pull(65_518, 1_000, 0);
  expect(parts.length).toBe(1);
  expect(channels(readFrames(Buffer.from(parts[0] as Uint8Array)))).toEqual([1, 2, 3]);
  expect(messages.map((message) => message.endOffset)).toEqual([1_018, 1_026, 1_026 + 16_392]);
  expect(messages.map((message) => [message.state, message.payload.length])).toEqual([
    ["committed", 0],
    ["committed", 0],
    ["committed", 0],
  ]);
  expect(bench.outbox.isEmpty).toBe(true);
});

test("a small message that has no room left waits for the next record, and what is behind it too", () => {
  const bench = new Bench();
  bench.push("call", 1, 500);
  bench.push("call", 2, 500);
  bench.push("call", 3, 1);
  expect(channels(bench.pull(600))).toEqual([1]);
  expect(channels(bench.pull(600))).toEqual([2, 3]);
  expect(bench.pull(600)).toEqual([]);
});

test("a small message that just fits goes", () => {
  const bench = new Bench();
  bench.push("call", 1, 500);
  expect(channels(bench.pull(508))).toEqual([1]);
});

test("a big message waits for the small ones that were queued before it, not for those that came since", () => {
  const bench = new Bench();
  bench.push("call", 1, 5_000);
  bench.push("call", 2, 20_000);
  for (let count = 0; count < 20; count++) bench.push("call", 3, 10_000);
  expect(channels(bench.pull(6_000))).toEqual([1]);
  bench.pull();
  expect(channels(bench.pull())[0]).toBe(2);
});

test("control goes before everything, the session's own frames before control", () => {
  const bench = new Bench();
  bench.push("call", 1, 10);
  bench.push("send", 2, 20_000);
  bench.push("control", 3, 10);
  bench.outbox.own.grant(4, 1_000);
  expect(channels(bench.pull())).toEqual([4, 3, 1, 2, 2]);
});

test("nothing overtakes the session's own frames, however little room there is, and none outlives its session", () => {
  const bench = new Bench();
  bench.push("call", 1, 0);
  bench.outbox.own.grant(4, 1_000);
  bench.outbox.own.drop(5);
  expect(bench.pull(11)).toEqual([]);
  expect(channels(bench.pull(19))).toEqual([4]);
  expect(channels(bench.pull(8))).toEqual([5]);
  bench.outbox.own.grant(6, 1_000);
  bench.outbox.own.drop(7);
  bench.outbox.release();
  expect(channels(bench.pull())).toEqual([1]);
});

test("small calls overtake big calls and big sends; big ones go in turn, a fragment each", () => {
  const bench = new Bench();
  bench.push("call", 1, 50_000);
  bench.push("send", 2, 40_000);
  bench.push("call", 3, 10);
  expect(channels(bench.pull())).toEqual([3, 1, 2, 1]);
  bench.push("call", 4, 10);
  expect(channels(bench.pull())).toEqual([4, 2, 1, 2, 1]);
});

test("sends keep their order, whatever their sizes and channels: small ones wait behind a big one, and it waits for those before it", () => {
  const bench = new Bench();
  bench.push("send", 1, 10);
  bench.push("send", 2, 60_000);
  bench.push("send", 3, 10);
  bench.push("send", 4, 20_000);
  bench.push("send", 5, 10);
  bench.push("call", 6, 10);
  expect(bench.drain()).toEqual([1, 6, 2, 2, 2, 2, 3, 4, 4, 5]);
  // A record with room for one small message only: the big send must not slip in before the other.
  for (const channel of [1, 2]) bench.push("send", channel, 1_000);
  bench.push("send", 3, 17_000);
  bench.push("call", 4, 17_000);
  expect(channels(bench.pull(1_500))).toEqual([1]);
  expect(channels(bench.pull(17_000))).toEqual([2]);
  expect(bench.drain()).toEqual([3, 4, 3, 4]);
});

test("messages of one kind and channel, or of one flow that was given, keep their order; others overtake a big one", () => {
  const bench = new Bench();
  bench.push("call", 1, 20_000);
  bench.push("call", 1, 10);
  bench.push("call", 1, 10, 0x13);
  const flow = 2 ** 39;
  bench.outbox.push(new OutMessage(0x14, 8, new Uint8Array(20_000), "call", flow));
  bench.outbox.push(new OutMessage(0x15, 9, new Uint8Array(1), "call", flow));
  const frames = bench.pull();
  expect(frames.map((one) => [one.kind, one.channel])).toEqual([
    [0x13, 1],
    [0x11, 1],
    [0x14, 8],
    [0x11, 1],
    [0x14, 8],
  ]);
  expect(bench.pull().map((one) => [one.kind, one.channel])).toEqual([
    [0x11, 1],
    [0x15, 9],
  ]);
});

test("a big message stops at 64 KiB until credit comes, and the others go on", () => {
  const bench = new Bench();
  const big = bench.push("call", 1, 200_000);
  bench.push("call", 2, 60_000);
  const begun = bench.drain();
  expect(begun.filter((channel) => channel === 1).length).toBe(4);
  expect(begun.filter((channel) => channel === 2).length).toBe(4);
  expect(big.state).toBe("partly");
  expect(big.sentBytes).toBeLessThanOrEqual(64 * KIB);
  expect(bench.pull()).toEqual([]);
  bench.outbox.credited(0, 40_000);
  expect(bench.drain()).toEqual([1, 1]); // whole fragments only
  bench.outbox.credited(7, 1_000); // of no message here
  bench.outbox.credited(0, 0xffff_ffff);
  expect(bench.drain().length).toBe(7);
  expect(big.state).toBe("committed");
  expect(big.endOffset).toBe(bench.offset);
});

test("a message of exactly 64 KiB needs no credit, one byte more does", () => {
  const bench = new Bench();
  expect([bench.push("call", 1, 65_536), bench.drain()].length).toBe(2);
  expect(bench.outbox.isEmpty).toBe(true);
  const more = bench.push("call", 1, 65_537);
  bench.drain();
  expect(more.state).toBe("partly");
});

test("63 big messages may be unfinished, and one of control besides", () => {
  const bench = new Bench();
  for (let channel = 1; channel <= 70; channel++) bench.push("call", channel, 100_000);
  expect(new Set(bench.drain()).size).toBe(63);
  bench.push("control", 99, 100_000, 0x10);
  expect(new Set(bench.drain())).toEqual(new Set([99]));
  bench.outbox.credited(0, 100_000);
  expect(new Set(bench.drain()), "a begun one ends although control waits, but no other begins").toEqual(new Set([1]));
  bench.outbox.credited(63, 100_000);
  expect(new Set(bench.drain()), "with control through, the free place is taken").toEqual(new Set([99, 64]));
});

test("a big control message holds up everything that has not begun, and nothing that has", () => {
  const bench = new Bench();
  bench.push("call", 1, 100_000);
  bench.pull(17_000);
  bench.push("control", 2, 100_000, 0x10);
  bench.push("control", 3, 5, 0x10);
  bench.push("call", 4, 5);
  bench.push("call", 5, 20_000);
  expect(new Set(bench.drain())).toEqual(new Set([1, 2]));
  bench.outbox.credited(0, 100_000);
  expect(bench.drain()).toEqual([1, 1, 1]);
  bench.outbox.credited(1, 100_000);
  const rest = bench.drain();
  expect(rest.indexOf(3)).toBeGreaterThan(rest.lastIndexOf(2));
  expect(rest.indexOf(4)).toBeGreaterThan(rest.indexOf(3));
});

test("big messages fill only their part of the window, small ones all of it", () => {
  const bench = new Bench();
  bench.bulkBytes = 40_000;
  bench.push("call", 1, 60_000);
  expect(channels(bench.pull()), "it stops at the first fragment that passes the limit").toEqual([1, 1, 1]);
  expect(bench.pull()).toEqual([]);
  bench.push("call", 2, 16_000);
  expect(channels(bench.pull())).toEqual([2]);
  bench.acked = 20_000;
  expect(channels(bench.pull())).toEqual([]);
  bench.acked = 30_000;
  expect(channels(bench.pull())).toEqual([1]);
});

test("one fragment may always be on its way, however full the window is of small messages", () => {
  const bench = new Bench();
  bench.bulkBytes = 1;
  bench.push("call", 1, 60_000);
  bench.offset = 500_000;
  expect(channels(bench.pull())).toEqual([1]);
  expect(channels(bench.pull())).toEqual([]);
  bench.acked = bench.offset - 1;
  expect(channels(bench.pull())).toEqual([]);
  bench.acked = bench.offset;
  expect(channels(bench.pull())).toEqual([1]);
});

test("while small messages never end, each record begins with a fragment; where it lacks room, they wait", () => {
  const bench = new Bench();
  bench.push("call", 1, 60_000);
  const flood = (): void => {
    for (let count = 0; count < 8; count++) bench.push("call", 2, 10_000);
  };
  flood();
  expect(new Set(channels(bench.pull()))).toEqual(new Set([2]));
  flood();
  expect(channels(bench.pull()).slice(0, 2)).toEqual([1, 2]);
  flood();
  expect(bench.pull(12_000), "the window has room for a small message, not for the fragment whose turn it is").toEqual(
    [],
  );
  expect(channels(bench.pull()).slice(0, 2)).toEqual([1, 2]);
});
