import { expect, test } from "vitest";
import { DEFAULT_LIMITS, limitsWith, type LimitChanges } from "../../src/base/limits.ts";
import { AddressSet } from "../../src/link/address-set.ts";
import { Introductions, type IntroductionsOptions } from "../../src/room/introductions.ts";
import type { RoomMember } from "../../src/room/member.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import type { Join } from "../../src/wire/room-messages.ts";
import { boxesOf, type FakeMember, fakeMember, ids } from "./fake-member.ts";

const SUBNETS = new AddressSet(["192.168.1.0/24"]);
const R = DEFAULT_LIMITS.room;

function introductions(
  changes: Partial<Omit<IntroductionsOptions, "limits">> & { limits?: LimitChanges["room"] } = {},
): { room: Introductions; clock: ManualClock; wish: (hello?: boolean) => Wish; offers: { ended: boolean }[] } {
  const clock = new ManualClock();
  const offers: { ended: boolean }[] = [];
  const next = ids();
  const { limits, ...others } = changes;
  const room = new Introductions({
    clock,
    subnets: SUBNETS,
    limits: limitsWith({ room: limits }).room,
    relay: () => {
      const offer = { ended: false };
      offers.push(offer);
      return { passes: [next(), next()], end: () => void (offer.ended = true) };
    },
    ...others,
  });
  const wish = (hello = true): Wish => ({
    ticketId: next(),
    secret: new Uint8Array(32).fill(7),
    hello: hello ? Uint8Array.of(1, 0, 1, 9) : undefined,
  });
  return { room, clock, wish, offers };
}

interface Wish {
  ticketId: Uint8Array;
  secret: Uint8Array;
  hello: Uint8Array | undefined;
}

const REPLY = Uint8Array.of(2, 0, 1, 9);
const count = (one: FakeMember): number => boxesOf(one, "ticket").length;

const punch = ({ ticketId }: Wish) => ({ type: "punch", ticketId }) as const;

test("the one that asks is told where the other one is, the other one has the ticket and the HELLO at the same moment, each with a pass of its own", () => {
  const { room, wish } = introductions();
  const [foo, bar] = [fakeMember("Foo"), fakeMember("Bar")];
  const asked = wish();
  expect(room.introduce(foo.member, bar.member, asked)).toBe(true);
  const candidates = [{ host: "127.0.0.1", port: 5_000, path: "lan" }];
  const { ticketId, secret, hello } = asked;
  expect(foo.boxes).toEqual([{ type: "introduced", ticketId, candidates, pass: expect.any(Uint8Array) as unknown }]);
  expect(bar.boxes).toEqual([
    {
      type: "ticket",
      ticketId,
      secret,
      name: "Foo",
      kind: "Foo",
      candidates,
      expiresMs: R.ticketMs,
      hello,
      pass: expect.any(Uint8Array) as unknown,
    },
  ]);
  expect(boxesOf(foo, "introduced")[0]?.pass).not.toEqual(boxesOf(bar, "ticket")[0]?.pass);
  expect([foo.heard, bar.heard]).toEqual([[], []]);
  room.close();
});

test("without a HELLO there are no passes, and where the Room does not relay neither HELLO nor passes are passed on", () => {
  for (const [hello, relay] of [
    [false, true],
    [true, false],
  ]) {
    const { room, wish } = introductions(relay === true ? {} : { relay: undefined });
    const [foo, bar] = [fakeMember("Foo"), fakeMember("Bar")];
    room.introduce(foo.member, bar.member, wish(hello));
    expect(boxesOf(foo, "introduced")).toMatchObject([{ pass: undefined }]);
    expect(boxesOf(bar, "ticket")).toMatchObject([{ hello: undefined, pass: undefined }]);
    room.close();
  }
});

test("an answer goes from the other one to the one that asked, once, and from nobody else", () => {
  const { room, wish } = introductions();
  const [foo, bar, evil] = [fakeMember("Foo"), fakeMember("Bar"), fakeMember("Evil")];
  const { ticketId, ...rest } = wish();
  room.introduce(foo.member, bar.member, { ticketId, ...rest });
  const answer = { type: "answer", ticketId, frame: REPLY } as const;
  room.answer(evil.member, answer);
  room.answer(foo.member, answer);
  room.answer(bar.member, { ...answer, ticketId: new Uint8Array(16) });
  expect([foo.heard, bar.heard, evil.heard]).toEqual([[], [], []]);
  room.answer(bar.member, answer);
  room.answer(bar.member, answer);
  expect([foo.heard, bar.heard, evil.heard]).toEqual([[answer], [], []]);
  expect(evil.boxes).toEqual([]);
  room.close();
});

