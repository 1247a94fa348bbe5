import type { Clock } from "../base/clock.ts";
import type { Shape } from "./course.ts";
import { quiet } from "./event-loop.ts";
import { ManualClock } from "./manual-clock.ts";
import { Outside } from "./outside.ts";
import { checkFaults, type Faults, startFaults } from "./random-faults.ts";
import { checkShape, SimulatedNetwork } from "./simulated-network.ts";
import { EventList, type SimulationEvent } from "./simulation-event.ts";
import { withSeed } from "./with-seed.ts";

export interface SimulateOptions extends Partial<Shape> {
  /** A whole number that all chance comes from: one seed, one course of events. Default 1. */
  readonly seed?: number | undefined;
  /** What befalls the network by chance. Default: nothing but what the test does. */
  readonly faults?: Faults | undefined;
  /** Simulated milliseconds after which the test has failed. Default 3,600,000: an hour. */
  readonly maxMs?: number | undefined;
  /** How many of the latest events are kept at least. Default 100,000. */
  readonly keepEvents?: number | undefined;
  /** Gets every event as it happens; `onEvent: console.log` shows how a seed fails. */
  readonly onEvent?: ((event: SimulationEvent) => void) | undefined;
}

const DEFAULT_LATENCY_MS = [1, 10] as const;
const DEFAULT_MAX_MS = 3_600_000;
const DEFAULT_EVENTS = 100_000;

/** Timers of one instant: more of them, and something sets itself again and again without any time passing. */
const MOST_AT_ONCE = 100_000;

/**
 * Runs a test in a network inside this process: hosts, links and faults, on a clock of its own that goes on by itself, to the next timer,
 * whenever nothing is left to do. Minutes take milliseconds, and one seed gives one course of events. Gives what the test gives, and
 * fails as it fails, with the seed in the error's message.
 *
 * All that the test waits for must come of the simulation: its network, `net.sleep`, promises. Real timers, files and threads are waited
 * for only as `net.outside(promise)`, else time goes on without them, and what happens depends on the machine.
 * @throws TypeError for options that make no sense. Rejects too when the test waits for what can't come, and after `maxMs`.
 */
export async function simulate<Result>(
  options: SimulateOptions,
  test: (net: SimulatedNetwork) => Promise<Result>,
): Promise<Result> {
  const { seed = 1, faults = {}, maxMs = DEFAULT_MAX_MS, latencyMs = DEFAULT_LATENCY_MS, bytesPerS } = options;
  check(options);
  const clock = new ManualClock();
  let isOver = false;
  const guarded: Clock = {
    now: () => clock.now(),
    date: () => clock.date(),
    after: (ms, run) => {
      if (isOver) throw new Error("the simulation is over: close what runs in it before the test function ends");
      return clock.after(ms, run);
    },
  };
  const events = new EventList(options.keepEvents ?? DEFAULT_EVENTS, () => clock.now(), options.onEvent);
  const outside = new Outside(guarded);
  const net = new SimulatedNetwork({ seed, clock: guarded, shape: { latencyMs, bytesPerS }, events, outside });
  try {
    return await untilSettled(clock, outside, maxMs, (fail) => {
      startFaults(net, faults, fail);
      return test(net);
    });
  } catch (error) {
    throw withSeed(error, seed, clock.now());
  } finally {
    net.end();
    isOver = true;
  }
}

/** Moves the clock on until the promise settles. `fail`, which `start` is given, settles it too. */
async function untilSettled<Result>(
  clock: ManualClock,
  outside: Outside,
  maxMs: number,
  start: (fail: (error: unknown) => void) => Promise<Result>,
): Promise<Result> {
  let settled: { result: Result } | { error: unknown } | undefined;
  const fail = (error: unknown): void => void (settled ??= { error });
  start(fail).then((result) => void (settled ??= { result }), fail);
  let atOnce = 0;
  for (;;) {
    await quiet();
    if (settled !== undefined) break;
    if (outside.isUnderWay) {
      await outside.end();
      continue;
    }
    const next = clock.nextAt;
    if (next === undefined || next === Infinity) {
      throw new Error(
        "nothing is left to happen, and the test still waits: for something outside of the simulation (a real timer, a file: see net.outside), for a host that crashed, or for a promise that nobody settles",
      );
    }
    if (next > maxMs) throw new Error(`the test still waits after ${maxMs / 1_000} simulated seconds (option maxMs)`);
    atOnce = next > clock.now() ? 0 : atOnce + 1;
    if (atOnce > MOST_AT_ONCE) throw new Error("time stands still: timers set timers for the same instant without end");
    clock.step();
  }
  if ("error" in settled) throw settled.error;
  return settled.result;
}

function check({ seed, faults, maxMs, keepEvents, ...shape }: SimulateOptions): void {
  if (seed !== undefined && !Number.isSafeInteger(seed))
    throw new TypeError(`seed must be a whole number, not ${seed}`);
  if (maxMs !== undefined && !(maxMs > 0)) throw new TypeError(`maxMs must be milliseconds above 0, not ${maxMs}`);
  if (keepEvents !== undefined && !(Number.isInteger(keepEvents) && keepEvents > 0))
    throw new TypeError(`keepEvents must be a whole number above 0, not ${keepEvents}`);
  checkShape(shape);
  if (faults !== undefined) checkFaults(faults);
}
