import { createIdentity, LinkError, Room, User } from "chatroom";
import { simulate } from "chatroom/testing";
import { expect, onTestFinished, test } from "vitest";
import { MemoryNetwork, memoryEnvironment } from "../../src/testing/index.ts";
import { KeptLog } from "../link/parties.ts";
import { expectNothingLeft } from "../support/leftovers.ts";
import { failure, join, openRoom } from "../support/rooms.ts";
import { until } from "../support/until.ts";

expectNothingLeft();

const [fooId, barId, roomId, mallory] = [createIdentity(), createIdentity(), createIdentity(), createIdentity()];

/** What a log was told about identities. */
function told(log: KeptLog): string[] {
  return log.lines.filter(({ level }) => level === "warn").map(({ message }) => message);
}

/**
 * Case 45. A malicious Room: what its users take for one Room are two, and in between it sits as the other user of each, with a handshake of its own to both. It passes on
 * what it is asked, and keeps it.
 */
async function malicious(shows: string | undefined): Promise<{ toFoo: Room; toBar: Room; seen: unknown[] }> {
  const toFoo = await openRoom();
  const toBar = await openRoom();
  const asFoo = await join(toBar, "Foo", { identity: shows });
  const asBar = await join(toFoo, "Bar", { identity: shows });
  const seen: unknown[] = [];
  asBar.handle("keep", (data) => {
    seen.push(data);
    return asFoo.peer("Bar").get("keep", data);
  });
  const listen = async (): Promise<void> => {
    for await (const { data } of asBar.messages()) seen.push(data);
  };
  void listen();
  return { toFoo, toBar, seen };
}

test("case 45: without pins a malicious Room sits between two users, and reads and answers: the limit that the docs state", async () => {
  const { toFoo, toBar, seen } = await malicious(undefined);
  const bar = await join(toBar, "Bar", { identity: barId.identity });
  const foo = await join(toFoo, "Foo", { identity: fooId.identity });
  bar.handle("keep", (data) => `kept ${String(data)}`);
  expect(await foo.peer("Bar").get("keep", "a secret")).toBe("kept a secret");
  expect(seen).toEqual(["a secret"]);
  expect(foo.peer("Bar").identity).toBeUndefined();
});

test.each([
  ["no identity", undefined, "it shows none"],
  ["an identity of its own", mallory.identity, `it shows ${mallory.key}`],
])(
  "case 45: a pin keeps a malicious Room out that shows %s: ERR_IDENTITY, and nothing of a call reaches it",
  async (_what, shows, shown) => {
    const { toFoo, toBar, seen } = await malicious(shows);
    const log = new KeptLog();
    const bar = await join(toBar, "Bar", { identity: barId.identity });
    const foo = await join(toFoo, "Foo", { identity: fooId.identity, pins: { Bar: barId.key }, log });
    bar.handle("keep", (data) => `kept ${String(data)}`);
    const calls = [
      failure(foo.peer("Bar").get("keep", "a secret", { timeoutMs: 1_500 })),
      failure(foo.peer("Bar").send("another secret", { timeoutMs: 1_500 })),
    ];
    for (const error of await Promise.all(calls)) {
      expect(error).toMatchObject({ code: "TIMEOUT", outcome: "did not run" });
      expect(error.message).toContain(
        `the identity of "Bar" is not the pinned one: ${shown}, and ${barId.key} is pinned here`,
      );
    }
    expect(seen).toEqual([]);
    expect(told(log).filter((line) => line.includes("is not the pinned one")).length).toBeGreaterThan(0);
    expect(log.lines.some(({ fields }) => "event" in fields && fields.event === "identity refused")).toBe(true);
  },
);

test("pins on both sides: calls work both ways, and handlers see who is proven", async () => {
  const room = await openRoom();
  const bar = await join(room, "Bar", { identity: barId.identity, pins: { Foo: fooId.key } });
  const foo = await join(room, "Foo", { identity: fooId.identity, pins: { Bar: barId.key } });
  const open = await join(room, "Open");
  const identities: (string | undefined)[] = [];
  bar.handle("who", (_data, call) => {
    identities.push((call.peer as { identity: string | undefined }).identity);
    return call.from;
  });
  foo.handle("who", (_data, call) => call.from);
  expect(await foo.peer("Bar").get("who")).toBe("Foo");
  expect(await bar.peer("Foo").get("who")).toBe("Bar");
  expect(await open.peer("Bar").get("who")).toBe("Open"); // other names are not asked
  expect(identities).toEqual([fooId.key, undefined]);
  expect([foo.peer("Bar").identity, foo.peer("Nobody").identity]).toEqual([barId.key, undefined]);
});

