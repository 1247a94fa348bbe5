// Two connections as one: who is spliced with whom, what is refused, how it ends, and what it may cost.
import { onTestFinished, expect, test } from "vitest";
import { DEFAULT_LIMITS, limitsWith, type LimitChanges } from "../../src/base/limits.ts";
import { AuditLog } from "../../src/link/audit.ts";
import type { Pipe, PipeEvents } from "../../src/pipe/pipe.ts";
import { Passes } from "../../src/room/passes.ts";
import { Relay, type RelayOffer } from "../../src/room/relay.ts";
import { Splice } from "../../src/room/splice.ts";
import { ManualClock, MemoryNetwork } from "../../src/testing/index.ts";
import { KeptLog } from "../link/parties.ts";
import { RawPeer } from "../link/raw-peer.ts";
import { expectNothingLeft } from "../support/leftovers.ts";
import { turns, until } from "../support/until.ts";
import { type FakeMember, fakeMember, ids } from "./fake-member.ts";
import { introduced, openWorld, refusal, SPLICED } from "./world.ts";

expectNothingLeft();

const R = DEFAULT_LIMITS.relay;

interface Bench {
  readonly clock: ManualClock;
  readonly network: MemoryNetwork;
  readonly relay: Relay;
  /** Shows a pass: the member's end, or the code of a refusal. */
  readonly leg: (pass: Uint8Array, ...early: Uint8Array[]) => RawPeer | number;
  readonly offer: (one: FakeMember, other: FakeMember) => RelayOffer;
  /** Both legs of a new pair of these two. */
  readonly spliced: (one: FakeMember, other: FakeMember) => Promise<[RawPeer, RawPeer]>;
}

/** A relay by itself, with pipes in memory. */
function bench(changes: LimitChanges["relay"] = {}, log = new KeptLog()): Bench {
  const clock = new ManualClock();
  const audit = new AuditLog(log, clock, DEFAULT_LIMITS.audit);
  const network = new MemoryNetwork();
  const passes = new Passes(clock, ids(), { most: 1_000, lifeMs: 30_000 });
  const relay = new Relay({ clock, limits: limitsWith({ relay: changes }).relay, passes, audit });
  onTestFinished(() => {
    relay.close();
    audit.close();
  });
  const leg: Bench["leg"] = (pass, ...early) => {
    const answer = passes.connected(pass);
    if (typeof answer !== "function") return answer.code;
    const [near, far] = network.pair();
    far.pause();
    answer(far, Buffer.concat(early));
    onTestFinished(() => near.destroy());
    return new RawPeer(near);
  };
  const offer: Bench["offer"] = (one, other) => {
    const made = relay.offer(one.member, other.member);
    if (made === undefined) throw new Error("no offer");
    return made;
  };
  const spliced: Bench["spliced"] = async (one, other) => {
    const legs = offer(one, other).passes.map((pass) => leg(pass)) as [RawPeer, RawPeer];
    for (const peer of legs) expect(await peer.frame()).toMatchObject({ type: 5 });
    for (const peer of legs) peer.received = new Uint8Array(0);
    return legs;
  };
  return { clock, network, relay, leg, offer, spliced };
}

const peer = (value: RawPeer | number): RawPeer => {
  if (typeof value === "number") throw new Error(`refused with ${value}`);
  return value;
};

const [foo, bar, baz] = [fakeMember("Foo"), fakeMember("Bar"), fakeMember("Baz")];
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = ({ received }: RawPeer): string => new TextDecoder().decode(received);

test("two legs are glued: each reads an empty RELAY frame, what the other one sent before, and all that follows", async () => {
  const { relay, leg, offer } = bench();
  const [pass, itsPass] = offer(foo, bar).passes;
  const one = peer(leg(pass, bytes("held ")));
  one.write(bytes("too "));
  await turns();
  expect(one.received).toHaveLength(0);
  const other = peer(leg(itsPass, bytes("early ")));
  other.write(bytes("late"));
  one.write(bytes("and more"));
  await until(() => text(one).endsWith("late") && text(other).endsWith("more"));
  expect(one.received).toEqual(new Uint8Array([...SPLICED, ...bytes("early late")]));
  expect(other.received).toEqual(new Uint8Array([...SPLICED, ...bytes("held too and more")]));
  expect(relay.pairs()).toMatchObject([{ between: ["Foo", "Bar"], bytes: 27 }]);
});

