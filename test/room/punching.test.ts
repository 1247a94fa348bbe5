// How a Room leads two members to a hole, with members by hand.
import { expect, test } from "vitest";
import { DEFAULT_LIMITS } from "../../src/base/limits.ts";
import { MemoryNetwork } from "../../src/pipe/memory.ts";
import type { Pipe } from "../../src/pipe/pipe.ts";
import { Passes } from "../../src/room/passes.ts";
import { Punching } from "../../src/room/punching.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import type { Join } from "../../src/wire/room-messages.ts";
import { RawPeer } from "../link/raw-peer.ts";
import { expectNothingLeft } from "../support/leftovers.ts";
import { turns, until } from "../support/until.ts";
import { boxesOf, type FakeMember, fakeMember, ids } from "./fake-member.ts";
import { introduced, openWorld } from "./world.ts";

expectNothingLeft();

const { probeMs, probeKeepMs } = DEFAULT_LIMITS.room;
const ticketId = new Uint8Array(16).fill(9);
const [HOST_A, HOST_B] = ["203.0.113.7", "198.51.100.1"];

interface Bench {
  readonly clock: ManualClock;
  readonly punching: Punching;
  readonly passes: Passes;
  readonly a: FakeMember;
  readonly b: FakeMember;
  /** Shows the first or second pass of a member from some address; undefined: it was refused. */
  readonly probe: (member: FakeMember, at: 0 | 1, host: string, port: number) => Promise<RawPeer | undefined>;
}

async function bench({
  hosts = [HOST_A, HOST_B],
  joins = [{}, {}],
  probePort = 2_429,
  most = 100,
}: {
  hosts?: readonly [string, string];
  joins?: readonly Partial<Join>[];
  probePort?: number;
  most?: number;
} = {}): Promise<Bench> {
  const clock = new ManualClock();
  const network = new MemoryNetwork();
  const passes = new Passes(clock, ids(), { most, lifeMs: 30_000 });
  const punching = new Punching({ clock, passes, probePort });
  const [a, b] = [fakeMember("A", hosts[0], joins[0]), fakeMember("B", hosts[1], joins[1])];
  let came: Pipe | undefined;
  await network.listen({ host: "0.0.0.0", port: 2_428, accept: (pipe) => (came = pipe) });
  const probe: Bench["probe"] = async (member, at, localHost, localPort) => {
    const pass = boxesOf(member, "probe")[0]?.passes[at] ?? new Uint8Array(16);
    const answer = passes.connected(pass);
    if (typeof answer !== "function") return undefined;
    const pipe = await network.dial({ host: "198.18.0.1", port: 2_428, localHost, localPort });
    answer(came as Pipe, new Uint8Array(0));
    return new RawPeer(pipe);
  };
  return { clock, punching, passes, a, b, probe };
}

test("both are asked for two probes each; when all are seen from one address each is told the other one's", async () => {
  const { clock, punching, passes, a, b, probe } = await bench();
  punching.begin(ticketId, a.member, b.member);
  for (const one of [a, b]) expect(boxesOf(one, "probe")).toMatchObject([{ ticketId, port: 2_429 }]);
  const all = [a, b].flatMap((one) => boxesOf(one, "probe").flatMap((box) => box.passes));
  expect(new Set(all.map((pass) => Buffer.from(pass).toString("hex"))).size).toBe(4);
  await probe(a, 0, HOST_A, 41_000);
  await probe(a, 1, HOST_A, 41_000);
  await probe(b, 1, HOST_B, 42_000);
  expect([a.heard, b.heard]).toEqual([[], []]);
  await probe(b, 0, HOST_B, 42_000);
  expect(a.heard).toEqual([{ type: "go", ticketId, host: HOST_B, port: 42_000, afterMs: 0 }]);
  expect(b.heard).toEqual([{ type: "go", ticketId, host: HOST_A, port: 41_000, afterMs: 0 }]);
  clock.advance(probeKeepMs);
  expect([punching.size, passes.size, clock.pending]).toEqual([0, 0, 0]);
});

test("the nearer one waits, so that both dial at one time: half the difference of their round trips", async () => {
  const { clock, punching, a, b, probe } = await bench();
  punching.begin(ticketId, a.member, b.member);
  clock.advance(40); // a round trip of 20 ms
  await probe(a, 0, HOST_A, 41_000);
  clock.advance(60);
  await probe(a, 1, HOST_A, 41_000);
  clock.advance(200); // 150 ms
  await probe(b, 0, HOST_B, 42_000);
  clock.advance(10);
  await probe(b, 1, HOST_B, 42_000);
  expect(a.heard).toMatchObject([{ type: "go", afterMs: 65 }]);
  expect(b.heard).toMatchObject([{ type: "go", afterMs: 0 }]);
  punching.close();
});

