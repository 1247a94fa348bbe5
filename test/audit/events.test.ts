import { expect, onTestFinished, test } from "vitest";
import { DEFAULT_LIMITS } from "../../src/base/limits.ts";
import { hashPasswords } from "../../src/crypto/hash-passwords.ts";
import { nativeEngine } from "../../src/crypto/native.ts";
import { passwordSecret } from "../../src/crypto/secret.ts";
import { environmentWith } from "../../src/link/environment.ts";
import type { Link } from "../../src/link/link.ts";
import { Room, type RoomOptions } from "../../src/room/room.ts";
import { ManualClock, memoryEnvironment, MemoryNetwork } from "../../src/testing/index.ts";
import { Client } from "../../src/server/client.ts";
import { Server } from "../../src/server/server.ts";
import { User } from "../../src/user/user.ts";
import { encodeToRoom } from "../../src/wire/room-messages.ts";
import { dialHonestly, KeptLog, LinkEar } from "../link/parties.ts";
import { RawPeer } from "../link/raw-peer.ts";
import { turns, until } from "../support/until.ts";

const JOIN = { type: "join", kind: undefined, port: 5_000, addresses: [], publicHost: undefined, lan: "auto" } as const;

type Fields = Readonly<Record<string, unknown>>;

/** A network in memory, a clock by hand, and the audit events that a program told. */
function world(): {
  clock: ManualClock;
  network: MemoryNetwork;
  environment: ReturnType<typeof environmentWith>;
  log: KeptLog;
  events: () => Fields[];
} {
  const clock = new ManualClock();
  const network = new MemoryNetwork();
  const log = new KeptLog();
  const environment = environmentWith({ ...memoryEnvironment(network), clock });
  const events = (): Fields[] => log.lines.map(({ fields }) => fields as Fields).filter((fields) => "event" in fields);
  return { clock, network, environment, log, events };
}

async function openRoom(options: RoomOptions = {}): Promise<
  ReturnType<typeof world> & {
    room: Room;
    member: (name: string, localHost?: string) => Promise<Link>;
    raw: (localHost: string) => Promise<RawPeer>;
  }
> {
  const all = world();
  const room = await Room.open({ log: all.log, environment: all.environment, ...options });
  onTestFinished(() => room.close());
  const pipe = (localHost = "127.0.0.1"): ReturnType<MemoryNetwork["dial"]> =>
    all.network.dial({ host: "127.0.0.1", port: room.port, localHost });
  const member = async (name: string, localHost?: string): Promise<Link> => {
    const link = await dialHonestly(await pipe(localHost), { clock: all.clock, name, password: "Passable" });
    onTestFinished(() => link.destroy());
    link.start(new LinkEar());
    return link;
  };
  return { ...all, room, member, raw: async (localHost) => new RawPeer(await pipe(localHost)) };
}

const join = (link: Link): void => link.sendSealed(encodeToRoom(JOIN));

test("a Room tells who joined and left, from where, and how", async () => {
  const { room, events, member } = await openRoom();
  const closed = await member("Foo", "10.0.0.7");
  const lost = await member("Bar", "2001:db8::7");
  join(closed);
  join(lost);
  await until(() => room.names.length === 2);
  closed.close();
  lost.destroy();
  await until(() => room.names.length === 0);
  const foo = { name: "Foo", from: expect.stringMatching(/^10\.0\.0\.7:\d+$/) as string };
  const bar = { name: "Bar", from: expect.stringMatching(/^\[2001:db8::7\]:\d+$/) as string };
  expect(events()).toEqual([
    { event: "joined", reason: "new", ...foo },
    { event: "joined", reason: "new", ...bar },
    { event: "left", reason: "closed", ...foo },
    { event: "left", reason: "lost", ...bar, why: expect.any(String) as string },
  ]);
});

