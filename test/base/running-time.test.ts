import { expect, test } from "vitest";
import { afterRunning } from "../../src/base/running-time.ts";
import type { Clock, Timer } from "../../src/base/clock.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";

/** A clock of a program that does not run at times: its timers are late then, all of them. */
class StoppedClock implements Clock {
  readonly #real = new ManualClock();
  #stoppedMs = 0;

  now(): number {
    return this.#real.now() + this.#stoppedMs;
  }
  date(): number {
    return this.#real.date() + this.#stoppedMs;
  }
  after(ms: number, run: () => void): Timer {
    return this.#real.after(ms, run);
  }
  run(ms: number): void {
    this.#real.advance(ms);
  }
  /** The whole program stands still. */
  stop(ms: number): void {
    this.#stoppedMs += ms;
  }
}

test("time in which the program ran counts exactly, time in which it stood still does not", () => {
  const clock = new StoppedClock();
  let rang = 0;
  afterRunning(clock, 30_000, () => rang++);
  clock.run(29_500);
  clock.stop(60_000);
  clock.run(400);
  expect(rang).toBe(0);
  clock.run(100);
  expect(rang).toBe(1);
  clock.run(60_000);
  expect(rang).toBe(1);
});

test("a pause at every moment of the wait leaves the rest of it", () => {
  for (let at = 100; at < 5_000; at += 100) {
    const clock = new StoppedClock();
    let rang = false;
    afterRunning(clock, 5_000, () => (rang = true));
    clock.run(at);
    clock.stop(20_000);
    clock.run(5_000 - at - 1);
    expect(rang, `paused at ${at}`).toBe(false);
    clock.run(1);
    expect(rang, `paused at ${at}`).toBe(true);
  }
});

test("cancelled, it never rings, whichever step it is at", () => {
  const clock = new ManualClock();
  const timer = afterRunning(clock, 2_500, () => expect.unreachable());
  clock.advance(1_800);
  timer.cancel();
  clock.advance(10_000);
  expect(clock.pending).toBe(0);
});
