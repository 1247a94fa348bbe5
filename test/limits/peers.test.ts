// At the cap, and one over, with the shipped defaults: links, peers, a Room and its users.
import { expect, onTestFinished, test } from "vitest";
import { FailureLog } from "../../src/call/failure-log.ts";
import { systemRandom } from "../../src/base/random.ts";
import { DEFAULT_LIMITS } from "../../src/base/limits.ts";
import { loggerOf } from "../../src/base/log.ts";
import { Deadlines } from "../../src/base/deadlines.ts";
import { MessageQueue } from "../../src/call/messages.ts";
import { Registry } from "../../src/call/registry.ts";
import { nativeEngine } from "../../src/crypto/native.ts";
import { keySecret } from "../../src/crypto/secret.ts";
import { AuditLog } from "../../src/link/audit.ts";
import { environmentWith } from "../../src/link/environment.ts";
import type { Link } from "../../src/link/link.ts";
import { PeerEntries } from "../../src/node/peer-entries.ts";
import { Redialer } from "../../src/node/redialer.ts";
import { ResumeKeys } from "../../src/node/resume-keys.ts";
import type { Pipe } from "../../src/pipe/pipe.ts";
import { Room } from "../../src/room/room.ts";
import { ManualClock, memoryEnvironment, MemoryNetwork } from "../../src/testing/index.ts";
import { User } from "../../src/user/user.ts";
import { encodeToRoom, encodeToUser } from "../../src/wire/room-messages.ts";
import { decodeValue } from "../../src/wire/values.ts";
import { Answerer, dialHonestly, greeting, LinkEar } from "../link/parties.ts";
import { RawPeer, RECORD } from "../link/raw-peer.ts";
import { turns, until } from "../support/until.ts";

const { link: L, peers: P, room: R, user: U, pipe } = DEFAULT_LIMITS;
const log = loggerOf("silent", "");

/** A network in memory whose programs have a clock by hand. */
function world(): { clock: ManualClock; network: MemoryNetwork; environment: ReturnType<typeof environmentWith> } {
  const clock = new ManualClock();
  const network = new MemoryNetwork();
  return { clock, network, environment: environmentWith({ ...memoryEnvironment(network), clock }) };
}

test("limit pipe.highWaterBytes: a pipe takes 64 KiB without asking to wait, and at once asks behind that", () => {
  const [near] = new MemoryNetwork().pair();
  expect(near.write([new Uint8Array(pipe.highWaterBytes - 1)])).toBe(true);
  expect(near.write([new Uint8Array(1)])).toBe(false);
  near.destroy();
});

test("limit link.recordsPerTurn: of a flood 256 records are handled in one turn of the event loop, then others have theirs", async () => {
  const { clock, network } = world();
  const perTurn: number[] = [0];
  const room = new Answerer({
    clock,
    config: {
      onLink: (link) =>
        link.start({ data: () => void perTurn[perTurn.length - 1]!++, sealed() {}, drain() {}, closed() {} }),
    },
  });
  const listening = await network.listen({ host: "127.0.0.1", port: 2_428, accept: room.listener.accept });
  const peer = new RawPeer(await network.dial({ host: "127.0.0.1", port: 2_428 }));
  await peer.shake(greeting());
  await turns();
  const all = 3 * L.recordsPerTurn;
  peer.write(...Array.from({ length: all }, (_, n) => peer.seal(RECORD.data, Uint8Array.of(n)))); // one chunk
  while (perTurn.reduce((sum, n) => sum + n, 0) < all) {
    perTurn.push(0);
    await turns(1);
  }
  expect(Math.max(...perTurn)).toBe(L.recordsPerTurn);
  peer.pipe.destroy();
  await listening.close();
  room.listener.close();
});

test("limit peers.remembered: 1,024 peers are remembered, with one more those with whom nothing goes on are forgotten", () => {
  const { clock } = world();
  const entries = new PeerEntries(
    {
      clock,
      deadlines: new Deadlines(clock),
      failures: new FailureLog(log, clock, DEFAULT_LIMITS.audit),
      registry: new Registry(undefined),
      messages: new MessageQueue(),
      views: { peer: () => undefined, peers: () => undefined },
      reach: () => {},
      absence: () => "nobody",
    },
    systemRandom,
    false,
  );
  for (let peer = 0; peer < P.remembered; peer++) entries.at(`peer ${peer}`);
  expect([...entries]).toHaveLength(P.remembered);
  entries.at("one more");
  expect([...entries].map(([name]) => name)).toEqual(["one more"]);
});

