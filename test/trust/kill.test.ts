import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join as joinPath } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { Environment } from "../../src/link/environment.ts";
import { dialTcp } from "../../src/pipe/tcp.ts";
import { DEFAULT_LIMITS } from "../../src/base/limits.ts";
import type { HandlerCall } from "../../src/call/handler-call.ts";
import type { User } from "../../src/user/user.ts";
import { join, openRoom } from "../support/rooms.ts";
import { seeded, seedOfRun, soak } from "../support/seeded.ts";
import { turns, until } from "../support/until.ts";
import { fastClock } from "./clocks.ts";
import { Calling, ConnectionLog, type Fate, liesIn, startedIn } from "./fates.ts";
import { Member } from "./processes.ts";

const SEED = seedOfRun();
const KILLS = soak(10);
const IN_FLIGHT = 64;
/** Long runs hold the times too; short ones share the machine with other tests. */
const IS_LONG = soak(1) > 1;

/** Processes that are started ahead: a victim, and the one that comes back in its place. */
class Spares {
  readonly #members: Member[] = [];
  readonly #all: Member[] = [];

  constructor() {
    onTestFinished(async () => void (await Promise.all(this.#all.map((member) => member.kill()))));
    this.#start();
    this.#start();
  }

  #start(): void {
    const member = new Member();
    this.#members.push(member);
    this.#all.push(member);
  }

  take(): Member {
    this.#start();
    return this.#members.shift() as Member;
  }
}

function folder(): string {
  const path = mkdtempSync(joinPath(tmpdir(), "chatroom-kill-"));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

/** What the survivor's own handlers were given, and when the one that waits for its caller's end heard of it. */
class Handled {
  readonly started = new Map<string, number>();
  readonly aborted = new Map<string, number>();

  constructor(user: User) {
    const note = (input: unknown): { id: string; ms: number } => {
      const { id, ms } = input as { id: string; ms: number };
      this.started.set(id, (this.started.get(id) ?? 0) + 1);
      return { id, ms };
    };
    user.handle("note", (input) => void note(input));
    user.handle("work", async (input) => {
      const { id, ms } = note(input);
      if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
      return id;
    });
    user.handle("stuck", async (input, call: HandlerCall) => {
      const { id } = note(input);
      await new Promise((resolve) => call.signal.addEventListener("abort", resolve, { once: true }));
      this.aborted.set(id, performance.now());
    });
  }
}

function table(rows: ReadonlyMap<string, number>): string {
  return [...rows]
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([what, count]) => `${what}: ${count}`)
    .join(", ");
}

test(`a program is killed ${KILLS} times at any moment: the other one's calls settle at once, and what it is told is true`, async () => {
  const chance = seeded(SEED);
  const room = await openRoom();
  const log = new ConnectionLog();
  const foo = await join(room, "Foo", { log });
  const handled = new Handled(foo);
  const spares = new Spares();
  const path = folder();
  const present = new Map<string, { member: Member; files: string[] }>();
  const outcomes = new Map<string, number>();
  let longestMs = 0;
  let longestAbortMs = 0;
  let mayHaveRun = 0;
  let wereInFlight = 0;
  let calls = 0;
  let neverLeft = 0;
  for (let kill = 1; kill <= KILLS; kill++) {
    // The survivor's name is between theirs: which side dials, and which one closes links, goes by the names.
    const name = chance() < 0.5 ? "Bar" : "Zed";
    const comesBack = chance() < 0.5;
    const momentMs = chance() * 120;
    const enter = async (): Promise<{ member: Member; files: string[] }> => {
      const member = spares.take();
      const file = joinPath(path, `${name}-${kill}-${present.size}-${Math.random()}`);
      const entry = { member, files: [file] };
      await member.join({ name, room: room.port, file });
      return entry;
    };
    const victim = present.get(name) ?? (await enter());
    present.delete(name);
    await foo.peer(name).get("work", { id: `first-${kill}`, ms: 0 });
    const line = `Foo and ${name} are no longer connected`;
    victim.member.order({ do: "load", to: "Foo", inFlight: 32, prefix: `theirs-${kill}` });
    const calling = new Calling(foo, name, `ours-${kill}`, IN_FLIGHT);
    await new Promise((resolve) => setTimeout(resolve, momentMs));
    victim.member.signal("SIGKILL");
    const killedAt = performance.now();
    let atEnd = new Set<string>();
    const ended = log.next(line, log.count(line) + 1, () => (atEnd = new Set(calling.pending)));
    const successor = comesBack ? enter() : undefined;
    // Without a link nothing is committed: whatever is called from here on has never left.
    await until(() => foo.peer(name).path === undefined);
    const later = new Calling(foo, name, `later-${kill}`, IN_FLIGHT / 4);
    const endedAt = await ended;
    await turns(10); // what the end of the session settles, settles
    const neverSent = new Set([...calling.pending, ...later.pending]);
    if (successor !== undefined) present.set(name, await successor);
    for (const one of [calling, later]) {
      if (successor === undefined) one.abort();
      else one.stop();
      await one.settled();
    }
    await victim.member.exited;
    const fates = [...calling.fates, ...later.fates];

    const files = [...victim.files, ...(present.get(name)?.files ?? [])];
    expect(liesIn(fates, startedIn(files)), `kill ${kill}, seed ${SEED}`).toEqual([]);
    expect([...startedIn(files).values()].filter((count) => count > 1)).toEqual([]);
    const byId = new Map(fates.map((fate) => [fate.id, fate]));
    const expected = successor === undefined ? "did not run" : "answered";
    for (const id of neverSent) {
      const { outcome, code } = byId.get(id) as Fate;
      expect([id, code === "FAILED" ? "answered" : outcome]).toEqual([id, expected]);
    }
    const unknown = fates.filter(({ outcome }) => outcome === "may have run");
    for (const { id, code } of unknown) expect([id, code, atEnd.has(id)]).toEqual([id, "DISCONNECTED", true]);
    for (const { outcome, code } of fates) {
      const key = code === undefined ? outcome : `${outcome} (${code})`;
      outcomes.set(key, (outcomes.get(key) ?? 0) + 1);
    }
    const stuck = `theirs-${kill}-stuck`;
    if (handled.started.has(stuck)) {
      expect(handled.aborted.has(stuck)).toBe(true);
      longestAbortMs = Math.max(longestAbortMs, (handled.aborted.get(stuck) as number) - killedAt);
    }
    longestMs = Math.max(longestMs, endedAt - killedAt);
    mayHaveRun += unknown.length;
    wereInFlight += atEnd.size;
    calls += fates.length;
    neverLeft += neverSent.size;
  }
  console.log(
    `kill: seed ${SEED}: ${KILLS} kills, ${calls} calls: ${table(outcomes)}; in flight at the end of a session: ${wereInFlight}, of them "may have run": ${mayHaveRun}; ` +
      `never sent: ${neverLeft}; ` +
      `settled within ${longestMs.toFixed(0)} ms, handlers told within ${longestAbortMs.toFixed(0)} ms`,
  );
  expect([...handled.started.values()].filter((count) => count > 1)).toEqual([]);
  expect(mayHaveRun).toBeLessThanOrEqual(wereInFlight);
  if (IS_LONG) expect(Math.max(longestMs, longestAbortMs)).toBeLessThan(1_000);
});

test("a program is gone and its address says nothing: its session ends with the resume window, not before and not much later", async () => {
  const factor = IS_LONG ? 1 : 10;
  const clock = fastClock(factor);
  const room = await openRoom();
  const log = new ConnectionLog();
  let isSilent = false;
  const dial: Environment["dial"] = (options) => {
    if (!isSilent || options.port === room.port) return dialTcp(options);
    return new Promise((_, reject) => options.signal?.addEventListener("abort", () => reject(options.signal?.reason)));
  };
  const foo = await join(room, "Foo", { log, environment: { clock, dial } });
  const file = joinPath(folder(), "log");
  const member = new Member();
  onTestFinished(() => member.kill());
  await member.join({ name: "Bar", room: room.port, file });
  await foo.peer("Bar").get("work", { id: "first", ms: 0 });
  const calling = new Calling(foo, "Bar", "ours", IN_FLIGHT);
  await new Promise((resolve) => setTimeout(resolve, 50));
  isSilent = true;
  const ended = log.next("Foo and Bar are no longer connected", 1);
  const killedAt = clock.now();
  await member.kill();
  await ended;
  const endedAfterMs = clock.now() - killedAt;
  calling.abort();
  await calling.settled();
  console.log(
    `kill, silent address: the session ended after ${endedAfterMs.toFixed(0)} ms (time ${factor} times as fast)`,
  );
  expect(liesIn(calling.fates, startedIn([file]))).toEqual([]);
  expect(calling.fates.some(({ outcome, code }) => outcome === "may have run" && code === "DISCONNECTED")).toBe(true);
  expect(endedAfterMs).toBeGreaterThan(DEFAULT_LIMITS.session.resumeWindowMs - 1);
  if (IS_LONG) expect(endedAfterMs).toBeLessThan(DEFAULT_LIMITS.session.resumeWindowMs + 1_000);
}, 60_000);
