import { ManualClock } from "chatroom/testing";
import { expect, test } from "vitest";
import { seeded, seedOfRun, soak } from "../support/seeded.ts";

/** The same clock without a heap: a list, sorted at every look. */
class PlainClock {
  now = 0;
  timers: { at: number; made: number; run: () => void }[] = [];
  made = 0;
  after(ms: number, run: () => void): () => void {
    const timer = { at: this.now + ms, made: this.made++, run };
    this.timers.push(timer);
    return () => void (this.timers = this.timers.filter((one) => one !== timer));
  }
  advance(ms: number): void {
    const end = this.now + ms;
    for (;;) {
      this.timers.sort((a, b) => a.at - b.at || a.made - b.made);
      const next = this.timers[0];
      if (next === undefined || next.at > end) break;
      this.timers.shift();
      this.now = next.at;
      next.run();
    }
    this.now = end;
  }
}

test("timers run in the order of their times, then of their making, whatever is cancelled meanwhile", () => {
  const seed = seedOfRun();
  console.log(`timers, seed ${seed}`);
  const chance = seeded(seed);
  const clock = new ManualClock();
  const plain = new PlainClock();
  const runs: string[] = [];
  const plainRuns: string[] = [];
  const cancels: [() => void, () => void][] = [];
  for (let step = 0; step < soak(5_000); step++) {
    const ms = Math.floor(chance() * 50);
    const draw = chance();
    if (draw < 0.6) {
      const timer = clock.after(ms, () => runs.push(`${step} at ${clock.now()}`));
      const cancel = plain.after(ms, () => plainRuns.push(`${step} at ${plain.now}`));
      cancels.push([() => timer.cancel(), cancel]);
    } else if (draw < 0.8) {
      for (const cancel of cancels[Math.floor(chance() * cancels.length)] ?? []) cancel();
    } else {
      clock.advance(ms / 4);
      plain.advance(ms / 4);
    }
    if (clock.pending !== plain.timers.length) throw new Error(`seed ${seed}: ${clock.pending} wait after ${step}`);
  }
  expect({ seed, runs }).toEqual({ seed, runs: plainRuns });
  expect(runs.length).toBeGreaterThan(1_000);
});

test("a timer may make and cancel others, and one that is due before now runs now", () => {
  const clock = new ManualClock();
  const runs: string[] = [];
  const later = clock.after(20, () => runs.push("never"));
  clock.after(10, () => {
    later.cancel();
    later.cancel();
    clock.after(-5, () => runs.push(`at once, ${clock.now()}`));
    clock.after(Number.NaN, () => runs.push(`no number, ${clock.now()}`));
  });
  clock.advance(30);
  expect(runs).toEqual(["at once, 10", "no number, 10"]);
  expect([clock.now(), clock.pending, clock.nextAt, clock.step()]).toEqual([30, 0, undefined, false]);
});

test("a step goes to the next timer", () => {
  const clock = new ManualClock();
  const runs: number[] = [];
  clock.after(7, () => runs.push(7));
  clock.after(5, () => runs.push(5));
  expect(clock.nextAt).toBe(5);
  expect(clock.step()).toBe(true);
  expect([clock.now(), ...runs]).toEqual([5, 5]);
});
