import { Client, DEFAULT_LIMITS, type LimitChanges, Room, Server, User } from "chatroom";
import { memoryEnvironment } from "chatroom/testing";
import { expect, onTestFinished, test } from "vitest";
import { join, openRoom } from "../support/rooms.ts";
import { joinRoom, openClient, openServer } from "../../generated/index.js";
import { KeptLog } from "../link/parties.ts";

/** Everything that takes the option; none of them gets as far as a network. */
const PROGRAMS: [string, (limits: LimitChanges) => Promise<unknown>][] = [
  ["Room.open", (limits) => Room.open({ port: 0, log: "silent", limits })],
  ["Server.listen", (limits) => Server.listen({ port: 0, log: "silent", limits })],
  ["User.join", (limits) => User.join("Foo", { log: "silent", limits })],
  ["Client.open", (limits) => Client.open("Foo", { log: "silent", limits })],
  ["joinRoom", (limits) => joinRoom("Foo", handlers, { log: "silent", limits })],
  ["openServer", (limits) => openServer("Foo", handlers, { port: 0, log: "silent", limits })],
  ["openClient", (limits) => openClient("Foo", handlers, { log: "silent", limits })],
];

const handlers = { get: { title: () => "Foo" }, send: { chat: () => {} } };

test.each(PROGRAMS)("%s takes limits, and tells what is wrong with them", async (_name, start) => {
  const wrong = (limits: unknown): Promise<unknown> => start(limits as LimitChanges);
  await expect(wrong({ sesion: {} })).rejects.toThrow(
    "limits.sesion: there is no such group; did you mean limits.session?",
  );
  await expect(wrong({ calls: { waitingByte: 1 } })).rejects.toThrow("did you mean limits.calls.waitingBytes?");
  await expect(wrong({ calls: { waiting: "1" } })).rejects.toThrow(TypeError);
  await expect(wrong({ values: { depth: 1 } })).rejects.toThrow("can't be set");
  await expect(wrong([])).rejects.toThrow(TypeError);
});

test.each(PROGRAMS.slice(1))("%s refuses limits of sessions that can't hold together", async (_name, start) => {
  await expect(start({ session: { assemblyBytes: 1_000_000 } })).rejects.toThrow(RangeError);
});

test("limits of one program are its own: a user with a short queue, another with the usual one", async () => {
  const room = await openRoom();
  const small = await join(room, "Small", { limits: { calls: { waiting: 2, freeMessages: 1 } } });
  const usual = await join(room, "Usual");
  const signal = AbortSignal.timeout(20_000);
  const calls = [1, 2, 3].map((n) => small.peer("Nobody").get("x", n, { signal }));
  const settled = Promise.allSettled(calls);
  await expect(calls[2]).rejects.toMatchObject({
    code: "BUSY",
    message: expect.stringContaining("2 calls wait already") as string,
  });
  await usual.peer("Small").send("one");
  await expect(usual.peer("Small").send("two")).rejects.toMatchObject({ code: "BUSY" });
  await small.peer("Usual").send("one");
  await small.peer("Usual").send("two");
  await small.close();
  await settled;
});

test("a Room's own limits hold at its door", async () => {
  const room = await openRoom({ limits: { admission: { links: 1 } } });
  await join(room, "Foo");
  await expect(join(room, "Bar", { reconnect: false })).rejects.toMatchObject({ code: "ERR_BUSY" });
});

test("the defaults are not changed by an option, nor can a program change them for others", () => {
  expect(DEFAULT_LIMITS.admission.links).toBe(10_000);
  expect(Object.isFrozen(DEFAULT_LIMITS)).toBe(true);
  for (const group of Object.values(DEFAULT_LIMITS)) expect(Object.isFrozen(group)).toBe(true);
});

/** What a Room and a server there warn of. */
const warned = async (host: string, password?: string): Promise<string[]> => {
  const log = new KeptLog();
  const options = { port: 0, log, environment: memoryEnvironment(), host, password };
  const room = await Room.open(options);
  onTestFinished(() => room.close());
  const server = await Server.listen(options);
  onTestFinished(() => server.close());
  return log.lines.filter(({ level }) => level === "warn").map(({ message }) => message);
};

test("a password of fewer than ten characters is warned of where others can reach the program, and nowhere else", async () => {
  const told = "the password has 9 characters, and others can reach 10.0.0.1: choose 10 or more, at random";
  expect(await warned("10.0.0.1", "123456789")).toEqual([told, told]);
  expect(await warned("10.0.0.1", "1234567890")).toEqual([]);
  expect(await warned("10.0.0.1", "\u{1f600}".repeat(9))).toEqual([told, told]); // characters, not units of UTF-16
  expect(await warned("127.0.0.1", "1")).toEqual([]);
  expect(await warned("::1")).toEqual([]);
});
