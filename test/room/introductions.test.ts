import { expect, test } from "vitest";
import { AddressSet } from "../../src/link/address-set.ts";
import type { Link } from "../../src/link/link.ts";
import { DEFAULT_LIMITS } from "../../src/base/limits.ts";
import { Introductions } from "../../src/room/introductions.ts";
import { RoomMember } from "../../src/room/member.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { decodeTicket, type Join, type Ticket } from "../../src/wire/room-messages.ts";

interface Told {
  readonly member: RoomMember;
  readonly tickets: Ticket[];
}

function member(name: string, seen: string, join: Partial<Join> = {}): Told {
  const tickets: Ticket[] = [];
  const link = {
    remoteName: name,
    remote: { host: seen, port: 40_000 },
    sendSealed: (payload: Uint8Array) => void tickets.push(decodeTicket(payload)),
  } as unknown as Link; // all that a member uses of it here
  const defaults: Join = { type: "join", kind: name, port: 5_000, addresses: [], publicHost: undefined, lan: "auto" };
  return { member: new RoomMember(link, { ...defaults, ...join }), tickets };
}

function introductions(clock = new ManualClock()): Introductions {
  let made = 0;
  return new Introductions(clock, (length) => new Uint8Array(length).fill(++made), new AddressSet(["192.168.1.0/24"]));
}

test("a pair that wishes for introductions all the time gets ten, then one per second (limit room.pairBurst, limit room.pairPerSecond)", () => {
  const clock = new ManualClock();
  const room = introductions(clock);
  const [foo, bar] = [member("Foo", "127.0.0.1"), member("Bar", "127.0.0.1")];
  const wish = (): void => {
    expect(room.introduce(foo.member, bar.member)).toBe(true);
    for (const { ticketId } of foo.tickets.slice(-1)) room.ready(foo.member, ticketId);
  };
  for (let count = 0; count < 100; count++) wish();
  expect([foo.tickets.length, bar.tickets.length]).toEqual([10, 10]);
  clock.advance(999);
  wish();
  expect(bar.tickets.length).toBe(10);
  clock.advance(1);
  for (let count = 0; count < 100; count++) wish();
  expect(bar.tickets.length).toBe(11);
  const baz = member("Baz", "127.0.0.1");
  room.introduce(baz.member, foo.member);
  expect(foo.tickets.length).toBe(12); // others have a pace of their own
  room.close();
});

test("the greater name gets its ticket first, and only when it is ready the smaller one gets its own and dials", () => {
  const room = introductions();
  const [foo, bar] = [member("Foo", "127.0.0.1"), member("Bar", "127.0.0.1")];
  expect(room.introduce(foo.member, bar.member)).toBe(true);
  expect(bar.tickets).toEqual([]);
  expect(foo.tickets).toMatchObject([
    {
      name: "Bar",
      first: false,
      candidates: [{ host: "127.0.0.1", port: 5_000 }],
      expiresMs: DEFAULT_LIMITS.room.ticketMs,
    },
  ]);
  const { ticketId, secret } = foo.tickets[0] as Ticket;
  room.ready(bar.member, ticketId); // not Bar's to say
  room.ready(foo.member, new Uint8Array(16));
  expect(bar.tickets).toEqual([]);
  room.ready(foo.member, ticketId);
  expect(bar.tickets).toMatchObject([{ name: "Foo", first: true, ticketId, secret }]);
  room.ready(foo.member, ticketId);
  expect(bar.tickets.length).toBe(1);
  expect(room.size).toBe(0);
});

test("names are compared as bytes, not as UTF-16", () => {
  const room = introductions();
  const [small, great] = [member("\u{ff5e}", "127.0.0.1"), member("\u{1f600}", "127.0.0.1")];
  room.introduce(great.member, small.member);
  expect(great.tickets).toMatchObject([{ first: false }]);
  expect(small.tickets).toEqual([]);
});

test("a pair is introduced once at a time, and again after the first ticket has expired", () => {
  const clock = new ManualClock();
  const room = introductions(clock);
  const [foo, bar] = [member("Foo", "127.0.0.1"), member("Bar", "127.0.0.1")];
  room.introduce(foo.member, bar.member);
  expect(room.introduce(bar.member, foo.member)).toBe(true);
  expect(foo.tickets.length).toBe(1);
  clock.advance(DEFAULT_LIMITS.room.ticketMs);
  room.introduce(bar.member, foo.member);
  expect(foo.tickets.length).toBe(2);
  room.close();
  expect(clock.pending).toBe(0);
});

test("when one of a pair leaves, its introduction comes to nothing and may begin anew", () => {
  const clock = new ManualClock();
  const room = introductions(clock);
  const [foo, bar] = [member("Foo", "127.0.0.1"), member("Bar", "127.0.0.1")];
  room.introduce(foo.member, bar.member);
  room.forget(bar.member);
  expect(clock.pending).toBe(0);
  room.ready(foo.member, (foo.tickets[0] as Ticket).ticketId);
  expect(bar.tickets).toEqual([]);
  const again = member("Bar", "127.0.0.1");
  expect(room.introduce(foo.member, again.member)).toBe(true);
  expect(foo.tickets.length).toBe(2);
});

