// The Room dials a member's listener, to learn whether others can.
import { expect, test } from "vitest";
import { DEFAULT_LIMITS } from "../../src/base/limits.ts";
import type { Pipe, PipeListener } from "../../src/pipe/pipe.ts";
import { RawPeer } from "../link/raw-peer.ts";
import { expectNothingLeft } from "../support/leftovers.ts";
import { turns, until } from "../support/until.ts";
import { boxesOf } from "./fake-member.ts";
import { introduced, openWorld, type World, type WorldMember } from "./world.ts";

expectNothingLeft();

const { dialBackMs, dialBacks } = DEFAULT_LIMITS.room;
const HOST = "203.0.113.7";

/** A listener of a member: who dialled it. */
async function listenAt({ network }: World, host: string, port: number): Promise<{ came: RawPeer[] } & PipeListener> {
  const came: RawPeer[] = [];
  const listener = await network.listen({ host, port, accept: (pipe) => void came.push(new RawPeer(pipe)) });
  return { ...listener, came };
}

const passOf = (member: WorldMember): Uint8Array => boxesOf(member, "call")[0]?.pass ?? new Uint8Array(16);
const reachable = ({ room }: World): (boolean | undefined)[] => room.status().members.map((one) => one.reachable);

test("a member whose listener was shown the pass, and says so, is reachable, and others are told where", async () => {
  const world = await openWorld();
  const listener = await listenAt(world, HOST, 5_000);
  const a = await world.member("A", HOST);
  expect(reachable(world)).toEqual([undefined]);
  await until(() => listener.came.length === 1 && (listener.came[0]?.received.length ?? 0) > 0);
  const pass = passOf(a);
  const [peer] = listener.came as [RawPeer];
  expect(await peer.frame()).toEqual({ type: 5, body: new Uint8Array(Buffer.concat([Buffer.from("CRP1"), pass])) });
  expect(peer.received).toHaveLength(23);
  a.say({ type: "called", pass });
  await until(() => reachable(world)[0] === true);
  await peer.untilEnded();
  const b = await world.member("B", "198.51.100.1");
  const { told } = await introduced(b, a);
  expect(told.candidates).toEqual([{ host: HOST, port: 5_000, path: "public" }]);
});

test("a pass that is another one, or another member's, or said twice, changes nothing", async () => {
  const world = await openWorld();
  const listener = await listenAt(world, HOST, 5_000);
  const silent = await listenAt(world, "203.0.113.8", 5_000);
  const a = await world.member("A", HOST);
  const evil = await world.member("Evil", "203.0.113.8");
  await until(() => listener.came.length + silent.came.length === 2);
  evil.say({ type: "called", pass: passOf(a) });
  evil.say({ type: "called", pass: new Uint8Array(16) });
  expect(await evil.link.ping(1_000)).toBeDefined();
  expect(reachable(world)).toEqual([undefined, undefined]);
  a.say({ type: "called", pass: passOf(a) });
  await until(() => reachable(world)[0] === true);
  a.say({ type: "called", pass: passOf(a) });
  expect(await a.link.ping(1_000)).toBeDefined();
  expect(reachable(world)).toEqual([true, undefined]);
});

test("limit room.dialBackMs: a member that can't be dialled, or that does not say that it was, within two seconds is not reachable", async () => {
  const world = await openWorld();
  await world.member("Refusing", "203.0.113.1");
  await until(() => reachable(world)[0] === false);
  const listener = await listenAt(world, "203.0.113.2", 5_000);
  const quiet = await world.member("Zquiet", "203.0.113.2");
  await until(() => listener.came.length === 1);
  await turns();
  world.clock.advance(dialBackMs - 1);
  expect(reachable(world)[1]).toBeUndefined();
  world.clock.advance(1);
  expect(reachable(world)[1]).toBe(false);
  await listener.came[0]?.untilEnded();
  quiet.say({ type: "called", pass: passOf(quiet) });
  expect(await quiet.link.ping(1_000)).toBeDefined();
  expect(reachable(world)[1]).toBe(false);
});

test.each([
  ["127.0.0.1", 5_000],
  ["::1", 5_000],
  ["10.1.2.3", 5_000],
  ["192.168.1.7", 5_000],
  ["100.64.3.2", 5_000],
  ["169.254.169.254", 5_000],
  ["fd00::7", 5_000],
  ["224.0.0.1", 5_000],
  [HOST, 1_023],
  [HOST, 0],
])("a member at %s that listens on port %i is never dialled", async (host, port) => {
  const world = await openWorld();
  const dialled: string[] = [];
  const dial = world.network.dial.bind(world.network);
  world.network.dial = async (options) => {
    dialled.push(options.host);
    return dial(options);
  };
  const a = await world.member("A", host, { port });
  await turns();
  expect([dialled, boxesOf(a, "call"), reachable(world)]).toEqual([["198.18.0.1"], [], [undefined]]);
});