test("a leg whose partner never comes is refused with 11 after ten seconds, and so is the partner (limit relay.waitMs)", async () => {
  const { clock, relay, leg, offer } = bench();
  const [pass, itsPass] = offer(foo, bar).passes;
  const one = peer(leg(pass));
  clock.advance(R.waitMs - 1);
  await turns();
  expect(one.ended).toBeUndefined();
  clock.advance(1);
  expect(await refusal(one)).toBe(11);
  expect(leg(itsPass)).toBe(11);
  expect([relay.size, clock.pending]).toEqual([0, 0]);
});

test("limit wire.earlyBytes: 1,024 bytes are held before the splice; with one more the leg is refused with 12, and its partner with 11 or 6", async () => {
  const { relay, leg, offer } = bench();
  const most = DEFAULT_LIMITS.wire.earlyBytes;
  for (const [atOnce, later] of [
    [most + 1, 0],
    [0, most + 1],
    [most, 1],
  ] as const) {
    const [pass, itsPass] = offer(foo, bar).passes;
    const one = peer(leg(pass, new Uint8Array(atOnce)));
    if (later > 0) one.write(new Uint8Array(later));
    expect(await refusal(one)).toBe(12);
    expect(leg(itsPass)).toBe(11);
  }
  const [pass, itsPass] = offer(foo, bar).passes;
  const waiting = peer(leg(pass));
  const other = peer(leg(itsPass, new Uint8Array(most + 1)));
  expect(await refusal(other)).toBe(12);
  expect(await refusal(waiting)).toBe(11);
  const well = offer(foo, bar).passes.map((its) => peer(leg(its, new Uint8Array(most)))) as [RawPeer, RawPeer];
  await until(() => well.every(({ received }) => received.length === SPLICED.length + most));
  expect(relay.size).toBe(1);
});

test("the operator is told who is not relayed, and why", async () => {
  const log = new KeptLog();
  const { clock, relay, leg, offer } = bench({ splices: 2, splicesPerUser: 1 }, log);
  const [first, second] = [offer(foo, bar), offer(foo, baz)];
  const waiting = peer(leg(first.passes[0]));
  expect(leg(second.passes[0])).toBe(3);
  expect(relay.offer(baz.member, bar.member)).toBeUndefined();
  clock.advance(R.waitMs);
  expect(await refusal(waiting)).toBe(11);
  const loud = peer(leg(offer(bar, baz).passes[0], new Uint8Array(2_000)));
  expect(await refusal(loud)).toBe(12);
  for (const n of [1, 2]) peer(leg(offer(fakeMember(`A${n}`), fakeMember(`B${n}`)).passes[0]));
  expect(relay.offer(baz.member, foo.member)).toBeUndefined();
  expect(log.lines).toMatchObject([
    { level: "info", fields: { event: "not relayed", reason: "quota", name: "Foo" } },
    { fields: { event: "not relayed", reason: "quota", name: "Bar" } },
    { fields: { event: "not relayed", reason: "no other leg", name: "Foo", from: expect.any(String) as string } },
    { fields: { event: "not relayed", reason: "too much at once", name: "Bar" } },
    { fields: { event: "not relayed", reason: "no place", name: "Baz" } },
  ]);
});

test("a leg that goes away while it waits takes the pair along", async () => {
  const { clock, relay, leg, offer } = bench();
  const [pass, itsPass] = offer(foo, bar).passes;
  peer(leg(pass)).pipe.close();
  await until(() => relay.size === 0);
  expect(leg(itsPass)).toBe(11);
  expect(clock.pending).toBe(0);
});

