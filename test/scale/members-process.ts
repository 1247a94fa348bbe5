import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "../../src/base/log.ts";
import { nativeEngine } from "../../src/crypto/native.ts";
import { UserPassword } from "../../src/crypto/user-password.ts";
import { passwordSecret } from "../../src/crypto/secret.ts";
import { DEFAULT_PASSWORD } from "../../src/link/defaults.ts";
import { type Environment, environmentWith } from "../../src/link/environment.ts";
import { dialTcp } from "../../src/pipe/tcp.ts";
import { User } from "../../src/user/user.ts";
import { seeded } from "../support/seeded.ts";
import { until } from "../support/until.ts";
import { answer, cpuMs } from "./answer.ts";
import { type Latencies, summary } from "./latencies.ts";
import { RawMember } from "./raw-member.ts";

/** How long a new program took until it was in, and until the first answer, ms. */
export interface Arrival {
  readonly inMs: number;
  readonly calledMs: number;
}

/** Honest programs, many in one process, each from one of the loopback addresses that it is told. */
const users: User[] = [];
const rawMembers: RawMember[] = [];
/** Of each raw member, up to now. */
let introductionsMade = 0;
const secret = passwordSecret(DEFAULT_PASSWORD, 1, nativeEngine);

/** How often each user was let in. */
const entries = new Map<string, number>();
const silent = (): void => {};
const log: Logger = {
  debug: silent,
  info: (_fields, text) => {
    const name = /^(\S+) is in the Room$/.exec(text)?.[1];
    if (name !== undefined) entries.set(name, (entries.get(name) ?? 0) + 1);
  },
  warn: silent,
  error: silent,
};

function from(localHost: string): Environment {
  return environmentWith({ dial: (options) => dialTcp({ ...options, localHost }) });
}

function hostOf(hosts: readonly string[], at: number): string {
  return hosts[at % hosts.length] as string;
}

async function joinUser(port: number, name: string, host: string, password?: string | null): Promise<User> {
  const own = password === undefined || password === null ? {} : { password };
  const user = await User.join(name, { log, room: { port }, environment: from(host), ...own });
  user.handle("echo", (data) => data);
  return user;
}

/** A call each time that is due, whether the ones before were answered or not. */
async function paced(
  seconds: number,
  perSecond: number,
  chance: () => number,
  run: () => Promise<void>,
): Promise<void> {
  const everyMs = 1_000 / perSecond;
  const endAt = performance.now() + seconds * 1_000;
  const running: Promise<void>[] = [];
  for (let dueAt = performance.now() + chance() * everyMs; dueAt < endAt; dueAt += everyMs) {
    await sleep(dueAt - performance.now());
    running.push(run());
  }
  await Promise.all(running);
}

async function timed(into: number[], run: () => Promise<unknown>): Promise<void> {
  const startedAt = performance.now();
  await run();
  into.push(performance.now() - startedAt);
}

