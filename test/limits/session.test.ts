// At the cap, and one over, with the shipped defaults: what a session holds.
import { expect, test } from "vitest";
import { DEFAULT_LIMITS } from "../../src/base/limits.ts";
import { BulkWindow } from "../../src/session/bulk-window.ts";
import { Deframer } from "../../src/session/deframer.ts";
import { DEFAULT_SESSION_LIMITS, sessionLimits } from "../../src/session/limits.ts";
import { OutMessage } from "../../src/session/out-message.ts";
import { MESSAGE_COST_BYTES, Outbox } from "../../src/session/outbox.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { frame, fragments } from "../session/naive.ts";
import { Bench } from "../session/outbox-bench.ts";
import { Pair } from "../session/pair.ts";

const S = DEFAULT_LIMITS.session;
const W = DEFAULT_LIMITS.wire;

/** A reader of a peer's stream; how much credit it gave, by the numbers of messages. */
function reader(): { deframer: Deframer; credit: Map<number, number> } {
  const credit = new Map<number, number>();
  const deframer = new Deframer(sessionLimits(undefined), {
    message: () => {},
    credited: () => {},
    grant: (number, bytes) => void credit.set(number, bytes),
    forgetGrant: () => {},
  });
  return { deframer, credit };
}

const messageOf = (bytes: number): OutMessage => new OutMessage(0x11, 3, new Uint8Array(bytes), "call");

/** The first fragment of a big message. */
function opening(channel: number, total: number, bytes = 16_000): Buffer {
  const head = Buffer.alloc(4 + bytes, channel);
  head.writeUInt32BE(total);
  return frame(0x92, channel, head);
}

test("limit session.windowBytes: 1 MiB is on its way unacknowledged, and not a byte more", () => {
  const pair = new Pair();
  const [left] = pair.link();
  pair.run();
  left.sent.length = 0;
  for (let count = 0; count < 200; count++) pair.one.push("send", new Uint8Array(16_000));
  pair.tick();
  const sent = (): number => left.sent.reduce((sum, record) => sum + record.length - 9, 0);
  expect(sent()).toBeLessThanOrEqual(S.windowBytes);
  expect(sent()).toBeGreaterThan(S.windowBytes - 16_008 - 9);
  pair.run(); // what is acknowledged makes room for the rest
  expect(pair.two.received).toHaveLength(200);
});

test("limit session.bulkFloorBytes: on a path of which nothing is known, or that is very slow, big messages have 64 KiB", () => {
  const clock = new ManualClock();
  const window = new BulkWindow(clock, DEFAULT_SESSION_LIMITS);
  expect(window.bytes).toBe(S.bulkFloorBytes);
  window.committed(100);
  clock.advance(10_000);
  window.acked(100);
  expect(window.bytes).toBe(S.bulkFloorBytes);
});

test("limit session.assemblyBytes: credit is given for 28 MiB beside what comes without it, and not for a byte more", () => {
  const free = W.unfinishedMessages * W.freeBytes;
  const budget = S.assemblyBytes - free;
  for (const [second, isCredited] of [
    [budget - W.messageBytes, true],
    [budget - W.messageBytes + 1, false],
  ] as const) {
    const { deframer, credit } = reader();
    deframer.push(opening(1, W.messageBytes));
    deframer.push(opening(2, second));
    expect(credit.get(0)).toBe(W.messageBytes - W.freeBytes);
    expect(credit.has(1)).toBe(isCredited);
  }
});

test("limit session.queueSoftBytes: a queue of 4 MiB has room, one byte more makes callers wait; big and small ones apart", () => {
  const bench = new Bench();
  bench.push("call", 1, S.queueSoftBytes - 100_000 - MESSAGE_COST_BYTES);
  const left = 100_000 - MESSAGE_COST_BYTES;
  expect([bench.outbox.hasRoom(left), bench.outbox.hasRoom(left + 1)]).toEqual([true, false]);
  expect(bench.outbox.hasRoom(100)).toBe(true);
});