test("whoever is asked and shows none is told so, at both ends, whichever calls", async () => {
  const room = await openRoom();
  const [ours, theirs] = [new KeptLog(), new KeptLog()];
  const bar = await join(room, "Bar", { log: theirs });
  const foo = await join(room, "Foo", { pins: () => false, log: ours });
  bar.handle("echo", (data) => data);
  foo.handle("echo", (data) => data);
  const [here, there] = await Promise.all([
    failure(foo.peer("Bar").get("echo", 1, { timeoutMs: 1_500 })),
    failure(bar.peer("Foo").get("echo", 1, { timeoutMs: 1_500 })),
  ]);
  expect(here.message).toContain(`the identity of "Bar" was not approved (it shows none)`);
  expect(there.message).toContain("this side needs an identity");
  expect(told(ours)).toContainEqual(expect.stringContaining(`the identity of "Bar" was not approved`));
  expect(told(theirs)).toContainEqual(expect.stringContaining(`"Foo" does not take this side's identity`));
});

test("a session comes back over new links with identities on each, without the Room", async () => {
  const network = new MemoryNetwork();
  const environment = memoryEnvironment(network);
  const room = await openRoom({ environment });
  const asked: string[] = [];
  const pins = (peer: string, key: string | undefined): boolean => asked.push(peer) > 0 && key === barId.key;
  const bar = await join(room, "Bar", { environment, identity: barId.identity, pins: { Foo: fooId.key } });
  const foo = await join(room, "Foo", { environment, identity: fooId.identity, pins });
  const ran: unknown[] = [];
  bar.handle("echo", (data) => (ran.push(data), data));
  expect(await foo.peer("Bar").get("echo", 0)).toBe(0);
  await room.close();
  for (let round = 1; round <= 5; round++) {
    network.cut();
    expect(await foo.peer("Bar").get("echo", round)).toBe(round);
  }
  expect(ran).toEqual([0, 1, 2, 3, 4, 5]);
  expect(asked.length).toBeGreaterThan(5);
  expect(foo.peer("Bar").identity).toBe(barId.key);
});

test("introductions to who does not show the pinned identity come later and later, whoever asks for them", async () => {
  for (const [fooPins, barPins] of [
    [{ Bar: mallory.key }, undefined],
    [undefined, { Foo: mallory.key }],
  ]) {
    await simulate({ latencyMs: [1, 1] }, async (net) => {
      await using room = await Room.open(net.host("room").options);
      await using foo = await User.join("Foo", { ...net.host("foo").options, identity: fooId.identity, pins: fooPins });
      await using bar = await User.join("Bar", { ...net.host("bar").options, identity: barId.identity, pins: barPins });
      bar.handle("echo", (data) => data);
      const call = await failure(foo.peer("Bar").get("echo", 1, { timeoutMs: 120_000 }));
      expect(call.message).toMatch(fooPins === undefined ? /another identity is pinned here/ : /is not the pinned one/);
      const tries = net.events.filter(({ text = "" }) => text.includes("is not the pinned one: it shows"));
      expect(tries.length).toBeGreaterThan(4);
      expect(tries.length).toBeLessThan(30);
      expect(room.names).toEqual(["Bar", "Foo"]);
    });
  }
});