test("when an introduction is over its passes are too; what is spliced goes on", async () => {
  const { relay, leg, offer } = bench();
  const first = offer(foo, bar);
  first.end();
  for (const pass of first.passes) expect(leg(pass)).toBe(6);
  const second = offer(foo, bar);
  const waiting = peer(leg(second.passes[0]));
  second.end();
  expect(await refusal(waiting)).toBe(11);
  const third = offer(foo, bar);
  const [one, other] = third.passes.map((pass) => peer(leg(pass))) as [RawPeer, RawPeer];
  third.end();
  one.write(bytes("hello"));
  await until(() => text(other).endsWith("hello"));
  expect(relay.size).toBe(1);
});

test.each<[string, (pipe: Pipe) => void]>([
  ["ends in order", (pipe) => pipe.close()],
  ["is destroyed", (pipe) => pipe.destroy()],
])("when one leg %s both are closed, after the last bytes have arrived", async (_what, end) => {
  const { clock, network, relay, spliced } = bench();
  const [one, other] = await spliced(foo, bar);
  one.write(bytes("last words"));
  end(one.pipe);
  await other.untilEnded();
  expect(text(other)).toBe("last words");
  expect(relay.size).toBe(0);
  await until(() => network.openPipes === 0);
  expect(clock.pending).toBe(0);
});

test("a leg that is behind still gets all that was sent before the other one ended", async () => {
  const { relay, spliced } = bench();
  const [one, other] = await spliced(foo, bar);
  other.pipe.pause();
  one.write(new Uint8Array(10_000));
  await turns();
  one.pipe.close();
  await until(() => relay.size === 0);
  expect(other.received).toHaveLength(0);
  other.pipe.resume();
  await other.untilEnded();
  expect([other.received.length, other.ended]).toEqual([10_000, { error: undefined }]);
});

test("limit relay.idleMs: a splice ends after 45 s without a byte either way, at both ends, and not before", async () => {
  const { clock, relay, spliced } = bench();
  const [one, other] = await spliced(foo, bar);
  clock.advance(R.idleMs - 1);
  other.write(bytes("ping"));
  await until(() => text(one) === "ping");
  clock.advance(R.idleMs - 1);
  await turns();
  expect(relay.size).toBe(1);
  clock.advance(1);
  await Promise.all([one.untilEnded(), other.untilEnded()]);
  expect([relay.size, clock.pending]).toEqual([0, 0]);
});

test("limit relay.splicesPerUser: a user has 64 pairs that it asked for; with one more there is no offer, and a leg that comes then is refused with 3", async () => {
  const { relay, leg, offer } = bench({ splicesPerPair: 1_000 });
  const late = offer(foo, bar);
  const others = Array.from({ length: R.splicesPerUser }, (_, n) => fakeMember(`Other ${n}`));
  const legs = others.map((other) => offer(foo, other).passes);
  for (const [pass] of legs.slice(0, -1)) peer(leg(pass));
  expect(relay.offer(foo.member, bar.member)).toBeDefined();
  const last = peer(leg((legs.at(-1) as RelayOffer["passes"])[0]));
  expect(relay.offer(foo.member, bar.member)).toBeUndefined();
  expect(relay.offer(fakeMember("Foo").member, bar.member)).toBeUndefined(); // by name
  expect(leg(late.passes[1])).toBe(3);
  expect(leg(late.passes[0])).toBe(11);
  expect(relay.offer(bar.member, baz.member)).toBeDefined();
  expect(relay.offer(bar.member, foo.member)).toBeDefined(); // what others ask of it counts apart
  last.pipe.close();
  await until(() => relay.size === R.splicesPerUser - 1);
  expect(relay.offer(foo.member, bar.member)).toBeDefined();
});

test("limit relay.splicesPerUser: others ask a user for 64 pairs; with one more there is no offer, but for what it asks itself", async () => {
  const { relay, leg, offer } = bench();
  for (let n = 0; n < R.splicesPerUser; n++) peer(leg(offer(fakeMember(`Other ${n}`), foo).passes[0]));
  expect(relay.offer(bar.member, foo.member)).toBeUndefined();
  expect(relay.offer(foo.member, bar.member)).toBeDefined();
  const gone = peer(leg(offer(foo, bar).passes[0]));
  expect(relay.size).toBe(R.splicesPerUser + 1);
  gone.pipe.close();
  await until(() => relay.size === R.splicesPerUser);
});

