import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect } from "vitest";
import { checkStands, Leftovers } from "./leftovers.ts";

/** Stands before every test file: when all its tests are done, nothing is left of what they and the code under test opened. */
const leftovers = new Leftovers();
leftovers.start();
checkStands();

/** The system takes a moment to free a socket and to bury a process; what is there after that is a leak. */
const MOMENT_MS = 1_000;
const STEP_MS = 25;

afterAll(async () => {
  for (let ms = 0; ms < MOMENT_MS && leftovers.list().length > 0; ms += STEP_MS) await sleep(STEP_MS);
  expect(leftovers.list(), "left behind by this file").toEqual([]);
});
