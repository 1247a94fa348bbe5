import { expect, onTestFinished, test, vi } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import type { Room } from "../../src/room/room.ts";
import { SUSPECT_MS } from "../../src/session/suspicion.ts";
import { join, openRoom } from "../support/rooms.ts";
import { soak } from "../support/seeded.ts";
import { until } from "../support/until.ts";
import { ConnectionLog } from "./fates.ts";
import { Member } from "./processes.ts";

const IS_LONG = soak(1) > 1;
/** Longer than it takes to suspect a link, and than a dial may take that follows from that. */
const STOP_MS = IS_LONG ? 20_000 : SUSPECT_MS + 4_000;

function after(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** A user of this process and one of another, which can be stopped. */
async function connected(room: Room, name: string) {
  const log = new ConnectionLog();
  const near = await join(room, `${name}-near`, { log });
  const member = new Member();
  onTestFinished(() => member.kill());
  const far = `${name}-far`;
  await member.join({ name: far, room: room.port });
  const started: string[] = [];
  let open!: () => void;
  const opened = new Promise<void>((resolve) => (open = resolve));
  near.handle("hold", async (input) => {
    const { id } = input as { id: string };
    started.push(id);
    await opened;
    return id;
  });
  near.handle("work", (input) => {
    const { id } = input as { id: string };
    started.push(id);
    return id;
  });
  const call = (method: string, id: string): Promise<unknown> =>
    near.peer(far).get(method, { id, ms: 0 }, { timeoutMs: 180_000 });
  expect(await call("work", "first")).toBe("first");
  return { log, near, far, member, started, open, call };
}

type Connected = Awaited<ReturnType<typeof connected>>;

/** One session, from its beginning to now, as both ends say. */
async function expectOneSession({ log, near, far, member }: Connected): Promise<void> {
  member.order({ do: "events" });
  const { events } = await member.told("events");
  expect(log.lines.filter((text) => text.includes(" connected"))).toEqual([`${near.name} and ${far} are connected`]);
  expect(events.filter((text) => text.includes(" connected"))).toEqual([`${far} and ${near.name} are connected`]);
}

type Pause = (member: Member, ms: number) => Promise<void>;

const stopped: Pause = async (member, ms) => {
  member.signal("SIGSTOP");
  await after(ms);
  member.signal("SIGCONT");
};

/** As with a breakpoint: the process goes on existing, and none of its code runs. */
const blocked: Pause = async (member, ms) => {
  member.order({ do: "block", ms });
  await after(ms);
};

/** It handles a call of ours when it stops: that call is answered afterwards, and so are those made meanwhile. */
async function handlerPauses(room: Room, name: string, pause: Pause, ms: number): Promise<Connected> {
  const all = await connected(room, name);
  const { member, call } = all;
  const underWay = call("hold", "under way");
  expect(await call("work", "second")).toBe("second"); // "hold" came before it, so its handler runs
  const paused = pause(member, ms);
  const meanwhile = [0, 0.3, 0.6, 0.9].map(async (part) => {
    await after(part * ms);
    return call("work", `meanwhile ${part}`);
  });
  await paused;
  expect(await Promise.all(meanwhile)).toEqual([0, 0.3, 0.6, 0.9].map((part) => `meanwhile ${part}`));
  member.order({ do: "release" });
  expect(await underWay).toBe("under way");
  return all;
}

/** It waits for our answers when it stops: it has them afterwards. */
async function callerPauses(room: Room, name: string, pause: Pause, ms: number): Promise<Connected> {
  const all = await connected(room, name);
  const { near, far, member, started, open, call } = all;
  const answer = member.call(near.name, "hold", "under way");
  await until(() => started.includes("under way"));
  const paused = pause(member, ms);
  const meanwhile = call("work", "meanwhile");
  await after(ms / 2);
  open(); // the answer comes while nobody is there to take it
  await paused;
  expect(await answer).toMatchObject({ value: "under way" });
  expect(await meanwhile).toBe("meanwhile");
  expect(await member.call(near.name, "work", "afterwards")).toMatchObject({ value: "afterwards" });
  expect(started).toEqual(["under way", "afterwards"]);
  expect(near.peer(far).path).toBe("lan");
  return all;
}

test(`a program that is stopped for ${STOP_MS / 1_000} s and goes on has lost nothing: the same session, every call answered`, async () => {
  const room = await openRoom();
  const pairs = await Promise.all([
    handlerPauses(room, "a", stopped, STOP_MS),
    callerPauses(room, "b", stopped, STOP_MS),
    handlerPauses(room, "c", blocked, STOP_MS),
    callerPauses(room, "d", blocked, STOP_MS),
  ]);
  for (const pair of pairs) await expectOneSession(pair);
}, 120_000);

if (IS_LONG)
  test("a program that is stopped for a minute, longer than any link lives, is talked to again by itself", async () => {
    const room = await openRoom();
    const lines: string[] = [];
    const one = async (name: string, pause: Pause): Promise<void> => {
      const { log, near, member, call } = await connected(room, name);
      const meanwhile = [0.1, 0.5, 0.9].map(async (part) => {
        await after(part * 60_000);
        return call("work", `meanwhile ${part}`);
      });
      await pause(member, 60_000);
      const wokenAt = performance.now();
      const answers = await Promise.allSettled(meanwhile);
      expect(await call("work", "afterwards")).toBe("afterwards");
      const ms = performance.now() - wokenAt;
      expect((await member.call(near.name, "work", "back")).value).toBe("back");
      const told = answers.map((answer) => (answer.status === "fulfilled" ? "answered" : String(answer.reason)));
      expect(told).toEqual(["answered", "answered", "answered"]);
      lines.push(`${name}: a call was answered ${ms.toFixed(0)} ms after it woke; ${log.lines.join(", ")}`);
    };
    await Promise.all([one("stopped", stopped), one("blocked", blocked)]);
    console.log(`a minute: ${lines.join("; ")}`);
  }, 200_000);

test("a wall clock that jumps, both ways, changes nothing", async () => {
  const room = await openRoom();
  let jumpMs = 0;
  const real = Date.now.bind(Date);
  vi.spyOn(Date, "now").mockImplementation(() => real() + jumpMs);
  onTestFinished(() => void vi.restoreAllMocks());
  const environment = { clock: { ...systemClock, date: () => real() + jumpMs } };
  const log = new ConnectionLog();
  const foo = await join(room, "Foo", { environment, log });
  const bar = await join(room, "Bar", { environment });
  let open!: () => void;
  const opened = new Promise<void>((resolve) => (open = resolve));
  bar.handle("hold", async (input) => {
    await opened;
    return input;
  });
  bar.handle("echo", (input) => input);
  const underWay = foo.peer("Bar").get("hold", 0);
  for (const days of [1, -1, 400, -20_000]) {
    jumpMs = days * 86_400_000;
    expect(await foo.peer("Bar").get("echo", days, { timeoutMs: 30_000 })).toBe(days);
    await after(SUSPECT_MS / 8);
  }
  open();
  expect(await underWay).toBe(0);
  expect(log.lines.filter((text) => text.includes(" connected"))).toEqual(["Foo and Bar are connected"]);
});