test("limit peers.keys: 32 keys of a session are kept, a further one displaces the oldest and wipes it", () => {
  const keys = new ResumeKeys(nativeEngine);
  const bytes = Array.from({ length: P.keys + 1 }, (_, at) => new Uint8Array(32).fill(at + 1));
  const add = (at: number): void => {
    const resume = { secret: bytes[at] as Uint8Array, ticketId: new Uint8Array(16).fill(at) };
    keys.add("Bar", { resume, ticketId: undefined, localName: "Foo", remoteName: "Bar" });
  };
  for (let at = 0; at < P.keys; at++) add(at);
  expect(keys.of("Bar")).toHaveLength(P.keys);
  expect(keys.peerOf(new Uint8Array(16))).toBe("Bar");
  add(P.keys);
  expect(keys.of("Bar")).toHaveLength(P.keys);
  expect(keys.peerOf(new Uint8Array(16))).toBeUndefined();
  expect(bytes[0]).toEqual(new Uint8Array(32));
});

test("limit peers.redialMs: a dial for a new link may take four seconds", async () => {
  const { clock, network, environment } = world();
  const silent: Pipe[] = [];
  const listening = await network.listen({ host: "127.0.0.1", port: 5_000, accept: (one) => void silent.push(one) });
  const secret = keySecret(new Uint8Array(32).fill(1), 5, nativeEngine);
  const key = { ticketId: new Uint8Array(16), localName: "Foo", remoteName: "Bar", secret: () => secret };
  const redialer = new Redialer({
    environment,
    log,
    audit: new AuditLog(log, clock, DEFAULT_LIMITS.audit),
    encryption: true,
    needsLink: () => true,
    listenerOf: () => undefined,
    keysOf: () => [key],
    progressOf: () => 0,
    identitiesFor: undefined,
    endFor: () => new Uint8Array(16),
    proven: () => {},
    gone: () => {},
    notResumed: () => {},
  });
  let failure: unknown;
  const dialled = redialer.dial("Bar", { host: "127.0.0.1", port: 5_000 }, new AbortController().signal);
  void dialled.then((error) => (failure = error));
  await until(() => silent.length === 1);
  await turns();
  clock.advance(P.redialMs - 1);
  await turns();
  expect(failure).toBeUndefined();
  clock.advance(1);
  expect(await dialled).toMatchObject({ code: "ERR_TIMEOUT", message: "no answer within 4 s" });
  expect(clock.pending).toBe(0);
  silent[0]?.destroy();
  await listening.close();
});

/** A Room played by hand: lets a user in as a link, and says what the test says. */
async function scriptedRoom(): Promise<ReturnType<typeof world> & { room: Answerer }> {
  const all = world();
  const room = new Answerer({ clock: all.clock, password: "Passable" });
  const listening = await all.network.listen({ host: "127.0.0.1", port: 2_428, accept: room.listener.accept });
  onTestFinished(async () => {
    room.close();
    await listening.close();
  });
  return { ...all, room };
}

test("limit peers.welcomeMs: who was let in and is not told who is there gives up after ten seconds", async () => {
  const { clock, environment, room } = await scriptedRoom();
  let failure: { message: string } | undefined;
  const joined = User.join("Foo", { log: "silent", reconnect: false, environment });
  joined.catch((error: Error) => (failure = error));
  await until(() => (room.ears[0]?.boxes.length ?? 0) > 0);
  clock.advance(P.welcomeMs - 1);
  await turns();
  expect(failure).toBeUndefined();
  clock.advance(1);
  await expect(joined).rejects.toThrow("did not say who is there within 10 s");
});

const isAsked = (payload: Uint8Array): boolean => (decodeValue(payload) as { type: string }).type === "introduce";

/** A user of a Room played by hand, where Bar is. */
async function withBar(): Promise<Awaited<ReturnType<typeof scriptedRoom>> & { user: User; asked: () => number }> {
  const scripted = await scriptedRoom();
  const { environment, room } = scripted;
  const joined = User.join("Foo", { log: "silent", environment });
  await until(() => (room.ears[0]?.boxes.length ?? 0) > 0);
  const [link] = room.links;
  link?.send([encodeToUser({ type: "welcome", count: 1, host: "127.0.0.1" })]);
  link?.send([encodeToUser({ type: "here", members: [{ name: "Bar", kind: undefined }] })]);
  const user = await joined;
  onTestFinished(() => user.close());
  return { ...scripted, user, asked: () => room.ears[0]?.boxes.filter(isAsked).length ?? 0 };
}