test.each([
  ["16 names of one address, and one of another", "203.0.113.66", 4],
  ["64 names of one address, and one of another", "203.0.113.66", 1],
  ["64 names of one /48 of IPv6, and one of IPv4", "2001:db8:66:%::1", 1],
  ["16 names of its own address, and one more", "203.0.113.1", 4],
])("who takes all places at a user keeps out nobody else: %s", async (_what, source, each) => {
  const { relay, leg, offer, spliced } = bench();
  const kept = await spliced(fakeMember("Kept", "203.0.113.2"), foo);
  const greedy: RawPeer[] = [];
  for (let n = 0; n < R.splicesPerUser / each; n++) {
    const member = fakeMember(`Greedy ${n}`, source.replace("%", String(n)));
    for (let one = 0; one < each && relay.size < R.splicesPerUser; one++)
      greedy.push(...offer(member, foo).passes.map((pass) => peer(leg(pass))));
  }
  const honest = await spliced(fakeMember("Honest", "203.0.113.1"), foo);
  await until(() => greedy.filter(({ ended }) => ended !== undefined).length === 2);
  // Who had to give way comes back, and takes no place from them.
  for (let n = 0; n < R.splicesPerUser / each; n++) {
    const member = fakeMember(`Greedy ${n}`, source.replace("%", String(n)));
    for (const pass of relay.offer(member.member, foo.member)?.passes ?? []) leg(pass);
  }
  await turns();
  expect([relay.size, kept[0].ended, honest[0].ended]).toEqual([R.splicesPerUser, undefined, undefined]);
});

test("who takes all places of the Room keeps out nobody of another address", async () => {
  const log = new KeptLog();
  const { relay, leg, offer, spliced } = bench({ splices: 200 }, log);
  for (let n = 0; n < 200; n++) {
    const [pass, itsPass] = offer(fakeMember(`A${n % 20}`, "203.0.113.66"), fakeMember(`B${n}`)).passes;
    peer(leg(n % 2 === 0 ? pass : itsPass));
  }
  for (let n = 0; n < 100; n++) await spliced(fakeMember(`C${n}`, "203.0.113.1"), fakeMember(`D${n}`));
  expect([relay.size, relay.pairs().length]).toEqual([200, 100]);
  expect(relay.offer(fakeMember("E", "203.0.113.1").member, bar.member)).toBeUndefined();
  expect(log.lines[0]).toMatchObject({ fields: { event: "not relayed", reason: "gave way", name: "A19" } });
});

test("limit relay.splices: there are 2,048 pairs at most; who has a partner waiting is let in", async () => {
  const { relay, leg, offer } = bench({ splices: 2 });
  const offers = [offer(foo, bar), offer(bar, baz), offer(baz, foo)] as const;
  const legs = offers.slice(0, 2).map(({ passes }) => peer(leg(passes[0])));
  expect(relay.offer(baz.member, foo.member)).toBeUndefined();
  expect(leg(offers[2].passes[0])).toBe(3);
  const partner = peer(leg(offers[0].passes[1]));
  await until(() => partner.received.length === SPLICED.length);
  legs[1]?.pipe.close();
  await until(() => relay.size === 1);
  expect(relay.offer(baz.member, foo.member)).toBeDefined();
});

test("limit relay.splicesPerPair: two users have four splices at most; the fifth takes the place of the oldest", async () => {
  const { relay, spliced } = bench();
  const first = await spliced(foo, bar);
  const elsewhere = await spliced(foo, baz);
  for (let n = 1; n < R.splicesPerPair; n++) await spliced(bar, foo);
  await turns();
  expect([relay.size, first[0].ended]).toEqual([R.splicesPerPair + 1, undefined]);
  await spliced(foo, bar);
  await Promise.all(first.map((leg) => leg.untilEnded()));
  expect([relay.size, elsewhere[0].ended]).toEqual([R.splicesPerPair + 1, undefined]);
});

