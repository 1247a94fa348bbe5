import { expect, onTestFinished, test } from "vitest";
import type { Environment } from "../../src/link/environment.ts";
import type { Logger } from "../../src/base/log.ts";
import type { PipeEvents } from "../../src/pipe/pipe.ts";
import { dialTcp } from "../../src/pipe/tcp.ts";
import { hashPasswords } from "../../src/crypto/hash-passwords.ts";
import { decodeToRoom, encodeToRoom, type NameToken } from "../../src/wire/room-messages.ts";
import { expectNothingLeft } from "../support/leftovers.ts";
import { failure, join, openRoom } from "../support/rooms.ts";
import { until } from "../support/until.ts";
import { from, JOIN, sayIntroduce, sayJoin, scripted, type ScriptedMember } from "./member-link.ts";

expectNothingLeft();

/** A holder that is not pinged: the newcomer has no time to wait for. */
const NO_PING = { room: { holderMs: 20_000 } };

function tokenOf({ boxes }: ScriptedMember): Uint8Array {
  const found = boxes.find((box): box is NameToken => box.type === "token");
  if (found === undefined) throw new Error("no token came");
  return found.token;
}

const welcomed = (member: ScriptedMember): Promise<void> =>
  until(() => member.heard.some(({ type }) => type === "welcome"));

const heres = (watcher: ScriptedMember, name: string): number =>
  watcher.heard.filter((one) => one.type === "here" && one.members.some((member) => member.name === name)).length;

function reasons(): { log: Logger; taken: unknown[] } {
  const taken: unknown[] = [];
  const note = (fields: object): void => {
    if ("event" in fields && fields.event === "name taken") taken.push((fields as { reason?: unknown }).reason);
  };
  return { log: { debug() {}, info: note, warn: note, error: note }, taken };
}

test("each join in a box gets a fresh token in a box, before its welcome; a plain join, as of an older user, gets none", async () => {
  const room = await openRoom();
  const [one, two, old] = [await scripted(room, "One"), await scripted(room, "Two"), await scripted(room, "Old")];
  sayJoin(one);
  sayJoin(two);
  old.link.send([encodeToRoom(JOIN)]);
  await Promise.all([one, two, old].map(welcomed));
  expect(tokenOf(one)).toHaveLength(32);
  expect(tokenOf(one)).not.toEqual(tokenOf(two));
  expect(old.boxes).toEqual([]);
  expect(room.names).toEqual(["Old", "One", "Two"]);
});

test("a member whose link is silent has its name back at once by its token; all others see exactly one here more", async () => {
  const { log, taken } = reasons();
  const room = await openRoom({ limits: NO_PING, log });
  const watcher = await scripted(room, "Watcher");
  sayJoin(watcher);
  await welcomed(watcher);
  const silent = await scripted(room, "Bar");
  sayJoin(silent);
  await welcomed(silent);
  silent.pipe.pause();
  const back = await scripted(room, "Bar");
  sayJoin(back, tokenOf(silent));
  await welcomed(back); // never, if the silent one were pinged: that takes 20 s here, and the test 30
  await until(() => heres(watcher, "Bar") === 2);
  expect(room.names).toEqual(["Bar", "Watcher"]);
  expect(watcher.heard.slice(1)).toMatchObject([
    { type: "here", members: [{ name: "Bar" }] },
    { type: "gone", names: ["Bar"] },
    { type: "here", members: [{ name: "Bar" }] },
  ]);
  expect(tokenOf(back)).not.toEqual(tokenOf(silent));
  expect(taken).toEqual(["name token"]);

  back.pipe.pause();
  const third = await scripted(room, "Bar");
  sayJoin(third, tokenOf(back)); // the fresh one serves next
  await welcomed(third);
  await until(() => heres(watcher, "Bar") === 3);
});

