import { execFileSync } from "node:child_process";
import { Room } from "../../src/room/room.ts";
import { User } from "../../src/user/user.ts";
import { ConnectionLog } from "./fates.ts";
import { Member } from "./processes.ts";

/** What came of one time in which a network dropped everything, one way or both. */
export interface Dropped {
  readonly ways: string;
  /** Until the session was seen to need another link. */
  readonly noticedMs: number;
  /** From when the network carried again until the calls made meanwhile were answered. */
  readonly healedMs: number;
  readonly answers: readonly unknown[];
  /** What the log says of sessions. */
  readonly sessions: readonly string[];
}

/** The near host of two-hosts.sh, with a Room and a user; another one is on the far host. Argument: how long nothing is carried. Prints what came of it. */
const dropMs = Number(process.argv[2]);
const password = "between two hosts";
const room = await Room.open({ host: "10.9.0.1", port: 0, password, log: "silent" });
const at = { host: "10.9.0.1", port: room.port, password };
const log = new ConnectionLog();
const foo = await User.join("Foo", { log, room: at });
const member = new Member(["ip", "netns", "exec", "far"]);
await member.join({ name: "Bar", room: room.port, host: at.host, password });

const bar = foo.peer("Bar");
const call = (method: string, id: string): Promise<unknown> => bar.get(method, { id, ms: 0 }, { timeoutMs: 120_000 });

function after(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** What is sent to that end is dropped from now on, or no longer. */
function drop(end: "near" | "far", isDropped: boolean): void {
  const [number, other] = end === "near" ? [1, 2] : [2, 1];
  const ip = (...rest: string[]): void => void execFileSync("ip", end === "near" ? rest : ["-n", "far", ...rest]);
  ip("link", "set", `${end}0`, "address", `02:00:00:00:00:${isDropped ? 9 : 0}${number}`);
  // Who takes another address forgets its neighbours.
  ip("neigh", "replace", `10.9.0.${other}`, "lladdr", `02:00:00:00:00:0${other}`, "dev", `${end}0`, "nud", "permanent");
}

async function once(ways: string, ends: readonly ("near" | "far")[]): Promise<Dropped> {
  const underWay = call("hold", "under way");
  await call("work", "before");
  for (const end of ends) drop(end, true);
  const droppedAt = performance.now();
  const meanwhile = [0, 1, 2].map((n) => call("work", `meanwhile ${n}`));
  while (bar.path !== undefined) await after(5);
  const noticedMs = performance.now() - droppedAt;
  await after(dropMs - noticedMs);
  for (const end of ends) drop(end, false);
  const carriedAt = performance.now();
  const answers = await Promise.all(meanwhile);
  const healedMs = performance.now() - carriedAt;
  member.order({ do: "release" });
  answers.push(await underWay);
  return { ways, noticedMs, healedMs, answers, sessions: log.lines.filter((text) => text.includes(" connected")) };
}

await call("work", "first");
const told: Dropped[] = [
  await once("both ways", ["near", "far"]),
  await once("forth", ["far"]),
  await once("back", ["near"]),
];
console.log(JSON.stringify(told));
await member.kill();
process.exit();
