import { expect, test } from "vitest";
import { BulkWindow } from "../../src/session/bulk-window.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";

const FLOOR = 64 * 1024;

/** A path of a rate and a delay: acknowledges what is in flight, and lets the window fill it again. */
function drive(options: { bytesPerMs: number; rttMs: number; forMs: number; pingMs?: number }): {
  limit: number;
  most: number;
  queueMs: number;
} {
  const clock = new ManualClock();
  const window = new BulkWindow(clock, { bulkFloorBytes: FLOOR });
  const flying: { offset: number; at: number }[] = [];
  let committed = 0;
  let acked = 0;
  let busyUntil = 0;
  let most = 0;
  let queueMs = 0;
  for (let ms = 0; ms < options.forMs; ms++) {
    while (flying.length > 0 && (flying[0] as { at: number }).at <= ms) {
      acked = (flying.shift() as { offset: number }).offset;
      window.acked(acked);
    }
    while (committed - acked < Math.min(window.bytes, 2 ** 20)) {
      committed += 16_384;
      busyUntil = Math.max(ms, busyUntil) + 16_384 / options.bytesPerMs;
      flying.push({ offset: committed, at: busyUntil + options.rttMs });
      window.committed(committed);
    }
    most = Math.max(most, committed - acked);
    queueMs = Math.max(queueMs, busyUntil - ms);
    clock.advance(1);
  }
  return { limit: window.bytes, most, queueMs };
}

test("before anything was acknowledged, and after a pause, it is the floor", () => {
  const clock = new ManualClock();
  const window = new BulkWindow(clock, { bulkFloorBytes: FLOOR });
  expect(window.bytes).toBe(FLOOR);
  for (let offset = 100_000; offset <= 1_000_000; offset += 100_000) window.acked(offset);
  expect(window.bytes).toBe(1_000_000);
  clock.advance(51);
  expect(window.bytes).toBe(FLOOR);
});

test("it counts what was acknowledged within the last 50 ms, or two round trips where they are longer", () => {
  const clock = new ManualClock();
  const window = new BulkWindow(clock, { bulkFloorBytes: 1 });
  window.roundTrip(100);
  window.roundTrip(undefined);
  window.roundTrip(500);
  for (let ms = 1; ms <= 1_000; ms++) {
    clock.advance(1);
    window.acked(ms * 1_000);
  }
  expect(window.bytes).toBeGreaterThan(185_000);
  expect(window.bytes).toBeLessThan(215_000);
  window.moved();
  expect(window.bytes).toBeGreaterThan(45_000);
  expect(window.bytes).toBeLessThan(55_000);
});

test("an uplink of 1 Mbit/s keeps big messages to the floor: no seconds of them before a call", () => {
  const { most, queueMs } = drive({ bytesPerMs: 125, rttMs: 40, forMs: 20_000 });
  expect(most).toBeLessThanOrEqual(FLOOR + 16_384);
  expect(queueMs).toBeLessThan(700);
});

test("a fast path reaches the whole window, near or far", () => {
  expect(drive({ bytesPerMs: 100_000, rttMs: 1, forMs: 200 }).most).toBeGreaterThanOrEqual(2 ** 20);
  expect(drive({ bytesPerMs: 100_000, rttMs: 150, forMs: 3_000 }).most).toBeGreaterThanOrEqual(2 ** 20);
});

test("where the path is the limit, the queue in front of it stays within a few round trips", () => {
  const { queueMs, most } = drive({ bytesPerMs: 2_000, rttMs: 60, forMs: 20_000 });
  expect(most).toBeGreaterThan(2_000 * 60); // the path is full
  expect(queueMs).toBeLessThan(4 * 60);
});
