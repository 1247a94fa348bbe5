import { expect, test } from "vitest";
import { seedOfRun, soak } from "../support/seeded.ts";
import { VARIANTS } from "./world-rules.ts";
import { runSchedule } from "./world-schedule.ts";

const SEED = seedOfRun();
const SCHEDULES = soak(20_000);
/** A broken rule shows within so many schedules. */
const VARIANT_SCHEDULES = 5_000;

test(`${SCHEDULES} schedules of cuts, stalls, moves, restarts, resumes and ends lose, double, reorder and cross nothing (seed ${SEED})`, {
  timeout: soak(60_000),
}, () => {
  const totals: Record<string, number> = {};
  for (let number = 0; number < SCHEDULES; number++) {
    const seed = SEED + number;
    try {
      for (const [name, count] of Object.entries(runSchedule(seed))) totals[name] = (totals[name] ?? 0) + count;
    } catch (error) {
      throw new Error(`schedule of seed ${seed}, number ${number + 1}: ${(error as Error).message}`, { cause: error });
    }
  }
  const texts = Object.entries(totals).map(([name, count]) => `${count} ${name}`);
  console.log(`seed ${SEED}: ${SCHEDULES} schedules, ${texts.join(", ")}`);
  for (const [name, count] of Object.entries(totals))
    expect(count, `the schedules contain ${name}`).toBeGreaterThan(SCHEDULES / 50);
});

test.each(VARIANTS)(
  `a schedule shows what breaks when $name (seed ${SEED})`,
  { timeout: 60_000 },
  ({ name, rules, breaks }) => {
    let broken = "";
    let number = 0;
    while (broken === "" && number < VARIANT_SCHEDULES) {
      try {
        runSchedule(SEED + number++, rules);
      } catch (error) {
        broken = (error as Error).message;
      }
    }
    console.log(`${name}: after ${number} schedules, ${broken}`);
    expect(broken, `after ${number} schedules`).toMatch(breaks);
  },
);