test("limit relay.bytesPerSecond: what a user sends, over all its pairs, is held to the option; what others send is not", async () => {
  const perSecond = 1_000_000;
  const { clock, relay, spliced } = bench({ bytesPerSecond: perSecond });
  const pairs = [await spliced(foo, bar), await spliced(foo, baz)] as const;
  const chunk = new Uint8Array(50_000);
  for (const [mine] of pairs) for (let n = 0; n < 100; n++) mine.write(chunk);
  const arrived = (): number => pairs.reduce((sum, [, its]) => sum + its.received.length, 0);
  await turns(100);
  const burst = perSecond / 10;
  expect(arrived()).toBeGreaterThanOrEqual(burst);
  const first = arrived();
  for (let ms = 0; ms < 4_000; ms += 50) {
    clock.advance(50);
    await turns(6);
  }
  expect(arrived()).toBeGreaterThan(3.7 * perSecond);
  expect(arrived()).toBeLessThan(4 * perSecond + burst + 4 * 65_536 + first);
  const [[back]] = pairs;
  const before = back.received.length;
  pairs[0][1].write(bytes("at once"));
  await turns();
  expect(back.received.length - before).toBe(7);
  relay.close();
  expect(clock.pending).toBe(0);
});

test("without the option a user sends as fast as it goes (limit relay.bytesPerSecond: 0)", async () => {
  const { spliced } = bench();
  const [one, other] = await spliced(foo, bar);
  for (let n = 0; n < 40; n++) one.write(new Uint8Array(65_536));
  await until(() => other.received.length === 40 * 65_536);
  expect(R.bytesPerSecond).toBe(0);
});

test("a leg that does not read stops the other one, and only that way; when it reads again all arrives in order", async () => {
  const { network, relay, leg, offer } = bench();
  const [one, other] = offer(foo, bar).passes.map((pass) => peer(leg(pass))) as [RawPeer, RawPeer];
  await turns();
  other.pipe.pause();
  const sent = Array.from({ length: 100 }, (_, n) => new Uint8Array(10_000).fill(n));
  for (const part of sent) one.write(part);
  await turns(200);
  expect(one.pipe.buffered).toBeGreaterThan(700_000); // it waits where it came from
  other.write(bytes("the other way"));
  await until(() => text(one).endsWith("the other way"));
  other.received = new Uint8Array(0);
  other.pipe.resume();
  await until(() => other.received.length >= 1_000_000);
  expect(Buffer.compare(other.received.subarray(-1_000_000), Buffer.concat(sent))).toBe(0);
  relay.close();
  await until(() => network.openPipes === 0);
});

/** A pipe whose system has everything ready: all of it comes in one turn, unless it is paused. */
class ReadyPipe implements Pipe {
  readonly remote = { host: "127.0.0.1", port: 1 };
  readonly local = { host: "127.0.0.1", port: 2 };
  readonly buffered = 0;
  writtenBytes = 0;
  #events: PipeEvents | undefined;
  #isPaused = false;
  #left: number;

  constructor(chunks: number) {
    this.#left = chunks;
  }

  start(events: PipeEvents): void {
    this.#events = events;
    this.resume();
  }

  write(parts: readonly Uint8Array[]): boolean {
    for (const { length } of parts) this.writtenBytes += length;
    return true;
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    setImmediate(() => {
      while (!this.#isPaused && this.#left > 0) {
        this.#left--;
        this.#events?.data(new Uint8Array(65_536));
      }
    });
  }

  close(): void {}

  destroy(): void {}
}

const bare = (pipe: Pipe) => ({ pipe, held: [], budget: undefined });