test("a user that pins its Room is in the right one alone; another one, or one that shows none, is final at once", async () => {
  const right = await openRoom({ identity: roomId.identity });
  const wrong = await openRoom({ identity: mallory.identity });
  const none = await openRoom();
  const pinned = (room: Room, key = roomId.key) => ({ room: { port: room.port, identity: key } });
  const foo = await join(right, "Foo", pinned(right));
  expect(right.names).toEqual(["Foo"]);
  expect(foo.names).toEqual([]);
  const log = new KeptLog();
  const refused = await failure(join(wrong, "Foo", { ...pinned(wrong), log }));
  expect(refused).toBeInstanceOf(LinkError);
  expect(refused).toMatchObject({ code: "ERR_IDENTITY" });
  expect(refused.message).toContain(
    `the Room at 127.0.0.1:${wrong.port}: the identity of "Room" is not the pinned one: it shows ${mallory.key}`,
  );
  const began = performance.now();
  expect(await failure(join(none, "Foo", pinned(none)))).toMatchObject({
    code: "ERR_IDENTITY",
    message: expect.stringContaining("it shows none"),
  });
  expect(performance.now() - began).toBeLessThan(3_000);
  expect([wrong.names, none.names]).toEqual([[], []]);
});

test("a user shows its identity to other users and not to the Room; one that pins nothing joins a Room that shows one", async () => {
  const keys = new Set<string>();
  const room = await openRoom({ identity: roomId.identity });
  const bar = await join(room, "Bar", { pins: (_peer, key) => keys.add(key ?? "none").size > 0 });
  const foo = await join(room, "Foo", { identity: fooId.identity, pins: () => true });
  bar.handle("echo", (data) => data);
  expect(await foo.peer("Bar").get("echo", 1)).toBe(1);
  expect([...keys]).toEqual([fooId.key]); // the Room is not asked
});

test("a Room that was there and comes back with another identity is tried on, and told", async () => {
  const environment = memoryEnvironment();
  const log = new KeptLog();
  const first = await openRoom({ environment, port: 5_000, identity: roomId.identity });
  await join(first, "Foo", { environment, log, room: { identity: roomId.key } });
  await first.close();
  const second = await Room.open({ environment, port: 5_000, identity: mallory.identity, log: "silent" });
  onTestFinished(() => second.close());
  await until(() => told(log).some((line) => line.includes("refuses for now")));
  expect(second.names).toEqual([]);
});

test.each<[object, RegExp]>([
  [{ identity: "secret" }, /^identity must be a text that begins with "id-secret:"/],
  [{ identity: fooId.key }, /^identity is the public text of an identity: give the private one/],
  [{ identity: fooId.identity.slice(0, -1) }, /^identity must be "id-secret:" and 43 characters of base64url/],
  [{ identity: `${fooId.identity} ` }, /43 characters/],
  [{ identity: 7 }, /^identity must be a text/],
  [{ pins: { Bar: barId.identity } }, /^pins\.Bar is a private identity/],
  [{ pins: { Bar: "id:short" } }, /^pins\.Bar must be "id:" and 43 characters/],
  [{ pins: { Bar: `id:${"A".repeat(43)}` } }, /^pins\.Bar is no Ed25519 key/],
  [{ pins: { Bar: undefined } }, /^pins\.Bar must be a text/],
  [{ pins: { "": barId.key } }, /^pins: "" is no name of a peer/],
  [{ pins: [barId.key] }, /^pins must be an object/],
  [{ pins: barId.key }, /^pins must be an object/],
  [{ room: { identity: roomId.identity } }, /^room\.identity is a private identity/],
])("%o is a TypeError that says what to do and holds no private text", async (options, message) => {
  const error = await failure(User.join("Foo", { log: "silent", ...options }));
  expect(error).toBeInstanceOf(TypeError);
  expect(error.message).toMatch(message);
  for (const { identity } of [fooId, barId, roomId]) expect(error.message).not.toContain(identity.slice(15, 45));
});

test("a new identity is two texts, another one each time, and shows in no print of a program", async () => {
  expect(fooId.identity).toMatch(/^id-secret:[\w-]{43}$/);
  expect(fooId.key).toMatch(/^id:[\w-]{43}$/);
  expect(new Set([fooId, barId, roomId, mallory].flatMap(({ identity, key }) => [identity, key])).size).toBe(8);
  const room = await openRoom({ identity: roomId.identity });
  const foo = await join(room, "Foo", { identity: fooId.identity });
  const { inspect } = await import("node:util");
  const printed = inspect([foo, room], { depth: 10, showHidden: true });
  expect(printed).toContain("Foo");
  for (const { identity } of [fooId, roomId]) expect(printed).not.toContain(identity.slice(10, 40));
});
