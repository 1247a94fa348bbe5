import { expect, test } from "vitest";
import { hashPasswords } from "../../src/crypto/hash-passwords.ts";
import { portableEngine } from "../../src/crypto/portable.ts";
import type { Environment } from "../../src/link/environment.ts";
import type { PipeEvents } from "../../src/pipe/pipe.ts";
import { dialTcp } from "../../src/pipe/tcp.ts";
import { Room, type RoomOptions } from "../../src/room/room.ts";
import { Server } from "../../src/server/server.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import type { UserOptions } from "../../src/schema/peer-types.ts";
import { KeptLog } from "../link/parties.ts";
import { crp1 } from "../vectors/crp1.ts";
import { expectNothingLeft } from "../support/leftovers.ts";
import { failure, join, openRoom } from "../support/rooms.ts";
import { until } from "../support/until.ts";

expectNothingLeft();

const users = await hashPasswords({ Foo: "123456", Bar: "p\u00e4ssw\u00f6rd" }, { cost: 4 });
const foo: UserOptions = { password: "123456" };
const bar: UserOptions = { password: "pa\u0308sswo\u0308rd" };

test.each([
  ["native", undefined],
  ["portable", { engine: portableEngine }],
] as const)(
  "users of a table join with their passwords and call each other (%s engine)",
  async (_name, environment) => {
    const room = await openRoom({ users, environment });
    const one = await join(room, "Foo", { ...foo, environment });
    const other = await join(room, "Bar", bar);
    other.handle("who", (_data, call) => call.from);
    expect(await one.peer("Bar").get("who")).toBe("Foo");
    expect(room.names).toEqual(["Bar", "Foo"]);
  },
);

test("case 34: a wrong password and an unknown name are refused for good, in the same words", async () => {
  const room = await openRoom({ users });
  const wrong = await failure(join(room, "Foo", { password: "1234567" }));
  const unknown = await failure(join(room, "Baz", { password: "123456" }));
  const text = (name: string): string =>
    `wrong password of the user ${name}: the Room at 127.0.0.1:${room.port} has another one, or no user of that name (` +
    `"Room" has another password of the user "${name}", or no user of that name)`;
  expect(wrong).toMatchObject({ name: "LinkError", code: "ERR_AUTH", message: text("Foo") });
  expect(unknown).toMatchObject({ name: "LinkError", code: "ERR_AUTH", message: text("Baz") });
  expect(room.names).toEqual([]);
});

test("case 36: a Room with a table asks everybody, and a user with a password joins no Room that does not ask", async () => {
  const asks = await openRoom({ users });
  const without = await failure(join(asks, "Foo"));
  expect(without).toMatchObject({ code: "ERR_AUTH" });
  expect(without.message).toContain(
    `the Room at 127.0.0.1:${asks.port}: "Room" asks for the password of the user "Foo"`,
  );
  expect(without.message).toContain('give it as the option "password"');
  const never = await openRoom();
  const withOne = await failure(join(never, "Foo", foo));
  expect(withOne).toMatchObject({ code: "ERR_AUTH" });
  expect(withOne.message).toContain('"Room" does not ask for the password of the user "Foo"');
  expect([asks.names, never.names]).toEqual([[], []]);
});

test("plain bcrypt hashes serve as a table, as text and as bytes, also those of the other bcrypt programs", async () => {
  const [first, , third] = crp1.verifiers;
  const [a = "", y = ""] = [first?.sameEntryFrom[0], third?.sameEntryFrom[1]];
  expect([a.slice(0, 4), y.slice(0, 4)]).toEqual(["$2a$", "$2y$"]);
  const room = await openRoom({ users: { Foo: a, Bar: new TextEncoder().encode(y) } });
  await join(room, "Foo", { password: first?.password });
  await join(room, "Bar", { password: third?.password });
  expect(room.names).toEqual(["Bar", "Foo"]);
});

test("case 39: an entry that is none, a name that is none and a short secret end the start, and name the entry", async () => {
  for (const entry of [...crp1.badEntries, 5 as unknown as string, new Uint8Array(60)]) {
    const error = await failure(Room.open({ port: 0, log: "silent", users: { Foo: entry } }));
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toContain('users: what "Foo" has is neither a verifier nor a bcrypt hash');
  }
  await expect(Room.open({ port: 0, log: "silent", users: { " Foo": users.Foo } })).rejects.toThrow(
    'users: the name " Foo" begins or ends with a space',
  );
  await expect(Room.open({ port: 0, log: "silent", users, secret: "short" })).rejects.toThrow(
    "secret must be at least 16 characters or bytes, not 5",
  );
});

