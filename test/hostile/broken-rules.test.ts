import { expect, test } from "vitest";
import { CREDIT, DROP, MORE } from "../../src/session/frames.ts";
import { CONTRACT, GET, HAS_NAME } from "../../src/wire/frames.ts";
import { encodeValue } from "../../src/wire/values.ts";
import { fragments, frame, u32, u64 } from "../session/naive.ts";
import { expectNothingLeft } from "../support/leftovers.ts";
import { until } from "../support/until.ts";
import { call, contract, NOTHING } from "./script.ts";
import { ECHO, endOf, NEVER, sceneOf, VICTIMS } from "./scene.ts";
import type { ScriptedPeer } from "./scripted-peer.ts";

expectNothingLeft();

const MIB = 2 ** 20;

/** A rule that is broken by a peer in an open session, and what END then says. */
const BREACHES: readonly (readonly [rule: string, text: string, script: (peer: ScriptedPeer) => unknown])[] = [
  ["case 58: an empty record", "a record is empty", (peer) => peer.record()],
  ["case 58: a record of one byte", "a frame is cut short", (peer) => peer.record(Uint8Array.of(3))],
  ["a frame of an unknown type", "unknown type 5", (peer) => peer.record(Uint8Array.of(5), u64(0))],
  ["case 95: ATTACH a second time", "attached twice", (peer) => peer.attach()],
  ["case 95: ACK beyond what was sent", "1099511627776 bytes acknowledged of", (peer) => peer.ack(2 ** 40)],
  ["ACK beyond 2^53", "bytes acknowledged of", (peer) => peer.record(Uint8Array.of(3), Buffer.alloc(8, 255))],
  ["END beyond what was sent", "bytes acknowledged of", (peer) => peer.record(Uint8Array.of(4), u64(1e9), NOTHING)],
  ["DATA without bytes", "a DATA frame is empty", (peer) => peer.data(peer.offset, NOTHING)],
  ["an END of 201 bytes", "an END has a wrong length", (peer) => peer.record(end(0, Buffer.alloc(201, 65)))],
  ["a sealed box", "a sealed box came", (peer) => peer.link.sendSealed(Buffer.from("box"))],
  ["a message of an unknown kind", "frame kind 23 means nothing", (peer) => peer.say(frame(0x17, 1, NOTHING))],
  ["a message of the highest kind", "frame kind 127 means nothing", (peer) => peer.say(frame(0x7f, 1, NOTHING))],
  ["a kind of the session's own", "kind 3 with 0 bytes", (peer) => peer.say(frame(0x03, 1, NOTHING))],
  ["CREDIT of five bytes", "kind 1 with 5 bytes", (peer) => peer.say(frame(CREDIT, 0, Buffer.alloc(5)))],
  ["CREDIT in fragments", "kind 129 with 4 bytes", (peer) => peer.say(frame(CREDIT | MORE, 0, u32(1)))],
  ["DROP of what is not under way", "message 9 was dropped", (peer) => peer.say(frame(DROP, 9, NOTHING))],
  ["a frame of 16 KiB and a byte", "the cap is 16384", (peer) => peer.say(frame(GET, 1, Buffer.alloc(16_385)))],
  ["case 67: 16 MiB and a byte, declared", "over the cap", (peer) => peer.say(first(16 * MIB + 1))],
  ["case 67: 16 MiB and a byte, streamed", "more bytes came than", (peer) => streamed(peer)],
  ["case 68: fragments of a byte", "a fragment has only 1 bytes", (peer) => peer.say(first(16 * MIB, 1))],
  ["case 69: 65 unfinished messages", "more than 64 messages", (peer) => many(peer, 65)],
  ["a call without a header", "a call frame is too short", (peer) => peer.say(frame(GET, 1, Buffer.alloc(6)))],
  [
    "a name that goes on behind its call",
    "a call frame is too short",
    (peer) => peer.say(call(1, 9, "echo", { flags: HAS_NAME })),
  ],
  [
    "a call by a name of 65 letters",
    "a method's name has at most 64",
    (peer) => peer.say(call(1, 65, "x".repeat(80), { flags: HAS_NAME })),
  ],
  ["a call with the number 0", "call 0 was opened twice", (peer) => peer.say(call(0, ECHO))],
  ["a call opened twice", "call 5 was opened twice", (peer) => peer.say(call(5, NEVER), call(5, NEVER))],
  ["a contract that is no value", "can't be read", (peer) => peer.say(frame(CONTRACT, 0, Buffer.of(0xc1)))],
  ["a contract that is no list", "must be a list", (peer) => peer.say(contract("Bar"))],
  ["a contract of 10,001 methods", "at most 10,000", (peer) => huge(peer, 10_001)],
  [
    "a method of 65 letters",
    "1 to 64 characters",
    (peer) => peer.say(contract([undefined, [["x".repeat(65), "get"]]])),
  ],
  ["a method of another word", "get, send or any", (peer) => peer.say(contract([undefined, [["x", "do"]]]))],
];