test("limit session.queueHardBytes: 16 MiB are queued, one byte more is refused, and the session goes on", () => {
  const bench = new Bench();
  const half = S.queueHardBytes / 2;
  bench.push("call", 1, half);
  bench.push("call", 2, half - MESSAGE_COST_BYTES - 20_000);
  const left = 20_000 - MESSAGE_COST_BYTES;
  expect(bench.outbox.push(messageOf(left + 1))).toBe("full");
  expect(bench.outbox.push(messageOf(left))).toBe("queued");
});

test("limit session.links: three links at a time, the fourth ends the oldest that carries nothing", () => {
  const pair = new Pair();
  const links = Array.from({ length: S.links }, () => pair.link());
  pair.two.push("call", "x");
  const open = (): boolean[] => links.map(([, right]) => right.isOpen);
  expect(open()).toEqual([true, true, true]);
  links.push(pair.link());
  expect(open().filter(Boolean)).toHaveLength(S.links);
  expect(open().at(-1)).toBe(true);
  pair.run();
  expect(pair.one.texts).toEqual(["x"]);
});

test("limit session.resumeWindowMs: without a link a session waits for 30 s, then it is lost", () => {
  const pair = new Pair({ resumeWindowMs: S.resumeWindowMs });
  const [left] = pair.link();
  pair.run();
  left.lose(new Error("cut"));
  for (let ms = 0; ms < S.resumeWindowMs - 1_000; ms += 500) pair.clock.advance(500);
  expect(pair.one.ends).toEqual([]);
  for (let ms = 0; ms < 1_500; ms += 500) pair.clock.advance(500);
  expect(pair.one.reasons).toEqual(["lost"]);
});

test("limit wire.frameBytes: a frame of 16 KiB is taken, one byte more ends the session", () => {
  const { deframer } = reader();
  deframer.push(frame(0x11, 1, Buffer.alloc(W.frameBytes)));
  expect(() => deframer.push(frame(0x11, 1, Buffer.alloc(W.frameBytes + 1)))).toThrow(/16385/);
});

test("limit wire.leastFragmentBytes: a fragment of 1,024 bytes is taken, of 1,023 it ends the session", () => {
  reader().deframer.push(opening(1, 50_000, W.leastFragmentBytes));
  expect(() => reader().deframer.push(opening(1, 50_000, W.leastFragmentBytes - 1))).toThrow(/only 1023 bytes/);
});

test("limit wire.messageBytes: a message of 16 MiB is sent and taken, one byte more is neither", () => {
  const outbox = new Outbox();
  expect(outbox.push(messageOf(W.messageBytes + 1))).toBe("too large");
  expect(outbox.push(messageOf(W.messageBytes))).toBe("queued");
  reader().deframer.push(opening(1, W.messageBytes));
  expect(() => reader().deframer.push(opening(1, W.messageBytes + 1))).toThrow(/16777217 bytes is over the cap/);
});

test("limit wire.unfinishedMessages: 64 messages are unfinished, the 65th ends the session (case 69)", () => {
  const { deframer } = reader();
  for (let channel = 0; channel < W.unfinishedMessages; channel++) deframer.push(opening(channel, 20_000, 1_024));
  expect(deframer.unfinished).toBe(W.unfinishedMessages);
  expect(() => deframer.push(opening(100, 20_000, 1_024))).toThrow(/more than 64/);
});

test("limit wire.freeBytes: 64 KiB of a message come without credit, the next fragment ends the session", () => {
  const { deframer, credit } = reader();
  for (const channel of [1, 2]) deframer.push(opening(channel, channel === 1 ? 16 << 20 : 12 << 20)); // all credit is gone
  const message = fragments({ kind: 0x12, channel: 9, payload: Buffer.alloc(1 << 20) }, [
    16_000,
    16_000,
    16_000,
    16_000,
    W.freeBytes - 64_000,
    1_024,
  ]);
  for (const one of message.slice(0, 5)) deframer.push(one);
  expect(credit.has(2)).toBe(false);
  expect(() => deframer.push(message[5] as Buffer)).toThrow(/without credit/);
});