test("limit user.roundMs, limit user.longestRoundMs: an introduction that leads nowhere is asked for again after 2, 4, 8 and at most 15 s", async () => {
  const { clock, user, asked } = await withBar();
  const call = user.peer("Bar").get("x", 1, { timeoutMs: 100_000 });
  call.catch(() => {});
  const times: number[] = [];
  for (let ms = 0; ms < 60_000; ms += 100) {
    await turns(4);
    while (times.length < asked()) times.push(clock.now());
    clock.advance(100);
  }
  const waits = times.slice(1).map((at, index) => at - (times[index] as number));
  expect(waits).toEqual([
    U.roundMs,
    2 * U.roundMs,
    4 * U.roundMs,
    U.longestRoundMs,
    U.longestRoundMs,
    U.longestRoundMs,
  ]);
});

test("limit user.dialMs: a dial to another user may take two seconds", async () => {
  const { clock, network, room, user, asked } = await withBar();
  const silent: Pipe[] = [];
  let isEnded = false;
  const accept = (one: Pipe): void => {
    silent.push(one);
    one.start({ data() {}, drain() {}, end: () => (isEnded = true) });
  };
  const listening = await network.listen({ host: "127.0.0.1", port: 5_000, accept });
  user
    .peer("Bar")
    .get("x", 1, { timeoutMs: 60_000 })
    .catch(() => {});
  await until(() => asked() === 1);
  const ticketId = new Uint8Array(16).fill(1);
  const secret = new Uint8Array(32).fill(2);
  const candidates = [{ host: "127.0.0.1", port: 5_000, path: "lan" as const }];
  room.links[0]?.sendSealed(
    encodeToUser({
      type: "ticket",
      ticketId,
      secret,
      name: "Bar",
      kind: undefined,
      candidates,
      expiresMs: 30_000,
    }),
  );
  await until(() => silent.length === 1);
  await turns();
  clock.advance(U.dialMs - 1);
  await turns();
  expect(isEnded).toBe(false);
  clock.advance(1);
  await until(() => isEnded);
  await listening.close();
});

const JOIN = { type: "join", kind: undefined, port: 5_000, addresses: [], publicHost: undefined, lan: "auto" } as const;

/** A real Room, and somebody in it that does what the test says. */
async function realRoom(): Promise<
  ReturnType<typeof world> & { room: Room; member: (name: string) => Promise<[Link, Pipe]> }
> {
  const all = world();
  const room = await Room.open({ log: "silent", environment: all.environment });
  onTestFinished(() => room.close());
  const member = async (name: string): Promise<[Link, Pipe]> => {
    const dialled = await all.environment.dial({ host: "127.0.0.1", port: room.port });
    const made = await dialHonestly(dialled, { clock: all.clock, name, password: "Passable" });
    onTestFinished(() => made.destroy());
    return [made, dialled];
  };
  return { ...all, room, member };
}

test("limit room.joinMs: a proven link has ten seconds to join", async () => {
  const { clock, member } = await realRoom();
  const [link] = await member("Mallory");
  const ear = new LinkEar();
  link.start(ear);
  await turns();
  clock.advance(R.joinMs - 1);
  await turns();
  expect(ear.ends).toEqual([]);
  clock.advance(1);
  await ear.until(() => ear.ends.length > 0);
  expect(ear.ends).toMatchObject([
    { code: "ERR_TIMEOUT", message: expect.stringContaining("no join within 10 s") as string },
  ]);
});

test("limit room.holderMs: who has a name may be silent for 2.5 s when another one claims it, not longer", async () => {
  const { clock, environment } = await realRoom();
  const pipes: Pipe[] = [];
  const dial: typeof environment.dial = async (options) => {
    const dialled = await environment.dial(options);
    pipes.push(dialled);
    return dialled;
  };
  const first = await User.join("Foo", { log: "silent", environment: { ...environment, dial } });
  onTestFinished(() => first.close());
  pipes[0]?.pause(); // it hears no ping
  let isIn = false;
  const second = User.join("Foo", { log: "silent", environment });
  void second.then(() => (isIn = true));
  await turns(200);
  clock.advance(R.holderMs - 1);
  await turns(100);
  expect(isIn).toBe(false);
  clock.advance(1);
  await (await second).close();
  expect(isIn).toBe(true);
});