test.each([R.bytesPerTurn, 262_144])(
  "limit relay.bytesPerTurn: of a flood 64 KiB, or %i bytes, are moved in a turn of the event loop, and the rest after that",
  async (bytesPerTurn) => {
    const clock = new ManualClock();
    const [from, to] = [new ReadyPipe(100), new ReadyPipe(0)];
    const { idleMs } = R;
    const splice = new Splice(bare(from), bare(to), { clock, idleMs, bytesPerTurn, over() {} });
    const perTurn: number[] = [];
    let last = to.writtenBytes;
    while (last < 100 * 65_536 + SPLICED.length) {
      await new Promise((resolve) => setImmediate(resolve));
      if (to.writtenBytes > last) perTurn.push(to.writtenBytes - last);
      last = to.writtenBytes;
    }
    expect(perTurn).toEqual(Array.from({ length: (100 * 65_536) / bytesPerTurn }, () => bytesPerTurn));
    splice.close();
    expect(clock.pending).toBe(0);
  },
);

test("a Room splices members that it introduced, tells its operator, and ends all when it closes", async () => {
  const { room, show, member, clock } = await openWorld();
  const [a, b] = [await member("A", "203.0.113.7"), await member("B", "198.51.100.1")];
  const { told, ticket } = await introduced(a, b);
  expect(told.candidates).toEqual([]);
  const one = await show(told.pass as Uint8Array, "203.0.113.7", bytes("hello "));
  const other = await show(ticket.pass as Uint8Array, "198.51.100.1");
  one.write(bytes("B"));
  await until(() => text(other).endsWith("hello B"));
  expect(room.status().relayed).toEqual([{ between: ["A", "B"], bytes: 7, since: new Date(clock.date()) }]);
  a.link.destroy();
  await until(() => room.names.length === 1);
  other.write(bytes("still here"));
  await until(() => text(one).endsWith("still here")); // the Room's link is gone, the splice lives
  await room.close();
  await Promise.all([one.untilEnded(), other.untilEnded()]);
});

test("when a member leaves, its passes and its waiting legs go", async () => {
  const { room, show, member } = await openWorld();
  const [a, b] = [await member("A"), await member("B")];
  const { told, ticket } = await introduced(a, b);
  const waiting = await show(ticket.pass as Uint8Array);
  a.link.close(0, "");
  await until(() => room.names.length === 1);
  expect(await refusal(waiting)).toBe(11);
  expect(await refusal(await show(told.pass as Uint8Array))).toBe(6);
});

test.each(["203.0.113.7", "198.51.100.1"])(
  "a ban of %s, the address of one leg, ends what is spliced and what waits",
  async (barred) => {
    const { room, show, member, network } = await openWorld();
    const [a, b, c] = [
      await member("A", "203.0.113.1"),
      await member("B", "203.0.113.2"),
      await member("C", "203.0.113.3"),
    ];
    const first = await introduced(a, b);
    const one = await show(first.told.pass as Uint8Array, "203.0.113.7");
    const other = await show(first.ticket.pass as Uint8Array, "198.51.100.1");
    const second = await introduced(c, b);
    const waiting = await show(second.told.pass as Uint8Array, barred);
    const third = await introduced(a, c);
    const safe = [await show(third.told.pass as Uint8Array), await show(third.ticket.pass as Uint8Array)];
    await until(() => [one, other, ...safe].every(({ received }) => received.length === SPLICED.length));
    await room.bans.add(barred);
    await Promise.all([one.untilEnded(), other.untilEnded()]);
    expect(await refusal(waiting)).toBe(4);
    await turns();
    expect(safe.map(({ ended }) => ended)).toEqual([undefined, undefined]);
    expect(room.status().relayed).toMatchObject([{ between: ["A", "C"] }]);
    expect(network.openPipes).toBeGreaterThan(0);
  },
);

test("a Room that does not relay gives no passes, and passes on no HELLO", async () => {
  const { room, member } = await openWorld({ relay: false });
  const [a, b] = [await member("A"), await member("B")];
  const { told, ticket } = await introduced(a, b);
  expect([told.pass, ticket.pass, ticket.hello, room.status().relays]).toEqual([
    undefined,
    undefined,
    undefined,
    false,
  ]);
});