const PUBLIC = "203.0.113.7";

test.each<[string, [string, Partial<Join>], [string, Partial<Join>], string[] | undefined]>([
  ["both on the Room's machine: loopback", ["127.0.0.1", {}], ["127.0.0.1", {}], ["127.0.0.1"]],
  [
    "one on the Room's machine, one not: none, its listener is on loopback alone",
    ["127.0.0.1", { addresses: ["10.0.0.2"] }],
    ["192.168.1.9", {}],
    undefined,
  ],
  [
    "both in the Room's subnet: the address that the Room sees",
    ["192.168.1.8", {}],
    ["192.168.1.9", {}],
    ["192.168.1.8"],
  ],
  [
    "behind one public address: what is private of what it says",
    [PUBLIC, { addresses: ["10.0.0.2", "8.8.8.8", "169.254.1.1"] }],
    [PUBLIC, {}],
    ["10.0.0.2"],
  ],
  [
    "behind two public addresses: none",
    [PUBLIC, { addresses: ["10.0.0.2"] }],
    ["203.0.113.8", { addresses: ["10.0.0.3"] }],
    undefined,
  ],
  [
    "one named network: private addresses, whatever the Room sees",
    [PUBLIC, { addresses: ["10.0.0.2"], lan: "office" }],
    ["203.0.113.8", { lan: "office" }],
    ["10.0.0.2"],
  ],
  [
    "two named networks: none, even behind one address",
    [PUBLIC, { addresses: ["10.0.0.2"], lan: "a" }],
    [PUBLIC, { lan: "b" }],
    undefined,
  ],
  ["a public host that the Room sees too", [PUBLIC, { publicHost: PUBLIC }], ["198.51.100.1", {}], [PUBLIC]],
  [
    "a public host that the Room does not see: none, others must not be sent there",
    [PUBLIC, { publicHost: "198.51.100.9" }],
    ["198.51.100.1", {}],
    undefined,
  ],
])("candidates of A for B, %s", (_what, [seenA, a], [seenB, b], expected) => {
  const room = introductions();
  const first = member("B", seenB, { addresses: [], ...b });
  const second = member("A", seenA, { addresses: [], ...a });
  const candidates = second.member.candidatesFor(first.member, new AddressSet(["192.168.1.0/24"]));
  expect(candidates).toEqual((expected ?? []).map((host) => ({ host, port: 5_000 })));
  room.close();
});

test("when only one of a pair can be reached, the other one dials, and the reachable one has its ticket first", () => {
  const room = introductions();
  const a = member("A", PUBLIC, { publicHost: PUBLIC });
  const b = member("B", "198.51.100.1");
  room.introduce(a.member, b.member);
  expect(a.tickets).toMatchObject([{ name: "B", first: false, candidates: [] }]);
  room.ready(a.member, (a.tickets[0] as Ticket).ticketId);
  expect(b.tickets).toMatchObject([{ name: "A", first: true, candidates: [{ host: PUBLIC, port: 5_000 }] }]);
});

/** Introductions where some addresses are barred. */
function barring(bars: ReadonlySet<string>): Introductions {
  let made = 0;
  const random = (length: number): Uint8Array => new Uint8Array(length).fill(++made);
  const subnets = new AddressSet(["192.168.1.0/24"]);
  return new Introductions(new ManualClock(), random, subnets, DEFAULT_LIMITS.room, (host) => bars.has(host));
}

test.each(["127.0.0.1", "127.0.0.2"])(
  "nobody is introduced where %s, the address of one of the two, is barred",
  (barred) => {
    const bars = new Set([barred]);
    const room = barring(bars);
    const [foo, bar] = [member("Foo", "127.0.0.1"), member("Bar", "127.0.0.2")];
    expect(room.introduce(foo.member, bar.member)).toBe(false);
    expect(room.introduce(bar.member, foo.member)).toBe(false);
    expect([foo.tickets, bar.tickets, room.size]).toEqual([[], [], 0]);
    bars.clear();
    expect(room.introduce(foo.member, bar.member)).toBe(true);
  },
);

test("a barred address is nobody's candidate, whoever offers it", () => {
  const room = barring(new Set(["192.168.1.66"]));
  const foo = member("Foo", "192.168.1.7", { addresses: ["192.168.1.66", "192.168.1.7"] });
  const bar = member("Bar", "192.168.1.8", { addresses: ["192.168.1.66"] });
  expect(room.introduce(foo.member, bar.member)).toBe(true);
  room.ready(foo.member, (foo.tickets[0] as Ticket).ticketId);
  expect(foo.tickets[0]?.candidates).toEqual([{ host: "192.168.1.8", port: 5_000 }]);
  expect(bar.tickets[0]?.candidates).toEqual([{ host: "192.168.1.7", port: 5_000 }]);
});
