import { DEFAULT_LIMITS } from "../../src/base/limits.ts";
import { Seeded } from "../session/seeded.ts";
import { GETS, SENDS } from "./outcomes-handlers.ts";
import type { Tracked } from "./outcomes-log.ts";
import { Network } from "./outcomes-network.ts";
import type { Program } from "./outcomes-program.ts";
import { type Side, SIDES } from "./outcomes-wire.ts";

/** Whatever the present callback made ready to run has run. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Time passes: each timer runs in a turn of its own. */
async function advance(network: Network, ms: number): Promise<void> {
  const { clock } = network;
  const end = clock.now() + ms;
  await turn();
  while ((clock.nextAt ?? Number.POSITIVE_INFINITY) <= end) {
    clock.step();
    await turn();
  }
  clock.advance(end - clock.now());
}

/** Runs the schedule of that seed to its end, when every call has settled. Throws where a promise is broken. @returns how often what happened */
export async function runOutcomes(seed: number): Promise<Readonly<Record<string, number>>> {
  const chance = new Seeded(seed);
  const network = new Network(chance);
  if (!chance.once(4)) {
    network.introduce(network.programs[0]);
    await advance(network, 1_500);
  }
  for (let left = 10 + chance.int(50); left > 0; left--) {
    happen(network, chance);
    if (chance.once(40)) await loseWindow(network);
    await advance(network, chance.pick([0, 1, 5, 30, 200, 1_000]));
    network.forgetDeadWires();
    complain(network);
  }
  await settle(network);
  return network.log.counts;
}

function complain({ log }: Network): void {
  const [fault] = log.faults;
  if (fault !== undefined) throw new Error(fault);
}

function happen(network: Network, chance: Seeded): void {
  const side = chance.int(2) as Side;
  const program = network.programs[side];
  const wire = network.wires.length === 0 ? undefined : chance.pick(network.wires);
  const what = chance.int(100);
  if (what < 50) callSome(program, chance);
  else if (what < 58) wire?.cut([chance.int(4), chance.int(4)], [chance.int(3_000), chance.int(3_000)]);
  else if (what < 68) wire?.stall(side, !wire.isStalled && chance.once(2));
  else if (what < 74) network.move(program);
  else if (what < 82) cancelSome(network, chance);
  else if (what < 84) goDown(network, chance.pick([500, 3_000]));
  else if (what < 86) leave(network, program, chance);
  else if (what < 90) kill(network, program, chance);
  else if (what < 91) flood(program, chance);
  else if (what < 93 && program.isAlive) program.table.end(program.peer, "ended on purpose");
}

function callSome(program: Program, chance: Seeded): void {
  if (!program.isAlive) return;
  for (let left = 1 + chance.int(4); left > 0; left--) {
    const bytes = chance.once(8) ? 20_000 + chance.int(130_000) : chance.int(chance.once(8) ? 16_000 : 100);
    const timeoutMs = chance.pick([100, 2_000, 10_000, 60_000, PATIENT_MS]);
    if (chance.once(2)) program.call("get", chance.pick(GETS), bytes, timeoutMs);
    else program.call("send", chance.pick(SENDS), bytes, timeoutMs);
  }
}

/** More than the outbox takes, so that big sends wait, and small ones behind them. */
function flood(program: Program, chance: Seeded): void {
  if (!program.isAlive) return;
  for (let left = 34; left > 0; left--) {
    program.call("send", chance.pick(SENDS), 150_000, 60_000);
    if (chance.once(4)) program.call("send", chance.pick(SENDS), 10, 60_000);
  }
}

function cancelSome({ log }: Network, chance: Seeded): void {
  const open = log.calls.filter(({ settled }) => settled === undefined);
  if (open.length > 0) chance.pick(open).abort.abort(new Error("not wanted any more"));
}

/** No link, and no other one either, for a moment. */
function goDown(network: Network, ms: number): void {
  network.isDown = true;
  for (const wire of network.wires) wire.cut([0, 0], [0, 0]);
  network.clock.after(ms, () => (network.isDown = false));
}