test("limit room.messageBurst, limit room.messagesPerSecond: a member says 20,000 things at once, then 200 per second; one more ends its link", async () => {
  const { clock, room, member } = await realRoom();
  const [link] = await member("Mallory");
  const ear = new LinkEar();
  link.start(ear);
  link.sendSealed(encodeToRoom(JOIN));
  await ear.until(() => ear.received.length > 0);
  const punch = encodeToRoom({ type: "punch", ticketId: new Uint8Array(16) });
  const say = async (count: number): Promise<void> => {
    for (let n = 0; n < count; n++) {
      link.send([punch]);
      if (n % 500 === 499) await turns(4);
    }
    await turns();
  };
  await say(R.messageBurst);
  clock.advance(1_000);
  await say(R.messagesPerSecond);
  expect([ear.ends, room.names]).toEqual([[], ["Mallory"]]);
  await say(1);
  await ear.until(() => ear.ends.length > 0);
  expect(ear.ends).toMatchObject([{ message: expect.stringContaining("too many messages") as string }]);
});

test.each([
  [undefined, R.bufferedBytes],
  [{ room: { bufferedBytes: 100_000 } }, 100_000],
])(
  "limit room.bufferedBytes: what waits for a member that does not read ends its link beyond 2 MiB, or what the option says (%j)",
  async (limits, most) => {
    const clock = new ManualClock();
    const network = new MemoryNetwork();
    const environment = environmentWith({ ...memoryEnvironment(network), clock });
    let accepted: Pipe | undefined;
    const listen: typeof environment.listen = (options) => {
      const accept = (one: Pipe): void => {
        accepted ??= one;
        options.accept(one);
      };
      return environment.listen({ ...options, accept });
    };
    const room = await Room.open({ log: "silent", limits, environment: { ...environment, listen } });
    onTestFinished(() => room.close());
    const dialled = await environment.dial({ host: "127.0.0.1", port: room.port });
    const link = await dialHonestly(dialled, { clock, name: "Mallory", password: "Passable" });
    link.start(new LinkEar());
    link.sendSealed(encodeToRoom(JOIN));
    await until(() => room.names.length === 1);
    dialled.pause();
    // What waits is made up: the Room looks at it when it writes.
    let waiting = 0;
    Object.defineProperty(accepted, "buffered", { get: () => waiting });
    const comeAndGo = async (name: string): Promise<void> => {
      const to = await environment.dial({ host: "127.0.0.1", port: room.port });
      const one = await dialHonestly(to, { clock, name, password: "Passable" });
      one.start(new LinkEar());
      one.sendSealed(encodeToRoom(JOIN));
      await turns();
      clock.advance(100); // who came is told a moment later
      one.destroy();
      await turns();
      clock.advance(100);
      await turns();
    };
    waiting = most;
    await comeAndGo("Foo");
    expect(room.names).toEqual(["Mallory"]);
    waiting = most + 1;
    await comeAndGo("Foo");
    expect(room.names).toEqual([]);
    link.destroy();
  },
);

test("limit user.unaskedBurst, limit user.unaskedPerSecond: others make a user dial 64 times at once, then eight times a second", async () => {
  const { clock, network, room } = await withBar();
  let dials = 0;
  const accept = (one: Pipe): void => {
    dials++;
    one.destroy();
  };
  const listening = await network.listen({ host: "127.0.0.1", port: 5_000, accept });
  const candidates = [{ host: "127.0.0.1", port: 5_000, path: "lan" as const }];
  let last = 0;
  const introduce = async (count: number): Promise<void> => {
    for (let n = 0; n < count; n++) {
      const ticketId = new Uint8Array(16).fill(++last);
      const about = { name: `Baz${last}`, kind: undefined, candidates, expiresMs: 30_000 };
      room.links[0]?.sendSealed(
        encodeToUser({ type: "ticket", ticketId, secret: new Uint8Array(32).fill(2), ...about }),
      );
    }
    await turns();
  };
  await introduce(U.unaskedBurst);
  expect(dials).toBe(U.unaskedBurst);
  await introduce(1);
  expect(dials).toBe(U.unaskedBurst);
  clock.advance(1_000);
  await introduce(U.unaskedPerSecond + 1);
  expect(dials).toBe(U.unaskedBurst + U.unaskedPerSecond);
  await listening.close();
});