const commands = {
  /** All at once, as a cluster starts. Resolves when the last one is in: how long each took. */
  async joinUsers(
    port: number,
    prefix: string,
    count: number,
    hosts: string[],
    password?: string | null,
  ): Promise<Latencies> {
    const taken: number[] = [];
    const join = async (at: number): Promise<void> =>
      void users.push(await joinUser(port, `${prefix}-${at}`, hostOf(hosts, at), password));
    await Promise.all(Array.from({ length: count }, (_, at) => timed(taken, () => join(at))));
    return summary(taken);
  },

  /** What logins of so many programs at once take without any Room: bcrypt, and the threads it runs on. */
  async hashAlone(count: number, password: string, setting: string): Promise<number> {
    const startedAt = performance.now();
    const hash = (): Promise<unknown> => new UserPassword(password, nativeEngine).keysFor(setting);
    await Promise.all(Array.from({ length: count }, hash));
    return performance.now() - startedAt;
  },

  /** Every user calls another one, `perSecond` times a second. */
  async calls(seconds: number, perSecond: number, seed: number): Promise<Latencies> {
    const chance = seeded(seed);
    const taken: number[] = [];
    await Promise.all(
      users.map((user, at) => {
        const peer = user.peer((users[(at + 1) % users.length] as User).name);
        return paced(seconds, perSecond, chance, () => timed(taken, () => peer.get("echo", "x".repeat(50))));
      }),
    );
    return summary(taken);
  },

  /** Every user calls one that it has not called before; resolves when all are answered. */
  async firstCalls(step: number): Promise<Latencies> {
    const taken: number[] = [];
    const first = (user: User, at: number): Promise<void> =>
      timed(taken, () => user.peer((users[(at + step) % users.length] as User).name).get("echo", at));
    await Promise.all(users.map(first));
    return summary(taken);
  },

  /** A new program: from the call of `join` until it is in, and until a user of this process answered it; undefined: it was not let in. */
  async newcomer(port: number, name: string, host: string, withinMs: number): Promise<Arrival | undefined> {
    const startedAt = performance.now();
    const late = AbortSignal.timeout(withinMs);
    const joining = User.join(name, { log, room: { port }, environment: from(host), signal: late });
    const user = await joining.catch(() => undefined);
    if (user === undefined) return undefined;
    const inMs = performance.now() - startedAt;
    await user.peer((users[0] as User).name).get("echo", 1);
    const calledMs = performance.now() - startedAt;
    await user.close();
    return { inMs, calledMs };
  },

  /** Links that join, so many at a time; one that is turned away tries again after a while. Resolves with the time it took. */
  async joinRaw(port: number, prefix: string, count: number, hosts: string[], atOnce: number): Promise<number> {
    const startedAt = performance.now();
    const environments = hosts.map(from);
    let next = 0;
    const lane = async (): Promise<void> => {
      for (let at = next++; at < count; at = next++) {
        const environment = environments[at % hosts.length] as Environment;
        for (;;) {
          const member = await RawMember.join(environment, port, `${prefix}-${at}`, secret).catch(silent);
          if (member !== undefined && rawMembers.push(member)) break;
          await sleep(20);
        }
      }
    };
    await Promise.all(Array.from({ length: atOnce }, lane));
    return performance.now() - startedAt;
  },

  /** What the Room itself does for members: round trips of pings, and introductions from asking to the ticket. */
  async service(
    seconds: number,
    perSecond: number,
    seed: number,
  ): Promise<{ pings: Latencies; introductions: Latencies }> {
    const chance = seeded(seed);
    const pings: number[] = [];
    const introductions: number[] = [];
    const each = async (member: RawMember, at: number): Promise<void> => {
      // Another one each time, and of each pair the same one asks: introductions of a pair are paced, and of two that cross one is made.
      const others = Math.floor((rawMembers.length - 1) / 2);
      const other = (): RawMember => rawMembers[(at + (step++ % others) + 1) % rawMembers.length] as RawMember;
      let step = introductionsMade;
      const pinging = paced(seconds, 2, chance, () => timed(pings, () => member.link.ping(10_000)));
      const asking = paced(seconds, perSecond, chance, () =>
        timed(introductions, () => member.introduce(other().name)),
      );
      await Promise.all([pinging, asking]);
    };
    await Promise.all(rawMembers.map(each));
    introductionsMade += Math.ceil(introductions.length / rawMembers.length);
    return { pings: summary(pings), introductions: summary(introductions) };
  },

  /** Members that have heard of all the others, whoever came after them included. */
  heardOfAll: (count: number) => rawMembers.filter(({ told }) => told.here >= count - 1).length,
  messagesTold: () => rawMembers.reduce((sum, { told }) => sum + told.messages, 0),
  openRaw: () => rawMembers.filter(({ isOpen }) => isOpen).length,

  /** Resolves when every user was let in so many times: since when, on this machine's clock. */
  async untilIn(times: number): Promise<number> {
    while (users.some(({ name }) => (entries.get(name) ?? 0) < times)) await sleep(2);
    return Date.now();
  },

  async closeUsers() {
    await Promise.all(users.splice(0).map((user) => user.close()));
  },
  async closeRaw() {
    for (const member of rawMembers) member.close();
    await until(() => rawMembers.every(({ isOpen }) => !isOpen));
    rawMembers.length = 0;
  },
  cpuMs,
};

export type MembersCommands = typeof commands;
answer(commands);
