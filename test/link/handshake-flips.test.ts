import { expect, test } from "vitest";
import { nativeEngine } from "../../src/crypto/native.ts";
import { portableEngine } from "../../src/crypto/portable.ts";
import type { InitiatorConfig, ResponderConfig } from "../../src/link/handshake.ts";
import { encodeExtension } from "../../src/link/handshake-hello.ts";
import { Initiator } from "../../src/link/handshake-initiator.ts";
import { Responder } from "../../src/link/handshake-responder.ts";
import { answerBytes, firstBytes, flipBit, frameOf, initiatorConfig, responderConfig } from "./handshake-driver.ts";

// Nothing random: each flip runs against the same handshake.
const random = (length: number): Uint8Array => new Uint8Array(length).fill(0x5a);
const fixedI = { random, scalar: new Uint8Array(32).fill(0x77) };
const fixedR = { random, scalar: new Uint8Array(32).fill(0x99) };

type Config = readonly [name: string, initiator: InitiatorConfig, responder: ResponderConfig];

const quick: readonly Config[] = [
  ["room, no extensions", initiatorConfig(1, { ...fixedI, suites: undefined }), responderConfig(1, fixedR)],
  [
    "server, ends, suites and unknown extensions",
    initiatorConfig(2, { ...fixedI, extensions: encodeExtension(200, Uint8Array.of(1, 2)) }),
    responderConfig(2, { ...fixedR, extensions: encodeExtension(201, Uint8Array.of(3)) }),
  ],
  [
    "peer, ticket, encryption off",
    initiatorConfig(3, { ...fixedI, encryption: false }),
    responderConfig(3, { ...fixedR, encryption: false }),
  ],
];

const thorough: readonly Config[] = [
  [
    "room, encryption off",
    initiatorConfig(1, { ...fixedI, encryption: false }),
    responderConfig(1, { ...fixedR, encryption: false }),
  ],
  ["server, expected name", initiatorConfig(2, { ...fixedI, peerName: "bob" }), responderConfig(2, fixedR)],
  [
    "server that knows no extension 3",
    initiatorConfig(2, fixedI),
    responderConfig(2, { ...fixedR, suites: undefined }),
  ],
  ["relay", initiatorConfig(4, fixedI), responderConfig(4, fixedR)],
  ["resume", initiatorConfig(5, fixedI), responderConfig(5, fixedR)],
  [
    "room, portable engine",
    initiatorConfig(1, { ...fixedI, engine: portableEngine }),
    responderConfig(1, { ...fixedR, engine: portableEngine }),
  ],
];

const configs = process.env["SOAK"] === undefined ? quick : [...quick, ...thorough];

test.each(configs)(
  "cases 1, 17, 92, 93: every flip of one bit in HELLO, REPLY and CONFIRM is refused (%s)",
  (_, initiatorSide, responderSide) => {
    const initiator = () => new Initiator(initiatorSide);
    const responder = () => new Responder(responderSide);
    const { hello } = initiator();
    const reply = responder().hello(frameOf(hello)).send ?? new Uint8Array(0);
    const untouched = initiator().receive(frameOf(reply));
    if ("error" in untouched) throw untouched.error;
    const confirm = untouched.send;

    const accepted: string[] = [];
    let flips = 0;
    for (let bit = 0; bit < hello.length * 8; bit++, flips++) {
      const answer = firstBytes(flipBit(hello, bit), responder());
      // The responder can't tell a changed name or nonce; its REPLY then fits no initiator.
      if (answer?.send === undefined) continue;
      const outcome = answerBytes(answer.send, initiator());
      if (outcome !== undefined && !("error" in outcome)) accepted.push(`HELLO bit ${bit}`);
    }
    for (let bit = 0; bit < reply.length * 8; bit++, flips++) {
      const outcome = answerBytes(flipBit(reply, bit), initiator());
      if (outcome !== undefined && !("error" in outcome)) accepted.push(`REPLY bit ${bit}`);
    }
    for (let bit = 0; bit < confirm.length * 8; bit++, flips++) {
      const side = responder();
      side.hello(frameOf(hello));
      const flipped = flipBit(confirm, bit);
      // A header that says another length is no frame, or another one.
      const body = flipped.subarray(3);
      const length = ((flipped[1] ?? 0) << 8) | (flipped[2] ?? 0);
      if (length !== body.length) continue;
      if (side.confirm({ type: flipped[0] ?? 0, body }).error === undefined) accepted.push(`CONFIRM bit ${bit}`);
    }
    expect(accepted).toEqual([]);
    expect(flips).toBe((hello.length + reply.length + confirm.length) * 8);
  },
);

test("the native engine is the one that the quick configurations use", () => {
  expect(quick.every(([, { engine }]) => engine === nativeEngine)).toBe(true);
});