test("an answer to no HELLO goes nowhere", () => {
  const { room, wish } = introductions();
  const [foo, bar] = [fakeMember("Foo"), fakeMember("Bar")];
  const asked = wish(false);
  room.introduce(foo.member, bar.member, asked);
  room.answer(bar.member, { type: "answer", ticketId: asked.ticketId, frame: REPLY });
  expect(foo.heard).toEqual([]);
  room.close();
});

test("limit room.pairWaitMs: of wishes that cross the first one counts; the next does when it was answered, or after two seconds", () => {
  const { room, clock, wish } = introductions();
  const [foo, bar] = [fakeMember("Foo"), fakeMember("Bar")];
  const first = wish();
  room.introduce(foo.member, bar.member, first);
  expect(room.introduce(bar.member, foo.member, wish())).toBe(true);
  expect([count(foo), count(bar)]).toEqual([0, 1]);
  room.answer(bar.member, { type: "answer", ticketId: first.ticketId, frame: REPLY });
  room.introduce(bar.member, foo.member, wish());
  expect([count(foo), count(bar)]).toEqual([1, 1]);
  clock.advance(R.pairWaitMs - 1);
  room.introduce(foo.member, bar.member, wish());
  expect([count(foo), count(bar)]).toEqual([1, 1]);
  clock.advance(1);
  room.introduce(foo.member, bar.member, wish());
  expect([count(foo), count(bar)]).toEqual([1, 2]);
  room.close();
});

test("who wishes again has given its last wish up: that comes to nothing, unless it was answered", () => {
  const { room, offers, wish } = introductions();
  const [foo, bar] = [fakeMember("Foo"), fakeMember("Bar")];
  const [first, second, third] = [wish(), wish(), wish()];
  room.introduce(foo.member, bar.member, first);
  room.introduce(foo.member, bar.member, second);
  expect([count(bar), room.size]).toEqual([2, 1]);
  expect(offers.map(({ ended }) => ended)).toEqual([true, false]);
  for (const { ticketId } of [first, second]) room.answer(bar.member, { type: "answer", ticketId, frame: REPLY });
  expect(foo.heard).toEqual([{ type: "answer", ticketId: second.ticketId, frame: REPLY }]);
  room.introduce(foo.member, bar.member, third);
  expect([count(bar), room.size]).toEqual([3, 2]);
  expect(offers.map(({ ended }) => ended)).toEqual([true, false, false]);
  room.close();
});

test("a wish that brings a HELLO does not wait for one that brought none; one that brings none waits for either", () => {
  const { room, wish } = introductions();
  const [foo, bar] = [fakeMember("Foo"), fakeMember("Bar")];
  room.introduce(foo.member, bar.member, wish(false));
  room.introduce(bar.member, foo.member, wish(false));
  expect([count(foo), count(bar)]).toEqual([0, 1]);
  room.introduce(bar.member, foo.member, wish(true));
  expect([count(foo), count(bar)]).toEqual([1, 1]);
  room.introduce(foo.member, bar.member, wish(false));
  expect([count(foo), count(bar)]).toEqual([1, 1]);
  room.close();
});

test("a ticket id that is in use already is passed over, whoever brings it", () => {
  const { room, wish } = introductions();
  const [foo, bar, evil, friend] = [fakeMember("Foo"), fakeMember("Bar"), fakeMember("Evil"), fakeMember("Friend")];
  const asked = wish();
  room.introduce(foo.member, bar.member, asked);
  room.introduce(evil.member, friend.member, { ...asked, secret: new Uint8Array(32) });
  expect([evil.boxes, friend.boxes]).toEqual([[], []]);
  room.answer(bar.member, { type: "answer", ticketId: asked.ticketId, frame: REPLY });
  expect(foo.heard).toHaveLength(1);
  room.close();
});

