import { expect, onTestFinished, test } from "vitest";
import { type FooClient, openClient, openServer } from "../../generated/index.ts";
import { hashPasswords } from "../../src/crypto/hash-passwords.ts";
import { Client } from "../../src/server/client.ts";
import { Server } from "../../src/server/server.ts";
import { expectNothingLeft } from "../support/leftovers.ts";
import { failure } from "../support/rooms.ts";
import { turns, until } from "../support/until.ts";

expectNothingLeft();

const users = await hashPasswords({ Foo: "123456" }, { cost: 4 });
const fooHandlers = { get: { title: () => "Foo" }, send: { chat: () => {} } };

async function openFoo(password: string | undefined): Promise<FooClient> {
  const client = await openClient("Foo", fooHandlers, { password, log: "silent" });
  onTestFinished(() => client.close());
  return client;
}

test("clients of a table connect with their own passwords, beside the server's, and both sides call", async () => {
  const server = await openServer(
    "Bar",
    {
      get: { test: (data, call) => [call.from, data], find: (_input, call) => call.fail("Closed") },
      send: { chat: () => {} },
    },
    { port: 0, password: "the server's own", users, log: "silent" },
  );
  onTestFinished(() => server.close());
  const client = await openFoo("123456");
  const bar = await client.connect("Bar", { port: server.port, password: "the server's own" });
  expect(await bar.get.test("x")).toEqual(["Foo", "x"]);
  expect(await server.peers.Foo.get.title()).toBe("Foo");
  const wrong = await openFoo("1234567");
  expect(await failure(wrong.connect("Bar", { port: server.port, password: "the server's own" }))).toMatchObject({
    code: "ERR_AUTH",
    message: expect.stringContaining("password of the user"),
  });
});

test("a server with a table asks everybody, and a client with a password connects to none that does not ask", async () => {
  const asks = await Server.listen({ port: 0, users, log: "silent" });
  const never = await Server.listen({ port: 0, log: "silent" });
  const without = await Client.open("Foo", { log: "silent" });
  const withOne = await Client.open("Foo", { password: "123456", log: "silent" });
  onTestFinished(async () => {
    for (const one of [asks, never, without, withOne]) await one.close();
  });
  expect(await failure(without.connect("Baz", { port: asks.port }))).toMatchObject({ code: "ERR_AUTH" });
  expect(await failure(withOne.connect("Baz", { port: never.port }))).toMatchObject({ code: "ERR_AUTH" });
  await withOne.connect("Baz", { port: asks.port });
  expect([asks.names, never.names]).toEqual([["Foo"], []]);
});

test("a client that proves its password takes its name at once; the program that had it is told, and waits before it comes back", async () => {
  const log: string[] = [];
  const tell = (_fields: unknown, text?: string): void => void log.push(text ?? "");
  const logger = { debug: () => {}, info: () => {}, warn: tell, error: tell };
  const server = await Server.listen({ port: 0, users, log: "silent" });
  const [first, second] = await Promise.all([
    Client.open("Foo", { password: "123456", log: logger }),
    Client.open("Foo", { password: "123456", log: "silent" }),
  ]);
  onTestFinished(async () => {
    for (const one of [server, first, second]) await one.close();
  });
  first.handle("life", () => "first");
  second.handle("life", () => "second");
  await first.connect("Baz", { port: server.port });
  const began = performance.now();
  await second.connect("Baz", { port: server.port });
  expect(performance.now() - began).toBeLessThan(2_000); // the holder is not asked, which takes 2.5 s
  expect(await server.peer("Foo").get("life")).toBe("second");
  await until(() => first.names.length === 0);
  expect(log.join()).toContain("another program connected");
  await turns(200);
  expect(first.names).toEqual([]);
});

test("a table or password that can't be one is told at once", async () => {
  expect(await failure(Server.listen({ port: 0, users: { Foo: "123456" }, log: "silent" }))).toBeInstanceOf(TypeError);
  expect(await failure(Client.open("Foo", { password: "x".repeat(73), log: "silent" }))).toMatchObject({
    code: "ERR_PARAM",
  });
});
