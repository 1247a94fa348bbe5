import { expect, test } from "vitest";
import type { SessionLimits } from "../../src/session/limits.ts";
import { type Lane, OutMessage } from "../../src/session/out-message.ts";
import { MESSAGE_COST_BYTES, Outbox, type OutboxOptions } from "../../src/session/outbox.ts";
import { type PlainFrame, readFrames } from "./naive.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

/** An outbox, and a stream that takes what it gives. */
class Bench {
  readonly outbox: Outbox;
  wakes = 0;
  bulkBytes = MIB;
  offset = 0;
  acked = 0;

  constructor(options: OutboxOptions = {}) {
    this.outbox = new Outbox(options);
    this.bind();
  }

  bind(): void {
    this.outbox.bind({ wake: () => void this.wakes++, bulkBytes: () => this.bulkBytes });
  }

  push(lane: Lane, channel: number, payloadBytes: number, kind = lane === "send" ? 0x12 : 0x11): OutMessage {
    const message = new OutMessage(kind, channel, new Uint8Array(payloadBytes).fill(channel), lane);
    expect(this.outbox.push(message)).toBe("queued");
    return message;
  }

  /** One record: each pull gives whole frames. */
  pull(roomBytes = 65_518): PlainFrame[] {
    const bytes = Buffer.concat(this.outbox.pull(roomBytes, this.offset, this.offset - this.acked));
    expect(bytes.length).toBeLessThanOrEqual(roomBytes);
    this.offset += bytes.length;
    return readFrames(bytes);
  }

  /** Records until nothing comes, everything acknowledged at once: the channels of the frames, in order. */
  drain(roomBytes = 65_518): number[] {
    const channels: number[] = [];
    for (;;) {
      const frames = this.pull(roomBytes);
      if (frames.length === 0) return channels;
      this.acked = this.offset;
      channels.push(...frames.map((one) => one.channel));
    }
  }
}

const wrong =
  (limits: Partial<SessionLimits>): (() => Outbox) =>
  () =>
    new Outbox({ limits });

const channels = (frames: PlainFrame[]): number[] => frames.map((one) => one.channel);

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

test("what is withdrawn from the queue never leaves, and counts no more", () => {
  const bench = new Bench();
  const all = [
    bench.push("call", 1, 10),
    bench.push("send", 2, 20_000),
    bench.push("send", 3, 10),
    bench.push("control", 4, 1),
  ];
  expect(all.map((message) => bench.outbox.withdraw(message))).toEqual([true, true, true, true]);
  expect(all.map((message) => message.state)).toEqual(Array(4).fill("withdrawn"));
  expect(bench.outbox.queuedBytes).toBe(0);
  expect(bench.pull()).toEqual([]);
  expect(
    all.map((message) => bench.outbox.withdraw(message)),
    "twice",
  ).toEqual([false, false, false, false]);
  expect(bench.outbox.withdraw(new OutMessage(0x11, 1, new Uint8Array(1), "call")), "never pushed").toBe(false);
  const gone = bench.push("call", 5, 1);
  bench.pull();
  expect(bench.outbox.withdraw(gone), "committed").toBe(false);
  expect(gone.state).toBe("committed");
});

test("withdrawing the big send in front lets the sends behind it go, in order", () => {
  const bench = new Bench();
  const big = bench.push("send", 1, 20_000);
  bench.push("send", 2, 1);
  bench.push("send", 3, 1);
  const second = bench.push("send", 4, 20_000);
  bench.push("send", 5, 1);
  bench.outbox.withdraw(big);
  bench.outbox.withdraw(second);
  expect(bench.drain()).toEqual([2, 3, 5]);
  expect(bench.outbox.queuedBytes).toBe(0);
});

test("a big message that is withdrawn half way is dropped by its number, and its place is free", () => {
  const bench = new Bench();
  const all = Array.from({ length: 64 }, (_, at) => bench.push("call", at, 100_000));
  bench.drain();
  expect(all[63]?.state).toBe("queued");
  expect(bench.outbox.withdraw(all[5] as OutMessage)).toBe(true);
  const frames = bench.pull();
  expect([frames[0]?.kind, frames[0]?.channel, frames[0]?.payload.length]).toEqual([0x02, 5, 0]);
  expect(new Set(channels(frames.slice(1)))).toEqual(new Set([63]));
  bench.outbox.credited(5, 100_000); // crossed the DROP
  expect(channels(bench.pull())).toEqual([]);
});