test.each<[string, (token: Uint8Array) => Uint8Array | undefined]>([
  ["no token", () => undefined],
  ["a wrong token", () => new Uint8Array(32)],
  ["a token with one bit wrong", (token) => token.map((byte, at) => (at === 31 ? byte ^ 1 : byte))],
])("with %s a silent holder loses its name after its ping, and a living one never", async (_what, shown) => {
  const { log, taken } = reasons();
  const room = await openRoom({ limits: { room: { holderMs: 400 } }, log });
  const holder = await scripted(room, "Bar");
  sayJoin(holder);
  await welcomed(holder);
  const token = tokenOf(holder);
  const early = await scripted(room, "Bar");
  sayJoin(early, shown(token));
  await until(() => early.closed !== undefined);
  expect(early.closed).toMatchObject({ received: 8 });
  expect(early.boxes, "nothing is told apart").toEqual([]);
  expect(holder.closed).toBeUndefined();
  // Another one: whoever has answered a moment ago is not pinged again.
  const silent = await scripted(room, "Baz");
  sayJoin(silent);
  await welcomed(silent);
  silent.pipe.pause();
  const late = await scripted(room, "Baz");
  const began = performance.now();
  sayJoin(late, shown(tokenOf(silent)));
  await welcomed(late);
  expect(performance.now() - began).toBeGreaterThan(390);
  expect(taken).toEqual(["in use", "silence"]);
});

test("a token serves its own name only, once, and not outside of a box", async () => {
  const room = await openRoom({ limits: { room: { holderMs: 50 } } });
  const [foo, bar] = [await scripted(room, "Foo"), await scripted(room, "Bar")];
  sayJoin(foo);
  sayJoin(bar);
  await Promise.all([foo, bar].map(welcomed));
  const token = tokenOf(bar);
  const tries: [string, (member: ScriptedMember) => void][] = [
    ["Foo", (member) => sayJoin(member, token)],
    ["Bar", ({ link }) => link.send([encodeToRoom({ ...JOIN, token })])],
  ];
  for (const [name, say] of tries) {
    const thief = await scripted(room, name);
    say(thief);
    await until(() => thief.closed !== undefined);
    expect(thief.closed?.received).toBe(8);
  }
  const owner = await scripted(room, "Bar");
  sayJoin(owner, token);
  await welcomed(owner);
  const again = await scripted(room, "Bar");
  sayJoin(again, token);
  await until(() => again.closed !== undefined);
  expect(again.closed?.received).toBe(8);
  expect(foo.closed).toBeUndefined();
  expect(owner.closed).toBeUndefined();
});

test.each([0, 31, 33])("a token of %i bytes is malformed", async (length) => {
  const room = await openRoom();
  const member = await scripted(room, "Bar");
  sayJoin(member, new Uint8Array(length));
  await until(() => member.closed !== undefined);
  expect(member.closed?.received).toBe(12);
});

test("a token is not kept over a restart of the Room: it is as good as none then, also where the name is free", async () => {
  const first = await openRoom();
  const member = await scripted(first, "Bar");
  sayJoin(member);
  await welcomed(member);
  const token = tokenOf(member);
  await first.close();
  const room = await openRoom({ port: first.port, limits: { room: { holderMs: 50 } } });
  const back = await scripted(room, "Bar");
  sayJoin(back, token);
  await welcomed(back);
  const thief = await scripted(room, "Bar");
  sayJoin(thief, token);
  await until(() => thief.closed !== undefined);
  expect(thief.closed?.received).toBe(8);
});

/** Dials of a user, and a way to lose the first of them at the user's end alone: to the other end it is silent. */
function breakable(): { environment: Partial<Environment>; loseFirst: () => void } {
  const losses: (() => void)[] = [];
  const dial: Environment["dial"] = async (options) => {
    const pipe = await dialTcp(options);
    let events: PipeEvents | undefined;
    let isLost = false;
    losses.push(() => {
      isLost = true;
      pipe.start({ data() {}, drain() {}, end() {} });
      pipe.pause();
      onTestFinished(() => pipe.destroy());
      events?.end(new Error("it was lost"));
    });
    return {
      remote: pipe.remote,
      local: pipe.local,
      get buffered() {
        return pipe.buffered;
      },
      start(its) {
        events = its;
        pipe.start(its);
      },
      write: (parts) => isLost || pipe.write(parts),
      pause: () => pipe.pause(),
      resume: () => (isLost ? undefined : pipe.resume()),
      close: (lingerMs) => (isLost ? undefined : pipe.close(lingerMs)),
      destroy: () => (isLost ? undefined : pipe.destroy()),
    };
  };
  return { environment: { dial }, loseFirst: () => losses[0]?.() };
}

