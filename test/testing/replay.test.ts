import { createHash } from "node:crypto";
import { PeerError, Room, User } from "chatroom";
import { simulate, type SimulateOptions, type SimulatedNetwork, type SimulationEvent } from "chatroom/testing";
import { expect, test } from "vitest";
import { expectNothingLeft } from "../support/leftovers.ts";
import { soak } from "../support/seeded.ts";

expectNothingLeft();

const NAMES = ["Foo", "Bar", "Baz"];
const FAULTS = {
  cutEveryMs: 3_000,
  stallEveryMs: 5_000,
  partitionEveryMs: 7_000,
  restartEveryMs: 6_000,
  lastsMs: [100, 4_000],
} as const;

/** A Room and three users who call, send and restart under faults for a while, and then reach each other. Notes all that they see. */
async function busyPeople(net: SimulatedNetwork): Promise<void> {
  const users = new Map<string, User>();
  let room: Room | undefined;
  await net.host("room").run(async (options) => {
    room = await Room.open(options);
  });
  await Promise.all(
    NAMES.map((name) =>
      net.host(name).run(async (options) => {
        const user = await User.join(name, options);
        user.handle("echo", async (data, call) => {
          net.note(`${name} is asked ${JSON.stringify(data)} by ${call.from}`);
          await net.host(name).sleep(net.chance() * 300);
          return data;
        });
        void (async () => {
          for await (const { from, data } of user.messages()) net.note(`${name} hears ${String(data)} of ${from}`);
        })();
        users.set(name, user);
      }),
    ),
  );
  const pick = (): string => NAMES[Math.floor(net.chance() * NAMES.length)] as string;
  const told = (what: string, promise: Promise<unknown>): Promise<void> =>
    promise.then(
      (value) => net.note(`${what}: ${JSON.stringify(value)}`),
      (error: Error & { code?: string; outcome?: string }) =>
        net.note(`${what}: ${error.code} ${error.outcome} ${error.message}`),
    );
  for (let round = 0; round < 20; round++) {
    const [from, to] = [pick(), pick()];
    if (from === to) continue;
    const peer = users.get(from)?.peer(to);
    const size = Math.floor(net.chance() ** 4 * 50_000);
    void told(
      `${from} asks ${to} ${round}`,
      Promise.resolve(peer?.get("echo", [round, "x".repeat(size)], { timeoutMs: 4_000 })),
    );
    void told(`${from} tells ${to} ${round}`, Promise.resolve(peer?.send(round, { timeoutMs: 4_000 })));
    await net.sleep(net.chance() * 1_000);
  }
  await net.calm();
  for (const from of NAMES)
    for (const to of NAMES)
      if (from !== to) net.note(`at last ${from} asks ${to}: ${String(await ask(users.get(from) as User, to))}`);
  await Promise.all([...users.values()].map((user) => user.close()));
  await room?.close();
}

/** A call that is made again when it was lost with a program that is gone: that shows only when the old link is used. */
async function ask(user: User, to: string): Promise<unknown> {
  for (;;) {
    try {
      return await user.peer(to).get("echo", "all well", { timeoutMs: 30_000 });
    } catch (error) {
      if (!(error instanceof PeerError) || error.code !== "DISCONNECTED") return error;
    }
  }
}

async function events(options: SimulateOptions): Promise<readonly SimulationEvent[]> {
  return simulate(options, async (net) => {
    await busyPeople(net);
    return net.events;
  });
}

function digest(all: readonly SimulationEvent[]): string {
  return createHash("sha256").update(JSON.stringify(all)).digest("hex");
}

function count(all: readonly SimulationEvent[], what: SimulationEvent["what"]): number {
  return all.filter((event) => event.what === what).length;
}

test("one seed gives the same events a hundred times over: faults, calls, sends, restarts", {
  timeout: 120_000,
}, async () => {
  const first = await events({ seed: 7, faults: FAULTS });
  for (const what of ["cut", "stall", "partition", "crash", "start", "reset", "refused", "bytes"] as const)
    expect(count(first, what), what).toBeGreaterThan(0);
  expect(first.filter(({ text }) => text?.endsWith(": all well"))).toHaveLength(6);
  expect(await events({ seed: 7, faults: FAULTS })).toEqual(first);
  const digests = new Set<string>();
  for (let replay = 1; replay < soak(100); replay++) digests.add(digest(await events({ seed: 7, faults: FAULTS })));
  expect([...digests]).toEqual([digest(first)]);
});

test("every seed repeats itself, and no two are alike", { timeout: 120_000 }, async () => {
  const seen = new Set<string>();
  const seeds = soak(20);
  for (let seed = 1; seed <= seeds; seed++) {
    const first = await events({ seed, faults: FAULTS });
    expect(
      first.filter(({ text }) => text?.endsWith(": all well")),
      `seed ${seed}`,
    ).toHaveLength(6);
    expect(await events({ seed, faults: FAULTS }), `seed ${seed}`).toEqual(first);
    seen.add(JSON.stringify(first));
  }
  expect(seen.size).toBe(seeds);
});
