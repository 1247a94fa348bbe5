import { expect, onTestFinished, test } from "vitest";
import type { ClientOptions, ConnectOptions, ServerOptions } from "../../src/schema/server-types.ts";
import { Client } from "../../src/server/client.ts";
import { Server } from "../../src/server/server.ts";
import type { MemoryWire } from "../../src/pipe/memory.ts";
import { ManualClock, MemoryNetwork, memoryEnvironment } from "../../src/testing/index.ts";
import { expectNothingLeft } from "../support/leftovers.ts";
import { failure } from "../support/rooms.ts";
import { turns, until } from "../support/until.ts";

expectNothingLeft();

async function serve(options: ServerOptions = {}): Promise<Server> {
  const server = await Server.listen({ port: 0, log: "silent", ...options });
  onTestFinished(() => server.close({ graceMs: 500 }));
  return server;
}

async function open(name: string, options: ClientOptions = {}): Promise<Client> {
  const client = await Client.open(name, { log: "silent", ...options });
  onTestFinished(() => client.close({ graceMs: 500 }));
  return client;
}

const to = (server: Server, more: ConnectOptions = {}): ConnectOptions => ({ port: server.port, ...more });

test("both sides call each other by the names they have there, and free messages arrive", async () => {
  const server = await serve();
  server.handle("twice", (n, call) => [(n as number) * 2, call.from]);
  const foo = await open("Foo");
  foo.handle("who", (_input, call) => `Foo, asked by ${call.from}`);
  const baz = await foo.connect("Baz", to(server));
  expect(await baz.get("twice", 21)).toEqual([42, "Foo"]);
  expect(await foo.peer("Baz").get("twice", 1)).toEqual([2, "Foo"]);
  expect(await server.peer("Foo").get("who")).toBe("Foo, asked by Baz");
  expect([server.names, foo.names, baz.path]).toEqual([["Foo"], ["Baz"], "lan"]);
  await server.peer("Foo").send({ text: "hello" });
  for await (const message of foo.messages()) {
    expect(message).toEqual({ from: "Baz", data: { text: "hello" } });
    break;
  }
});

test("a client has several servers under names of its own, and leaves one without the other", async () => {
  const one = await serve({ password: "first password" });
  const two = await serve({ password: "second password" });
  one.handle("which", () => 1);
  two.handle("which", () => 2);
  const foo = await open("Foo");
  await foo.connect("eu", to(one, { password: "first password" }));
  await foo.connect("us", to(two, { password: "second password" }));
  expect(await Promise.all([foo.peer("eu").get("which"), foo.peer("us").get("which")])).toEqual([1, 2]);
  expect(await failure(foo.connect("eu", to(two)))).toBeInstanceOf(TypeError);
  await foo.disconnect("eu");
  await until(() => one.names.length === 0);
  expect(await foo.peer("us").get("which")).toBe(2);
  const call = await failure(foo.peer("eu").get("which", undefined, { timeoutMs: 100 }));
  expect(call).toMatchObject({ code: "TIMEOUT", outcome: "did not run" });
  expect(call.message).toContain("no server is connected as eu; connected: us");
});

test("a wrong password, another encryption setting, a taken name and a wrong address are each told, and are final", async () => {
  const server = await serve({ password: "the right password" });
  const foo = await open("Foo");
  const wrong = await failure(foo.connect("Baz", to(server, { password: "a wrong password" })));
  expect(wrong).toMatchObject({ code: "ERR_AUTH" });
  expect(wrong.message).toContain(`wrong server password: the server at 127.0.0.1:${server.port}`);
  const plain = await open("Plain", { encryption: false });
  expect(await failure(plain.connect("Baz", to(server, { password: "the right password" })))).toMatchObject({
    code: "ERR_ENCRYPTION_MISMATCH",
  });
  await foo.connect("Baz", to(server, { password: "the right password" }));
  const other = await open("Foo");
  const taken = await failure(other.connect("Baz", to(server, { password: "the right password" })));
  expect(taken).toMatchObject({ code: "ERR_NAME" });
  expect(taken.message).toContain('has a client named "Foo" already');
  expect(await failure(other.connect("Baz", { port: 1, reconnect: false }))).toMatchObject({ code: "ERR_UNREACHABLE" });
  expect(server.names).toEqual(["Foo"]);
});

test("one server under two names of one client is a name in use, as two programs of one name are", async () => {
  const server = await serve();
  server.handle("who", (_input, call) => call.from);
  const foo = await open("Foo");
  await foo.connect("one", to(server));
  expect(await failure(foo.connect("two", to(server)))).toMatchObject({ code: "ERR_NAME" });
  expect(await foo.peer("one").get("who")).toBe("Foo");
});

