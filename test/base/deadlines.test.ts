import fc from "fast-check";
import { expect, test } from "vitest";
import { Deadlines, type Expiring } from "../../src/base/deadlines.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";

function entry(deadlineAt: number, expired: () => void): Expiring {
  return { deadlineAt, expired, slot: -1, previous: undefined, next: undefined };
}

test("every entry expires once, never early and at most 16 ms late, whatever is added and removed (seed 7)", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 20_000 }), fc.integer({ min: 0, max: 20_000 }), fc.boolean()), {
        maxLength: 60,
      }),
      (plan) => {
        const clock = new ManualClock();
        const deadlines = new Deadlines(clock);
        const late: number[] = [];
        let expected = 0;
        for (const [addAt, wait, removed] of plan) {
          clock.after(addAt, () => {
            const due = clock.now() + wait;
            const one = entry(due, () => late.push(clock.now() - due));
            deadlines.add(one);
            if (removed) clock.after(Math.max(0, wait - 1), () => deadlines.remove(one));
          });
          if (!removed) expected++;
        }
        clock.advance(50_000);
        expect(deadlines.size).toBe(0);
        expect(late.length).toBeGreaterThanOrEqual(expected);
        for (const ms of late) expect(ms >= 0 && ms <= 17).toBe(true);
        deadlines.close();
        expect(clock.pending).toBe(0);
      },
    ),
    { seed: 7, numRuns: 200 },
  );
});

test("an entry that is due already when it is added expires in the next 16 ms", () => {
  const clock = new ManualClock();
  const deadlines = new Deadlines(clock);
  const late: number[] = [];
  deadlines.add(
    entry(100, () => {
      const due = clock.now() - 50;
      deadlines.add(entry(due, () => late.push(clock.now() - due)));
      deadlines.add(entry(clock.now() + 2_000, () => late.push(0)));
    }),
  );
  clock.advance(5_000);
  expect(late.length).toBe(2);
  expect(late[0]).toBeLessThanOrEqual(50 + 32);
});

test("an entry that adds another when it expires is not lost", () => {
  const clock = new ManualClock();
  const deadlines = new Deadlines(clock);
  let fired = 0;
  deadlines.add(entry(10, () => (fired++, deadlines.add(entry(clock.now() + 10, () => fired++)))));
  clock.advance(100);
  expect(fired).toBe(2);
});