test("a refusal has the name that was claimed, and says so; the one that is too much is told as a penalty", async () => {
  const { events, network, room, log } = await openRoom();
  for (let count = 0; count < 4; count++) {
    const pipe = await network.dial({ host: "127.0.0.1", port: room.port, localHost: "10.0.0.8" });
    await expect(dialHonestly(pipe, { name: "Foo" })).rejects.toMatchObject({ code: "ERR_AUTH" });
  }
  await until(() => events().length === 5);
  const from = expect.stringMatching(/^10\.0\.0\.8:\d+$/) as string;
  const refused = { event: "refused", reason: "wrong secret", from, name: "Foo", claimed: true };
  const last = { refusedForS: 10 };
  expect(events()).toMatchObject([
    refused,
    refused,
    refused,
    { ...refused, ...last },
    { event: "penalised", reason: "wrongSecret", from, ...last },
  ]);
  expect(events()[0]).not.toHaveProperty("refusedForS");
  expect(log.lines.at(-1)).toMatchObject({
    level: "warn",
    message: "10.0.0.8 failed too often: it is refused for 10 s",
  });
  const pipe = await network.dial({ host: "127.0.0.1", port: room.port, localHost: "10.0.0.8" });
  await expect(dialHonestly(pipe, { name: "Foo", password: "Passable" })).rejects.toMatchObject({ received: 4 });
  await until(() => events().length === 6);
  expect(events().at(-1)).toMatchObject({ event: "refused", reason: "penalty", from, refusedForS: 10 });
  expect(events().at(-1)).not.toHaveProperty("name"); // nothing was read of it
});