/** The same for longer than a session lives without a link. */
async function loseWindow(network: Network): Promise<void> {
  network.log.count("windows passed");
  goDown(network, DEFAULT_LIMITS.session.resumeWindowMs + 2_000);
  await advance(network, DEFAULT_LIMITS.session.resumeWindowMs + 3_000);
}

/** Leaves in order, within a grace time, and comes again. */
function leave(network: Network, program: Program, chance: Seeded): void {
  if (!program.isAlive || program.isLeaving) return;
  program.isLeaving = true;
  network.log.count("left");
  const graceMs = chance.pick([0, 100, 5_000]);
  const downMs = chance.int(2_000);
  void program.table.close("it is leaving", graceMs).then(() => {
    network.clock.after(LAST_LOOK_MS, () => {
      if (!program.isAlive) return;
      program.stopAsking();
      if (program.conversation.caller.busy > 0) network.log.fault("calls are left after closing");
      if (program.clock.pending > 0) network.log.fault(`${program.clock.pending} timers are left after closing`);
      network.kill(program);
      network.clock.after(downMs, () => network.restart(program.side));
    });
  });
}

/** Closing looks every 5 ms whether the last answers have left, and may look once more than it needs. */
const LAST_LOOK_MS = 6;

/** Dies: as a rule without a word, now and then after it ended its session. */
function kill(network: Network, program: Program, chance: Seeded): void {
  if (!program.isAlive) return;
  network.log.count("killed");
  if (chance.once(4)) program.table.end(program.peer, "it must end");
  network.kill(program);
  const downMs = chance.pick([0, 500, 5_000]);
  network.clock.after(downMs, () => network.restart(program.side));
}

/** Who calls for so long gives up by hand. */
const PATIENT_MS = 400_000;

/** Once nothing fails any more, a call is answered within this time. */
const CALM_MS = 15_000;

/** By then every call that nobody gave up has met its deadline. */
const LONGEST_MS = 100_000;

/** Nothing fails any more: every call settles, both sides can call each other, and nothing is left of it all. */
async function settle(network: Network): Promise<void> {
  const { log, clock, wires } = network;
  for (const wire of wires) if (wire.isStalled) wire.cut([0, 0], [0, 0]);
  const isChanging = (): boolean =>
    network.isDown || network.programs.some(({ isAlive, isLeaving }) => !isAlive || isLeaving);
  while (isChanging()) await advance(network, 500);
  for (const { caller, settled, timeoutMs, abort } of log.calls)
    if (caller.isAlive && settled === undefined && timeoutMs === PATIENT_MS) abort.abort(new Error("not wanted"));
  // The first call may end with the session that a dead process left behind.
  await probe(network, (call) => call.settled !== undefined);
  await probe(network, (call) => call.settled === "answered");
  for (const until = clock.now() + LONGEST_MS; log.open > 0 && clock.now() < until; ) await advance(network, 500);
  for (const { handlers } of network.programs) handlers.release();
  await advance(network, 5_000);
  log.check();
  for (const program of network.programs) for (const text of program.leftovers) log.fault(`${text} are left`);
  // Deadlines of calls that are over may leave one timer behind, and a link that carries nothing is not watched.
  await advance(network, PATIENT_MS);
  for (const { clock: own, name } of network.programs) if (own.pending > 0) log.fault(`${name} never comes to rest`);
  complain(network);
  const closings = SIDES.map((side) => network.programs[side].table.close("the end"));
  await advance(network, 10_000);
  await Promise.all(closings);
  for (const { clock: own, name } of network.programs)
    if (own.pending > 0) log.fault(`${own.pending} timers of ${name} are left after closing`);
  complain(network);
}

/** Both sides call each other. */
async function probe(network: Network, isWell: (call: Tracked) => boolean): Promise<void> {
  const { log, clock } = network;
  const calls = network.programs.map((program) => program.call("get", "now", 10, 60_000));
  for (const until = clock.now() + CALM_MS; clock.now() < until && !calls.every(isWell); ) await advance(network, 100);
  for (const call of calls) {
    if (!isWell(call)) log.fault(`${call.caller.name} can't call its peer: ${String(call.settled)}`);
  }
  complain(network);
}
