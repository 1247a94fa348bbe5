import { expect } from "vitest";
import type { UserOptions } from "chatroom";
import { labTest } from "./lab-test.ts";
import type { HostName, RouterKind } from "./layout.ts";
import { openWorld } from "./meeting.ts";
import type { Program } from "./program.ts";
import type { DoctorsReport, Network } from "./programs/network.ts";

interface Case {
  readonly what: string;
  readonly routers: readonly [RouterKind, RouterKind];
  /** Where the user is that is to be reached; the doctor is at a1. */
  readonly at: HostName;
  readonly user?: Omit<UserOptions, "room">;
  readonly room?: { readonly relay?: boolean };
  /** TCP port of router b that leads to the user. */
  readonly forward?: number;
  /** Whom the doctor looks for. Default: the user. */
  readonly peer?: string;
  readonly path: string | undefined;
  /** Whether the Room can dial the doctor's machine. */
  readonly reachable?: boolean;
  /** A path that is not used, and why not. */
  readonly not?: readonly [path: string, why: RegExp];
  readonly advice?: RegExp;
}

const CASES: readonly Case[] = [
  { what: "one LAN", routers: ["easy", "easy"], at: "a2", path: "lan" },
  {
    what: "a public host",
    routers: ["hard", "easy"],
    at: "public",
    path: "public",
    not: ["lan", /not see the two in one network/],
  },
  {
    what: "a forwarded port",
    routers: ["hard", "hard"],
    at: "b1",
    user: { listenPort: 4_000 },
    forward: 4_000,
    path: "public",
  },
  {
    what: "two home routers",
    routers: ["easy", "easy"],
    at: "b1",
    path: "punched",
    reachable: false,
    not: ["public", /can't dial the peer from outside/],
  },
  { what: "two firewalls", routers: ["fw", "fw"], at: "b1", path: "punched" },
  {
    what: "its router changes ports",
    routers: ["easy", "hard"],
    at: "b1",
    path: "relay",
    not: ["punched", /router there gives each connection another port/],
    advice: /forward a TCP port/,
  },
  {
    what: "my router changes ports",
    routers: ["hard", "easy"],
    at: "b1",
    path: "relay",
    reachable: false,
    not: ["punched", /router here gives each connection another port/],
    advice: /forward a TCP port/,
  },
  {
    what: "nothing leaves but to the Room",
    routers: ["easy", "block"],
    at: "b1",
    path: "relay",
    not: ["punched", /nothing comes back|no way there/],
    advice: /on the side of Bar/,
  },
  {
    what: "no path, and no relay",
    routers: ["hard", "hard"],
    at: "b1",
    room: { relay: false },
    path: undefined,
    not: ["relay", /does not relay/],
  },
  {
    what: "nobody of that name",
    routers: ["easy", "easy"],
    at: "b1",
    peer: "Nobody",
    path: undefined,
    advice: /Nobody is not in the Room/,
  },
  {
    what: "one that talks to others only",
    routers: ["easy", "easy"],
    at: "b1",
    user: { allow: ["Foo"] },
    path: undefined,
    advice: /^Bar does not answer.* allow and deny let doctor-\w+ in$/,
  },
];

async function examined({ routers, at, user, room: options, forward, peer = "Bar" }: Case): Promise<DoctorsReport> {
  await using world = await openWorld({ routers }, { room: options ?? {} }, "a1", at);
  const [a1, its] = world.programs as [Program<Network>, Program<Network>];
  if (forward !== undefined) await world.lab.router("b").forward(forward, "b1");
  await its.ask("join", { name: "Bar", room: world.at, ...user });
  return await a1.ask("doctor", { peer, args: ["--host", world.at, "--seconds", "6"] });
}

for (const half of [CASES.slice(0, 6), CASES.slice(6)])
  labTest(
    `the doctor tells the truth: ${half.map(({ what }) => what).join(", ")}`,
    async () => {
      const reports = await Promise.all(half.map(async (one) => ({ one, told: await examined(one) })));
      for (const { one, told } of reports) {
        expect(told.path, `${one.what}: ${JSON.stringify(told, undefined, 1)}`).toBe(one.path);
        const [way, why] = one.not ?? [];
        if (why !== undefined)
          expect(
            told.findings.find(({ path }) => path === way),
            one.what,
          ).toMatchObject({ verdict: "no", why: expect.stringMatching(why) });
        if (one.reachable !== undefined) expect(told.status.room.reachable, one.what).toBe(one.reachable);
        if (one.advice !== undefined) expect(told.advice.join("\n"), one.what).toMatch(one.advice);
        if (one.path === "lan" || one.path === "public") expect(told.advice, one.what).toEqual([]);
      }
    },
    120_000,
  );