test("a Room tells why it refused: garbage, silence, a barred address, its own name", async () => {
  const { clock, events, member, raw } = await openRoom({ blacklist: ["10.6.0.0/16"] });
  (await raw("10.0.0.1")).write(new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n"));
  const silent = await raw("10.0.0.2");
  await turns();
  clock.advance(5_000);
  await silent.untilEnded();
  await expect(member("Foo", "10.6.6.6")).rejects.toMatchObject({ received: 4 });
  await member("Room", "10.0.0.3");
  await until(() => events().length === 4);
  expect(events().map(({ event, reason, name, claimed }) => [event, reason, name, claimed])).toEqual([
    ["refused", "no hello", undefined, undefined],
    ["refused", "deadline", undefined, undefined],
    ["refused", "blacklisted", undefined, undefined],
    ["refused", "own name", "Room", true],
  ]);
});

test("a Room tells of each way in which a proven member breaks the protocol", async () => {
  const { clock, room, events, member } = await openRoom();
  const acts: [string, (link: Link) => void][] = [
    ["malformed message", (link) => link.send([Uint8Array.of(0xc1)])],
    ["unexpected message", (link) => link.send([encodeToRoom({ type: "punch", ticketId: new Uint8Array(16) })])],
    ["no join", () => clock.advance(DEFAULT_LIMITS.room.joinMs)],
  ];
  for (const [reason, act] of acts) {
    const link = await member("Mallory", "10.0.0.9");
    await turns();
    act(link);
    await until(() => !link.isOpen);
    const from = expect.stringMatching(/^10\.0\.0\.9:\d+$/) as string;
    expect(events().at(-1)).toEqual({ event: "protocol broken", reason, name: "Mallory", from });
  }
  const link = await member("Mallory");
  join(link);
  await until(() => room.names.length === 1);
  link.sendSealed(encodeToRoom({ type: "punch", ticketId: new Uint8Array(16) }));
  await until(() => room.names.length === 0);
  expect(events().slice(-2)).toMatchObject([
    { event: "protocol broken", reason: "unexpected box", name: "Mallory" },
    { event: "left", reason: "protocol", name: "Mallory" },
  ]);
});

test("a name that two programs claim: in use, or taken back by its user's password", async () => {
  const { room, events, member } = await openRoom();
  const holder = await member("Foo", "10.0.0.1");
  join(holder);
  await until(() => room.names.length === 1);
  const second = await member("Foo", "10.0.0.2");
  join(second);
  await until(() => !second.isOpen);
  const from = expect.stringMatching(/^10\.0\.0\.2:\d+$/) as string;
  expect(events().at(-1)).toEqual({ event: "name taken", reason: "in use", name: "Foo", from, claimed: true });

  const users = await hashPasswords({ Foo: "123456" }, { cost: 4 });
  const own = world();
  const proving = await Room.open({ log: own.log, environment: own.environment, users });
  onTestFinished(() => proving.close());
  const options = {
    log: "silent",
    environment: own.environment,
    password: "123456",
    room: { port: proving.port },
  } as const;
  const one = await User.join("Foo", options);
  onTestFinished(() => one.close());
  const other = await User.join("Foo", options);
  onTestFinished(() => other.close());
  expect(own.events().map(({ event, reason, claimed }) => [event, reason, claimed])).toEqual([
    ["joined", "new", undefined],
    ["name taken", "user password", undefined],
    ["left", "replaced", undefined],
    ["joined", "new", undefined],
  ]);
});

test("a server tells who is connected and no longer, whom its lists keep out, and who broke a rule", async () => {
  const { network, log, events } = world();
  const environment = environmentWith(memoryEnvironment(network)); // real time: closing waits for it
  const server = await Server.listen({ log, environment, port: 0, deny: ["Nobody"] });
  onTestFinished(() => server.close({ graceMs: 0 }));
  const secret = passwordSecret("Passable", 2, nativeEngine);
  const connect = async (name: string): Promise<Link> => {
    const pipe = await network.dial({ host: "127.0.0.1", port: server.port, localHost: "10.0.0.5" });
    const end = new Uint8Array(16).fill(name.length);
    const link = await dialHonestly(pipe, { name, purpose: 2, secret, end });
    onTestFinished(() => link.destroy());
    link.start(new LinkEar());
    return link;
  };
  const from = expect.stringMatching(/^10\.0\.0\.5:\d+$/) as string;
  await connect("Nobody");
  await until(() => events().length === 1);
  expect(events()).toEqual([{ event: "refused", reason: "not allowed", from, name: "Nobody", claimed: true }]);
  const mallory = await connect("Mallory");
  await until(() => events().length === 2);
  expect(events()[1]).toMatchObject({ event: "connected", reason: "new", from, name: "Mallory", path: "lan" });
  mallory.send([Uint8Array.of(9, 9, 9)]);
  await until(() => events().length === 4);
  expect(events().slice(2)).toMatchObject([
    { event: "disconnected", reason: "protocol", name: "Mallory" },
    { event: "session violation", reason: "protocol", name: "Mallory", why: expect.any(String) as string },
  ]);
  const client = await Client.open("Foo", { log: "silent", environment });
  await client.connect("Server", { port: server.port });
  await client.close({ graceMs: 0 });
  await until(() => events().length === 6);
  expect(events().slice(4)).toMatchObject([
    { event: "connected", name: "Foo" },
    { event: "disconnected", reason: "done", name: "Foo" },
  ]);
});

test("a user's own port tells of strangers that come to it", async () => {
  const { environment, network, events, log } = world();
  const room = await Room.open({ log: "silent", environment });
  onTestFinished(() => room.close());
  let port = 0;
  const listen: typeof environment.listen = async (options) => {
    const listener = await environment.listen(options);
    ({ port } = listener.address);
    return listener;
  };
  const user = await User.join("Foo", { log, environment: { ...environment, listen }, room: { port: room.port } });
  onTestFinished(() => user.close());
  const stranger = new RawPeer(await network.dial({ host: "127.0.0.1", port, localHost: "127.0.0.9" }));
  stranger.write(new TextEncoder().encode("SSH-2.0-OpenSSH"));
  await until(() => events().length === 1);
  expect(events()).toMatchObject([
    { event: "refused", reason: "no hello", from: expect.stringContaining("127.0.0.9:") as string },
  ]);
});

test("10,000 strangers at a Room write a few dozen lines, in which all of them are counted, and no timer is left", async () => {
  const { clock, log, events, raw, room } = await openRoom();
  const strangers = 10_000;
  for (let n = 0; n < strangers; n++) {
    (await raw(`10.${n >> 8}.${n & 255}.1`)).pipe.destroy();
    if (n % 1_000 === 999) clock.advance(100); // a second in all
  }
  await until(() => room.names.length === 0);
  await turns();
  clock.advance(DEFAULT_LIMITS.audit.quietMs + 1_000);
  await room.close();
  const { burst, perSecond } = DEFAULT_LIMITS.audit;
  expect(log.lines.length).toBeLessThan(2 * burst + 10 * perSecond);
  const told = events().map(({ event, suppressed, from }) =>
    event === "refused" ? Number(suppressed ?? 0) + Number(from !== undefined) : 0,
  );
  expect(told.reduce((sum, n) => sum + n, 0)).toBe(strangers);
  expect(clock.pending).toBe(0);
});
