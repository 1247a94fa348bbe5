import { expect, onTestFinished, test } from "vitest";
import { PeerError } from "../../src/base/errors.ts";
import {
  type BarHandlers,
  type BarServer,
  type Call,
  type FooClient,
  isError,
  openClient,
  openServer,
} from "../../generated/index.ts";
import type { OpenServerOptions } from "../../src/schema/server-types.ts";
import { expectNothingLeft } from "../support/leftovers.ts";
import { failure } from "../support/rooms.ts";
import { until } from "../support/until.ts";

expectNothingLeft();

/** Answers with its own name and its caller's; finds what its caller is called. */
const barNamed = (name: string): BarHandlers => ({
  get: {
    test: (data, call) => [`${name} did the test for ${call.from}`, data],
    find: async ({ id }, call) => {
      if (id !== "you" || call.peer.kind !== "Foo") return call.fail("NotFound", { id });
      return { title: await call.peer.get.title() };
    },
  },
  send: {
    chat: async ({ text }, call) => {
      if (call.peer.kind === "Foo") await call.peer.send.chat({ text: `${text}, ${await call.peer.get.title()}` });
    },
  },
});

async function serveBar(name: string, options: OpenServerOptions<Call> = {}): Promise<BarServer> {
  const server = await openServer("Bar", barNamed(name), { port: 0, log: "silent", ...options });
  onTestFinished(() => server.close());
  return server;
}

/** A Foo, and what was said to it. */
async function openFoo(name?: string): Promise<{ client: FooClient; heard: string[] }> {
  const heard: string[] = [];
  const client = await openClient(
    "Foo",
    { get: { title: () => `the one named ${name ?? "Foo"}` }, send: { chat: ({ text }) => heard.push(text) } },
    { name, log: "silent" },
  );
  onTestFinished(() => client.close());
  return { client, heard };
}

test("a server and two clients call each other both ways, typed, each by the name it has there", async () => {
  const server = await serveBar("Bar");
  const [one, two] = [await openFoo(), await openFoo("foo-2")];
  const bar = await one.client.connect("Bar", { port: server.port });
  const again = await two.client.connect("Bar", { port: server.port, name: "bar-eu" });
  expect([server.name, one.client.name, two.client.name, bar.name, again.name]).toEqual([
    "Bar",
    "Foo",
    "foo-2",
    "Bar",
    "bar-eu",
  ]);

  // From the clients: by what connecting gave, and through `peers`, by the name that each gave the server.
  expect(await bar.get.test("1")).toEqual(["Bar did the test for Foo", "1"]);
  expect(await again.get.test("2")).toEqual(["Bar did the test for foo-2", "2"]);
  expect(await one.client.peers.Bar.get.find({ id: "you" })).toEqual({ title: "the one named Foo" });
  expect(await two.client.peers.Bar.named("bar-eu").get.find({ id: "you" })).toEqual({
    title: "the one named foo-2",
  });
  expect(await two.client.peers.Bar.any.get.test("3")).toEqual(["Bar did the test for foo-2", "3"]);

  // From the server: to one client by its kind, to another by name, and to all.
  expect(await server.peers.Foo.get.title()).toBe("the one named Foo");
  expect(await server.peers.Foo.named("foo-2").get.title()).toBe("the one named foo-2");
  expect(server.peers.Foo.all.names).toEqual(["Foo", "foo-2"]);
  const answers = await server.peers.Foo.all.get.title();
  expect(answers.map(({ name, value }) => [name, value])).toEqual([
    ["Foo", "the one named Foo"],
    ["foo-2", "the one named foo-2"],
  ]);

  // A send, and one back from its handler.
  await again.send.chat({ text: "hello" });
  await until(() => two.heard.length > 0);
  expect([one.heard, two.heard]).toEqual([[], ["hello, the one named foo-2"]]);
});

test("a declared error reaches the client as one, in a result and in a catch", async () => {
  const server = await serveBar("Bar");
  const { client } = await openFoo();
  const bar = await client.connect("Bar", { port: server.port });
  const found = await bar.try.find({ id: "7" });
  expect(found).toMatchObject({ ok: false, error: { code: "NotFound", data: { id: "7" }, outcome: "ran" } });
  const error = await failure(bar.get.find({ id: "8" }));
  expect(error).toBeInstanceOf(PeerError);
  expect(isError(error, "Bar.find", "NotFound") && error.data.id).toBe("8");
});

test("the handling of a server and of a client stands around all of their handlers", async () => {
  const said: string[] = [];
  const server = await serveBar("Bar", {
    handling: [
      (call, next) => {
        said.push(`${call.from} calls ${call.method}`);
        return next();
      },
    ],
  });
  const client = await openClient(
    "Foo",
    { get: { title: () => "inner" }, send: { chat: () => {} } },
    { log: "silent", handling: [async (_call, next) => `around ${String(await next())}`] },
  );
  onTestFinished(() => client.close());
  const bar = await client.connect("Bar", { port: server.port });
  expect(await bar.get.find({ id: "you" })).toEqual({ title: "around inner" });
  expect(said).toEqual(["Foo calls Bar.find"]);
});

test("a client tells two servers of a kind apart, and leaves one without the other", async () => {
  const eu = await serveBar("eu", { name: "somewhere" });
  const us = await serveBar("us", { password: "a password of its own" });
  const { client } = await openFoo();
  await client.connect("Bar", { port: eu.port, name: "bar-eu" });
  await client.connect("Bar", { port: us.port, name: "bar-us", password: "a password of its own" });
  const answers = await client.peers.Bar.all.get.test("x");
  expect(answers.map(({ name, value }) => [name, value?.[0]])).toEqual([
    ["bar-eu", "eu did the test for Foo"],
    ["bar-us", "us did the test for Foo"],
  ]);
  await client.disconnect("bar-eu");
  expect(client.peers.Bar.all.names).toEqual(["bar-us"]);
  expect((await client.peers.Bar.any.get.test("y"))[0]).toBe("us did the test for Foo");
  await until(() => eu.peers.Foo.all.names.length === 0);
  expect(us.peers.Foo.all.names).toEqual(["Foo"]);
});

test("a server of another kind is refused, and a client that has its name says what to do", async () => {
  const server = await serveBar("Bar");
  const { client } = await openFoo();
  expect(await failure(client.connect("Worker", { port: server.port }))).toMatchObject({
    code: "ERR_NAME",
    message: `the server at 127.0.0.1:${server.port} is a Bar, not a Worker`,
  });
  expect(await failure(client.connect("Foo", { port: server.port }))).toMatchObject({
    name: "TypeError",
    message: 'connect: "Foo" is this client itself; give the server another name',
  });
});

test("plain JavaScript is told by name which function lacks a handler or a schema", async () => {
  const { get } = barNamed("Bar");
  expect((await failure(openServer("Bar", { get } as BarHandlers))).message).toContain(
    'openServer("Bar"): the handler send.chat is missing',
  );
  expect((await failure(openClient("Bar", { get } as BarHandlers))).message).toContain(
    'openClient("Bar"): the handler send.chat is missing',
  );
  expect((await failure(openServer("Baz" as "Bar", barNamed("Baz")))).message).toContain(
    'openServer: no schema declares the kind "Baz"; generated/ knows Bar, Foo, Worker',
  );
});