test("a message withdrawn from among the small ones opens the way for what waited behind it", () => {
  const bench = new Bench();
  const first = bench.push("send", 1, 5_000);
  bench.push("send", 2, 20_000);
  expect(bench.pull(1_000)).toEqual([]);
  bench.outbox.withdraw(first);
  expect(bench.drain()).toEqual([2, 2]);
});

test("after the session what was not committed whole waits for the next one, from its beginning and in order", () => {
  const bench = new Bench();
  const done = bench.push("send", 1, 10);
  const half = bench.push("send", 2, 100_000);
  const behind = bench.push("send", 3, 10);
  const control = bench.push("control", 4, 100_000, 0x10);
  const call = bench.push("call", 5, 90_000);
  bench.pull(20_000);
  bench.outbox.own.grant(9, 9);
  bench.outbox.withdraw(bench.push("call", 6, 10));
  bench.drain();
  expect([half, control].map((message) => message.state)).toEqual(["queued", "partly"]);
  bench.outbox.credited(0, 100_000);
  bench.drain();
  expect([done, half, behind, control, call].map((message) => message.state)).toEqual([
    "committed",
    "partly",
    "queued",
    "committed",
    "partly",
  ]);
  bench.outbox.release();
  expect([half, behind, call].map((message) => message.state)).toEqual(["queued", "queued", "queued"]);
  bench.bind();
  bench.offset = bench.acked = 0;
  bench.bulkBytes = MIB;
  const again = bench.pull();
  const first = again.find((one) => one.channel === 2) as PlainFrame;
  expect([first.more, first.payload.readUInt32BE(0)]).toEqual([true, 100_000]);
  bench.drain();
  bench.outbox.credited(0, 100_000);
  bench.outbox.credited(1, 100_000);
  const rest = bench.drain();
  expect(rest.lastIndexOf(2)).toBeLessThan(rest.indexOf(3));
  expect([half, behind, call].map((message) => message.state)).toEqual(["committed", "committed", "committed"]);
});

test("an outbox feeds one session at a time", () => {
  const bench = new Bench();
  expect(() => bench.bind()).toThrow(TypeError);
  bench.outbox.release();
  bench.bind();
});

test("what was not committed can be taken out, in the order in which it was pushed", () => {
  const bench = new Bench();
  const done = bench.push("call", 1, 10);
  const half = bench.push("call", 2, 50_000);
  bench.pull(20_000);
  const rest = [
    bench.push("send", 3, 20_000),
    bench.push("send", 4, 1),
    bench.push("control", 5, 1),
    bench.push("call", 6, 1),
  ];
  expect(bench.outbox.takeUncommitted()).toEqual([half, ...rest]);
  expect([done, half, ...rest].map((message) => message.state)).toEqual(["committed", ...Array(5).fill("withdrawn")]);
  expect(bench.outbox.queuedBytes).toBe(0);
  expect(bench.pull().map((one) => [one.kind, one.channel])).toEqual([[0x02, 0]]);
  expect(bench.outbox.isEmpty).toBe(true);
});

test("a message can be pushed only once", () => {
  const bench = new Bench();
  const message = bench.push("call", 1, 10);
  expect(() => bench.outbox.push(message)).toThrow(TypeError);
});

test("a message of 16 MiB is taken, one byte more is not", () => {
  const bench = new Bench();
  expect(bench.outbox.push(new OutMessage(0x11, 1, new Uint8Array(16 * MIB + 1), "call"))).toBe("too large");
  expect(bench.outbox.queuedBytes).toBe(0);
  bench.push("call", 1, 16 * MIB);
});

