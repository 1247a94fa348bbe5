import { expect, test } from "vitest";
import { seedOfRun, soak } from "../support/seeded.ts";
import { runOutcomes } from "./outcomes-schedule.ts";

const SEED = seedOfRun();
const SCHEDULES = soak(300);

/** What must happen in one of so many schedules at least: else they prove little. */
const RARE = 25;
const MUST_HAPPEN = [
  "get answered",
  "send answered",
  "ran: Declared",
  "ran: FAILED",
  "did not run: INVALID_INPUT",
  "did not run: TIMEOUT",
  "did not run: CANCELLED",
  "did not run: CLOSED",
  "did not run: DISCONNECTED",
  "may have run: TIMEOUT",
  "may have run: CANCELLED",
  "may have run: CLOSED",
  "may have run: DISCONNECTED",
  "may have run: ran",
  "may have run: did not",
  "links by introduction",
  "links by key",
  "keys refused",
  "moves",
  "killed",
  "left",
  "sessions ended: done",
  "sessions ended: done by the peer",
  "sessions ended: superseded",
  "sessions ended: lost",
  "sessions ended: lost at once",
];

test(`in ${SCHEDULES} schedules of cuts, stalls, kills and outages every call settles once, and what it says of its handler is true (seed ${SEED})`, {
  timeout: soak(120_000),
}, async () => {
  const totals: Record<string, number> = {};
  for (let number = 0; number < SCHEDULES; number++) {
    const seed = SEED + number;
    try {
      for (const [name, count] of Object.entries(await runOutcomes(seed))) totals[name] = (totals[name] ?? 0) + count;
    } catch (error) {
      throw new Error(`schedule of seed ${seed}, number ${number + 1}: ${(error as Error).message}`, { cause: error });
    }
  }
  const texts = Object.keys(totals)
    .toSorted()
    .map((name) => `${totals[name]} ${name}`);
  console.log(`seed ${SEED}: ${SCHEDULES} schedules, ${texts.join(", ")}`);
  for (const name of MUST_HAPPEN)
    expect(totals[name] ?? 0, `the schedules contain "${name}"`).toBeGreaterThan(SCHEDULES / RARE);
});
