import { createServer, type Server } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { LinkError } from "../../src/base/errors.ts";
import { Room } from "../../src/room/room.ts";
import { User } from "../../src/user/user.ts";
import { KeptLog } from "../link/parties.ts";
import { expectNothingLeft } from "../support/leftovers.ts";
import { failure, join, openRoom } from "../support/rooms.ts";
import { until } from "../support/until.ts";

expectNothingLeft();

/** Something that is no Room: says what it is told to every connection. */
async function somethingElse(says: string | undefined): Promise<number> {
  const server: Server = createServer((socket) => {
    socket.on("error", () => {}).resume();
    if (says !== undefined) socket.write(says);
    else socket.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return (server.address() as { port: number }).port;
}

test("two users of a Room call each other by name, both ways, and get free messages", async () => {
  const room = await openRoom();
  const foo = await join(room, "Foo");
  const bar = await join(room, "Bar");
  foo.handle("title", () => "the curious");
  bar.handle("test", (data, call) => ["Bar did the test", data, call.from]);
  expect(await foo.peer("Bar").get("test", "Hello get")).toEqual(["Bar did the test", "Hello get", "Foo"]);
  expect(await bar.peer("Foo").get("title")).toBe("the curious");
  expect(foo.peer("Bar").path).toBe("lan");
  await foo.peer("Bar").send({ hello: new Date(0) });
  const messages = bar.messages()[Symbol.asyncIterator]();
  expect(await messages.next()).toEqual({ done: false, value: { from: "Foo", data: { hello: new Date(0) } } });
  expect(foo.names).toEqual(["Bar"]);
  expect(room.names).toEqual(["Bar", "Foo"]);
});

test("a call made before its peer is here waits for it", async () => {
  const room = await openRoom();
  const foo = await join(room, "Foo");
  const answer = foo.peer("Bar").get("test", 1);
  const bar = await join(room, "Bar");
  bar.handle("test", (data) => data);
  expect(await answer).toBe(1);
});

test("a call to nobody says who is there when its time is up, and that it did not run", async () => {
  const room = await openRoom();
  const foo = await join(room, "Foo");
  await join(room, "worker-7");
  const error = await failure(foo.peer("Worker").get("status", undefined, { timeoutMs: 60 }));
  expect(error).toMatchObject({ name: "PeerError", code: "TIMEOUT", outcome: "did not run" });
  expect(error.message).toContain("no user named Worker; live: worker-7");
});

test("a wrong Room password is refused, and the message says which password", async () => {
  const room = await openRoom({ password: "correct horse battery" });
  const error = await failure(join(room, "Foo", { room: { password: "wrong" } }));
  expect(error).toMatchObject({ name: "LinkError", code: "ERR_AUTH" });
  expect(error.message).toMatch(/password/);
  expect(error.message).not.toContain('wrong"');
});

test.each([
  [true, false],
  [false, true],
])(
  "case 16: with encryption %s at the Room and %s at the user the error names both settings",
  async (atRoom, atUser) => {
    const room = await openRoom({ encryption: atRoom });
    const error = await failure(join(room, "Foo", { encryption: atUser }));
    expect(error).toMatchObject({ name: "LinkError", code: "ERR_ENCRYPTION_MISMATCH" });
    expect(error.message).toMatch(/\bon\b/);
    expect(error.message).toMatch(/\boff\b/);
  },
);

test("with encryption off on both sides calls work", async () => {
  const room = await openRoom({ encryption: false });
  const foo = await join(room, "Foo", { encryption: false });
  const bar = await join(room, "Bar", { encryption: false });
  bar.handle("twice", (n) => (n as number) * 2);
  expect(await foo.peer("Bar").get("twice", 21)).toBe(42);
});

test("case 24: a name that is in use is refused, and its holder's calls go on", async () => {
  const room = await openRoom();
  const foo = await join(room, "Foo");
  const bar = await join(room, "Bar");
  bar.handle("echo", (data) => data);
  await foo.peer("Bar").get("echo", 1);
  const error = await failure(join(room, "Bar"));
  expect(error).toMatchObject({ name: "LinkError", code: "ERR_NAME" });
  expect(error.message).toContain("in use");
  expect(await foo.peer("Bar").get("echo", 2)).toBe(2);
  expect(room.names).toEqual(["Bar", "Foo"]);
});

test("a name is free again after its owner left", async () => {
  const room = await openRoom();
  const bar = await join(room, "Bar");
  await bar.close();
  const again = await join(room, "Bar");
  expect(again.name).toBe("Bar");
});

test.each(["", "Room", "x".repeat(65), "a\nb", " a", "\u202eabc", "\ud800"])(
  "case 23: the name %j is refused before anything is sent",
  async (name) => {
    const room = await openRoom();
    const error = await failure(join(room, name));
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toMatch(/name/);
  },
);

test.each(["__proto__", "constructor", ".", "toString"])("case 23: %j is a name like any other", async (name) => {
  const room = await openRoom();
  const foo = await join(room, "Foo");
  const odd = await join(room, name);
  odd.handle("test", () => name);
  expect(await foo.peer(name).get("test")).toBe(name);
  expect(room.names).toContain(name);
});

test("case 21: passwords that can't be used are refused with a clear error", async () => {
  for (const password of ["", "x".repeat(1_025), "\ud800", "a\u0000b"]) {
    const error = await failure(Room.open({ port: 0, password, log: "silent" }));
    expect(error.message).toMatch(/password/i);
  }
});

test("the default password is refused where others can reach the Room, and the message says how to set one", async () => {
  const error = await failure(Room.open({ host: "0.0.0.0", port: 0, log: "silent" }));
  expect(error).toBeInstanceOf(TypeError);
  expect(error.message).toContain("CHATROOM_PASSWORD");
  await expect(Room.open({ host: "::", port: 0, password: "Passable", log: "silent" })).rejects.toThrow(
    "known to everybody",
  );
});

test.each([-1, 65_536, 1.5, Number.NaN, "80" as unknown as number])("the port %s is refused", async (port) => {
  expect((await failure(Room.open({ port, log: "silent" }))).message).toContain(
    "port must be a whole number from 0 to 65535",
  );
  expect((await failure(User.join("Foo", { room: { port }, log: "silent" }))).message).toContain("room.port");
});

test("a port that others would never dial is refused, and so are lists that are none", async () => {
  expect((await failure(User.join("Foo", { listenPort: 80, log: "silent" }))).message).toContain("above 1023");
  const deny = "Bar" as unknown as string[];
  expect((await failure(User.join("Foo", { deny, log: "silent" }))).message).toContain("deny must be a list");
});

test("a port that is taken is named in the error", async () => {
  const room = await openRoom();
  const error = await failure(Room.open({ port: room.port, log: "silent" }));
  expect(error).toMatchObject({ name: "LinkError", code: "ERR_UNREACHABLE" });
  expect(error.message).toContain(String(room.port));
});

test("without a Room a join with reconnect: false fails and names the address", async () => {
  const room = await openRoom();
  const { port } = room;
  await room.close();
  const error = await failure(User.join("Foo", { room: { port }, reconnect: false, log: "silent" }));
  expect(error).toMatchObject({ name: "LinkError", code: "ERR_UNREACHABLE" });
  expect(error.message).toContain(`127.0.0.1:${port}`);
});

test("without a Room a join keeps trying, says how to start one, and gets in when there is one", async () => {
  const first = await openRoom();
  const { port } = first;
  await first.close();
  const lines: string[] = [];
  const log = {
    debug() {},
    info() {},
    error() {},
    warn: (_fields: object, message: string) => void lines.push(message),
  };
  const joining = join({ port }, "Foo", { log });
  await until(() => lines.length > 0);
  expect(lines[0]).toContain(`npx chatroom room --port ${port}`);
  const room = await openRoom({ port });
  expect((await joining).name).toBe("Foo");
  expect(room.names).toEqual(["Foo"]);
});

test("a join ends with the signal's reason", async () => {
  const controller = new AbortController();
  const joining = User.join("Foo", { room: { port: 1 }, signal: controller.signal, log: "silent" });
  controller.abort(new Error("enough"));
  await expect(joining).rejects.toThrow("enough");
});

test.each([
  ["an HTTP server", "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"],
  ["an SSH server", "SSH-2.0-OpenSSH_9.8\r\n"],
  ["random bytes", "\x07\x01\xfe\x03 whatever this is"],
])("%s on the port is told from a Room", async (_what, says) => {
  const port = await somethingElse(says);
  const error = await failure(User.join("Foo", { room: { port }, log: "silent" }));
  expect(error).toBeInstanceOf(LinkError);
  expect(error.message).toContain(`127.0.0.1:${port}`);
});

test("a user that loses its Room joins again by itself, and its direct calls go on meanwhile", async () => {
  const first = await openRoom();
  const { port } = first;
  const foo = await join(first, "Foo");
  const bar = await join(first, "Bar");
  bar.handle("echo", (data) => data);
  expect(await foo.peer("Bar").get("echo", 1)).toBe(1);
  await first.close();
  expect(await foo.peer("Bar").get("echo", 2)).toBe(2);
  const second = await openRoom({ port });
  await until(() => second.names.length === 2);
  const baz = await join(second, "Baz");
  expect(await baz.peer("Bar").get("echo", 3)).toBe(3);
  expect(await foo.peer("Bar").get("echo", 4)).toBe(4);
});

test("a user that denies another one is not reached by it", async () => {
  const room = await openRoom();
  const foo = await join(room, "Foo");
  const bar = await join(room, "Bar", { deny: ["Foo"] });
  bar.handle("echo", (data) => data);
  const error = await failure(foo.peer("Bar").get("echo", 1, { timeoutMs: 400 }));
  expect(error).toMatchObject({ code: "TIMEOUT", outcome: "did not run" });
  const baz = await join(room, "Baz");
  expect(await baz.peer("Bar").get("echo", 2)).toBe(2);
});

test("closing refuses what waits as did not run, and may be done twice", async () => {
  const room = await openRoom();
  const foo = await join(room, "Foo");
  const waiting = failure(foo.peer("Bar").get("test"));
  await Promise.all([foo.close(), foo.close()]);
  expect(await waiting).toMatchObject({ code: "CLOSED", outcome: "did not run" });
  expect(await failure(foo.peer("Bar").get("test"))).toMatchObject({ code: "CLOSED" });
});

test("a publicHost that is no address is an error; one that the Room does not see is told in the log, once, and nobody is sent there", async () => {
  const room = await openRoom();
  for (const publicHost of ["home.example.org", "[2001:db8::7]", "203.0.113.9 "])
    expect(await failure(join(room, "Foo", { publicHost }))).toBeInstanceOf(TypeError);
  const log = new KeptLog();
  const warnings = (): readonly string[] =>
    log.lines.filter(({ level }) => level === "warn").map(({ message }) => message);
  const wrong = await join(room, "Foo", { publicHost: "2001:DB8:0::7", log });
  expect(warnings()).toEqual(["publicHost is 2001:db8::7, but the Room sees 127.0.0.1: nobody is sent there"]);
  await join(room, "Bar", { publicHost: "::ffff:127.0.0.1", log });
  expect(wrong.status().room.seenAs).toBe("127.0.0.1");
  expect(warnings()).toHaveLength(1);
});
