import { expect, test } from "vitest";
import { concat } from "../../src/crypto/bytes.ts";
import { nativeEngine } from "../../src/crypto/native.ts";
import { encodeRefuse } from "../../src/link/handshake-frames.ts";
import { encodeExtension } from "../../src/link/handshake-hello.ts";
import { Initiator } from "../../src/link/handshake-initiator.ts";
import { confirmRun } from "../../src/link/handshake-keys.ts";
import { Responder } from "../../src/link/handshake-responder.ts";
import { framed, frameOf, handshake, initiatorConfig, responderConfig, withBytes } from "./handshake-driver.ts";

/** Checks that hold although the proof would be right, or that say more than "no proof". */

const AT = { purpose: 7, peerName: 48, replyVersion: 3, replyFlags: 4 } as const;

function neverAsked(): never {
  throw new Error("a secret was looked up");
}

/** What a responder says that serves everything or nothing. */
function servedOrNot(hello: Uint8Array, isServed: boolean): Uint8Array | undefined {
  const config = responderConfig(2, { serves: () => isServed, secretFor: neverAsked });
  return new Responder(config).hello(frameOf(hello)).send;
}

/** How a handshake ends in whose REPLY one byte is another. */
function errorsOfReply(at: number, byte: number): readonly string[] {
  return handshake(initiatorConfig(2), responderConfig(2), { reply: (bytes) => withBytes(bytes, at, [byte]) }).errors;
}

/** What an initiator says to a REPLY with that point, whose sender computed its proof from that K. */
function answerOf(initiator: Initiator, Yb: Uint8Array, K: Uint8Array): string {
  const honest = new Responder(responderConfig(1)).hello(frameOf(initiator.hello)).send ?? new Uint8Array(0);
  const ADb = honest.slice(3, -64);
  const withoutTb = concat([ADb, Yb]);
  const body = initiator.hello.subarray(3);
  const hello = { body, Ya: body.subarray(-32), ADa: body.subarray(0, -32) };
  const { Tb } = confirmRun(nativeEngine, K, hello, { withoutTb, Yb, ADb });
  const outcome = initiator.receive(frameOf(framed(2, concat([withoutTb, Tb]))));
  return "error" in outcome ? outcome.error.code : "taken";
}

test("case 5: a point of low order is refused although the proof fits the K of zeros that it gives", () => {
  expect(answerOf(new Initiator(initiatorConfig(1)), new Uint8Array(32), new Uint8Array(32))).toBe("ERR_AUTH");
});

test("case 9: our own point come back is refused although the proof fits", () => {
  const scalar = new Uint8Array(32).fill(7);
  const initiator = new Initiator(initiatorConfig(1, { scalar: scalar.slice() }));
  const Ya = initiator.hello.slice(-32);
  const K = nativeEngine.scalar(scalar).times(nativeEngine.point(Ya));
  expect(K).toBeDefined();
  expect(answerOf(initiator, Ya, K as Uint8Array)).toBe("ERR_AUTH");
});

test("a REPLY of another version, or with the other encryption setting, is named as that, before any proof", () => {
  expect(errorsOfReply(AT.replyVersion, 2)).toEqual(["ERR_VERSION"]);
  expect(errorsOfReply(AT.replyFlags, 0)).toEqual(["ERR_ENCRYPTION_MISMATCH"]);
});

test("a suite that is chosen where none was offered is refused, proven or not", () => {
  const extensions = encodeExtension(3, Uint8Array.of(1));
  const { errors } = handshake(
    initiatorConfig(2, { suites: undefined }),
    responderConfig(2, { suites: undefined, extensions }),
  );
  expect(errors).toEqual(["ERR_MALFORMED"]);
});

test("a purpose that is not served, or is none, is refused with 5 before a secret is looked up", () => {
  const { hello } = new Initiator(initiatorConfig(2));
  expect(servedOrNot(hello, false)).toEqual(encodeRefuse(5));
  for (const purpose of [0, 6, 255])
    expect(servedOrNot(withBytes(hello, AT.purpose, [purpose]), true)).toEqual(encodeRefuse(5));
});

test("HELLO for another name is refused with 7 where names are told by a password", () => {
  for (const purpose of [1, 2] as const) {
    const { hello } = new Initiator(initiatorConfig(purpose, { peerName: "carol" }));
    expect(new Responder(responderConfig(purpose)).hello(frameOf(hello)).send).toEqual(encodeRefuse(7));
  }
});

test("an asked-for name that is not valid is refused with 7, before it is compared", () => {
  const { hello } = new Initiator(initiatorConfig(3));
  const answer = new Responder(responderConfig(3)).hello(frameOf(withBytes(hello, AT.peerName, [0x01]))).send;
  expect(answer).toEqual(encodeRefuse(7));
});

test("a responder that refused one HELLO takes no other", () => {
  const { hello } = new Initiator(initiatorConfig(1));
  const responder = new Responder(responderConfig(1));
  expect(responder.hello(frameOf(withBytes(hello, AT.purpose, [6]))).error).toBeDefined();
  expect(() => responder.hello(frameOf(hello))).toThrow("one HELLO");
});
