import { Lab, type LabOptions } from "./lab.ts";
import type { HostName } from "./layout.ts";
import type { Program } from "./program.ts";
import type { Network } from "./programs/network.ts";

const PROGRAM = "test/lab/programs/network.ts";

/** How two users met for the first time. */
export interface Meeting {
  /** From the call to its answer, in ms. */
  readonly firstMs: number;
  /** Where both are in the end. */
  readonly path: string;
  /** From the call until both were there, in ms. */
  readonly finalMs: number;
}

/** A lab with a Room. */
export interface World extends AsyncDisposable {
  readonly lab: Lab;
  readonly room: Program<Network>;
  /** Where the Room is. */
  readonly at: string;
  /** On the hosts that were named, in their order. */
  readonly programs: readonly Program<Network>[];
}

/** A lab with an open Room, and a program for users on each host that is named. */
export async function openWorld(
  options: LabOptions,
  { room: its = {} }: { readonly room?: Parameters<Network["openRoom"]>[0] },
  ...hosts: readonly HostName[]
): Promise<World> {
  const lab = await Lab.open(options);
  try {
    const [room, ...programs] = await Promise.all(
      ["room" as const, ...hosts].map((host) => lab.host(host).spawn<Network>(PROGRAM)),
    );
    if (room === undefined) throw new Error("no Room");
    await room.ask("openRoom", its);
    return { lab, room, at: lab.host("room").address, programs, [Symbol.asyncDispose]: () => lab.close() };
  } catch (error) {
    await lab.close();
    throw error;
  }
}

/**
 * Has two new users, on two hosts, meet so many times: one calls the other, then both are watched until their path is the best there is. They find the Room at one address, or
 * each at its own.
 */
export async function meetings(
  at: string | readonly [string, string],
  one: Program<Network>,
  other: Program<Network>,
  times: number,
): Promise<Meeting[]> {
  const [here, there] = typeof at === "string" ? [at, at] : at;
  const list: Meeting[] = [];
  for (let n = 0; n < times; n++) {
    // Either one may have the smaller name, which decides who does what.
    const [name, peer] = n % 2 === 0 ? [`Ann${n}`, `Bob${n}`] : [`Zoe${n}`, `Bob${n}`];
    await Promise.all([one.ask("join", { name, room: here }), other.ask("join", { name: peer, room: there })]);
    const start = Date.now();
    const firstMs = await one.ask("call", { name, peer });
    const [mine, its] = await Promise.all([
      one.ask("settles", { name, peer }),
      other.ask("settles", { name: peer, peer: name }),
    ]);
    const finalMs = Math.max(firstMs, Math.max(mine.since, its.since) - start);
    list.push({ firstMs, path: mine.path === its.path ? mine.path : `${mine.path}/${its.path}`, finalMs });
    await Promise.all([one.ask("leave", { name }), other.ask("leave", { name: peer })]);
  }
  return list;
}