test("without a second port one probe of each is enough", async () => {
  const { punching, a, b, probe } = await bench({ probePort: 0 });
  punching.begin(ticketId, a.member, b.member);
  expect(boxesOf(a, "probe")).toMatchObject([{ port: 0 }]);
  await probe(a, 0, HOST_A, 41_000);
  await probe(b, 0, HOST_B, 42_000);
  expect([a.heard, b.heard]).toMatchObject([[{ type: "go" }], [{ type: "go" }]]);
  punching.close();
});

test.each([
  ["another port", HOST_A, 41_001],
  ["another address", "203.0.113.8", 41_000],
])("who is seen at %s by the second port can't be dialled: both are told at once", async (_what, host, port) => {
  const { clock, punching, passes, a, b, probe } = await bench();
  punching.begin(ticketId, a.member, b.member);
  const first = await probe(a, 0, HOST_A, 41_000);
  await probe(a, 1, host, port);
  expect(a.heard).toEqual([{ type: "noGo", ticketId, why: "my mapping" }]);
  expect(b.heard).toEqual([{ type: "noGo", ticketId, why: "its mapping" }]);
  await first?.untilEnded();
  expect(await probe(b, 0, HOST_B, 42_000)).toBeUndefined();
  expect([punching.size, passes.size, clock.pending]).toEqual([0, 0, 0]);
});

test("limit room.probeMs: probes that are not in after 2.5 s end the round, and each is told whose", async () => {
  const { clock, punching, a, b, probe } = await bench();
  punching.begin(ticketId, a.member, b.member);
  await probe(a, 0, HOST_A, 41_000);
  await probe(a, 1, HOST_A, 41_000);
  clock.advance(probeMs - 1);
  expect(a.heard).toEqual([]);
  clock.advance(1);
  expect(a.heard).toEqual([{ type: "noGo", ticketId, why: "its probe" }]);
  expect(b.heard).toEqual([{ type: "noGo", ticketId, why: "my probe" }]);
  expect([punching.size, clock.pending]).toEqual([0, 0]);
  punching.begin(ticketId, a.member, b.member);
  clock.advance(probeMs);
  expect([a, b].map(({ heard }) => heard.at(-1))).toMatchObject([{ why: "my probe" }, { why: "my probe" }]);
});

test("one probe of each is enough when the time is up: the second port may be closed to the world", async () => {
  const { clock, punching, a, b, probe } = await bench();
  punching.begin(ticketId, a.member, b.member);
  await probe(a, 0, HOST_A, 41_000);
  await probe(b, 0, HOST_B, 42_000);
  clock.advance(probeMs - 1);
  expect([a.heard, b.heard]).toEqual([[], []]);
  clock.advance(1);
  expect(a.heard).toMatchObject([{ type: "go", ticketId, host: HOST_B, port: 42_000 }]);
  expect(b.heard).toMatchObject([{ type: "go", ticketId, host: HOST_A, port: 41_000 }]);
  punching.close();
});

test("limit room.probeKeepMs: the connections of probes stay open for 5 s after a go, unless the user closes them", async () => {
  const { clock, punching, a, b, probe } = await bench();
  punching.begin(ticketId, a.member, b.member);
  const probes = [
    await probe(a, 0, HOST_A, 41_000),
    await probe(a, 1, HOST_A, 41_000),
    await probe(b, 0, HOST_B, 42_000),
    await probe(b, 1, HOST_B, 42_000),
  ] as RawPeer[];
  probes[0]?.pipe.close();
  clock.advance(probeKeepMs - 1);
  await turns();
  expect(probes.slice(1).map(({ ended }) => ended)).toEqual([undefined, undefined, undefined]);
  clock.advance(1);
  await Promise.all(probes.slice(1).map((one) => one.untilEnded()));
  expect(clock.pending).toBe(0);
});

test.each<[string, string, number]>([
  ["an address at which the Room does not see the member", "203.0.113.99", 41_000],
  ["a port that is a service's own", HOST_A, 1_023],
])("nobody is sent to %s", async (_what, host, port) => {
  const { punching, a, b, probe } = await bench();
  punching.begin(ticketId, a.member, b.member);
  for (const at of [0, 1] as const) {
    await probe(b, at, HOST_B, 42_000);
    await probe(a, at, host, port);
  }
  expect(a.heard).toEqual([{ type: "noGo", ticketId, why: "my mapping" }]);
  expect(b.heard).toEqual([{ type: "noGo", ticketId, why: "its mapping" }]);
});

