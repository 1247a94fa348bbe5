import { createHash } from "node:crypto";
import { PeerError, Room, User } from "chatroom";
import { simulate, type SimulatedNetwork, type SimulationEvent } from "chatroom/testing";

const NAMES = ["Foo", "Bar", "Baz"];
export const FAULTS = {
  cutEveryMs: 1_500,
  stallEveryMs: 2_000,
  partitionEveryMs: 3_000,
  restartEveryMs: 2_500,
  lastsMs: [100, 3_000],
} as const;

/** A Room and three users who call, send and restart under faults for a while, and then reach each other. Notes all that they see. */
export async function busyPeople(net: SimulatedNetwork): Promise<void> {
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
  for (let round = 0; round < 12; round++) {
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

/** All that happens among them under that seed. */
export async function busyEvents(seed: number): Promise<readonly SimulationEvent[]> {
  return simulate({ seed, faults: FAULTS }, async (net) => {
    await busyPeople(net);
    return net.events;
  });
}

export function digest(all: readonly SimulationEvent[]): string {
  return createHash("sha256").update(JSON.stringify(all)).digest("hex");
}

/** What must not be, as the notes tell it: doubled or reordered work, outcomes that lie, calls that settle twice. */
export function problemsOf(all: readonly SimulationEvent[]): string[] {
  const asked = new Map<string, number>();
  const heard = new Map<string, number[]>();
  const settled = new Map<string, string>();
  const problems: string[] = [];
  for (const { text = "" } of all) {
    const run = /^(\w+) is asked \[(\d+),.* by (\w+)$/.exec(text);
    if (run !== null) {
      const call = `${run[3]} asks ${run[1]} ${run[2]}`;
      asked.set(call, (asked.get(call) ?? 0) + 1);
    }
    const hear = /^(\w+) hears (\d+) of (\w+)$/.exec(text);
    if (hear !== null) {
      const way = `${hear[3]} tells ${hear[1]}`;
      heard.set(way, [...(heard.get(way) ?? []), Number(hear[2])]);
    }
    const end = /^(\w+ (?:asks|tells) \w+ \d+): (.*)$/.exec(text);
    if (end?.[1] !== undefined) {
      if (settled.has(end[1])) problems.push(`${end[1]} settled twice`);
      settled.set(end[1], end[2] ?? "");
    }
  }
  for (const [call, times] of asked) if (times > 1) problems.push(`${call} ran ${times} times`);
  for (const [way, rounds] of heard)
    if (rounds.some((round, at) => round <= (rounds[at - 1] ?? -1)))
      problems.push(`${way} in the order ${rounds.join(" ")}`);
  for (const [call, end] of settled) {
    const [way, round] = [call.slice(0, call.lastIndexOf(" ")), Number(call.slice(call.lastIndexOf(" ")))];
    const ran = asked.has(call) || heard.get(way)?.includes(round) === true;
    if (end.includes("did not run") && ran) problems.push(`${call} ran, although: ${end}`);
    if (call.includes(" asks ") && end.startsWith("[") && !ran) problems.push(`${call} was answered and never ran`);
  }
  return problems;
}
