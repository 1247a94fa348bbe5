import { expect, onTestFinished, test } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import { systemRandom } from "../../src/base/random.ts";
import { nativeEngine } from "../../src/crypto/native.ts";
import { passwordSecret } from "../../src/crypto/secret.ts";
import { DEFAULT_PASSWORD } from "../../src/link/defaults.ts";
import { dialLink } from "../../src/link/dial.ts";
import type { Link } from "../../src/link/link.ts";
import type { LinkError } from "../../src/base/errors.ts";
import type { Pipe } from "../../src/pipe/pipe.ts";
import { dialTcp, listenTcp } from "../../src/pipe/tcp.ts";
import type { Room } from "../../src/room/room.ts";
import {
  decodeBoxed,
  decodeToUser,
  encodeToRoom,
  encodeToUser,
  type Join,
  MEMBERS_PER_MESSAGE,
  type Boxed,
  type ToUser,
} from "../../src/wire/room-messages.ts";
import { encodeValue } from "../../src/wire/values.ts";
import { KeptLog } from "../link/parties.ts";
import { join, openRoom } from "../support/rooms.ts";
import { until } from "../support/until.ts";

/** A member that says what a test tells it, over real TCP. */
interface RawMember {
  readonly pipe: Pipe;
  readonly link: Link;
  readonly heard: ToUser[];
  readonly boxes: Boxed[];
  closed: { error: LinkError | undefined } | undefined;
}

const JOIN: Join = { type: "join", kind: undefined, port: 2_000, addresses: [], publicHost: undefined, lan: "auto" };

async function enter(room: Room, name: string, changes: object = {}): Promise<RawMember> {
  const pipe = await dialTcp({ host: room.host, port: room.port });
  const link = await dialLink(pipe, {
    clock: systemClock,
    log: new KeptLog(),
    handshake: {
      engine: nativeEngine,
      random: systemRandom,
      purpose: 1,
      name,
      peerName: "",
      encryption: true,
      secret: passwordSecret(DEFAULT_PASSWORD, 1, nativeEngine),
      suites: [2, 1],
    },
  });
  onTestFinished(() => link.destroy());
  const member: RawMember = { pipe, link, heard: [], boxes: [], closed: undefined };
  link.start({
    data: (payload) => void member.heard.push(decodeToUser(payload)),
    sealed: (payload) => void member.boxes.push(decodeBoxed(payload)),
    drain: () => {},
    closed: (error) => (member.closed = { error }),
  });
  link.send([encodeValue({ ...JOIN, ...changes })]);
  return member;
}

/** The Room has handled all that this member said before: it answers a wish for nobody, unless it answers nothing at that moment. */
async function heardOut({ link, heard }: RawMember): Promise<void> {
  const name = "nobody";
  const isAnswered = (): boolean => heard.some((message) => message.type === "absent" && message.name === name);
  heard.splice(0, heard.length, ...heard.filter((message) => message.type !== "absent" || message.name !== name));
  wish({ link }, name);
  await until(isAnswered);
}

/** Asks for an introduction, with a HELLO of another version, which is refused at once. */
function wish({ link }: Pick<RawMember, "link">, name: string): void {
  const hello = Buffer.from("\x01\x00\x04CRP2");
  link.sendSealed(
    encodeToRoom({ type: "introduce", name, ticketId: systemRandom(16), secret: systemRandom(32), hello }),
  );
}

async function expectServing(room: Room): Promise<void> {
  const [foo, bar] = [await join(room, "Honest1"), await join(room, "Honest2")];
  bar.handle("echo", (data) => data);
  expect(await foo.peer("Honest2").get("echo", 1)).toBe(1);
}

test.each([
  ["65 bytes", "x".repeat(65)],
  ["255 characters of three bytes", "\u4e2d".repeat(255)],
  ["an escape sequence", "\u001b[2J"],
  ["a C1 control", "\u009b2J"],
  ["a direction override", "\u202eraB"],
  ["half a surrogate pair", "\ud800"],
  ["a number", 7],
])("a member whose kind is %s is dismissed, and nobody hears of it", async (_what, kind) => {
  const room = await openRoom();
  const evil = await enter(room, "Evil", { kind });
  await until(() => evil.closed !== undefined);
  expect(evil.closed?.error).toMatchObject({ received: 12 });
  expect(evil.closed?.error?.message).toMatch(/kind must be a text of at most 64 bytes/);
  expect(room.names).toEqual([]);
  await expectServing(room);
});

test("the longest names and kinds fit the messages that tell of them", () => {
  const longest = "\u4e2d".repeat(21); // 63 bytes
  const members = Array.from({ length: MEMBERS_PER_MESSAGE }, () => ({ name: longest, kind: longest }));
  expect(encodeToUser({ type: "here", members }).length).toBeLessThanOrEqual(65_536);
});

