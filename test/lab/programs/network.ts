import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { Room, type RoomStatus, User, type UserOptions, type UserStatus } from "chatroom";
import { CHATROOM } from "../../support/built.ts";
import { takeOrders } from "../inside.ts";

const PASSWORD = "of the laboratory, and of nothing else";

let room: Room | undefined;
const users = new Map<string, User>();

/** Opens a Room for the whole internet. */
async function openRoom(options: { relay?: boolean; probePort?: number }): Promise<void> {
  room = await Room.open({ host: "::", password: PASSWORD, log: "error", ...options });
}

async function closeRoom(): Promise<void> {
  await room?.close();
}

function roomStatus(): RoomStatus {
  return (room as Room).status();
}

/** Joins under a name, and tells the Room of the addresses that it has, or `claims` to have. Every user answers `echo`. */
async function join({
  name,
  claims,
  ...options
}: { name: string; room: string; claims?: string[] } & Omit<UserOptions, "room">): Promise<void> {
  const environment = claims === undefined ? undefined : { addresses: () => claims };
  const its = { host: options.room, password: PASSWORD };
  const user = await User.join(name, { log: "error", ...options, environment, room: its });
  user.handle("whoami", () => name);
  user.handle("echo", (data) => data);
  const ran = new Set<number>();
  let next = 0;
  let misplaced = 0;
  const hash = createHash("sha256");
  user.handle("once", (id) => (ran.has(id as number) ? "twice" : (ran.add(id as number), id)));
  user.handle("part", (data) => {
    const { at, bytes } = data as { at: number; bytes: Uint8Array };
    if (at !== next++) misplaced++;
    hash.update(bytes);
  });
  user.handle("sum", () => ({ parts: next, misplaced, ran: ran.size, hash: hash.copy().digest("hex") }));
  users.set(name, user);
}

function userOf(name: string): User {
  const user = users.get(name);
  if (user === undefined) throw new Error(`no user ${name} joined here`);
  return user;
}

/** Two users: one of this program, and one elsewhere. */
interface Pair {
  readonly name: string;
  readonly peer: string;
}

/** Calls a peer once: how long the answer took, in ms. */
async function call({
  name,
  peer,
  data = "",
  timeoutMs = 20_000,
}: Pair & { data?: unknown; timeoutMs?: number }): Promise<number> {
  const start = performance.now();
  const answer = await userOf(name).peer(peer).get("echo", data, { timeoutMs });
  if (answer !== data) throw new Error("another answer");
  return performance.now() - start;
}

/** Waits until a peer is reached over a path: how long that took, in ms; undefined when it is not in time. */
async function reaches({
  name,
  peer,
  over,
  timeoutMs,
}: Pair & { over: string; timeoutMs: number }): Promise<number | undefined> {
  const start = performance.now();
  while (userOf(name).peer(peer).path !== over) {
    if (performance.now() - start > timeoutMs) return undefined;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return performance.now() - start;
}

/** Watches until nothing better is tried any more: the path, and since when it has been that, in ms of the epoch. */
async function settles({ name, peer }: Pair): Promise<{ path: string; since: number }> {
  const user = userOf(name);
  let reached = user.peer(peer).path;
  let since = Date.now();
  for (const start = since; Date.now() - start < 20_000; ) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    const now = user.peer(peer).path;
    if (now !== reached) [reached, since] = [now, Date.now()];
    const { attempts } = user.status().peers.find((one) => one.name === peer) ?? { attempts: [] };
    const isTrying = attempts.some(({ outcome }) => outcome === "trying");
    const hadHole = attempts.some((one) => one.path === "punched" && one.outcome === "failed");
    if (reached === "lan" || reached === "public" || reached === "punched" || (hadHole && !isTrying)) break;
  }
  // The other one may be told a moment later.
  await new Promise((resolve) => setTimeout(resolve, 100));
  const now = user.peer(peer).path;
  if (now !== reached) [reached, since] = [now, Date.now()];
  return { path: reached ?? "none", since };
}

export interface DoctorsReport {
  readonly path: string | undefined;
  readonly findings: readonly { readonly path: string; readonly verdict: string; readonly why: string }[];
  readonly advice: readonly string[];
  readonly firstCallMs: number | undefined;
  readonly status: UserStatus;
}

