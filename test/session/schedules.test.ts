import { expect, test } from "vitest";
import { seedOfRun, soak } from "../support/seeded.ts";
import { Seeded } from "./seeded.ts";
import { World } from "./world.ts";

const SEED = seedOfRun();
const SCHEDULES = soak(2_000);

test(`${SCHEDULES} schedules of cuts, stalls, moves, restarts and ends lose, double, reorder and cross nothing (seed ${SEED})`, {
  timeout: soak(30_000),
}, () => {
  const totals: Record<string, number> = {};
  for (let schedule = 0; schedule < SCHEDULES; schedule++) {
    const seed = SEED + schedule;
    const chance = new Seeded(seed);
    const world = new World(chance);
    try {
      for (let left = 40 + chance.int(200); left > 0; left--) world.step();
      world.settle();
    } catch (error) {
      throw new Error(`schedule of seed ${seed}: ${(error as Error).message}`, { cause: error });
    }
    for (const [name, count] of Object.entries(world.counts)) totals[name] = (totals[name] ?? 0) + count;
  }
  console.log(
    `seed ${SEED}: ${SCHEDULES} schedules, ${Object.entries(totals)
      .map(([name, count]) => `${count} ${name}`)
      .join(", ")}`,
  );
  for (const [name, count] of Object.entries(totals))
    expect(count, `the schedules contain ${name}`).toBeGreaterThan(SCHEDULES / 50);
});