test("limit room.pairBurst, limit room.pairPerSecond: a pair that wishes for introductions all the time gets ten, then one per second", () => {
  const { room, clock, wish } = introductions({ limits: { pairWaitMs: 0 } });
  const [foo, bar] = [fakeMember("Foo"), fakeMember("Bar")];
  const wishes = (): void => {
    for (let n = 0; n < 50; n++) {
      expect(room.introduce(foo.member, bar.member, wish())).toBe(true);
      expect(room.introduce(bar.member, foo.member, wish())).toBe(true);
    }
  };
  wishes();
  expect(count(foo) + count(bar)).toBe(R.pairBurst);
  clock.advance(999);
  wishes();
  expect(count(foo) + count(bar)).toBe(R.pairBurst);
  clock.advance(1);
  wishes();
  expect(count(foo) + count(bar)).toBe(R.pairBurst + R.pairPerSecond);
  room.introduce(fakeMember("Baz").member, foo.member, wish());
  expect(count(foo) + count(bar)).toBe(R.pairBurst + R.pairPerSecond + 1); // others have a pace of their own
  room.close();
});

test("limit room.ticketMs: an introduction is forgotten after 30 s, and nothing is left of it", () => {
  const { room, clock, wish } = introductions();
  const [foo, bar] = [fakeMember("Foo"), fakeMember("Bar")];
  const [first, second] = [wish(), wish()];
  room.introduce(foo.member, bar.member, first);
  clock.advance(10_000);
  room.introduce(bar.member, foo.member, second);
  expect(room.size).toBe(2);
  clock.advance(R.ticketMs - 10_001);
  expect(room.size).toBe(2);
  clock.advance(1);
  expect(room.size).toBe(1);
  room.answer(bar.member, { type: "answer", ticketId: first.ticketId, frame: REPLY });
  expect(foo.heard).toEqual([]);
  clock.advance(10_000);
  expect([room.size, clock.pending]).toEqual([0, 0]);
});

test("limit room.introductions: beyond it the oldest goes that the same member is in, or else the oldest", () => {
  const { room, wish } = introductions({ limits: { introductions: 2 } });
  const [foo, bar, baz, evil] = ["Foo", "Bar", "Baz", "Evil"].map((name) => fakeMember(name)) as [
    FakeMember,
    FakeMember,
    FakeMember,
    FakeMember,
  ];
  const [first, second] = [wish(), wish()];
  room.introduce(foo.member, bar.member, first);
  room.introduce(evil.member, bar.member, second);
  room.introduce(evil.member, baz.member, wish());
  expect(room.size).toBe(2);
  for (const { ticketId } of [first, second]) room.answer(bar.member, { type: "answer", ticketId, frame: REPLY });
  expect([foo.heard.length, evil.heard.length]).toEqual([1, 0]);
  room.introduce(fakeMember("New").member, baz.member, wish());
  expect(room.size).toBe(2);
  room.close();
  expect(room.size).toBe(0);
});

test("when one of a pair leaves, its introductions come to nothing, their passes end, and the pair may begin anew", () => {
  let ended = 0;
  const next = ids();
  const { room, clock, wish } = introductions({ relay: () => ({ passes: [next(), next()], end: () => ended++ }) });
  const [foo, bar, baz] = [fakeMember("Foo"), fakeMember("Bar"), fakeMember("Baz")];
  const asked = wish();
  room.introduce(foo.member, bar.member, asked);
  room.introduce(foo.member, baz.member, wish());
  room.forget(bar.member);
  expect([room.size, ended]).toEqual([1, 1]);
  room.answer(bar.member, { type: "answer", ticketId: asked.ticketId, frame: REPLY });
  expect(foo.heard).toEqual([]);
  const again = fakeMember("Bar");
  expect(room.introduce(foo.member, again.member, wish())).toBe(true);
  expect(count(again)).toBe(1);
  room.forget(foo.member);
  expect([room.size, ended, clock.pending]).toEqual([0, 3, 0]);
});

test("a hole is tried once for each introduction, if one of the two wants it", () => {
  const rounds: [RoomMember, RoomMember][] = [];
  const { room, clock, wish } = introductions({ punch: (_ticketId, one, other) => void rounds.push([one, other]) });
  const [foo, bar, evil] = [fakeMember("Foo"), fakeMember("Bar"), fakeMember("Evil")];
  const [first, second] = [wish(), wish()];
  room.introduce(foo.member, bar.member, first);
  room.punch(evil.member, punch(first));
  room.punch(bar.member, punch(second));
  expect(rounds).toEqual([]);
  room.punch(bar.member, punch(first));
  room.punch(foo.member, punch(first));
  expect(rounds).toEqual([[foo.member, bar.member]]);
  clock.advance(R.pairWaitMs);
  room.introduce(bar.member, foo.member, second);
  clock.advance(R.ticketMs - 1);
  room.punch(foo.member, punch(second));
  expect(rounds).toHaveLength(2);
  const third = wish();
  room.introduce(bar.member, foo.member, third);
  clock.advance(R.ticketMs);
  room.punch(foo.member, punch(third));
  expect(rounds).toHaveLength(2);
  room.close();
});