function end(reason: number, text: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.of(4), u64(0), Buffer.of(reason), text]);
}

function first(total: number, bytes = 1_024): Uint8Array {
  return frame(GET | MORE, 1, Buffer.concat([u32(total), Buffer.alloc(bytes)]));
}

/** Waits for credit, then sends one fragment more than was declared. */
async function streamed(peer: ScriptedPeer): Promise<void> {
  const sizes = Array.from({ length: 1_049 }, () => 16_000);
  const frames = fragments({ kind: GET, channel: 1, payload: Buffer.alloc(16 * MIB) }, sizes);
  peer.say(...frames.slice(0, 4));
  await until(() => peer.credits.length > 0);
  expect(peer.credits).toEqual([{ number: 0, bytes: 16 * MIB - 65_536 }]);
  await peer.flood(frames.slice(4, -1));
  peer.say(frame(GET | MORE, 1, Buffer.alloc(16_000)));
}

function many(peer: ScriptedPeer, count: number): void {
  for (let channel = 1; channel <= count; channel++)
    peer.say(frame(GET | MORE, channel, Buffer.concat([u32(MIB), Buffer.alloc(1_024)])));
}

function huge(peer: ScriptedPeer, methods: number): void {
  const payload = Buffer.from(encodeValue([undefined, Array.from({ length: methods }, (_, at) => [`m${at}`, "get"])]));
  peer.say(
    ...fragments(
      { kind: CONTRACT, channel: 0, payload },
      Array.from({ length: 99 }, () => 16_000),
    ),
  );
}

const CASES = BREACHES.flatMap(([rule, text, script], at) => {
  const is = VICTIMS[at % 2] as (typeof VICTIMS)[number];
  return [{ rule, text, script, is }];
});

test.each(CASES)(
  "$rule ends its own session with the reason, and nothing else, at a $is",
  async ({ is, text, script }) => {
    const scene = await sceneOf(is);
    const peer = await scene.attacker();
    await peer.taken();
    await script(peer);
    await until(() => peer.isOver);
    expect(peer.end).toMatchObject({ reason: 1 });
    expect(peer.end?.text).toContain(text);
    expect(peer.closed?.error).toMatchObject({ received: 12 });
    expect(scene.victim.peer("Attacker").path).toBeUndefined();
    await scene.calls.expectWell();
  },
);

test.each(VICTIMS)("who does not begin with ATTACH is ended, at a %s", async (is) => {
  const scene = await sceneOf(is);
  const peer = await scene.proven();
  peer.say(contract());
  await until(() => peer.isOver);
  expect(peer.end?.text).toBe("the first frame on a link must be ATTACH");
  await scene.calls.expectWell();
});

test.each([
  ["done", 0, "goodbye"],
  ["protocol", 1, ""],
  ["an unknown reason", 255, "why not"],
  ["text that is no UTF-8, with control characters", 2, "\u0007\u001b[31m\xff"],
])("END with %s ends the session, is not answered, and the next session begins anew", async (_what, reason, text) => {
  const scene = await sceneOf("Server");
  const peer = await scene.attacker();
  await peer.taken();
  peer.record(end(reason, Buffer.from(text, "latin1")));
  await until(() => peer.isOver);
  expect(peer.end).toBeUndefined();
  expect(peer.closed).toEqual({ error: undefined });
  const again = await scene.proven("Attacker", endOf(8));
  again.attach().say(contract(), call(1, ECHO, "here again"));
  expect(await again.answer(1)).toMatchObject({ value: "here again" });
  await scene.calls.expectWell();
});
