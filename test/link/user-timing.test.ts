import { expect, test } from "vitest";
import { nativeEngine } from "../../src/crypto/native.ts";
import { UserTable } from "../../src/link/user-table.ts";
import { seeded, seedOfRun, soak } from "../support/seeded.ts";
import { ALICE, give, random, sent, stage, VERIFIER, WRONG } from "./user-stage-driver.ts";

const seed = seedOfRun();
console.log(`timing of user stages, seed ${seed}`);

/** Tries of each kind: 400, and the 2,000 of the protocol's own figure in the long form. */
const TRIES = process.env["SOAK"] === undefined ? 400 : Math.min(soak(400), 2_000);
/** Tries before the measurement, while the code is still being compiled. */
const WARM_UP = 50;

const users = new UserTable({ alice: VERIFIER, bob: VERIFIER }, undefined, nativeEngine, random);

/** What the Room's part of a failed login takes, in ms: the look into the table, record 1, record 3. */
function roomTime(name: "alice" | "carol"): number {
  const { user } = stage({ name, isFixed: false });
  let spent = performance.now();
  const { room } = stage({ name, entry: users.entryFor(name) });
  const asked = room.ask();
  spent = performance.now() - spent;
  give(user, asked);
  const answer = sent(user.login(name === "alice" ? WRONG : ALICE));
  const from = performance.now();
  give(room, answer);
  return spent + performance.now() - from;
}

function about(sample: Float64Array): { mean: number; error: number } {
  const mean = sample.reduce((sum, value) => sum + value, 0) / sample.length;
  const variance = sample.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (sample.length - 1);
  return { mean, error: variance / sample.length };
}

/** Welch's t of the ranks of two samples: a pause of the machine is one slow try, however long it was. */
function welchT(one: readonly number[], other: readonly number[]): number {
  const order = [...one, ...other].map((_, at) => at);
  const all = [...one, ...other];
  order.sort((a, b) => (all[a] as number) - (all[b] as number));
  const ranks = new Float64Array(all.length);
  for (const [rank, at] of order.entries()) ranks[at] = rank;
  const [a, b] = [about(ranks.subarray(0, one.length)), about(ranks.subarray(one.length))];
  return (a.mean - b.mean) / Math.sqrt(a.error + b.error);
}

test("case 34: the Room takes as long over an unknown name as over a wrong password", () => {
  const chance = seeded(seed);
  const times = { alice: [] as number[], carol: [] as number[] };
  for (let round = -WARM_UP; round < TRIES; round++) {
    // In an order by chance, so that whatever drifts or repeats in the machine falls on both alike.
    const names = chance() < 0.5 ? (["alice", "carol"] as const) : (["carol", "alice"] as const);
    for (const name of names) {
      const ms = roomTime(name);
      if (round >= 0) times[name].push(ms);
    }
  }
  const t = welchT(times.alice, times.carol);
  console.log(`unknown name against wrong password: t = ${t.toFixed(2)} over ${TRIES} tries each`);
  expect(Math.abs(t)).toBeLessThan(4.5);
  // What it would be if the work for unknown names lacked a third, as that of the map onto the curve.
  const slower = times.carol.map((ms) => ms * 1.5);
  expect(Math.abs(welchT(times.alice, slower))).toBeGreaterThan(4.5);
});