test("a member that wishes for introductions all the time makes others dial a few times, not all the time", async () => {
  const room = await openRoom({ limits: { room: { pairWaitMs: 0 } } });
  const bar = await join(room, "Bar");
  bar.handle("echo", (data) => data);
  let dials = 0;
  const target = await listenTcp({
    host: "127.0.0.1",
    port: 0,
    accept: (pipe) => {
      dials++;
      pipe.destroy();
    },
  });
  onTestFinished(() => target.close());
  const evil = await enter(room, "Evil", { port: target.address.port });
  for (let round = 0; round < 300; round++) {
    wish(evil, "Bar");
    await heardOut(evil);
  }
  const introduced = evil.boxes.filter(({ type }) => type === "introduced").length;
  expect(introduced).toBeGreaterThanOrEqual(10);
  expect(introduced).toBeLessThan(30); // ten at once, and one per second
  expect(dials).toBeGreaterThan(0);
  expect(dials).toBeLessThanOrEqual(introduced);
  const foo = await join(room, "Foo");
  expect(await foo.peer("Bar").get("echo", 1)).toBe(1);
});

test("many members that have somebody introduced to them make it dial as often as its budget says; who is called is reached all the same", async () => {
  const room = await openRoom();
  const limits = { user: { unaskedBurst: 3, unaskedPerSecond: 0.001 } };
  const bar = await join(room, "Bar", { limits });
  bar.handle("echo", (data) => data);
  let dials = 0;
  const accept = (pipe: Pipe): void => {
    dials++;
    pipe.destroy();
  };
  const target = await listenTcp({ host: "127.0.0.1", port: 0, accept });
  onTestFinished(() => target.close());
  for (let count = 0; count < 10; count++) {
    const evil = await enter(room, `Evil${count}`, { port: target.address.port });
    wish(evil, "Bar");
    await until(() => evil.boxes.some(({ type }) => type === "introduced"));
    await heardOut(evil);
  }
  const foo = await join(room, "Foo");
  expect(await foo.peer("Bar").get("echo", 1)).toBe(1);
  expect(dials).toBe(3);
});

test("a member that does not read what it asks for gets no more of it, and stays", async () => {
  const room = await openRoom({ limits: { room: { messageBurst: 1_000_000 } } });
  const evil = await enter(room, "Evil");
  await until(() => evil.heard.length > 0);
  evil.pipe.pause();
  const wishes = 50_000; // each answer has 470 bytes: 23 MB, of which the system takes a few
  for (let count = 0; count < wishes; count++) {
    wish(evil, "x".repeat(200));
    if (!evil.link.writable) await until(() => evil.link.writable);
  }
  await expectServing(room);
  evil.pipe.resume();
  expect(await evil.link.ping(20_000)).toBeDefined(); // behind all that waited
  expect(evil.closed).toBeUndefined();
  expect(evil.heard.length).toBeLessThan((wishes * 3) / 4);
});

test.each([
  ["17,000 bytes beside what counts", { rest: "x".repeat(17_000) }],
  ["129 values", { rest: Array.from({ length: 129 }, () => 1) }],
  ["nine lists", { rest: Array.from({ length: 8 }, () => []) }],
  ["six levels", { rest: [[[[[1]]]]] }],
])("a message to the Room with %s ends its link before it is read", async (_what, more) => {
  const room = await openRoom();
  const evil = await enter(room, "Evil");
  await until(() => evil.heard.length > 0);
  evil.link.send([encodeValue({ type: "punch", ticketId: new Uint8Array(16), later: [1, [2]] })]); // fields of later versions pass
  await heardOut(evil);
  evil.link.send([encodeValue({ type: "punch", ticketId: new Uint8Array(16), ...more })]);
  await until(() => evil.closed !== undefined);
  expect(evil.closed?.error).toMatchObject({ received: 12 });
  await expectServing(room);
});

test("the largest join passes", async () => {
  const room = await openRoom();
  const long = "\u4e2d".repeat(255);
  const kind = "\u4e2d".repeat(21);
  await enter(room, "Large", { kind, addresses: Array(8).fill(long), publicHost: long, lan: long });
  await until(() => room.names.length === 1);
  expect(room.names).toEqual(["Large"]);
});

test("a member may say 20,000 things at once; one more ends its link", async () => {
  const room = await openRoom();
  const evil = await enter(room, "Evil");
  await until(() => evil.heard.length > 0);
  const punch = encodeToRoom({ type: "punch", ticketId: new Uint8Array(16) });
  for (let count = 0; count < 19_999; count++) evil.link.send([punch]);
  await heardOut(evil); // the last one
  for (let count = 0; count < 5_000; count++) evil.link.send([punch]);
  await until(() => evil.closed !== undefined);
  expect(evil.closed?.error?.message).toContain("too many messages");
  expect(room.names).toEqual([]);
  await expectServing(room);
});
