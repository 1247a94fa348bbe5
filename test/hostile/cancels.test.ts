import { expect, test } from "vitest";
import { Deadlines } from "../../src/base/deadlines.ts";
import { CANCEL_BURST, cancelBudget, Cancels, CANCELS_PER_SECOND } from "../../src/call/cancels.ts";
import { Outbox } from "../../src/session/outbox.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { readFrames } from "../session/naive.ts";
import { expectNothingLeft } from "../support/leftovers.ts";
import { seeded, seedOfRun, soak } from "../support/seeded.ts";
import { turns, until } from "../support/until.ts";
import { call, cancel, chunked } from "./script.ts";
import { ECHO, endOf, heapBytes, MIB, NEVER, sceneOf, VICTIMS } from "./scene.ts";

expectNothingLeft();

const SEED = seedOfRun();
console.log(`cancels, seed ${SEED}`);

test.each(VICTIMS)(
  "case 75: opening and cancelling 100,000 calls ends the session at a %s, and nothing else",
  async (is) => {
    const scene = await sceneOf(is);
    await scene.calls.expectWell();
    const before = await heapBytes();
    const peer = await scene.attacker();
    await peer.flood(chunked(100_000, 500, (n) => Buffer.concat([call(n + 1, ECHO, n), cancel(n + 1)])));
    await until(() => peer.isOver);
    expect(peer.end).toEqual({
      recv: expect.any(Number),
      reason: 1,
      text: "more than 10000 calls were cancelled at once, or 1000 per second",
    });
    await scene.calls.expectWell();
    peer.answers.clear();
    expect((await heapBytes()) - before).toBeLessThan(10 * MIB);
  },
);

test("cancels of calls that never were, of finished ones and of others' are nothing, but count as cancels", async () => {
  const scene = await sceneOf("Server");
  const peer = await scene.attacker();
  const other = await scene.attacker("Another");
  other.say(call(77, NEVER));
  peer.say(call(1, ECHO, "mine"), cancel(2), cancel(77), cancel(0), cancel(0xffff_ffff));
  expect(await peer.answer(1)).toMatchObject({ value: "mine" });
  await peer.flood(chunked(CANCEL_BURST - 4, 5_000, () => cancel(1)));
  await peer.taken();
  peer.say(call(2, ECHO, "still here"));
  expect(await peer.answer(2)).toMatchObject({ value: "still here" });
  await peer.flood(chunked(CANCEL_BURST, 5_000, (n) => cancel(n)));
  await until(() => peer.isOver);
  expect(peer.end?.text).toContain("were cancelled at once");
  other.say(cancel(77), call(78, ECHO, "other"));
  expect(await other.answer(78)).toMatchObject({ value: "other" });
  await scene.calls.expectWell();
});

test("an honest program that cancels 50,000 calls at once loses nothing: its session stays, its other calls are answered, and all handlers learn of it", async () => {
  const scene = await sceneOf("User");
  const { victim, honest } = scene;
  let started = 0;
  let aborted = 0;
  victim.handle("until cancelled", (_input, { signal }) => {
    started++;
    return new Promise<void>((resolve) => {
      signal.addEventListener("abort", () => {
        aborted++;
        resolve();
      });
    });
  });
  await turns();
  const outcomes = new Map<string, number>();
  const note = (outcome: string): void => void outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  for (let round = 0; round < 100; round++) {
    const abort = new AbortController();
    for (let n = 0; n < 500; n++) {
      honest.get("until cancelled", n, { signal: abort.signal }).then(
        () => note("answered"),
        (error: { code: string; outcome: string }) => note(`${error.code}: ${error.outcome}`),
      );
    }
    await turns(4);
    abort.abort();
    if (round % 20 === 0) expect(await honest.get("echo", round)).toBe(round);
  }
  await turns();
  const [mayHaveRun = 0, didNotRun = 0] = ["CANCELLED: may have run", "CANCELLED: did not run"].map((outcome) =>
    outcomes.get(outcome),
  );
  expect(mayHaveRun + didNotRun).toBe(50_000);
  expect(mayHaveRun).toBeGreaterThan(CANCEL_BURST / 2);
  expect(started).toBe(mayHaveRun);
  await until(() => aborted === started);
  expect(victim.peer("Foo").path).toBe("lan");
  await scene.calls.expectWell();
});