/** What calls went through, all the time, until `stopLoad`. */
export interface Load {
  readonly gets: number;
  readonly sends: number;
  readonly bytes: number;
  /** Of calls that failed, or were answered wrongly. */
  readonly failures: readonly string[];
  /** Between two answers to gets, in ms. */
  readonly longestPauseMs: number;
  readonly isRight: boolean;
}

const loads = new Map<string, () => Promise<Load>>();
const pauses = new Map<string, number>();
const answered = new Map<string, number>();

/** The longest time without an answer since this was asked last, in ms. */
function longestPause({ name }: { name: string }): number {
  const ms = pauses.get(name) ?? 0;
  pauses.set(name, 0);
  return ms;
}

/** Calls a peer all the time: gets, so many at once, each with a number of its own, and sends of numbered parts. */
function startLoad({
  name,
  peer,
  atOnce = 8,
  partBytes = 16_384,
}: Pair & { atOnce?: number; partBytes?: number }): void {
  const to = userOf(name).peer(peer);
  const failures: string[] = [];
  const hash = createHash("sha256");
  const over = new AbortController();
  let [id, sends, bytes, lastAt, longest] = [0, 0, 0, performance.now(), 0];
  const failed = (error: unknown): void => void failures.push(String(error));
  const getting = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const mine = ++id;
      const answer = await to.get("once", mine, { timeoutMs: 60_000 }).catch(failed);
      if (answer !== mine) failures.push(`get ${mine} was answered ${String(answer)}`);
      const now = performance.now();
      longest = Math.max(longest, now - lastAt);
      pauses.set(name, Math.max(pauses.get(name) ?? 0, now - lastAt));
      lastAt = now;
      answered.set(name, (answered.get(name) ?? 0) + 1);
    }
  };
  const sending = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const part = new Uint8Array(partBytes).fill(sends);
      hash.update(part);
      bytes += part.length;
      await to.tell("part", { at: sends++, bytes: part }, { timeoutMs: 60_000 }).catch(failed);
    }
  };
  const all = Promise.all([...Array.from({ length: atOnce }, getting), sending()]);
  loads.set(name, async () => {
    over.abort();
    await all;
    const sum = (await to.get("sum")) as { parts: number; misplaced: number; ran: number; hash: string };
    const isRight = sum.parts === sends && sum.misplaced === 0 && sum.ran === id && sum.hash === hash.digest("hex");
    return { gets: id, sends, bytes, failures: failures.slice(0, 5), longestPauseMs: longest, isRight };
  });
}

/** Whether more gets of a load than are under way are answered within that time. */
async function answers({
  name,
  gets = 9,
  timeoutMs,
}: {
  name: string;
  gets?: number;
  timeoutMs: number;
}): Promise<boolean> {
  const before = answered.get(name) ?? 0;
  for (const start = performance.now(); performance.now() - start < timeoutMs; ) {
    if ((answered.get(name) ?? 0) >= before + gets) return true;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return false;
}

async function stopLoad({ name }: { name: string }): Promise<Load> {
  const stop = loads.get(name);
  if (stop === undefined) throw new Error(`${name} has no load`);
  return await stop();
}

/** By which name a peer calls itself. */
async function whoIs({ name, peer }: Pair): Promise<string> {
  return (await userOf(name).peer(peer).get("whoami")) as string;
}

function path({ name, peer }: Pair): string | undefined {
  return userOf(name).peer(peer).path;
}

function status({ name }: { name: string }): UserStatus {
  return userOf(name).status();
}

/** What `chatroom doctor` prints here, for programs. */
async function doctor({ peer, args = [] }: { peer: string; args?: readonly string[] }): Promise<DoctorsReport> {
  const { stdout } = await promisify(execFile)(process.execPath, [CHATROOM, "doctor", peer, "--json", ...args], {
    env: { ...process.env, CHATROOM_PASSWORD: PASSWORD },
  }).catch((error: unknown) => error as { stdout: string });
  return JSON.parse(stdout) as DoctorsReport;
}

async function leave({ name }: { name: string }): Promise<void> {
  await userOf(name).close({ graceMs: 0 });
  users.delete(name);
}

const orders = {
  doctor,
  openRoom,
  closeRoom,
  roomStatus,
  join,
  call,
  reaches,
  settles,
  startLoad,
  longestPause,
  answers,
  stopLoad,
  path,
  whoIs,
  status,
  leave,
};
export type Network = typeof orders;
takeOrders(orders);
