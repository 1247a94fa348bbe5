import { expect, test } from "vitest";
import { nativeEngine } from "../../src/crypto/native.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { safeCandidates } from "../../src/user/dial-safety.ts";
import { Roster } from "../../src/user/roster.ts";
import { Tickets } from "../../src/user/tickets.ts";

const ticket = {
  ticketId: new Uint8Array(16).fill(1),
  secret: new Uint8Array(32).fill(2),
  name: "Bar",
  expiresMs: 30_000,
};

function hello(name: string, peerName: string, ticketId = ticket.ticketId): Parameters<Tickets["forHello"]>[0] {
  return { purpose: 3, name, peerName, ticketId, encryption: true, end: undefined };
}

function held(clock = new ManualClock()): Tickets {
  const tickets = new Tickets(clock, nativeEngine);
  tickets.add({ ...ticket, secret: ticket.secret.slice() });
  return tickets;
}

test("a ticket serves its two names, whoever asks with another id or name gets nothing", () => {
  const tickets = held();
  expect(tickets.forHello(hello("Bar", "Foo"), "Foo")).toBeDefined();
  expect(tickets.forHello(hello("Baz", "Foo"), "Foo")).toBeUndefined();
  expect(tickets.forHello(hello("Bar", "Baz"), "Foo")).toBeUndefined();
  expect(tickets.forHello(hello("Bar", "Foo", new Uint8Array(16)), "Foo")).toBeUndefined();
});

test("a ticket is spent once as dialler and once as answerer, for links directly and through the Room, counted apart", () => {
  const tickets = held();
  expect(tickets.spend(ticket.ticketId, "initiator", 3)).toBe(true);
  expect(tickets.spend(ticket.ticketId, "initiator", 3)).toBe(false);
  expect(tickets.forDial(ticket.ticketId, 3)).toBeUndefined();
  expect(tickets.forHello(hello("Bar", "Foo"), "Foo")).toBeDefined();
  expect(tickets.spend(ticket.ticketId, "responder", 3)).toBe(true);
  expect(tickets.spend(ticket.ticketId, "responder", 3)).toBe(false);
  expect(tickets.forHello(hello("Bar", "Foo"), "Foo")).toBeUndefined();
  const relayed = { ...hello("Bar", "Foo"), purpose: 4 as const };
  expect([tickets.isGood(ticket.ticketId, 3), tickets.isGood(ticket.ticketId, 4)]).toEqual([false, true]);
  expect(tickets.forHello(relayed, "Foo")).toBeDefined();
  for (const role of ["initiator", "responder"] as const) {
    expect(tickets.spend(ticket.ticketId, role, 4)).toBe(true);
    expect(tickets.spend(ticket.ticketId, role, 4)).toBe(false);
  }
  expect(tickets.forDial(ticket.ticketId, 4)).toBeUndefined();
  expect(tickets.forHello(relayed, "Foo")).toBeUndefined();
});

test("limit room.ticketMs, limit user.wrongTickets: a ticket dies after 30 s, and after three wrong answers but not two", () => {
  const clock = new ManualClock();
  const tickets = held(clock);
  tickets.wrong(ticket.ticketId);
  tickets.wrong(ticket.ticketId);
  expect(tickets.forDial(ticket.ticketId, 3)).toBeDefined();
  tickets.wrong(ticket.ticketId);
  expect(tickets.size).toBe(0);
  expect(clock.pending).toBe(0);
  tickets.add({ ...ticket, secret: ticket.secret.slice() });
  clock.advance(29_999);
  expect(tickets.size).toBe(1);
  clock.advance(1);
  expect(tickets.size).toBe(0);
});

test("case 47: loopback, link-local, multicast, low ports and names are never dialled because a Room said so", () => {
  const all = [
    "127.0.0.1",
    "::1",
    "169.254.169.254",
    "224.0.0.1",
    "0.0.0.0",
    "255.255.255.255",
    "fe80::1",
    "ff02::1",
    "::",
    "::ffff:127.0.0.1",
    "localhost",
    "evil.example",
    // What the system would look up, and find to be one of those above.
    "2130706433",
    "127.1",
    "0177.0.0.1",
    "127.000.000.001",
    "169.254.43518",
    "0",
    "10.0.0.1.",
    "...",
    ":::",
    "10.0.0.1%lo",
    // IPv4 inside of IPv6, and what else leads to the same places.
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "fec0::1",
    "100.100.100.200",
    "fd00:ec2::254",
    "10.0.0.1",
    "fd00::1",
  ].map((host) => ({ host, port: 2_222 }));
  expect(safeCandidates(all, false).map(({ host }) => host)).toEqual(["10.0.0.1", "fd00::1"]);
  expect(safeCandidates(all, true).map(({ host }) => host)).toEqual(["127.0.0.1", "::1", "::ffff:127.0.0.1"]);
  expect(safeCandidates([{ host: "10.0.0.1", port: 25 }], false)).toEqual([]);
});

test("case 48: of a thousand candidates eight are dialled, each address once", () => {
  const many = Array.from({ length: 1_000 }, (_, i) => ({ host: `10.0.${i % 4}.${(i >> 2) % 200}`, port: 5_000 }));
  expect(safeCandidates(many, false).length).toBe(8);
  expect(
    safeCandidates(
      [many[0], many[0], many[0]].flatMap((one) => one ?? []),
      false,
    ).length,
  ).toBe(1);
});

test("a roster is replaced as a whole when a welcome is complete, and tells of every change", () => {
  let changes = 0;
  const roster = new Roster(() => changes++);
  expect(roster.begin(2)).toBe(false);
  expect(roster.add([{ name: "b", kind: "K" }])).toBe(false);
  expect(roster.names).toEqual([]);
  expect(roster.add([{ name: "a", kind: undefined }])).toBe(true);
  expect(roster.names).toEqual(["a", "b"]);
  expect(roster.live("K")).toEqual(["b"]);
  expect(roster.add([{ name: "c", kind: "K" }])).toBe(false);
  roster.remove(["b", "x"]);
  expect(changes).toBe(3);
  expect(roster.begin(0)).toBe(true);
  expect(roster.names).toEqual([]);
  roster.remove(["a"]);
  expect(changes).toBe(4);
});
