import { expect, test } from "vitest";
import { passwordSecret } from "../../src/crypto/secret.ts";
import { dialLink } from "../../src/link/dial.ts";
import { environmentWith } from "../../src/link/environment.ts";
import type { Link } from "../../src/link/link.ts";
import { loggerOf } from "../../src/base/log.ts";
import { encodeToRoom } from "../../src/wire/room-messages.ts";
import { encodeValue } from "../../src/wire/values.ts";
import { expectNothingLeft } from "../support/leftovers.ts";
import { failure, join, openRoom } from "../support/rooms.ts";
import { until } from "../support/until.ts";

expectNothingLeft();

const environment = environmentWith();
const { engine, clock, random } = environment;

/** A proven link of somebody who knows the password and then says what it likes. */
async function scripted(room: { port: number }, name: string): Promise<Link> {
  const pipe = await environment.dial({ host: "127.0.0.1", port: room.port });
  const secret = passwordSecret("Passable", 1, engine);
  return dialLink(pipe, {
    clock,
    log: loggerOf("silent", ""),
    handshake: { engine, random, purpose: 1, name, peerName: "", encryption: true, secret, suites: engine.suites() },
  });
}

function closeOf(link: Link): Promise<{ code: string | undefined; message: string }> {
  return new Promise((resolve) => {
    link.start({
      data() {},
      sealed() {},
      drain() {},
      closed: (error) => resolve({ code: error?.code, message: error?.message ?? "" }),
    });
  });
}

const JOIN = { type: "join", kind: undefined, port: 5_000, addresses: [], publicHost: undefined, lan: "auto" } as const;

test.each<[string, Uint8Array]>([
  ["no value", Uint8Array.of(0xc1)],
  ["a value of another form", encodeValue("hello")],
  ["an unknown message", encodeValue({ type: "shutdown" })],
  ["a message before the join", encodeToRoom({ type: "punch", ticketId: new Uint8Array(16) })],
  ["a join with a port that can't be", encodeValue({ ...JOIN, port: 70_000 })],
  [
    "a join with a thousand addresses",
    encodeValue({ ...JOIN, addresses: Array.from({ length: 1_000 }, () => "10.0.0.1") }),
  ],
  ["a join with a kind of a megabyte", encodeValue({ ...JOIN, kind: "x".repeat(60_000) })],
])("a member that says %s is dismissed, and the others notice nothing", async (_what, bytes) => {
  const room = await openRoom();
  const foo = await join(room, "Foo");
  const bar = await join(room, "Bar");
  bar.handle("echo", (data) => data);
  const link = await scripted(room, "Mallory");
  const closed = closeOf(link);
  link.send([bytes]);
  expect((await closed).code).toBe("ERR_MALFORMED");
  expect(room.names).toEqual(["Bar", "Foo"]);
  expect(await foo.peer("Bar").get("echo", 1)).toBe(1);
});

const WISH = { type: "introduce", name: "Mallory", ticketId: new Uint8Array(16), secret: new Uint8Array(32) } as const;

test("a member that joins twice, asks for an introduction outside of a box, or sends anything else in one leaves", async () => {
  const room = await openRoom();
  for (const act of [
    (link: Link) => link.send([encodeToRoom(JOIN)]),
    (link: Link) => link.send([encodeToRoom(WISH)]),
    (link: Link) => link.sendSealed(encodeToRoom({ type: "punch", ticketId: new Uint8Array(16) })),
    (link: Link) => link.sendSealed(encodeToRoom(JOIN)),
    (link: Link) => link.sendSealed(new Uint8Array(3)),
  ]) {
    const link = await scripted(room, "Mallory");
    const closed = closeOf(link);
    link.send([encodeToRoom(JOIN)]);
    await until(() => room.names.length === 1);
    act(link);
    expect((await closed).code).toBe("ERR_MALFORMED");
    expect(room.names).toEqual([]);
  }
});

test("a member can't answer for an introduction of others", async () => {
  const room = await openRoom();
  const link = await scripted(room, "Mallory");
  link.start({ data() {}, sealed() {}, drain() {}, closed() {} });
  link.send([encodeToRoom(JOIN)]);
  link.send([encodeToRoom({ type: "answer", ticketId: new Uint8Array(16), frame: new Uint8Array(3) })]);
  link.send([encodeToRoom({ type: "punch", ticketId: new Uint8Array(16) })]);
  link.send([encodeToRoom({ type: "called", pass: new Uint8Array(16) })]);
  link.sendSealed(encodeToRoom(WISH)); // of itself
  const foo = await join(room, "Foo");
  const bar = await join(room, "Bar");
  bar.handle("echo", (data) => data);
  expect(await foo.peer("Bar").get("echo", 1)).toBe(1);
  link.close();
});

test("the name Room is the Room's own, also for who does not ask our own library", async () => {
  const room = await openRoom();
  const closed = closeOf(await scripted(room, "Room"));
  expect((await closed).code).toBe("ERR_NAME");
});

test("a silent holder of a name loses it to a newcomer within 2.5 s, a living one keeps it", async () => {
  const room = await openRoom();
  const living = await join(room, "Bar");
  expect(await failure(join(room, "Bar"))).toMatchObject({ code: "ERR_NAME" });
  await living.close();
  // A holder that is proven but never answers a ping: its pipe is paused.
  const silent = await environment.dial({ host: "127.0.0.1", port: room.port });
  const secret = passwordSecret("Passable", 1, engine);
  const link = await dialLink(silent, {
    clock,
    log: loggerOf("silent", ""),
    handshake: {
      engine,
      random,
      purpose: 1,
      name: "Bar",
      peerName: "",
      encryption: true,
      secret,
      suites: engine.suites(),
    },
  });
  link.start({ data() {}, sealed() {}, drain() {}, closed() {} });
  link.send([encodeToRoom(JOIN)]);
  await until(() => room.names.includes("Bar"));
  silent.pause();
  const began = performance.now();
  const newcomer = await join(room, "Bar");
  expect(performance.now() - began).toBeLessThan(4_000);
  expect(newcomer.name).toBe("Bar");
  expect(room.names).toEqual(["Bar"]);
  link.destroy();
});

test("an address of the blacklist is not admitted", async () => {
  const room = await openRoom({ blacklist: ["127.0.0.0/8"] });
  const error = await failure(join(room, "Foo", { reconnect: false }));
  expect(error.name).toBe("LinkError");
  expect(room.names).toEqual([]);
});

test.each(["nowhere", "10.0.0.0/99", "1.2.3"])(
  "the blacklist entry %j is refused when the Room opens",
  async (entry) => {
    expect((await failure(openRoom({ blacklist: [entry] }))).message).toContain(entry);
  },
);

test("a Room that closes tells its users, who keep each other", async () => {
  const room = await openRoom();
  const foo = await join(room, "Foo", { reconnect: false });
  const bar = await join(room, "Bar", { reconnect: false });
  bar.handle("echo", (data) => data);
  await foo.peer("Bar").get("echo", 1);
  await room.close();
  await room.close();
  expect(await foo.peer("Bar").get("echo", 2)).toBe(2);
});
