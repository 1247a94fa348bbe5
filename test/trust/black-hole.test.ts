import { execFile, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import type { Room } from "../../src/room/room.ts";
import { ACK_DELAY_MS } from "../../src/session/session.ts";
import { SUSPECT_MS } from "../../src/session/suspicion.ts";
import type { User } from "../../src/user/user.ts";
import { join, openRoom } from "../support/rooms.ts";
import { soak } from "../support/seeded.ts";
import { until } from "../support/until.ts";
import { ConnectionLog } from "./fates.ts";
import type { Dropped } from "./dropped.ts";
import { Line, type Way } from "./line.ts";
import { NODE_OPTIONS } from "./processes.ts";

const IS_LONG = soak(1) > 1;

interface Pair {
  readonly line: Line;
  readonly log: ConnectionLog;
  readonly near: User;
  readonly far: string;
  /** What the far one's handlers were given. */
  readonly started: unknown[];
  /** Lets the handlers of `hold` end. */
  readonly open: () => void;
}

/** Two users of that Room, connected through a line of their own. */
async function connected(room: Room, name: string): Promise<Pair> {
  const line = await Line.open();
  onTestFinished(() => line.close());
  const environment = { dial: line.dialExcept(room.port) };
  const log = new ConnectionLog();
  const near = await join(room, `${name}-near`, { environment, log });
  const far = await join(room, `${name}-far`, { environment });
  let open!: () => void;
  const opened = new Promise<void>((resolve) => (open = resolve));
  const started: unknown[] = [];
  far.handle("hold", async (input) => {
    started.push(input);
    await opened;
    return input;
  });
  far.handle("echo", (input) => {
    started.push(input);
    return input;
  });
  await near.peer(far.name).get("echo", "first");
  await quiet(line); // on a busy machine both may have dialled: one connection stays
  return { line, log, near, far: far.name, started, open };
}

/** The connection carries nothing any more while a call is under way. */
async function holeWhileBusy(room: Room, ways: readonly Way[]): Promise<string> {
  const name = ways.join("-");
  const { line, log, near, far, started, open } = await connected(room, name);
  const peer = near.peer(far);
  const underWay = peer.get("hold", "under way");
  await until(() => started.includes("under way"));
  const { opened } = line;
  line.hold(ways);
  const heldAt = performance.now();
  const meanwhile = Array.from({ length: 20 }, (_, at) => peer.get("echo", `meanwhile ${at}`));
  await until(() => line.opened > opened);
  const noticedMs = performance.now() - heldAt;
  expect(await Promise.all(meanwhile)).toEqual(Array.from({ length: 20 }, (_, at) => `meanwhile ${at}`));
  const answeredMs = performance.now() - heldAt;
  open();
  expect(await underWay).toBe("under way");
  line.release();
  expect(await peer.get("echo", "last")).toBe("last");
  expect(new Set(started).size).toBe(started.length);
  expect(log.count(`${near.name} and ${far} are connected`)).toBe(1);
  expect(log.count(`${near.name} and ${far} are no longer connected`)).toBe(0);
  if (IS_LONG) expect(noticedMs).toBeLessThan(SUSPECT_MS + 250);
  return `${name}: another link after ${noticedMs.toFixed(0)} ms, answers after ${answeredMs.toFixed(0)} ms`;
}

/** Nothing is carried any more: the last acknowledgement has gone too. */
async function quiet(line: Line): Promise<void> {
  for (let carried = -1; carried !== line.carried; ) {
    ({ carried } = line);
    await new Promise((resolve) => setTimeout(resolve, 8 * ACK_DELAY_MS));
  }
}

/** Nobody waits: nothing is noticed, and nothing happens. What is called later is answered all the same. */
async function holeWhileIdle(room: Room): Promise<void> {
  const { line, log, near, far, open } = await connected(room, "idle");
  open();
  const { opened } = line;
  line.hold();
  await new Promise((resolve) => setTimeout(resolve, SUSPECT_MS * 1.6));
  expect(line.opened).toBe(opened);
  expect(near.peer(far).path).toBe("lan");
  expect(await near.peer(far).get("echo", "later")).toBe("later");
  expect(line.opened).toBeGreaterThan(opened);
  expect(log.count(`${near.name} and ${far} are connected`)).toBe(1);
}

/** New connections lead nowhere either, for a while. */
async function holeForAll(room: Room, ms: number): Promise<void> {
  const { line, log, near, far, started, open } = await connected(room, "all");
  const peer = near.peer(far);
  const underWay = peer.get("hold", "under way");
  await until(() => started.includes("under way"));
  line.hold(["forth", "back"], true);
  const meanwhile = Array.from({ length: 20 }, (_, at) => peer.get("echo", `meanwhile ${at}`));
  await until(() => peer.path === undefined);
  await new Promise((resolve) => setTimeout(resolve, ms));
  line.release();
  open();
  expect(await underWay).toBe("under way");
  expect(await Promise.all(meanwhile)).toEqual(Array.from({ length: 20 }, (_, at) => `meanwhile ${at}`));
  expect(new Set(started).size).toBe(started.length);
  expect(log.count(`${near.name} and ${far} are connected`)).toBe(1);
}

test("a connection that carries nothing any more, both ways or one, is noticed while somebody waits: calls go on over another link", async () => {
  const room = await openRoom();
  const told = await Promise.all([
    holeWhileBusy(room, ["forth", "back"]),
    holeWhileBusy(room, ["forth"]),
    holeWhileBusy(room, ["back"]),
    holeWhileIdle(room),
    holeForAll(room, IS_LONG ? 20_000 : 2_000),
  ]);
  console.log(`black hole: ${told.filter(Boolean).join("; ")}`);
}, 60_000);

/** Two hosts of our own, where this machine can have them: a network that really drops what is sent. */
const TWO_HOSTS = [
  "--net",
  "--mount",
  "--fork",
  "--kill-child",
  fileURLToPath(new URL("two-hosts.sh", import.meta.url)),
];

if (spawnSync("unshare", [...TWO_HOSTS, "true"]).status === 0)
  test("a network that drops everything, both ways or one, is noticed while somebody waits; when it carries again, the same session goes on", async () => {
    const program = fileURLToPath(new URL("dropped.ts", import.meta.url));
    const dropMs = IS_LONG ? 20_000 : SUSPECT_MS + 500;
    const run = [...TWO_HOSTS, process.execPath, ...NODE_OPTIONS, program, String(dropMs)];
    const { stdout } = await promisify(execFile)("unshare", run, { timeout: 100_000, killSignal: "SIGKILL" });
    const told = JSON.parse(stdout) as readonly Dropped[];
    console.log(
      `dropped for ${dropMs} ms: ${told.map(({ ways, noticedMs, healedMs }) => `${ways}: noticed after ${noticedMs.toFixed(0)} ms, answers ${healedMs.toFixed(0)} ms after it carries again`).join("; ")}`,
    );
    expect(told).toHaveLength(3);
    for (const { answers, sessions, noticedMs } of told) {
      expect(answers).toEqual(["meanwhile 0", "meanwhile 1", "meanwhile 2", "under way"]);
      expect(sessions).toEqual(["Foo and Bar are connected"]);
      if (IS_LONG) expect(noticedMs).toBeLessThan(SUSPECT_MS + 250);
    }
  }, 120_000);