/** The cancels of a caller, on a clock by hand. */
class Bench {
  readonly clock = new ManualClock();
  readonly outbox = new Outbox();
  readonly session = { acked: 0 };
  paid = 0;
  readonly cancels: Cancels;
  #sent = 0;

  constructor() {
    const deadlines = new Deadlines(this.clock);
    const { clock, outbox, session } = this;
    this.cancels = new Cancels({ clock, deadlines, outbox, session }, () => this.paid++);
    outbox.bind({ wake: () => {}, bulkBytes: () => 0 });
  }

  /** What leaves now: the channels. */
  leave(): number[] {
    const channels: number[] = [];
    for (;;) {
      const bytes = Buffer.concat(this.outbox.pull(65_518, this.#sent, 0));
      if (bytes.length === 0) return channels;
      this.#sent += bytes.length;
      channels.push(...readFrames(bytes).map(({ channel }) => channel));
    }
  }

  /** The peer has all that left. */
  arrive(): void {
    this.session.acked = this.#sent;
  }
}

test("half of what the peer takes leaves at once, the rest is owed and leaves at half of its rate, unless an answer comes first", () => {
  const bench = new Bench();
  for (let channel = 1; channel <= 6_000; channel++) bench.cancels.cancel(channel);
  expect(bench.leave()).toHaveLength(CANCEL_BURST / 2);
  expect(bench.cancels.owed).toBe(1_000);
  bench.arrive();
  expect(bench.cancels.answered(5_001)).toBe(true);
  expect(bench.cancels.answered(5_001)).toBe(false);
  for (let step = 0; step < 100; step++) bench.clock.advance(10);
  const later = bench.leave();
  expect(later.length).toBeGreaterThan(0.45 * CANCELS_PER_SECOND);
  expect(later.length).toBeLessThanOrEqual(0.5 * CANCELS_PER_SECOND);
  expect(later[0]).toBe(5_002);
  expect(bench.paid).toBeGreaterThan(0);
  for (let step = 0; step < 200; step++) bench.clock.advance(10);
  expect(bench.leave().at(-1)).toBe(6_000);
  expect(bench.clock.pending).toBe(0);
});

test("the next session of a peer may cancel as often as the one before", async () => {
  const scene = await sceneOf("Server");
  for (const incarnation of [1, 2, 3]) {
    const peer = (await scene.proven("Attacker", endOf(incarnation))).attach();
    await peer.flood(chunked(0.9 * CANCEL_BURST, 3_000, (n) => cancel(n)));
    peer.say(call(1, ECHO, incarnation));
    expect(await peer.answer(1)).toMatchObject({ value: incarnation });
    peer.link.close();
  }
});

test("a session that ends owes nothing, and the next one has all of it again", () => {
  const bench = new Bench();
  for (let channel = 1; channel <= 6_000; channel++) bench.cancels.cancel(channel);
  bench.leave();
  bench.cancels.sessionEnded();
  expect(bench.cancels.owed).toBe(0);
  for (let channel = 1; channel <= 6_000; channel++) bench.cancels.cancel(channel);
  expect(bench.leave()).toHaveLength(CANCEL_BURST / 2);
});

test(`however a link holds frames up, what a caller sends is never a flood to its peer (seed ${SEED})`, () => {
  const rounds = soak(30);
  let held = 0;
  let refused = 0;
  for (let round = 0; round < rounds; round++) {
    const chance = seeded(SEED + round);
    const bench = new Bench();
    const budget = cancelBudget(bench.clock.now());
    let channel = 0;
    let onTheWay = 0;
    let isHeld = false;
    for (let step = 0; step < 800; step++) {
      const burst = chance() < 0.1 ? 3_000 : 20;
      for (let left = chance() * burst; left > 0; left--) bench.cancels.cancel(++channel);
      onTheWay += bench.leave().length;
      if (chance() < 0.006) isHeld = !isHeld;
      bench.clock.advance(Math.floor(chance() * 200));
      if (isHeld) continue;
      held = Math.max(held, onTheWay);
      for (; onTheWay > 0; onTheWay--) if (!budget.take(bench.clock.now())) refused++;
      bench.arrive();
    }
    expect(refused, `seed ${SEED + round}`).toBe(0);
  }
  expect(held).toBeGreaterThan(0.4 * CANCEL_BURST); // some were held up for long
});
