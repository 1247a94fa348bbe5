import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join as joinPath } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { Logger } from "../../src/base/log.ts";
import { hashPasswords } from "../../src/crypto/hash-passwords.ts";
import type { Pipe } from "../../src/pipe/pipe.ts";
import { Room } from "../../src/room/room.ts";
import { parseState } from "../../src/state/state.ts";
import type { User } from "../../src/user/user.ts";
import { runChatroom } from "../support/chatroom.ts";
import { expectNothingLeft } from "../support/leftovers.ts";
import { failure, join, openRoom } from "../support/rooms.ts";
import { until } from "../support/until.ts";
import { from, sayJoin, scripted, settingFor } from "./member-link.ts";

expectNothingLeft();

const BARRED_FROM = "127.0.0.5";

function stateFile(): string {
  const folder = mkdtempSync(joinPath(tmpdir(), "chatroom-bans-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return joinPath(folder, "room.json");
}

interface Event {
  readonly event?: string;
  readonly reason?: string;
  readonly address?: string;
  readonly name?: string;
}

function events(): { log: Logger; heard: Event[] } {
  const heard: Event[] = [];
  const note = (fields: Event): void => void (fields.event === undefined ? undefined : heard.push(fields));
  return { log: { debug() {}, info: note, warn: note, error: note }, heard };
}

test("a ban holds at once: the member goes, its sessions end for both sides, and it comes back neither to the Room nor to a peer", async () => {
  const { log, heard } = events();
  const room = await openRoom({ log });
  const foo = await join(room, "Foo");
  let calls = 0;
  foo.handle("count", () => ++calls);
  const mallory = await join(room, "Mallory", { environment: from(BARRED_FROM) });
  mallory.handle("never", () => new Promise(() => {}));
  const other = await join(room, "Other", { environment: from("127.0.0.6") });
  other.handle("echo", (data) => data);
  expect(await mallory.peer("Foo").get("count")).toBe(1);
  expect(await foo.peer("Other").get("echo", 1)).toBe(1);
  const waiting = failure(foo.peer("Mallory").get("never"));
  await until(() => foo.peer("Mallory").path !== undefined);

  const ban = await room.bans.add(BARRED_FROM, { reason: "noise" });
  expect(ban).toMatchObject({ address: BARRED_FROM, until: undefined, reason: "noise" });
  expect(room.names).toEqual(["Foo", "Other"]);
  expect((await waiting).message).toContain("barred by the Room");
  await until(() => foo.peer("Mallory").path === undefined && mallory.peer("Foo").path === undefined);
  expect(foo.names).toEqual(["Other"]);
  const later = await failure(mallory.peer("Foo").get("count", undefined, { timeoutMs: 1_500 }));
  expect(later).toMatchObject({ code: "TIMEOUT", outcome: "did not run" });
  expect(calls).toBe(1);
  const refused = await failure(join(room, "New", { environment: from(BARRED_FROM), reconnect: false }));
  expect(refused).toMatchObject({ code: "ERR_REFUSED", received: 4, retryAfter: 60 });
  expect(refused.message).toContain("this address is barred");
  expect(await foo.peer("Other").get("echo", 2), "others go on").toBe(2);
  expect(heard).toContainEqual(expect.objectContaining({ event: "banned", reason: "added", address: BARRED_FROM }));
  expect(heard).toContainEqual(expect.objectContaining({ event: "left", reason: "barred", name: "Mallory" }));
  expect(heard).toContainEqual(expect.objectContaining({ event: "refused", reason: "banned" }));

  expect(await room.bans.lift(BARRED_FROM)).toBe(true);
  const again = await join(room, "New", { environment: from(BARRED_FROM), reconnect: false });
  expect(await again.peer("Foo").get("count")).toBe(2);
});

test("a member that only lost the Room keeps its sessions: nobody takes it for barred", async () => {
  const room = await openRoom();
  const foo = await join(room, "Foo");
  const pipes: Pipe[] = [];
  const { dial } = from("127.0.0.6");
  const noted = async (options: Parameters<typeof dial>[0]): Promise<Pipe> => {
    const pipe = await dial(options);
    pipes.push(pipe);
    return pipe;
  };
  const bar = await join(room, "Bar", { environment: { dial: noted }, reconnect: false });
  bar.handle("echo", (data) => data);
  expect(await foo.peer("Bar").get("echo", 1)).toBe(1);
  const { path } = foo.peer("Bar");
  expect(path).toBe("lan");
  pipes.find((pipe) => pipe.remote.port === room.port)?.destroy();
  await until(() => !foo.names.includes("Bar"));
  expect(foo.peer("Bar").path).toBe(path);
  expect(await foo.peer("Bar").get("echo", 2)).toBe(2);
});

test("a ban ends the sessions of a member that has left the Room, too, and not those of who holds its name now", async () => {
  const room = await openRoom();
  const foo = await join(room, "Foo");
  let ended = 0;
  foo.handle("never", (_data, call) => new Promise(() => call.signal.addEventListener("abort", () => ended++)));
  const leaves = async (name: string): Promise<User> => {
    const pipes: Pipe[] = [];
    const { dial } = from(BARRED_FROM);
    const noted = async (options: Parameters<typeof dial>[0]): Promise<Pipe> => {
      const pipe = await dial(options);
      pipes.push(pipe);
      return pipe;
    };
    const user = await join(room, name, { environment: { dial: noted }, reconnect: false });
    user.handle("echo", (data) => data);
    expect(await foo.peer(name).get("echo", 1)).toBe(1);
    pipes.find((pipe) => pipe.remote.port === room.port)?.destroy();
    await until(() => !foo.names.includes(name));
    expect(await foo.peer(name).get("echo", 2)).toBe(2);
    return user;
  };
  const bar = await leaves("Bar");
  const asked = failure(bar.peer("Foo").get("never"));
  await (await leaves("Zed")).close();
  const zed = await join(room, "Zed");
  zed.handle("echo", (data) => data);
  expect(await foo.peer("Zed").get("echo", 3)).toBe(3);
  await room.bans.add(BARRED_FROM);
  expect(await asked).toMatchObject({ code: "DISCONNECTED" });
  await until(() => ended === 1);
  expect(foo.peer("Bar").path).toBeUndefined();
  expect(await foo.peer("Zed").get("echo", 4)).toBe(4);
});

test("links of a banned subnet are closed with code 4, joined or not, and the others are told who was barred and who just left", async () => {
  const room = await openRoom();
  const watcher = await scripted(room, "Watcher");
  sayJoin(watcher);
  const joined = await scripted(room, "Joined", "127.0.9.1");
  sayJoin(joined);
  const leaving = await scripted(room, "Leaving", "127.0.8.2");
  sayJoin(leaving);
  const silent = await scripted(room, "Silent", "127.0.9.3");
  await until(() => room.names.length === 3);
  leaving.link.close();
  await until(() => room.names.length === 2);
  await room.bans.add("127.0.9.0/24");
  await until(() => joined.closed !== undefined && silent.closed !== undefined);
  for (const { closed } of [joined, silent])
    expect(closed).toMatchObject({ received: 4, message: expect.stringContaining("this address is barred") });
  await until(() => watcher.heard.filter(({ type }) => type === "gone").length === 2);
  expect(watcher.heard.filter(({ type }) => type === "gone")).toEqual([
    { type: "gone", names: ["Leaving"], barred: undefined },
    { type: "gone", names: ["Joined"], barred: true },
  ]);
  expect(watcher.closed).toBeUndefined();
});

test("the blacklist bars as a ban does, from the start", async () => {
  const { log, heard } = events();
  const room = await openRoom({ blacklist: [BARRED_FROM], log });
  const error = await failure(join(room, "Foo", { environment: from(BARRED_FROM), reconnect: false }));
  expect(error).toMatchObject({ code: "ERR_REFUSED", received: 4, retryAfter: 60 });
  expect(heard).toContainEqual(expect.objectContaining({ event: "refused", reason: "blacklisted" }));
  expect((await join(room, "Foo", { environment: from("127.0.0.6"), reconnect: false })).name).toBe("Foo");
});

test("case 79: failures never make a ban; a ban is no penalty and ends at its time", async () => {
  const room = await openRoom();
  for (let times = 0; times < 3; times++)
    expect(
      await failure(
        join(room, "Foo", { environment: from(BARRED_FROM), reconnect: false, room: { password: "wrong" } }),
      ),
    ).toMatchObject({ code: "ERR_AUTH" });
  expect(room.bans.list()).toEqual([]);
  await room.bans.add("127.0.0.8", { seconds: 0.4 });
  expect(await failure(join(room, "Foo", { environment: from("127.0.0.8"), reconnect: false }))).toMatchObject({
    received: 4,
  });
  await until(() => room.bans.list().length === 0);
  expect((await join(room, "Foo", { environment: from("127.0.0.8"), reconnect: false })).name).toBe("Foo");
});

test("bans and the secret outlive the Room in its state file; without one they end with it", async () => {
  const state = stateFile();
  const first = await Room.open({ port: 0, log: "silent", state });
  await first.bans.add(BARRED_FROM, { reason: "noise" });
  await first.close();
  const { secret } = parseState(readFileSync(state, "utf8"));
  const second = await openRoom({ state });
  expect(second.bans.list()).toMatchObject([{ address: BARRED_FROM, reason: "noise" }]);
  expect(parseState(readFileSync(state, "utf8")).secret).toEqual(secret);
  expect(await failure(join(second, "Foo", { environment: from(BARRED_FROM), reconnect: false }))).toMatchObject({
    received: 4,
  });
  const third = await openRoom();
  await third.bans.add(BARRED_FROM);
  await third.close();
  expect((await openRoom()).bans.list()).toEqual([]);
});

test("a Room with users makes the same salts up after a restart, by the state file's secret", async () => {
  const state = stateFile();
  const users = await hashPasswords({ Foo: "right" }, { cost: 4 });
  const settings: string[] = [];
  for (let start = 0; start < 2; start++) {
    const room = await openRoom({ state, users });
    settings.push(await settingFor(room, "Nobody"));
    await room.close();
  }
  expect(settings[0]).toMatch(/^\$2b\$04\$/);
  expect(settings[1]).toBe(settings[0]);
  const without = await openRoom({ users });
  expect(await settingFor(without, "Nobody")).not.toBe(settings[0]);
});

test.each(["/nowhere/at/all/room.json", tmpdir()])(
  "the state file %s is an error when the Room opens, and nothing is left open",
  async (state) => {
    const error = await failure(Room.open({ port: 0, log: "silent", state }));
    expect(error.message).toContain(`the state file ${state} can't be used`);
  },
);

test("a Room that can't open has told all that it had to tell, and tells nothing later", async () => {
  const taken = await openRoom();
  const state = stateFile();
  const bans = Array.from({ length: 30 }, (_, at) => ({ address: `10.0.0.${at}`, since: "2026-01-31T12:00:00.000Z" }));
  writeFileSync(state, JSON.stringify({ chatroom: 1, bans }));
  const told: object[] = [];
  const keep = (fields: object): void => void told.push(fields);
  const log = { debug: keep, info: keep, warn: keep, error: keep };
  await failure(Room.open({ port: taken.port, state, log }));
  expect(told.at(-1)).toMatchObject({ event: "banned", reason: "added", suppressed: 10 });
});

test("chatroom bans changes the file of a Room that runs, which follows within 2 s and closes the links", {
  timeout: 60_000,
}, async () => {
  const state = stateFile();
  const room = await openRoom({ state });
  const mallory = await scripted(room, "Mallory", BARRED_FROM);
  sayJoin(mallory);
  await until(() => room.names.includes("Mallory"));
  const added = await runChatroom(
    "bans",
    "add",
    BARRED_FROM,
    "--seconds",
    "3600",
    "--reason",
    "noise",
    "--state",
    state,
  );
  expect(added).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^Banned: 127\.0\.0\.5 {2}since .*, until .*: noise\n$/),
    err: "",
  });
  const written = performance.now();
  await until(() => mallory.closed !== undefined);
  expect(performance.now() - written).toBeLessThan(2_000);
  expect(mallory.closed?.received).toBe(4);
  const listed = await runChatroom("bans", "list", "--json", "--state", state);
  expect(JSON.parse(listed.out)).toMatchObject([{ address: BARRED_FROM, reason: "noise" }]);
  expect((await runChatroom("bans", "list", "--state", state)).out).toContain("127.0.0.5  since");
  const lifted = await runChatroom("bans", "lift", BARRED_FROM, "--state", state);
  expect(lifted).toMatchObject({ code: 0, out: "Lifted: 127.0.0.5\n" });
  await until(() => room.bans.list().length === 0);
  expect((await runChatroom("bans", "list", "--state", state)).out).toBe("Nobody is banned.\n");
});
