import { expect, test } from "vitest";
import { LinkError } from "../../src/base/errors.ts";
import { loggerOf } from "../../src/base/log.ts";
import { environmentWith } from "../../src/link/environment.ts";
import { Retries } from "../../src/node/retries.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { turns } from "../support/until.ts";

/** The waits, ms, between tries that fail in this order and then succeed, with the longest jitter that there is. */
async function waits(codes: readonly ("ERR_UNREACHABLE" | "ERR_TRUNCATED" | "ERR_TIMEOUT")[]): Promise<number[]> {
  const clock = new ManualClock();
  const environment = environmentWith({ clock, chance: () => 1 - 1e-9 });
  const log = loggerOf("silent", "Foo");
  const retries = new Retries({ environment, log, reconnect: true, target: "the Room", advice: "" });
  const at: number[] = [];
  const run = retries.run(async () => {
    at.push(clock.now());
    const code = codes[at.length - 1];
    if (code !== undefined) throw new LinkError(code, "on purpose");
  });
  for (; at.length <= codes.length; clock.step()) await turns(4);
  await run;
  expect(clock.pending).toBe(0);
  return at.slice(1).map((time, index) => Math.round(time - (at[index] as number)));
}

test("waits double from 100 ms to 3 s while nobody listens", async () => {
  expect(await waits(Array(8).fill("ERR_UNREACHABLE"))).toEqual([100, 200, 400, 800, 1_600, 3_000, 3_000, 3_000]);
});

test("whoever is there again, and drops connections since all come at once, is tried soon again", async () => {
  const gone = Array(7).fill("ERR_UNREACHABLE");
  expect((await waits([...gone, "ERR_TRUNCATED", "ERR_TRUNCATED", "ERR_TRUNCATED"])).slice(6)).toEqual([
    3_000, 100, 200, 400,
  ]);
});

test("a place that is there and gone by turns is tried no more often for that", async () => {
  const byTurns = Array.from({ length: 12 }, (_, at) => (at % 2 === 0 ? "ERR_UNREACHABLE" : "ERR_TRUNCATED"));
  expect((await waits(byTurns)).slice(-5)).toEqual(Array(5).fill(3_000));
});

test("failures of one kind are as far apart as ever", async () => {
  expect(await waits(Array(7).fill("ERR_TRUNCATED"))).toEqual([100, 200, 400, 800, 1_600, 3_000, 3_000]);
});
