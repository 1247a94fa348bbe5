import { expect, test } from "vitest";
import { z } from "zod";
import { bind } from "../../src/runtime.ts";
import { definePeer } from "../../src/schema/index.ts";
import { expectNothingLeft } from "../support/leftovers.ts";
import { failure, openRoom } from "../support/rooms.ts";
import { type AnyUser, closeAfter } from "../support/typed.ts";
import { until } from "../support/until.ts";

expectNothingLeft();

const barSchema = definePeer({
  get: { twice: { input: z.number(), output: z.number() }, find: { output: z.string() } },
  send: { chat: z.string() },
});
const fooSchema = definePeer({});
type Handlers = Record<"Foo" | "Bar", unknown>;
const network = bind<Handlers, Record<"Foo" | "Bar", AnyUser>, unknown>({ Foo: fooSchema, Bar: barSchema });

async function openNetwork(): Promise<{
  foo: AnyUser;
  readonly addBar: (name?: string, twice?: (n: number) => unknown) => Promise<AnyUser>;
}> {
  const room = await openRoom();
  const at = { log: "silent", room: { port: room.port } } as const;
  const foo = closeAfter(await network.joinRoom("Foo", {}, at));
  return {
    foo,
    addBar: async (name = "Bar", twice = (n) => n * 2) =>
      closeAfter(
        await network.joinRoom("Bar", { get: { twice, find: () => name }, send: { chat: () => {} } }, { ...at, name }),
      ),
  };
}

test("peers.Bar is the Bar of that name, named another one, and path tells how each is reached", async () => {
  const { foo, addBar } = await openNetwork();
  await addBar();
  await addBar("bar-2");
  expect(await foo.peers.Bar.get.find()).toBe("Bar");
  expect(await foo.peers.Bar.named("bar-2").get.find()).toBe("bar-2");
  expect(foo.peers.Bar.path).toBe("lan");
  expect(foo.peers.Bar.named("bar-3").path).toBeUndefined();
  expect(foo.peers.Bar.named("bar-2")).toBe(foo.peers.Bar.named("bar-2"));
  expect(() => foo.peers.Bar.named("")).toThrow(TypeError);
});

test("any waits for a live one, chooses the least busy, and says so when there is none", async () => {
  const { foo, addBar } = await openNetwork();
  const error = await failure(foo.peers.Bar.any.get.find(undefined, { timeoutMs: 30 }));
  expect(error).toMatchObject({ code: "TIMEOUT", outcome: "did not run" });
  expect(error.message).toContain("no Bar is live");
  const waiting = foo.peers.Bar.any.get.find();
  await addBar("bar-1", () => new Promise(() => {}));
  expect(await waiting).toBe("bar-1");
  await addBar("bar-2");
  await until(() => foo.peers.Bar.all.names.length === 2);
  const stuck = [1, 2, 3].map(() => failure(foo.peers.Bar.named("bar-1").get.twice(1, { timeoutMs: 2_000 })));
  for (let i = 0; i < 5; i++) expect(await foo.peers.Bar.any.get.find()).toBe("bar-2");
  await foo.close();
  await Promise.all(stuck);
});

test("any is cancelled by its signal while it waits", async () => {
  const { foo } = await openNetwork();
  const controller = new AbortController();
  const call = failure(foo.peers.Bar.any.get.find(undefined, { signal: controller.signal }));
  controller.abort();
  expect(await call).toMatchObject({ code: "CANCELLED", outcome: "did not run" });
});

test("all asks every live one: awaited for all answers, iterated as they come, and one failure throws nothing", async () => {
  const { foo, addBar } = await openNetwork();
  await addBar("bar-1", (n) => n * 2);
  await addBar("bar-2", () => {
    throw new Error("broken");
  });
  await addBar("bar-3", (n) => n * 3);
  await until(() => foo.peers.Bar.all.names.length === 3);
  const answers = await foo.peers.Bar.all.get.twice(5);
  expect(answers).toMatchObject([
    { name: "bar-1", ok: true, value: 10 },
    { name: "bar-2", ok: false, error: { code: "FAILED" } },
    { name: "bar-3", ok: true, value: 15 },
  ]);
  const names: string[] = [];
  for await (const answer of foo.peers.Bar.all.get.find()) names.push((answer as { name: string }).name);
  expect(names.toSorted()).toEqual(["bar-1", "bar-2", "bar-3"]);
  expect([...foo.peers.Bar.all].map((peer) => peer.name)).toEqual(["bar-1", "bar-2", "bar-3"]);
});

test("all of nobody is an empty list", async () => {
  const { foo } = await openNetwork();
  expect(await foo.peers.Bar.all.get.twice(5)).toEqual([]);
});

test("changes tells who is here, then who comes and goes, and ends with its signal", async () => {
  const { foo, addBar } = await openNetwork();
  await addBar("bar-1");
  await until(() => foo.peers.Bar.all.names.length === 1);
  const controller = new AbortController();
  const seen: string[] = [];
  const watching = (async () => {
    for await (const { name, here } of foo.peers.Bar.all.changes({ signal: controller.signal }))
      seen.push(`${name} ${here ? "here" : "gone"}`);
  })();
  const second = await addBar("bar-2");
  await until(() => seen.length === 2);
  await second.close();
  await until(() => seen.length === 3);
  controller.abort();
  await watching;
  expect(seen).toEqual(["bar-1 here", "bar-2 here", "bar-2 gone"]);
});

test("peer objects are frozen, without a prototype, awaitable without being called, and their words can be taken apart", async () => {
  const { foo, addBar } = await openNetwork();
  await addBar();
  const peer = foo.peers.Bar;
  expect(await Promise.resolve(peer)).toBe(peer);
  expect(Object.isFrozen(peer)).toBe(true);
  expect(Object.getPrototypeOf(peer)).toBeNull();
  expect(Object.getPrototypeOf(peer.get)).toBeNull();
  expect(Object.isFrozen(peer.get)).toBe(true);
  const { get } = peer;
  const { twice } = get;
  expect(await twice(2)).toBe(4);
  expect(Object.keys(foo.peers)).toEqual(["Foo", "Bar"]);
  expect("then" in peer || "toJSON" in peer.get).toBe(false);
});

test("a handler that plain JavaScript left out is named", async () => {
  await expect(network.joinRoom("Bar", { get: { twice: () => 1 } }, { log: "silent" })).rejects.toThrow(
    'joinRoom("Bar"): the handler get.find is missing',
  );
  await expect(network.joinRoom("Baz" as "Bar", {}, { log: "silent" })).rejects.toThrow(
    'no schema declares the kind "Baz"',
  );
});

test("who calls itself is told so", async () => {
  const { foo, addBar } = await openNetwork();
  const bar = await addBar();
  expect(await failure(bar.peers.Bar.get.find())).toMatchObject({ name: "TypeError" });
  expect(() => foo.peer("Foo")).toThrow(TypeError);
});