test("over the hard cap a message is refused and nothing is queued; small and big ones are counted apart", () => {
  const bench = new Bench({ limits: { queueSoftBytes: 50_000, queueHardBytes: 100_000 } });
  const refused = (message: OutMessage): void => {
    const before = bench.outbox.queuedBytes;
    expect(bench.outbox.push(message)).toBe("full");
    expect([message.state, bench.outbox.queuedBytes]).toEqual(["new", before]);
  };
  bench.push("call", 1, 60_000);
  bench.push("call", 2, 40_000 - MESSAGE_COST_BYTES);
  refused(new OutMessage(0x11, 3, new Uint8Array(20_000), "call"));
  for (let count = 0; count < 6; count++) bench.push("call", 4, 16_000);
  const left = 100_000 - 6 * (16_000 + MESSAGE_COST_BYTES);
  refused(new OutMessage(0x11, 5, new Uint8Array(left + 1), "call"));
  refused(new OutMessage(0x11, 5, new Uint8Array(left + 1), "control"));
  bench.push("call", 5, left);
});

test("small sends behind a big one count as big ones, until it is through", () => {
  const bench = new Bench({ limits: { queueSoftBytes: 20_000, queueHardBytes: 50_000 } });
  bench.push("send", 1, 40_000);
  expect(bench.outbox.push(new OutMessage(0x12, 1, new Uint8Array(10_000), "send"))).toBe("full");
  bench.push("send", 1, 9_000);
  expect(bench.outbox.hasRoom(16_000), "nothing small is queued").toBe(true);
  bench.pull(17_000);
  bench.pull(17_000);
  bench.pull(8_000);
  expect(bench.outbox.queuedBytes).toBe(9_000 + MESSAGE_COST_BYTES);
  expect(bench.outbox.hasRoom(16_000), "now it is").toBe(false);
  expect(bench.outbox.hasRoom(17_000)).toBe(true);
});

test("even empty messages are bounded in number", () => {
  const bench = new Bench({ limits: { queueSoftBytes: 1_000, queueHardBytes: 12_800 } });
  for (let count = 0; count < 101; count++) bench.push("control", 1, 0);
  expect(bench.outbox.push(new OutMessage(0x15, 1, new Uint8Array(0), "control"))).toBe("full");
});

test("hasRoom says no above the soft cap, and onRoom tells when to ask again; a queue without others has always room", () => {
  let told = 0;
  const bench = new Bench({ limits: { queueSoftBytes: 40_000, queueHardBytes: 100_000 }, onRoom: () => void told++ });
  expect([bench.outbox.hasRoom(90_000), bench.outbox.hasRoom(16_000)]).toEqual([true, true]);
  for (const channel of [1, 2]) bench.push("call", channel, 16_000);
  bench.outbox.tellRoom();
  expect(told, "nobody asked").toBe(0);
  expect(bench.outbox.hasRoom(40_000 - 32_000 - 3 * MESSAGE_COST_BYTES)).toBe(true);
  expect(bench.outbox.hasRoom(40_000 - 32_000 - 3 * MESSAGE_COST_BYTES + 1)).toBe(false);
  expect(bench.outbox.hasRoom(90_000), "no big one is queued").toBe(true);
  bench.push("call", 3, 90_000);
  expect(bench.outbox.hasRoom(20_000)).toBe(false);
  bench.pull(17_000);
  bench.outbox.tellRoom();
  expect(told).toBe(1);
  bench.drain();
  bench.outbox.tellRoom();
  expect(told, "the big one is not through").toBe(1);
  bench.outbox.credited(0, 90_000);
  bench.drain();
  bench.outbox.tellRoom();
  bench.outbox.tellRoom();
  expect(told).toBe(2);
});

test("limits that can't hold together are refused", () => {
  expect(wrong({ messageBytes: 29 * MIB })).toThrow(/assemblyBytes/);
  expect(wrong({ windowBytes: 16_391 })).toThrow(/windowBytes/);
  expect(wrong({ freeBytes: 1_000 })).toThrow(/freeBytes/);
  expect(wrong({ assemblyMessages: 1 })).toThrow(/assemblyMessages/);
  expect(wrong({ queueSoftBytes: Number.NaN })).toThrow(/queueSoftBytes/);
  expect(new Outbox({ limits: { messageBytes: 28 * MIB, queueHardBytes: 28 * MIB } }).limits.messageBytes).toBe(
    28 * MIB,
  );
});
