import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { soak } from "../support/seeded.ts";
import { labTest } from "./lab-test.ts";
import type { RouterKind } from "./layout.ts";
import { openWorld, type World } from "./meeting.ts";
import type { Program } from "./program.ts";
import type { Network } from "./programs/network.ts";

/** What happens to a network. Each resolves when it is over. */
const EVENTS: readonly [what: string, happen: (world: World) => Promise<unknown>][] = [
  ["router a forgets its mappings", ({ lab }) => lab.router("a").flush()],
  ["router a gets another address", ({ lab }) => lab.router("a").renumber()],
  ["line b is cut for 1 s", (world) => cut(world, "b", 1_000)],
  ["the Room is closed for 0.5 s", closeRoom],
  ["router b gets another address", ({ lab }) => lab.router("b").renumber()],
  ["line a is cut for 6 s", (world) => cut(world, "a", 6_000)],
  ["a cable is unplugged for 3 s", unplug],
];
const IS_LONG = process.env["SOAK"] !== undefined;
const COUNT = IS_LONG ? 21 : 4;
/** That many are answered after each event before the next one. */
const GETS_BETWEEN = IS_LONG ? 12_000 : 10;
/** Of the long form, all pairs together. */
const [LEAST_GETS, LEAST_BYTES] = [100_000, 1_000_000_000];
/** From an event to the first answer after it, at most: TCP sends a lost packet again after up to twice the time that it has waited already. */
const LONGEST_PAUSE_MS = 15_000;

async function cut({ lab }: World, line: "a" | "b", ms: number): Promise<void> {
  await lab.line(line).cut();
  await sleep(ms);
  await lab.line(line).restore();
}

async function unplug({ lab }: World): Promise<void> {
  await lab.host("a1").unplug();
  await sleep(3_000);
  await lab.host("a1").plug();
}

async function closeRoom({ room }: World): Promise<void> {
  await room.ask("closeRoom", undefined);
  await sleep(500);
  await room.ask("openRoom", {});
}

/** Sends and gets all the time while all that happens: what is known of them at the end. */
async function underLoad(routers: readonly [RouterKind, RouterKind], path: string): Promise<[number, number]> {
  await using world = await openWorld({ routers }, {}, "a1", "b1");
  const [one, other] = world.programs as [Program<Network>, Program<Network>];
  const pair = { name: "Foo", peer: "Bar" };
  await Promise.all([
    one.ask("join", { name: "Foo", room: world.at }),
    other.ask("join", { name: "Bar", room: world.at }),
  ]);
  await one.ask("startLoad", IS_LONG ? pair : { ...pair, atOnce: 2, partBytes: 4_096 });
  expect(await one.ask("reaches", { ...pair, over: path, timeoutMs: 10_000 })).toBeDefined();
  const pauses = new Map<string, number>();
  for (let at = 0; at < COUNT; at++) {
    const [what, happen] = EVENTS[at % EVENTS.length] as (typeof EVENTS)[number];
    await one.ask("longestPause", pair);
    await happen(world);
    expect(await one.ask("answers", { ...pair, timeoutMs: LONGEST_PAUSE_MS }), what).toBe(true);
    expect(await one.ask("reaches", { ...pair, over: path, timeoutMs: 30_000 }), what).toBeDefined();
    expect(await one.ask("answers", { ...pair, gets: GETS_BETWEEN, timeoutMs: 30_000 }), what).toBe(true);
    pauses.set(what, Math.max(pauses.get(what) ?? 0, await one.ask("longestPause", pair)));
  }
  const load = await one.ask("stopLoad", pair);
  for (const [what, ms] of pauses) console.log(`${path}: ${what}: no answer for ${ms.toFixed(0)} ms at the most`);
  console.log(
    `${path}: ${load.gets} gets, ${load.sends} sends of ${(load.bytes / 1e6).toFixed(0)} MB, ${COUNT} events`,
  );
  expect(load).toMatchObject({ failures: [], isRight: true });
  return [load.gets, load.bytes];
}

labTest(
  "calls go on while paths break and move: each get is answered once, each send comes once and in order, none fails",
  async () => {
    const direct = await underLoad(["easy", "easy"], "punched");
    const relayed = await underLoad(["easy", "hard"], "relay");
    if (!IS_LONG) return;
    expect(direct[0] + relayed[0]).toBeGreaterThan(LEAST_GETS);
    expect(direct[1] + relayed[1]).toBeGreaterThan(LEAST_BYTES);
  },
  600_000,
);

/** All of its users are in again, and each pair is answered, after so long. */
const BACK_MS = 5_000;
const RESTARTS = IS_LONG ? Math.min(soak(20), 200) : 20;

labTest(
  `${RESTARTS} times the Room is closed or killed and opened again: calls over direct paths never wait for it, relayed ones go on with it, everyone is back within 5 s`,
  async () => {
    await using world = await openWorld({ routers: ["easy", "hard"] }, {}, "a1", "a2", "b1");
    const [a1, a2, b1] = world.programs as [Program<Network>, Program<Network>, Program<Network>];
    let { room } = world;
    await Promise.all([
      a1.ask("join", { name: "Foo", room: world.at }),
      a1.ask("join", { name: "Fox", room: world.at }),
      a2.ask("join", { name: "Near", room: world.at }),
      b1.ask("join", { name: "Far", room: world.at }),
    ]);
    const light = { atOnce: 2, partBytes: 1_024 };
    const near = { name: "Near", peer: "Foo" };
    const far = { name: "Far", peer: "Fox" };
    await a2.ask("startLoad", { ...near, ...light });
    await b1.ask("startLoad", { ...far, ...light });
    expect(await a2.ask("reaches", { ...near, over: "lan", timeoutMs: 10_000 })).toBeDefined();
    expect(await b1.ask("reaches", { ...far, over: "relay", timeoutMs: 10_000 })).toBeDefined();
    await a2.ask("longestPause", near);
    let slowest = 0;
    for (let at = 0; at < RESTARTS; at++) {
      if (at % 5 === 4) {
        await room.kill();
        room = await world.lab.host("room").spawn<Network>("test/lab/programs/network.ts");
      } else await room.ask("closeRoom", undefined);
      await room.ask("openRoom", {});
      const openAt = performance.now();
      const isBack = async (): Promise<boolean> => (await room.ask("roomStatus", undefined)).members.length === 4;
      while (!(await isBack())) {
        expect(performance.now() - openAt, `restart ${at}`).toBeLessThan(BACK_MS);
        await sleep(10);
      }
      expect(await b1.ask("answers", { ...far, timeoutMs: BACK_MS - (performance.now() - openAt) }), `${at}`).toBe(
        true,
      );
      slowest = Math.max(slowest, performance.now() - openAt);
    }
    const pause = await a2.ask("longestPause", near);
    const loads = [await a2.ask("stopLoad", near), await b1.ask("stopLoad", far)];
    console.log(
      `${RESTARTS} restarts: all back after ${slowest.toFixed(0)} ms at the most; ${loads.map(({ gets }) => gets).join(" and ")} gets, direct ones waited ${pause.toFixed(0)} ms at the most`,
    );
    for (const load of loads) expect(load).toMatchObject({ failures: [], isRight: true });
    expect(pause).toBeLessThan(1_000);
  },
  900_000,
);