test("a holder that does not answer loses its name to a newcomer after 2.5 s; a server that closes meanwhile leaves nobody waiting", async () => {
  const clock = new ManualClock();
  /** Connections of earlier ages are black holes. */
  let age = 0;
  const wires = (): [MemoryWire, MemoryWire] => {
    const born = age;
    const carry = (_what: unknown, _bytes: number, arrive: () => void): void => {
      if (born === age) setImmediate(arrive);
    };
    return [{ carry }, { carry }];
  };
  const environment = { ...memoryEnvironment(new MemoryNetwork({ wires })), clock };
  const server = await serve({ environment, port: 4_002 });
  const first = await open("Foo", { environment });
  await first.connect("Baz", { port: 4_002 });
  age++;
  const second = await open("Foo", { environment });
  second.handle("life", () => "second");
  const connected = second.connect("Baz", { port: 4_002 });
  await turns();
  clock.advance(2_400);
  await turns();
  expect(second.names).toEqual([]);
  clock.advance(100);
  await connected;
  expect(await server.peer("Foo").get("life")).toBe("second");
  const third = await open("Foo", { environment });
  expect(await failure(third.connect("Baz", { port: 4_002 }))).toMatchObject({ code: "ERR_NAME" });
  clock.advance(500); // a pong of a moment ago is an answer too
  age++;
  const refused = failure(third.connect("Baz", { port: 4_002, reconnect: false }));
  await turns();
  const closed: string[] = [];
  const closing = server.close().then(() => closed.push("server"));
  expect(await refused).toMatchObject({ code: "ERR_REFUSED", received: 13 });
  const left = Promise.all([closing, first.close(), second.close(), third.close()]);
  for (; closed.length === 0; await turns(1)) clock.advance(10);
  clock.advance(10_000);
  await left;
});

test("lists of names keep clients out, and the addresses of a blacklist", async () => {
  const server = await serve({ allow: ["Foo", "Bar"], deny: ["Bar"] });
  const foo = await open("Foo");
  await foo.connect("Baz", to(server));
  const bar = await open("Bar");
  expect(await failure(bar.connect("Baz", to(server)))).toMatchObject({ code: "ERR_NAME" });
  const barred = await serve({ blacklist: ["127.0.0.0/8"] });
  expect(await failure(foo.connect("other", to(barred, { reconnect: false })))).toMatchObject({ code: "ERR_REFUSED" });
});

test("a server that is not there yet is waited for; one that comes back is found again, under another life", async () => {
  const network = new MemoryNetwork();
  const environment = memoryEnvironment(network);
  const foo = await open("Foo", { environment });
  const connected = foo.connect("Baz", { port: 4_000 });
  await turns();
  const first = await serve({ port: 4_000, environment });
  first.handle("life", () => "first");
  await connected;
  expect(await foo.peer("Baz").get("life")).toBe("first");
  await first.close();
  await until(() => foo.peer("Baz").path === undefined); // its goodbye is here
  const call = foo.peer("Baz").get("life");
  const second = await serve({ port: 4_000, environment });
  second.handle("life", () => "second");
  expect(await call).toBe("second");
});

test("a cut costs nothing: the session goes on by its own key, for the server's calls too", async () => {
  const network = new MemoryNetwork();
  const environment = memoryEnvironment(network);
  const server = await serve({ environment });
  const foo = await open("Foo", { environment });
  const notes: unknown[] = [];
  server.handle("note", (n) => void notes.push(n));
  foo.handle("twice", (n) => (n as number) * 2);
  await foo.connect("Baz", to(server));
  for (let round = 0; round < 10; round++) {
    const sent = foo.peer("Baz").tell("note", round);
    const asked = server.peer("Foo").get("twice", round);
    network.cut();
    await sent;
    expect(await asked).toBe(round * 2);
  }
  expect(notes).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test("with reconnect: false the loss of a server is final", async () => {
  const network = new MemoryNetwork();
  const environment = memoryEnvironment(network);
  const first = await serve({ port: 4_001, environment });
  const foo = await open("Foo", { environment, reconnect: false });
  await foo.connect("Baz", { port: 4_001 });
  await first.close();
  await serve({ port: 4_001, environment });
  await until(() => foo.names.length === 0);
  await turns(200);
  expect(foo.names).toEqual([]);
});

test("options that make no sense are told at once", async () => {
  expect((await failure(Server.listen({ host: "0.0.0.0" }))).message).toContain("needs a password of its own");
  expect(await failure(Server.listen({ port: 70_000 }))).toBeInstanceOf(TypeError);
  expect(await failure(Server.listen({ name: "" }))).toBeInstanceOf(TypeError);
  expect(await failure(Server.listen({ deny: "Foo" as never }))).toBeInstanceOf(TypeError);
  const foo = await open("Foo");
  expect((await failure(foo.connect("Baz", { host: "192.0.2.1" }))).message).toContain("password is needed");
  expect(await failure(foo.connect("Foo"))).toBeInstanceOf(TypeError);
  const cause = new Error("enough");
  expect(await failure(foo.connect("Baz", { port: 1, signal: AbortSignal.abort(cause) }))).toBe(cause);
  await foo.close();
  expect(await failure(foo.connect("Baz"))).toBeInstanceOf(TypeError);
});
