import { readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { ip } from "./command.ts";

/** Where `ip netns` keeps its names. */
const NAMES = "/run/netns";
const PREFIX = "chatroom-lab";

/** A killed process takes a moment to leave. */
const LOOK_EVERY_MS = 10;
const MAX_LOOKS = 500;

let opened = 0;

/** A prefix for the names of one lab's namespaces. It tells the program that owns them, so that another may remove them when that one is dead. */
export function newPrefix(): string {
  return `${PREFIX}.${process.pid}.${startOf(process.pid)}.${++opened}.`;
}

/** Kills what runs in the namespaces of a prefix and removes them. */
export async function removeNamespaces(prefix: string): Promise<void> {
  await remove(namespaceNames().filter((name) => name.startsWith(prefix)));
}

/** Removes what programs have left that were killed before they could close their labs. */
export async function removeLeftovers(): Promise<void> {
  await remove(namespaceNames().filter(isLeft));
}

/** Whether it belongs to a lab whose program is dead. */
function isLeft(name: string): boolean {
  const [prefix, pid, start] = name.split(".");
  return prefix === PREFIX && startOf(Number(pid)) !== start;
}

/** All namespaces of this machine that have a name. */
export function namespaceNames(): string[] {
  try {
    return readdirSync(NAMES);
  } catch {
    return []; // none was ever made
  }
}

/** The processes that run in one of these namespaces. */
export function processesIn(names: readonly string[]): number[] {
  const inodes = new Set(names.map((name) => attempt(() => `net:[${statSync(`${NAMES}/${name}`).ino}]`)));
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => {
      const own = attempt(() => readlinkSync(`/proc/${pid}/ns/net`));
      return own !== undefined && inodes.has(own);
    });
}

async function remove(names: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  for (let pids = processesIn(names), times = 0; pids.length > 0 && times < MAX_LOOKS; times++) {
    for (const pid of pids) attempt(() => process.kill(pid, "SIGKILL"));
    await sleep(LOOK_EVERY_MS);
    pids = processesIn(names);
  }
  try {
    await ip(
      undefined,
      names.map((name) => `netns del ${name}`),
    );
  } catch (error) {
    // Another program may have been at the same leftovers, and the first name that is gone ends the batch.
    const left = names.filter((name) => namespaceNames().includes(name));
    if (left.length === names.length) throw error;
    await remove(left);
  }
}

/** When a process started, in the kernel's ticks: with its number it is one process for sure. Undefined when it is not there. */
function startOf(pid: number): string | undefined {
  const stat = attempt(() => readFileSync(`/proc/${pid}/stat`, "latin1"));
  return stat
    ?.slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .at(19);
}

/** Processes and names may vanish while they are looked at. */
function attempt<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
