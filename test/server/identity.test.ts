import { Client, type ClientOptions, type ConnectOptions, createIdentity, Server, type ServerOptions } from "chatroom";
import { expect, onTestFinished, test } from "vitest";
import { DEFAULT_LIMITS } from "../../src/base/limits.ts";
import { MemoryNetwork, memoryEnvironment } from "../../src/testing/index.ts";
import { KeptLog } from "../link/parties.ts";
import { expectNothingLeft } from "../support/leftovers.ts";
import { failure } from "../support/rooms.ts";
import { until } from "../support/until.ts";

expectNothingLeft();

const [fooId, bazId, mallory] = [createIdentity(), createIdentity(), createIdentity()];

async function serve(options: ServerOptions = {}): Promise<Server> {
  const server = await Server.listen({ port: 0, log: "silent", ...options });
  onTestFinished(() => server.close({ graceMs: 500 }));
  server.handle("echo", (data) => data);
  return server;
}

async function open(options: ClientOptions = {}): Promise<Client> {
  const client = await Client.open("Foo", { log: "silent", ...options });
  onTestFinished(() => client.close({ graceMs: 500 }));
  return client;
}

const to = ({ port }: Server, more: ConnectOptions = {}): ConnectOptions => ({ port, ...more });

test("a client and a server that pin each other talk, over new connections too", async () => {
  const network = new MemoryNetwork();
  const environment = memoryEnvironment(network);
  const server = await serve({ environment, identity: bazId.identity, pins: { Foo: fooId.key } });
  const foo = await open({ environment, identity: fooId.identity, pins: { eu: bazId.key } });
  const eu = await foo.connect("eu", to(server));
  expect([eu.identity, server.peer("Foo").identity]).toEqual([bazId.key, fooId.key]);
  for (let round = 0; round < 5; round++) {
    expect(await eu.get("echo", round)).toBe(round);
    network.cut();
  }
});

test("pins of a client are by the names that it gives its servers; a key given to connect goes before them, and holds for reconnects", async () => {
  const network = new MemoryNetwork();
  const environment = memoryEnvironment(network);
  const baz = await serve({ environment, name: "Baz", identity: bazId.identity });
  const foo = await open({ environment, pins: { Baz: mallory.key } });
  const eu = await foo.connect("eu", to(baz)); // not asked
  expect(eu.identity).toBeUndefined();
  await foo.disconnect("eu");
  await until(() => baz.names.length === 0);
  expect(await failure(foo.connect("Baz", to(baz)))).toMatchObject({
    code: "ERR_IDENTITY",
    message: expect.stringContaining(
      `the server at 127.0.0.1:${baz.port}: the identity of "Baz" is not the pinned one`,
    ),
  });
  const pinned = await foo.connect("Baz", to(baz, { identity: bazId.key }));
  expect(pinned.identity).toBe(bazId.key);
  network.cut();
  expect(await pinned.get("echo", 1)).toBe(1);
  expect(pinned.identity).toBe(bazId.key);
  expect(await failure(foo.connect("us", to(baz, { identity: bazId.identity })))).toMatchObject({
    name: "TypeError",
    message: expect.stringMatching(/^identity is a private identity/),
  });
});

test("a server that comes back as somebody else gets nothing; the client tells and tries on", async () => {
  const environment = memoryEnvironment();
  const first = await serve({ environment, identity: bazId.identity });
  const log = new KeptLog();
  const foo = await open({ environment, log, pins: (_peer, key) => key === bazId.key });
  const baz = await foo.connect("Baz", to(first));
  expect(await baz.get("echo", 1)).toBe(1);
  await first.close();
  const second = await serve({ environment, port: first.port, identity: mallory.identity });
  const got: unknown[] = [];
  second.handle("echo", (data) => got.push(data));
  const call = await failure(baz.get("echo", "a secret", { timeoutMs: 500 }));
  expect(call.outcome).toBe("did not run");
  await until(() => log.lines.some(({ level, message }) => level === "warn" && message.includes("refuses for now")));
  expect(got).toEqual([]);
  expect(second.names).toEqual([]);
});

test("refused identities fill no log of the one that dials either: what is left out is counted when it leaves", async () => {
  const { burst } = DEFAULT_LIMITS.audit;
  const environment = memoryEnvironment();
  const server = await serve({ environment, identity: mallory.identity });
  const log = new KeptLog();
  const slow = { audit: { perSecond: 0.001 } }; // no other line while this runs, however long
  const foo = await open({ environment, log, pins: { Baz: bazId.key }, limits: slow });
  for (let round = 0; round < burst + 10; round++)
    expect(await failure(foo.connect("Baz", to(server)))).toMatchObject({ code: "ERR_IDENTITY" });
  await foo.close();
  const told = log.lines
    .map(({ fields }) => fields as { event?: string; suppressed?: number })
    .filter(({ event }) => event === "identity refused");
  expect(told.length).toBe(burst + 1);
  expect(told.at(-1)?.suppressed).toBe(10);
});

test("a client whose identity the server does not take is refused for good, and the server's calls say why", async () => {
  const log = new KeptLog();
  const server = await serve({ pins: { Foo: fooId.key }, log });
  const theirs = new KeptLog();
  const foo = await open({ identity: mallory.identity, log: theirs });
  const error = await failure(foo.connect("Baz", to(server)));
  expect(error).toMatchObject({ code: "ERR_IDENTITY", received: 9 });
  expect(error.message).toContain("another identity is pinned here");
  const call = await failure(server.peer("Foo").get("echo", 1, { timeoutMs: 50 }));
  expect(call.message).toContain(`the identity of "Foo" is not the pinned one: it shows ${mallory.key}`);
  expect(log.lines).toContainEqual(
    expect.objectContaining({
      level: "warn",
      fields: expect.objectContaining({ event: "identity refused", reason: "another one", name: "Foo" }),
    }),
  );
  expect(server.names).toEqual([]);
  const right = await Client.open("Foo", { identity: fooId.identity, log: "silent" });
  onTestFinished(() => right.close());
  await right.connect("Baz", to(server));
  expect(server.names).toEqual(["Foo"]);
});