test("case 24: a user whose link dies without a word joins again at once under its name, and its peers call it as before", async () => {
  const { log, taken } = reasons();
  const room = await openRoom({ limits: NO_PING, log });
  const foo = await join(room, "Foo");
  const { environment, loseFirst } = breakable();
  const bar = await join(room, "Bar", { environment });
  bar.handle("echo", (data) => data);
  expect(await foo.peer("Bar").get("echo", 1)).toBe(1);
  const watcher = await scripted(room, "Watcher");
  sayJoin(watcher);
  await welcomed(watcher);
  loseFirst();
  await until(() => taken.length === 1);
  expect(taken).toEqual(["name token"]);
  await until(() => heres(watcher, "Bar") === 2);
  expect(room.names).toEqual(["Bar", "Foo", "Watcher"]);
  expect(await foo.peer("Bar").get("echo", 2)).toBe(2);
  await until(() => foo.names.includes("Bar"));
});

test("a user that is proven by its password takes its name at once, with a token or without", async () => {
  const users = await hashPasswords({ Bar: "right" }, { cost: 4 });
  const { log, taken } = reasons();
  const room = await openRoom({ users, limits: NO_PING, log });
  await join(room, "Bar", { password: "right" });
  await join(room, "Bar", { password: "right" });
  expect(taken).toEqual(["user password"]);
  expect(room.names).toEqual(["Bar"]);
});

test("an introduction that was under way when its member was replaced comes to nothing, and the next one serves the new link", async () => {
  const room = await openRoom({ limits: NO_PING });
  const foo = await scripted(room, "Foo");
  const bar = await scripted(room, "Bar");
  sayJoin(foo);
  sayJoin(bar);
  await Promise.all([foo, bar].map(welcomed));
  sayIntroduce(bar, "Foo");
  await until(() => foo.boxes.some(({ type }) => type === "ticket"));
  bar.pipe.pause();
  const back = await scripted(room, "Bar");
  sayJoin(back, tokenOf(bar));
  await welcomed(back);
  const frame = Uint8Array.of(2, 0, 1, 9);
  for (const box of foo.boxes)
    if (box.type === "ticket") foo.link.send([encodeToRoom({ type: "answer", ticketId: box.ticketId, frame })]);
  sayIntroduce(back, "Foo");
  await until(() => foo.boxes.filter(({ type }) => type === "ticket").length === 2);
  const fresh = foo.boxes.findLast((box) => box.type === "ticket");
  if (fresh?.type !== "ticket") throw new Error("no ticket");
  const answer = { type: "answer", ticketId: fresh.ticketId, frame } as const;
  foo.link.send([encodeToRoom(answer)]);
  await until(() => back.heard.some(({ type }) => type === "answer"));
  expect(back.heard.filter(({ type }) => type === "answer")).toEqual([answer]);
});

test("case 83: whoever fails as alice from one address does not keep alice out elsewhere", async () => {
  const users = await hashPasswords({ alice: "right" }, { cost: 4 });
  const room = await openRoom({ users, limits: { penalty: { userDelayMs: 8_000 } } });
  const attack = { environment: from("127.0.0.5"), password: "wrong", reconnect: false };
  expect(await failure(join(room, "alice", attack))).toMatchObject({ code: "ERR_AUTH" });
  const began = performance.now();
  const alice = await join(room, "alice", { password: "right", environment: from("127.0.0.6"), reconnect: false });
  expect(performance.now() - began).toBeLessThan(6_000); // at the address of the failure its next try waits 8 s
  expect(alice.name).toBe("alice");
});

test("a join says nothing that a token would be told apart by: with one and without it is read alike", () => {
  const token = new Uint8Array(32).fill(7);
  expect(decodeToRoom(encodeToRoom({ ...JOIN, token }))).toEqual({ ...JOIN, token });
  expect(decodeToRoom(encodeToRoom({ ...JOIN, token: undefined }))).toEqual({ ...JOIN, token: undefined });
});
