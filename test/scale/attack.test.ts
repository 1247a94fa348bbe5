import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { show } from "./latencies.ts";
import type { Arrival } from "./members-process.ts";
import { attackerProcess, IS_LONG, MEBIBYTE, membersProcess, ready, report, roomProcess, SEED } from "./scene.ts";

const MEMBERS = IS_LONG ? 50 : 10;
const SECONDS = IS_LONG ? 20 : 3;
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
])("members call and are introduced while strangers attack the Room from %s", async (from, hosts) => {
  const [room, callers, asking, attacker] = [roomProcess(), membersProcess(), membersProcess(), attackerProcess()];
  await ready(room, callers, asking, attacker);
  const port = await room.ask("open", 0);
  await callers.ask("joinUsers", port, "User", MEMBERS, HONEST);
  await asking.ask("joinRaw", port, "Raw", MEMBERS, HONEST, 4);
  const serve = async (): Promise<[Awaited<ReturnType<typeof calls>>, Awaited<ReturnType<typeof service>>]> =>
    Promise.all([calls(), service()]);
  const calls = () => callers.ask("calls", SECONDS, CALLS_PER_SECOND, SEED);
  const service = () => asking.ask("service", SECONDS, INTRODUCTIONS_PER_SECOND, SEED);
  await callers.ask("calls", 1, CALLS_PER_SECOND, SEED); // whoever calls for the first time is introduced
  const [idle, idleService] = await serve();
  const [idleCpuMs, rssBytes] = [await room.ask("cpuMs"), await room.ask("rssBytes")];

  await attacker.ask("attack", port, HELLOS_PER_SECOND, SLOW, hosts, AGAIN_MS);
  await sleep(500);
  const cpuMs = await room.ask("cpuMs");
  const [attacked, attackedService] = await serve();
  const busyCpuMs = (await room.ask("cpuMs")) - cpuMs;
  const newcomer = await callers.ask("newcomer", port, "Newcomer", "127.0.2.1", 10_000);
  const neighbour = await callers.ask("newcomer", port, "Neighbour", "127.0.0.2", 10_000);
  const behind = await callers.ask("newcomer", port, "Behind", hosts[0] as string, IS_LONG ? 10_000 : 1_000);
  const strangers = await attacker.ask("stop");
  const grownBytes = (await room.ask("rssBytes")) - rssBytes;

  report(`${MEMBERS} members, ${CALLS_PER_SECOND} calls/s each, attack from ${from}`, [
    `calls, idle: ${show(idle)}`,
    `calls, under attack: ${show(attacked)}`,
    `pings of the Room, idle: ${show(idleService.pings)}`,
    `pings of the Room, under attack: ${show(attackedService.pings)}`,
    `introductions, idle: ${show(idleService.introductions)}`,
    `introductions, under attack: ${show(attackedService.introductions)}`,
    `a newcomer from an address of its own: ${arrival(newcomer)}`,
    `a newcomer from a member's address: ${arrival(neighbour)}`,
    `a newcomer from an attacker's address: ${arrival(behind)}`,
    `CPU of the Room: ${(busyCpuMs / SECONDS / 10).toFixed(0)} % under attack; ${idleCpuMs.toFixed(0)} ms before it, start included`,
    `memory of the Room: + ${(grownBytes / MEBIBYTE).toFixed(1)} MiB`,
    `strangers: ${JSON.stringify(strangers)}`,
    `refused: ${JSON.stringify(await room.ask("refused"))}`,
  ]);

  expect(attacked.count).toBe(idle.count);
  expect(attackedService.introductions.count).toBe(idleService.introductions.count);
  expect(strangers.hellos).toBeGreaterThan(HELLOS_PER_SECOND * SECONDS * 0.8);
  const drained = Math.ceil((strangers.hellos / HELLOS_PER_SECOND + 10) / 10);
  const factor = from.startsWith("other") ? 1 : 3; // members of that address: it is refused later
  expect(strangers.replies).toBeLessThanOrEqual(hosts.length * (REPLIES_PER_ADDRESS * factor + drained));
  expect(newcomer).toBeDefined();
  expect(await room.ask("members")).toBeGreaterThanOrEqual(2 * MEMBERS);
  expect(grownBytes).toBeLessThan(32 * MEBIBYTE);
  if (!IS_LONG) return;
  expect(attacked.p99).toBeLessThanOrEqual(SLOWER * idle.p99 + SLOWER_MS);
  expect(attackedService.pings.p99).toBeLessThanOrEqual(SLOWER * idleService.pings.p99 + SLOWER_MS);
  expect(newcomer?.inMs).toBeLessThan(1_000);
  expect(neighbour?.inMs).toBeLessThan(1_000);
});