test("case 38: a password that can't be one ends the join before anything is sent", async () => {
  const error = await failure(join({ port: 1 }, "Foo", { password: "x".repeat(73) }));
  expect(error).toMatchObject({ code: "ERR_PARAM", message: "the password takes 73 bytes in UTF-8, more than 72" });
});

test("a proven user takes its own name back at once, and the program that had it tries again in a minute (limit peers.refusedWaitMs)", async () => {
  const clock = new ManualClock();
  const room = await openRoom({ users });
  const log = new KeptLog();
  const first = await join(room, "Foo", { ...foo, log, environment: { clock } });
  await join(room, "Foo", foo); // a ping of the holder would be answered, and the name refused
  await until(() =>
    log.lines.some(({ message }) => message === "another program joined as Foo; joining again in 60 s"),
  );
  expect(room.names).toEqual(["Foo"]);
  clock.advance(59_999);
  expect(log.lines.filter(({ message }) => message === "Foo is in the Room")).toHaveLength(1);
  clock.advance(1);
  await until(() => log.lines.filter(({ message }) => message === "Foo is in the Room").length === 2);
  expect(first.name).toBe("Foo");
});

test("without a table a name stays its holder's as long as that one lives", async () => {
  const room = await openRoom();
  await join(room, "Foo");
  expect(await failure(join(room, "Foo"))).toMatchObject({ code: "ERR_NAME", received: 8 });
});

test("a user that was in when its password was changed tries again once a minute", async () => {
  let maySeeRoom = Promise.resolve();
  let show!: () => void;
  const dial: Environment["dial"] = async (options) => {
    await maySeeRoom;
    return dialTcp(options);
  };
  const log = new KeptLog();
  const room = await openRoom({ users });
  await join(room, "Foo", { ...foo, log, environment: { dial } });
  maySeeRoom = new Promise((resolve) => (show = resolve));
  await room.close();
  const changed = await openRoom({ port: room.port, users: await hashPasswords({ Foo: "654321" }, { cost: 4 }) });
  show();
  const warned = (): string[] => log.lines.filter(({ level }) => level === "warn").map(({ message }) => message);
  await until(() => warned().length > 0);
  expect(warned()).toEqual([`the Room at 127.0.0.1:${room.port} refuses for now; trying again in 60 s`]);
  expect(changed.names).toEqual([]);
});

test("giving up while the keys are derived ends that at once", async () => {
  const slow = await openRoom({ users: { Foo: `$2b$16$${users.Foo.slice(7)}` } });
  const stop = new AbortController();
  const reason = new Error("given up");
  let chunks = 0;
  const dial: Environment["dial"] = async (options) => {
    const pipe = await dialTcp(options);
    const start = pipe.start.bind(pipe);
    const counted = (events: PipeEvents): void => start({ ...events, data: (chunk) => (chunks++, events.data(chunk)) });
    return Object.assign(pipe, { start: counted });
  };
  const joining = failure(join(slow, "Foo", { ...foo, signal: stop.signal, environment: { dial } }));
  await until(() => chunks === 2); // REPLY, and what it is asked: bcrypt takes 5 s from here
  stop.abort(reason);
  expect(await joining).toBe(reason);
});

test("ten users of one machine that start together all get in, and none is refused for the others' proofs that are on their way", async () => {
  const names = Array.from({ length: 10 }, (_, at) => `user-${at}`);
  const passwords = Object.fromEntries(names.map((name) => [name, `password of ${name}`]));
  const table = await hashPasswords(passwords, { cost: 4 });
  const room = await openRoom({ users: table });
  const log = new KeptLog();
  await Promise.all(names.map((name) => join(room, name, { password: passwords[name], log })));
  expect(room.names).toEqual(names);
  expect(log.lines.filter(({ message }) => message.includes("refuses"))).toEqual([]);
});

test.each([
  ["null", null],
  ["a text", ""],
  ["a number", 0],
  ["a list", []],
  ["a Map", new Map(Object.entries(users))],
])("%s is no table of users: neither everybody nor nobody would be let in", async (_what, table) => {
  const given = { port: 0, log: "silent", users: table } as unknown as RoomOptions;
  const refusal = { name: "TypeError", message: expect.stringContaining("users must be an object") as string };
  expect(await failure(Room.open(given))).toMatchObject(refusal);
  expect(await failure(Server.listen(given))).toMatchObject(refusal);
});
