import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join as joinPath } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { DEFAULT_LIMITS } from "../../src/base/limits.ts";
import { DEFAULT_SESSION_LIMITS } from "../../src/session/limits.ts";
import { openRoom } from "../support/rooms.ts";
import { soak } from "../support/seeded.ts";
import { startedIn } from "./fates.ts";
import { Line } from "./line.ts";
import { Member, Sender } from "./processes.ts";
import type { SenderTold } from "./sender.ts";
import type { Shape } from "./shaper.ts";

const IS_LONG = soak(1) > 1;
const MIB = 2 ** 20;
const STREAM_BYTES = Math.min(soak(64), 1_024) * MIB;
/** Small ones, and such as are cut into fragments: they are queued apart. */
const SIZES = [8_000, 40_000];
const STREAM_MESSAGES = Math.ceil(STREAM_BYTES / ((8_000 + 40_000) / 2));
const LARGEST = 50_000;
const GROWTH = 32 * MIB;
/** The two classes of messages, each up to the soft cap and one message over it. */
const QUEUE = 2 * (DEFAULT_SESSION_LIMITS.queueSoftBytes + LARGEST);
const WINDOW = DEFAULT_SESSION_LIMITS.windowBytes;

function after(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

interface Connected {
  readonly sender: Sender;
  readonly bar: Member;
  /** What the peer wrote of the handlers that it started. */
  readonly started: () => Map<string, number>;
}

/** A sender and its peer, a process each. */
async function connected(line?: Line): Promise<Connected> {
  const room = await openRoom();
  const sender = new Sender();
  const bar = new Member();
  onTestFinished(async () => void (await Promise.all([sender.kill(), bar.kill()])));
  const path = mkdtempSync(joinPath(tmpdir(), "chatroom-unread-"));
  onTestFinished(() => rmSync(path, { recursive: true }));
  const file = joinPath(path, "started");
  await bar.join({ name: "Bar", room: room.port, file, ...(line === undefined ? {} : { line: line.port }) });
  await sender.join(room.port, line?.port);
  return { sender, bar, started: () => startedIn([file]) };
}

async function openLine(shape?: Shape): Promise<Line> {
  const line = await Line.open(shape);
  onTestFinished(() => line.close());
  return line;
}

/** What a sender held was within its limits, and its session is the first one. */
function expectWithinLimits({ grownBytes, most, connections }: SenderTold & { is: "measured" }): void {
  expect(most.window).toBeLessThanOrEqual(WINDOW);
  expect(most.queue).toBeLessThanOrEqual(QUEUE);
  expect(grownBytes).toBeLessThan(GROWTH);
  expect(connections).toBe(1);
}

function mib(bytes: number): string {
  return `${(bytes / MIB).toFixed(1)} MiB`;
}

test(`a reader that stops reading ${mib(STREAM_BYTES)} of sends makes their callers wait, within bounds; then all arrive`, async () => {
  const line = await openLine();
  const { sender, started } = await connected(line);
  const order = { do: "stream", method: "note", count: STREAM_MESSAGES, sizes: SIZES } as const;
  const { carried } = line;
  const holds = [0.1, 0.5].map((part) => carried + part * STREAM_BYTES);
  let held = line.holdStreamAt(holds[0] as number);
  sender.order({ ...order, inFlight: 512 });
  await sender.told("begun");
  for (const next of [holds[1], undefined]) {
    await held;
    await after(IS_LONG ? 15_000 : 1_500);
    const told = await sender.measure();
    expectWithinLimits(told);
    expect(told.unsettledBytes).toBeGreaterThan(WINDOW);
    console.log(
      `unread, callers wait: window ${mib(told.most.window)}, queue ${mib(told.most.queue)}, heap and external + ${mib(told.grownBytes)}`,
    );
    if (next !== undefined) held = line.holdStreamAt(next);
    line.release();
  }
  const { fates } = await sender.told("streamed");
  expect(fates).toEqual({ answered: STREAM_MESSAGES });
  const end = await sender.measure();
  expectWithinLimits(end);
  const counts = started();
  counts.delete("first");
  expect([...counts.keys()]).toEqual(Array.from({ length: STREAM_MESSAGES }, (_, at) => String(at + 1)));
  expect(Math.max(...counts.values())).toBe(1);
}, 600_000);

test("who sends without waiting to a reader that stopped reading is told BUSY: that did not run, and the rest arrives", async () => {
  const line = await openLine();
  const { sender, started } = await connected(line);
  line.hold(["forth", "back"], true);
  sender.order({ do: "stream", method: "note", count: STREAM_MESSAGES, inFlight: STREAM_MESSAGES, sizes: SIZES });
  await sender.told("begun");
  await after(500);
  const held = await sender.measure();
  line.release();
  const { fates, mostUnsettledBytes, busy } = await sender.told("streamed");
  const end = await sender.measure();
  console.log(
    `unread, nobody waits: ${JSON.stringify(fates)}, unsettled ${mib(held.unsettledBytes)}, window ${mib(held.most.window)}, queue ${mib(held.most.queue)}, ` +
      `heap and external + ${mib(held.grownBytes)}, afterwards + ${mib(end.grownBytes)}`,
  );
  expect(Object.keys(fates).toSorted()).toEqual(["BUSY: did not run", "answered"]);
  expectWithinLimits(held);
  expectWithinLimits(end);
  expect(held.unsettledBytes).toBeLessThanOrEqual(WINDOW + QUEUE + DEFAULT_LIMITS.calls.waitingBytes + LARGEST);
  expect(mostUnsettledBytes).toBeGreaterThan(DEFAULT_LIMITS.calls.waitingBytes);
  const counts = started();
  counts.delete("first");
  expect(busy.filter((id) => counts.has(id))).toEqual([]);
  expect(counts.size).toBe(fates["answered"]);
  expect(Math.max(...counts.values())).toBe(1);
}, 120_000);

test("sends to a handler that never ends wait for it in bounds, and go on when it ends", async () => {
  const { sender, bar } = await connected();
  sender.order({ do: "stream", method: "hold", count: 20_000, inFlight: 20_000, sizes: [500] });
  await sender.told("begun");
  await after(500);
  const held = await sender.measure();
  console.log(
    `handlers that do not end: ${held.settled} sends settled, ${mib(held.unsettledBytes)} wait, heap and external + ${mib(held.grownBytes)}`,
  );
  expect(held.most.window).toBeLessThanOrEqual(WINDOW);
  expect(held.most.queue).toBeLessThanOrEqual(QUEUE);
  const streamed = sender.told("streamed");
  while ((await Promise.race([after(5), streamed])) === undefined) bar.order({ do: "release" });
  const { fates, busy } = await streamed;
  expect((fates["answered"] ?? 0) + (fates["BUSY: did not run"] ?? 0)).toBe(20_000);
  expect(busy.length).toBe(fates["BUSY: did not run"] ?? 0);
  expect((await sender.measure()).connections).toBe(1);
}, 120_000);

test("gets beside a stream of sends that is read slowly are answered as if it were not there", async () => {
  const { sender } = await connected();
  const ms = IS_LONG ? 20_000 : 3_000;
  sender.order({ do: "pace", hz: 1_000, ms: ms / 4 });
  const idle = await sender.told("paced");
  sender.order({
    do: "stream",
    method: "slow",
    count: Number.MAX_SAFE_INTEGER,
    inFlight: 128,
    sizes: [16_000, 50_000],
  });
  await sender.told("begun");
  sender.order({ do: "pace", hz: 1_000, ms });
  const beside = await sender.told("paced");
  sender.order({ do: "enough" });
  const { sentBytes, fates } = await sender.told("streamed");
  expectWithinLimits(await sender.measure());
  console.log(
    `gets beside sends: idle p50 ${idle.p50.toFixed(1)} p99 ${idle.p99.toFixed(1)} ms, beside ${mib(sentBytes)} p50 ${beside.p50.toFixed(1)} p99 ${beside.p99.toFixed(1)} ms (${beside.count} gets)`,
  );
  expect([idle.wrong, beside.wrong]).toEqual([0, 0]);
  expect(Object.keys(fates)).toEqual(["answered"]);
  if (IS_LONG) expect(beside.p99).toBeLessThan(idle.p99 + 10);
}, 120_000);

test("gets beside a big message on a slow line do not wait for it", async () => {
  const line = await openLine({ bytesPerSecond: 1_250_000, delayMs: 10, bufferBytes: 65_536 });
  const { sender } = await connected(line);
  const bytes = (IS_LONG ? 16 : 2) * MIB - 1_000;
  sender.order({ do: "pace", hz: 200, ms: IS_LONG ? 3_000 : 500 });
  const idle = await sender.told("paced");
  sender.order({ do: "big", bytes });
  await sender.told("begun");
  // Well within the time that the message takes at this rate.
  sender.order({ do: "pace", hz: 200, ms: (bytes / 1_250_000) * 800 });
  const beside = await sender.told("paced");
  const { ms } = await sender.told("big");
  console.log(
    `gets beside ${mib(bytes)} at 10 Mbit/s, 10 ms one way (${ms.toFixed(0)} ms): idle p50 ${idle.p50.toFixed(1)} p99 ${idle.p99.toFixed(1)} ms, beside p50 ${beside.p50.toFixed(1)} p99 ${beside.p99.toFixed(1)} ms`,
  );
  expect([idle.wrong, beside.wrong]).toEqual([0, 0]);
  expect(beside.p99).toBeLessThan(ms);
}, 120_000);