test.each<[string, [string, string], Partial<Join>[], boolean]>([
  ["loopback", ["127.0.0.1", "127.0.0.1"], [], false],
  ["link-local addresses", ["169.254.1.1", "169.254.1.2"], [], false],
  ["link-local addresses of one named network", ["169.254.1.1", "169.254.1.2"], [{ lan: "x" }, { lan: "x" }], false],
  ["private addresses at which the Room sees them", ["10.0.0.1", "10.0.0.2"], [], true],
  ["private addresses of the Room's own subnet", ["192.168.1.7", "192.168.1.8"], [], true],
  ["private addresses of one named network", ["10.0.0.1", "10.0.0.2"], [{ lan: "x" }, { lan: "x" }], true],
])("%s are told only to whom they belong", async (_what, hosts, joins, isTold) => {
  const { punching, a, b, probe } = await bench({ hosts, joins });
  punching.begin(ticketId, a.member, b.member);
  for (const at of [0, 1] as const) {
    await probe(a, at, hosts[0], 41_000);
    await probe(b, at, hosts[1], 42_000);
  }
  for (const { heard } of [a, b]) expect(heard).toMatchObject([{ type: isTold ? "go" : "noGo" }]);
  punching.close();
});

test("a member that leaves ends its rounds: the other one is told that nothing was seen of it, and nothing is left", async () => {
  const { clock, punching, passes, a, b, probe } = await bench();
  punching.begin(ticketId, a.member, b.member);
  const open = await probe(b, 0, HOST_B, 42_000);
  punching.forget(a.member);
  await open?.untilEnded();
  const told = { type: "noGo", ticketId, why: "its probe" };
  expect([a.heard, b.heard, punching.size, passes.size, clock.pending]).toEqual([[], [told], 0, 0, 0]);
});

test("who leaves after the Room has decided, and a Room that closes, tell nobody anything", async () => {
  const { clock, punching, passes, a, b, probe } = await bench();
  punching.begin(ticketId, a.member, b.member);
  for (const at of [0, 1] as const) {
    await probe(a, at, HOST_A, 42_000);
    await probe(b, at, HOST_B, 42_000);
  }
  const decided = b.heard.length;
  expect(b.heard).toMatchObject([{ type: "go" }]);
  punching.forget(a.member);
  punching.begin(ticketId, a.member, b.member);
  punching.close();
  expect([b.heard.length, punching.size, passes.size, clock.pending]).toEqual([decided, 0, 0, 0]);
});

test("without passes for all probes there is no round", async () => {
  const { clock, punching, passes, a, b } = await bench({ most: 3 });
  punching.begin(ticketId, a.member, b.member);
  expect([a.boxes, b.boxes, punching.size, passes.size, clock.pending]).toEqual([[], [], 0, 0, 0]);
});

test("bytes behind a probe's pass cost the sender its connection", async () => {
  const { punching, a, b, probe } = await bench();
  punching.begin(ticketId, a.member, b.member);
  const one = await probe(a, 0, HOST_A, 41_000);
  one?.write(new Uint8Array(1));
  await one?.untilEnded();
  punching.close();
});

test("a Room leads a round over both its ports, once for an introduction, and for nobody else", async () => {
  const { room, member, dial } = await openWorld();
  expect(room.status().probePort).toBe(room.port + 1);
  const [a, b, evil] = [await member("A", HOST_A), await member("B", HOST_B), await member("Evil", "203.0.113.66")];
  const { ticketId: id } = await introduced(a, b);
  evil.say({ type: "punch", ticketId: id });
  expect(await evil.link.ping(1_000)).toBeDefined();
  expect([...a.boxes, ...b.boxes].filter(({ type }) => type === "probe")).toEqual([]);
  b.say({ type: "punch", ticketId: id });
  a.say({ type: "punch", ticketId: id });
  await until(() => boxesOf(a, "probe").length + boxesOf(b, "probe").length === 2);
  for (const [one, host, from] of [
    [a, HOST_A, 41_000],
    [b, HOST_B, 42_000],
  ] as const) {
    const [box] = boxesOf(one, "probe");
    for (const at of [0, 1] as const) {
      const peer = await dial(host, from, at === 0 ? room.port : box?.port);
      peer.write(preface(box?.passes[at] ?? new Uint8Array(16)));
    }
  }
  await until(() => a.heard.some(({ type }) => type === "go") && b.heard.some(({ type }) => type === "go"));
  expect(a.heard.find(({ type }) => type === "go")).toMatchObject({ ticketId: id, host: HOST_B, port: 42_000 });
  expect(b.heard.find(({ type }) => type === "go")).toMatchObject({ ticketId: id, host: HOST_A, port: 41_000 });
  a.say({ type: "punch", ticketId: id });
  expect(await a.link.ping(1_000)).toBeDefined();
  expect(boxesOf(a, "probe")).toHaveLength(1);
  expect(evil.boxes.map(({ type }) => type)).toEqual(["token", "call"]);
});

function preface(pass: Uint8Array): Uint8Array {
  return Buffer.concat([Uint8Array.of(5, 0, 20), Buffer.from("CRP1"), pass]);
}
