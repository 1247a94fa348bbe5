import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { percentile } from "../trust/counters.ts";
import { type Latencies, show } from "./latencies.ts";
import type { Arrival } from "./members-process.ts";
import {
  attackerProcess,
  IS_LONG,
  MEBIBYTE,
  membersProcess,
  ready,
  report,
  roomProcess,
  SEED,
  TEST_MS,
} from "./scene.ts";

const MEMBERS = IS_LONG ? 50 : 10;
const ROUNDS = IS_LONG ? 5 : 1;
const SECONDS = IS_LONG ? 5 : 3;
const CALLS_PER_SECOND = 20;
const INTRODUCTIONS_PER_SECOND = 2;
const HELLOS_PER_SECOND = 200;
const SLOW = 64;
/** How soon a slow stranger comes again, ms. */
const AGAIN_MS = 100;
const HONEST = ["127.0.0.1", "127.0.0.2"];

/** Under attack p99 may be so much more than without. */
const SLOWER = 2;
const SLOWER_MS = 2;

/**
 * What a stranger of one address gets of the Room's work on curves: until its failures are known to be too many it has as many tries
 * as connections, and from then on one for each ten seconds that drain.
 */
const REPLIES_PER_ADDRESS = 4 + 8;
/** The same where members are behind that address: it is refused later, and has more places. */
const REPLIES_BESIDE_MEMBERS = 10 + 32;

const WORDS = ["calls", "pings", "introductions"] as const;
type Served = Readonly<Record<(typeof WORDS)[number], Latencies>>;

/** Rounds with and without an attack take turns, since a machine is not always as fast. */
function medians(rounds: readonly Served[], word: (typeof WORDS)[number]): Latencies {
  const median = (field: keyof Latencies): number =>
    percentile(
      rounds.map((round) => round[word][field]),
      0.5,
    );
  return { count: median("count"), p50: median("p50"), p99: median("p99"), most: median("most") };
}

function arrival(one: Arrival | undefined): string {
  return one === undefined
    ? "not let in"
    : `in after ${one.inMs.toFixed(0)}, answered after ${one.calledMs.toFixed(0)} ms`;
}

test.each([
  [
    "other addresses",
    ["127.0.1.1", "127.0.1.2", "127.0.1.3", "127.0.1.4", "127.0.1.5", "127.0.1.6", "127.0.1.7", "127.0.1.8"],
  ],
  ["the members' own address", ["127.0.0.1"]],
])(
  "members call and are introduced while strangers attack the Room from %s",
  async (from, hosts) => {
    const [room, callers, asking, attacker] = [roomProcess(), membersProcess(), membersProcess(), attackerProcess()];
    await ready(room, callers, asking, attacker);
    const port = await room.ask("open", 0);
    await callers.ask("joinUsers", port, "User", MEMBERS, HONEST);
    await asking.ask("joinRaw", port, "Raw", MEMBERS, HONEST, 4);
    const serve = async (): Promise<Served> => {
      const calls = callers.ask("calls", SECONDS, CALLS_PER_SECOND, SEED);
      const service = await asking.ask("service", SECONDS, INTRODUCTIONS_PER_SECOND, SEED);
      return { calls: await calls, ...service };
    };
    await callers.ask("calls", 1, CALLS_PER_SECOND, SEED); // whoever calls for the first time is introduced
    const rssBytes = await room.ask("rssBytes");
    const quiet: Served[] = [];
    const stormy: Served[] = [];
    let busyCpuMs = 0;
    for (let round = 1; ; round++) {
      quiet.push(await serve());
      await attacker.ask("attack", port, HELLOS_PER_SECOND, SLOW, hosts, AGAIN_MS);
      await sleep(500);
      const cpuMs = await room.ask("cpuMs");
      stormy.push(await serve());
      busyCpuMs += (await room.ask("cpuMs")) - cpuMs;
      if (round === ROUNDS) break;
      await attacker.ask("stop");
    }
    const newcomer = await callers.ask("newcomer", port, "Newcomer", "127.0.2.1", 10_000);
    const neighbour = await callers.ask("newcomer", port, "Neighbour", "127.0.0.2", 10_000);
    const behind = await callers.ask("newcomer", port, "Behind", hosts[0] as string, IS_LONG ? 10_000 : 1_000);
    const strangers = await attacker.ask("stop");
    const grownBytes = (await room.ask("rssBytes")) - rssBytes;

    report(`${MEMBERS} members, ${CALLS_PER_SECOND} calls/s each, attack from ${from}`, [
      `medians of ${ROUNDS} rounds of ${SECONDS} s each`,
      ...WORDS.flatMap((word) => [
        `${word}, idle: ${show(medians(quiet, word))}`,
        `${word}, under attack: ${show(medians(stormy, word))}`,
      ]),
      `a newcomer from an address of its own: ${arrival(newcomer)}`,
      `a newcomer from a member's address: ${arrival(neighbour)}`,
      `a newcomer from an attacker's address: ${arrival(behind)}`,
      `CPU of the Room under attack: ${(busyCpuMs / ROUNDS / SECONDS / 10).toFixed(0)} %`,
      `memory of the Room: + ${(grownBytes / MEBIBYTE).toFixed(1)} MiB`,
      `strangers: ${JSON.stringify(strangers)}`,
      `refused: ${JSON.stringify(await room.ask("refused"))}`,
    ]);

    // Each call, ping and introduction is answered, or the asking would have failed.
    for (const word of WORDS) expect(medians(stormy, word).count).toBe(medians(quiet, word).count);
    expect(strangers.hellos).toBeGreaterThan(HELLOS_PER_SECOND * SECONDS * ROUNDS * 0.8);
    const drained = Math.ceil((strangers.hellos / HELLOS_PER_SECOND + 10) / 10);
    const most = from.startsWith("other") ? REPLIES_PER_ADDRESS : REPLIES_BESIDE_MEMBERS;
    expect(strangers.replies).toBeLessThanOrEqual(hosts.length * (most + drained));
    expect(newcomer).toBeDefined();
    expect(await room.ask("members")).toBeGreaterThanOrEqual(2 * MEMBERS);
    expect(grownBytes).toBeLessThan(32 * MEBIBYTE);
    if (!IS_LONG) return;
    for (const word of WORDS)
      expect(medians(stormy, word).p99, word).toBeLessThanOrEqual(SLOWER * medians(quiet, word).p99 + SLOWER_MS);
    expect(newcomer?.inMs).toBeLessThan(1_000);
    expect(neighbour?.inMs).toBeLessThan(1_000);
  },
  TEST_MS,
);