test("limit room.dialBacks: 64 members are dialled at once, the others when those are done; who left is not dialled", async () => {
  const world = await openWorld({ limits: { room: { dialBacks: 2 } } });
  const listener = await listenAt(world, "0.0.0.0", 5_000);
  const members: WorldMember[] = [];
  for (let n = 0; n < 5; n++) members.push(await world.member(`M${n}`, `203.0.113.${n + 1}`));
  await turns();
  expect(listener.came).toHaveLength(2);
  members[2]?.link.destroy();
  await until(() => world.room.names.length === 4);
  members[0]?.say({ type: "called", pass: passOf(members[0]) });
  await until(() => listener.came.length === 3);
  expect(members.map((member) => boxesOf(member, "call").length)).toEqual([1, 1, 0, 1, 0]);
  members[3]?.link.destroy();
  await until(() => listener.came.length === 4);
  world.clock.advance(dialBackMs);
  expect(reachable(world)).toEqual([true, false, false]);
  expect(dialBacks).toBe(64);
});

test("a member is dialled when it has read that it will be, however late that is: until then its listener takes a pass for garbage", async () => {
  const world = await openWorld({ limits: { room: { dialBacks: 1 } } });
  const pipes: Pipe[] = [];
  const dial = world.network.dial.bind(world.network);
  world.network.dial = async (options) => {
    const pipe = await dial(options);
    if (options.host === "198.18.0.1") pipes.push(pipe);
    return pipe;
  };
  const listener = await listenAt(world, "0.0.0.0", 5_000);
  const first = await world.member("First", "203.0.113.8");
  const busy = await world.member("Busy", HOST);
  await until(() => listener.came.length === 1);
  pipes[1]?.pause();
  first.say({ type: "called", pass: passOf(first) });
  await until(() => reachable(world)[1] === true);
  await turns();
  expect([listener.came.length, boxesOf(busy, "call")]).toEqual([1, []]);
  world.clock.advance(dialBackMs - 1);
  pipes[1]?.resume();
  await until(() => listener.came.length === 2);
  busy.say({ type: "called", pass: passOf(busy) });
  await until(() => reachable(world)[0] === true);
});

test("a member that was dialled in vain is dialled again when it is introduced, after 10 s, then after twice as long each time, and whoever it is being introduced to is told", async () => {
  const world = await openWorld();
  const listener = await listenAt(world, HOST, 5_000);
  const a = await world.member("A", HOST);
  const b = await world.member("B", "198.51.100.1", { port: 0 });
  let calls = 1;
  for (const afterMs of [10_000, 20_000]) {
    await until(() => listener.came.length === calls);
    world.clock.advance(dialBackMs);
    expect(reachable(world)[0]).toBe(false);
    await introduced(b, a);
    world.clock.advance(afterMs - 1);
    await introduced(b, a);
    await turns();
    expect(listener.came).toHaveLength(calls);
    world.clock.advance(1);
    await introduced(b, a);
    calls++;
  }
  await until(() => listener.came.length === calls);
  expect(boxesOf(b, "call")).toEqual([]);
  const pass = boxesOf(a, "call").at(-1)?.pass as Uint8Array;
  a.say({ type: "called", pass });
  await until(() => reachable(world)[0] === true);
  const { ticketId } = boxesOf(b, "introduced").at(-1) as { ticketId: Uint8Array };
  const candidates = [{ host: HOST, port: 5_000, path: "public" }];
  await until(() => b.heard.some(({ type }) => type === "candidates"));
  expect(b.heard.filter(({ type }) => type === "candidates").at(-1)).toEqual({
    type: "candidates",
    ticketId,
    candidates,
  });
  world.clock.advance(40_000);
  await introduced(b, a);
  await turns();
  expect(listener.came).toHaveLength(calls);
});

test("a Room that closes gives up what it dials", async () => {
  const world = await openWorld();
  const listener = await listenAt(world, HOST, 5_000);
  await world.member("A", HOST);
  await until(() => listener.came.length === 1);
  await world.room.close();
  await listener.came[0]?.untilEnded();
  await until(() => world.clock.pending === 0);
});