const PUBLIC = "203.0.113.7";
const PUBLIC6 = "2001:db8:1:1::9";
const lan = (host: string) => ({ host, port: 5_000, path: "lan" }) as const;
const open = (host: string) => ({ host, port: 5_000, path: "public" }) as const;

test.each<[string, [string, Partial<Join>, boolean?], [string, Partial<Join>], object[]]>([
  ["both on the Room's machine: loopback", ["127.0.0.1", {}], ["127.0.0.1", {}], [lan("127.0.0.1")]],
  [
    "one on the Room's machine, one not: none, its listener is on loopback alone",
    ["127.0.0.1", { addresses: ["10.0.0.2"] }],
    ["192.168.1.9", {}],
    [],
  ],
  [
    "both in the Room's subnet: the address that the Room sees",
    ["192.168.1.8", {}],
    ["192.168.1.9", {}],
    [lan("192.168.1.8")],
  ],
  [
    "behind one public address: what is private of what it says",
    [PUBLIC, { addresses: ["10.0.0.2", "8.8.8.8", "169.254.1.1"] }],
    [PUBLIC, {}],
    [lan("10.0.0.2")],
  ],
  [
    "behind two public addresses: none",
    [PUBLIC, { addresses: ["10.0.0.2"] }],
    ["203.0.113.8", { addresses: ["10.0.0.3"] }],
    [],
  ],
  [
    "one named network: private addresses, whatever the Room sees",
    [PUBLIC, { addresses: ["10.0.0.2"], lan: "office" }],
    ["203.0.113.8", { lan: "office" }],
    [lan("10.0.0.2")],
  ],
  [
    "two named networks: none, even behind one address",
    [PUBLIC, { addresses: ["10.0.0.2"], lan: "a" }],
    [PUBLIC, { lan: "b" }],
    [],
  ],
  [
    "one seen over IPv6, one over IPv4 that has an address on the same link: where it is seen over IPv6",
    [PUBLIC6, { addresses: ["192.168.1.9", PUBLIC6] }],
    [PUBLIC, { addresses: ["192.168.1.5", "2001:db8:1:1::5"] }],
    [lan(PUBLIC6)],
  ],
  [
    "one seen over IPv4, one over IPv6 on whose link it says that it is: none, others must not be sent where it says",
    [PUBLIC, { addresses: ["192.168.1.5", "2001:db8:1:1::5"] }],
    [PUBLIC6, { addresses: ["192.168.1.9", PUBLIC6] }],
    [],
  ],
  [
    "one seen over IPv6, one over IPv4 that has an address of another link: none",
    [PUBLIC6, { addresses: ["192.168.1.9", PUBLIC6] }],
    [PUBLIC, { addresses: ["192.168.1.5", "2001:db8:1:2::5", "here"] }],
    [],
  ],
  [
    "one seen at an address of IPv6 that is not its own: none, whatever another one says",
    [PUBLIC6, { addresses: ["192.168.1.9", "fd00::9"] }],
    [PUBLIC, { addresses: ["2001:db8:1:1::5"] }],
    [],
  ],
  [
    "one seen over IPv6 in a named network: none, whatever another one says",
    [PUBLIC6, { addresses: [PUBLIC6], lan: "office" }],
    [PUBLIC, { addresses: ["2001:db8:1:1::5"] }],
    [],
  ],
  [
    "both seen at their own addresses of IPv4 in one /24: where it is seen",
    ["192.0.2.9", { addresses: ["192.0.2.9"] }],
    ["192.0.2.5", { addresses: ["192.0.2.5"] }],
    [lan("192.0.2.9")],
  ],
  ["a public host that the Room sees too", [PUBLIC, { publicHost: PUBLIC }], ["198.51.100.1", {}], [open(PUBLIC)]],
  [
    "a public host that the Room does not see: none, others must not be sent there",
    [PUBLIC, { publicHost: "198.51.100.9" }],
    ["198.51.100.1", {}],
    [],
  ],
  ["one that the Room could dial back: where it is seen", [PUBLIC, {}, true], ["198.51.100.1", {}], [open(PUBLIC)]],
  ["one that the Room could not dial back: none", [PUBLIC, {}, false], ["198.51.100.1", {}], []],
  [
    "behind one address, and dialled back: the network's own addresses first",
    [PUBLIC, { addresses: ["10.0.0.2"] }, true],
    [PUBLIC, {}],
    [lan("10.0.0.2"), open(PUBLIC)],
  ],
  [
    "more addresses than a message takes: the public one is among them",
    [PUBLIC, { addresses: Array.from({ length: 8 }, (_, n) => `10.0.0.${n}`) }, true],
    [PUBLIC, {}],
    [...Array.from({ length: 7 }, (_, n) => lan(`10.0.0.${n}`)), open(PUBLIC)],
  ],
])("candidates of A for B, %s", (_what, [seenA, a, isReachable], [seenB, b], expected) => {
  const first = fakeMember("B", seenB, b);
  const second = fakeMember("A", seenA, a);
  second.member.isReachable = isReachable;
  expect(second.member.candidatesFor(first.member, SUBNETS)).toEqual(expected);
});

