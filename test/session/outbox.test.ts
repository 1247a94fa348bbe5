import { expect, test } from "vitest";
import type { SessionLimits } from "../../src/session/limits.ts";
import { OutMessage } from "../../src/session/out-message.ts";
import { MESSAGE_COST_BYTES, Outbox } from "../../src/session/outbox.ts";
import type { PlainFrame } from "./naive.ts";
import { Bench, channels, MIB } from "./outbox-bench.ts";

const wrong =
  (limits: Partial<SessionLimits>): (() => Outbox) =>
  () =>
    new Outbox({ limits });

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

test("pushing and withdrawing each wake the session", () => {
  const bench = new Bench();
  const message = bench.push("call", 1, 10);
  expect(bench.wakes).toBe(1);
  bench.outbox.withdraw(message);
  expect(bench.wakes).toBe(2);
});

test("an outbox with nothing but a DROP in it is not empty", () => {
  const bench = new Bench();
  bench.outbox.own.drop(3);
  expect(bench.outbox.isEmpty).toBe(false);
  expect(channels(bench.pull())).toEqual([3]);
  expect(bench.outbox.isEmpty).toBe(true);
});

test("a big message that was withdrawn while it waited for a place frees none", () => {
  const bench = new Bench();
  const all = Array.from({ length: 64 }, (_, at) => bench.push("call", at, 100_000));
  bench.drain();
  bench.outbox.withdraw(all[63] as OutMessage);
  bench.push("call", 64, 100_000);
  expect(bench.drain()).toEqual([]);
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
