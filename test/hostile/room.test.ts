import { expect, onTestFinished, test } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import { systemRandom } from "../../src/base/random.ts";
import { nativeEngine } from "../../src/crypto/native.ts";
import { passwordSecret } from "../../src/crypto/secret.ts";
import { DEFAULT_PASSWORD } from "../../src/link/defaults.ts";
import { dialLink } from "../../src/link/dial.ts";
import type { Link } from "../../src/link/link.ts";
import type { LinkError } from "../../src/base/errors.ts";
import { dialTcp } from "../../src/pipe/tcp.ts";
import type { Room } from "../../src/room/room.ts";
import {
  decodeTicket,
  decodeToUser,
  encodeToUser,
  type Join,
  MEMBERS_PER_MESSAGE,
  type Ticket,
  type ToUser,
} from "../../src/wire/room-messages.ts";
import { encodeValue } from "../../src/wire/values.ts";
import { KeptLog } from "../link/parties.ts";
import { join, openRoom } from "../support/rooms.ts";
import { until } from "../support/until.ts";

/** A member that says what a test tells it, over real TCP. */
interface RawMember {
  readonly link: Link;
  readonly heard: ToUser[];
  readonly tickets: Ticket[];
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
  const member: RawMember = { link, heard: [], tickets: [], closed: undefined };
  link.start({
    data: (payload) => void member.heard.push(decodeToUser(payload)),
    sealed: (payload) => void member.tickets.push(decodeTicket(payload)),
    drain: () => {},
    closed: (error) => (member.closed = { error }),
  });
  link.send([encodeValue({ ...JOIN, ...changes })]);
  return member;
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