test("addresses that changed are the ones that others are told of", () => {
  const a = fakeMember("A", PUBLIC, { addresses: ["10.0.0.2"] });
  const b = fakeMember("B", PUBLIC);
  a.member.moved(["10.0.0.9", "8.8.8.8"]);
  expect(a.member.candidatesFor(b.member, SUBNETS)).toEqual([lan("10.0.0.9")]);
});

const hostsToldTo = (one: FakeMember): string[] =>
  one.heard.flatMap((message) => (message.type === "candidates" ? message.candidates.map(({ host }) => host) : []));

test("of a member that moves all the time others are told once a second, and where it is in the end", () => {
  const { room, wish, clock } = introductions();
  const evil = fakeMember("Evil", "198.51.100.1");
  const others = ["Foo", "Bar"].map((name) => fakeMember(name, "198.51.100.1"));
  for (const other of others) room.introduce(evil.member, other.member, wish());
  const move = (host: string): void => {
    evil.member.moved([host]);
    room.learned(evil.member);
  };
  for (let n = 0; n < 200; n++) move(`10.0.0.${n}`);
  expect(others.map(hostsToldTo)).toEqual([["10.0.0.0"], ["10.0.0.0"]]);
  clock.advance(999);
  expect(others.map(hostsToldTo)).toEqual([["10.0.0.0"], ["10.0.0.0"]]);
  clock.advance(1);
  expect(others.map(hostsToldTo).map(String)).toEqual(Array(2).fill("10.0.0.0,10.0.0.199"));
  clock.advance(5_000);
  move("10.0.1.1");
  expect(others.map(hostsToldTo).map(String)).toEqual(Array(2).fill("10.0.0.0,10.0.0.199,10.0.1.1"));
  move("10.0.1.2");
  room.forget(evil.member);
  clock.advance(5_000);
  expect(others.map(hostsToldTo).map(String)).toEqual(Array(2).fill("10.0.0.0,10.0.0.199,10.0.1.1"));
  expect(clock.pending).toBe(0);
  room.close();
});

test.each(["127.0.0.1", "127.0.0.2"])(
  "nobody is introduced where %s, the address of one of the two, is barred",
  (barred) => {
    const bars = new Set([barred]);
    const { room, wish } = introductions({ isBarred: (host) => bars.has(host) });
    const [foo, bar] = [fakeMember("Foo", "127.0.0.1"), fakeMember("Bar", "127.0.0.2")];
    expect(room.introduce(foo.member, bar.member, wish())).toBe(false);
    expect(room.introduce(bar.member, foo.member, wish())).toBe(false);
    expect([foo.boxes, bar.boxes, room.size]).toEqual([[], [], 0]);
    bars.clear();
    expect(room.introduce(foo.member, bar.member, wish())).toBe(true);
    room.close();
  },
);

test("a barred address is nobody's candidate, whoever offers it", () => {
  const { room, wish } = introductions({ isBarred: (host) => host === "192.168.1.66" });
  const foo = fakeMember("Foo", "192.168.1.7", { addresses: ["192.168.1.66", "192.168.1.7"] });
  const bar = fakeMember("Bar", "192.168.1.8", { addresses: ["192.168.1.66"] });
  expect(room.introduce(foo.member, bar.member, wish())).toBe(true);
  expect(boxesOf(foo, "introduced")[0]?.candidates).toEqual([lan("192.168.1.8")]);
  expect(boxesOf(bar, "ticket")[0]?.candidates).toEqual([lan("192.168.1.7")]);
  room.close();
});
