import { expect, test } from "vitest";
import { SUSPECT_MS, Suspicion } from "../../src/session/suspicion.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { turns } from "../support/until.ts";
import { Pair, type TestLink } from "./pair.ts";

/** Time passes in small steps, and every ping of the links that are alive is answered after `rttMs`. */
async function pass(clock: ManualClock, ms: number, alive: readonly TestLink[], rttMs = 20): Promise<void> {
  for (let left = ms; left > 0; left -= 10) {
    for (const link of alive) for (const pong of link.pongs.splice(0)) clock.after(rttMs, () => pong(rttMs));
    clock.advance(10);
    await turns(1);
  }
}

test("a link that answers no ping is suspect 2.5 s after its last pong, while the session is busy, and a pong clears it", async () => {
  const clock = new ManualClock();
  let isBusy = true;
  const told: [number, number, boolean][] = [];
  const pongs: ((rttMs: number) => void)[] = [];
  const suspicion = new Suspicion(
    clock,
    () => isBusy,
    (id, isSuspect) => told.push([clock.now(), id, isSuspect]),
  );
  suspicion.add(1, { ping: () => new Promise((resolve) => pongs.push(resolve)) });
  suspicion.wake();
  clock.advance(1_000);
  pongs.shift()?.(5);
  await turns(1);
  clock.advance(2_499);
  expect(told).toEqual([]);
  clock.advance(1);
  expect(told).toEqual([[3_500, 1, true]]);
  pongs.shift()?.(900);
  await turns(1);
  expect(told.at(-1)).toEqual([3_500, 1, false]);
  isBusy = false;
  clock.advance(10_000);
  expect(told.length, "idle, nobody is suspect").toBe(2);
  expect(clock.pending, "idle, nothing ticks").toBe(0);
  suspicion.stop();
});

test("a link in doubt is suspect at once, though the session is idle, and asked every second until a pong clears it", async () => {
  const clock = new ManualClock();
  const told: [number, number, boolean][] = [];
  const pongs: ((rttMs: number) => void)[] = [];
  const suspicion = new Suspicion(
    clock,
    () => false,
    (id, isSuspect) => told.push([clock.now(), id, isSuspect]),
  );
  suspicion.doubt();
  expect(clock.pending, "without a link there is nothing to ask").toBe(0);
  suspicion.add(7, { ping: () => new Promise((resolve) => pongs.push(resolve)) });
  suspicion.doubt();
  suspicion.doubt();
  expect([told, pongs.length]).toEqual([[[0, 7, true]], 2]);
  clock.advance(3_000);
  expect(pongs.length).toBe(5);
  pongs.at(-1)?.(5);
  await turns(1);
  expect(told.at(-1)).toEqual([3_000, 7, false]);
  clock.advance(10_000);
  expect([told.length, clock.pending]).toEqual([2, 0]);
});

test("a ping without an answer is no pong, and the silence of an idle session is nobody's", async () => {
  const clock = new ManualClock();
  let isBusy = false;
  const told: number[] = [];
  const suspicion = new Suspicion(
    clock,
    () => isBusy,
    () => told.push(clock.now()),
  );
  suspicion.add(1, { ping: () => Promise.resolve(undefined) });
  suspicion.wake();
  expect(clock.pending, "idle, nothing ticks").toBe(0);
  clock.advance(60_000);
  isBusy = true;
  suspicion.wake();
  for (let seconds = 0; seconds < 4; seconds++) {
    clock.advance(1_000);
    await turns(1);
  }
  expect(told).toEqual([60_000 + SUSPECT_MS]);
  suspicion.stop();
});

test("time in which this program stood still is not the link's silence", async () => {
  const clock = new ManualClock();
  let stoodStillMs = 0;
  const late = { now: () => clock.now() + stoodStillMs, date: () => clock.date(), after: clock.after.bind(clock) };
  const told: boolean[] = [];
  const suspicion = new Suspicion(
    late,
    () => true,
    (_id, isSuspect) => told.push(isSuspect),
  );
  suspicion.add(1, { ping: () => new Promise(() => {}) });
  suspicion.wake();
  clock.advance(1_500);
  stoodStillMs += 20_000;
  clock.advance(SUSPECT_MS - 1_500 - 1);
  expect(told).toEqual([]);
  clock.advance(1);
  expect(told).toEqual([true]);
  suspicion.stop();
  expect(clock.pending).toBe(0);
});

test("a busy session notices a black hole in 2.5 s, asks for another link, moves to it, and loses nothing", async () => {
  const wanted: number[] = [];
  const pair: Pair = new Pair(
    { resumeWindowMs: 30_000, onLinkNeeded: () => wanted.push(pair.clock.now()) },
    { resumeWindowMs: 30_000 },
  );
  const [left, right] = pair.link();
  pair.run();
  pair.one.push("send", "before");
  pair.run();
  await pass(pair.clock, 1_000, [left, right]);
  expect(pair.two.texts).toEqual(["before"]);
  expect(wanted).toEqual([]);
  pair.one.push("send", "into the hole");
  pair.tick();
  left.underWay.length = 0;
  const holeAt = pair.clock.now();
  while (wanted.length === 0 && pair.clock.now() < holeAt + 10_000) await pass(pair.clock, 10, []);
  expect(pair.clock.now() - holeAt).toBeLessThanOrEqual(SUSPECT_MS + 10);
  expect(left.isOpen, "the suspect link is kept").toBe(true);
  expect(pair.one.session.needsLink).toBe(true);
  pair.link();
  pair.run();
  expect(pair.one.session.needsLink).toBe(false);
  expect(pair.two.texts).toEqual(["before", "into the hole"]);
  pair.one.session.end();
  pair.two.session.end();
  expect(pair.clock.pending).toBe(0);
});
