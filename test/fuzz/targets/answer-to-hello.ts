import { LinkError } from "../../../src/base/errors.ts";
import { nativeEngine } from "../../../src/crypto/native.ts";
import type { Purpose } from "../../../src/crypto/secret.ts";
import { UserPassword } from "../../../src/crypto/user-password.ts";
import { encodeRefuse } from "../../../src/link/handshake-frames.ts";
import { encodeExtension } from "../../../src/link/handshake-hello.ts";
import { Initiator } from "../../../src/link/handshake-initiator.ts";
import { Responder } from "../../../src/link/handshake-responder.ts";
import { UserTable } from "../../../src/link/user-table.ts";
import { frameOf, initiatorConfig, responderConfig } from "../../link/handshake-driver.ts";
import { VERIFIER } from "../../link/user-stage-driver.ts";
import { must, type Target, wordsOf } from "../target.ts";

const random = (length: number): Uint8Array => new Uint8Array(length).fill(7);
const table = new UserTable({ alice: VERIFIER }, undefined, nativeEngine, random);
const user = new UserPassword("123456", nativeEngine);

/** Every purpose, and last a Room with a table of users. All is fixed, so that there is one right answer to each. */
const SIDES = ([1, 2, 3, 4, 5, 1] as const).map((purpose: Purpose, at) => {
  const stage = at === 5;
  const make = () =>
    new Initiator(initiatorConfig(purpose, { random, scalar: new Uint8Array(32).fill(5), ...(stage && { user }) }));
  const responder = new Responder(
    responderConfig(purpose, { random, scalar: new Uint8Array(32).fill(6), ...(stage && { users: table }) }),
  );
  const { send } = responder.hello(frameOf(make().hello));
  if (send === undefined) throw new Error("no REPLY");
  return { make, right: frameOf(send) };
});

function sample(at: number, { type, body }: { type: number; body: Uint8Array }): Uint8Array {
  return Uint8Array.from([at, type, ...body]);
}

/** What comes back for HELLO: the first byte chooses the initiator, the second is the frame's type, the rest its body. */
export const target: Target = {
  samples: [
    ...SIDES.map(({ right }, at) => sample(at, right)),
    ...[1, 3, 9, 99].map((code) => sample(code % 5, frameOf(encodeRefuse(code, code, "no, Zoë")))),
  ],
  words: [
    Buffer.from("bob"),
    encodeExtension(1, new Uint8Array(0)),
    encodeExtension(2, new Uint8Array(16)),
    encodeExtension(3, Uint8Array.of(2)),
    new Uint8Array(32),
  ],
  maxBytes: 1_026,
  run(input) {
    const { make, right } = SIDES[(input[0] ?? 0) % SIDES.length] as (typeof SIDES)[number];
    const frame = { type: input[1] ?? 0, body: input.subarray(2) };
    const initiator = make();
    const outcome = initiator.receive(frame);
    const isRight = frame.type === right.type && Buffer.from(right.body).equals(frame.body);
    must("error" in outcome !== isRight, "it goes on after what was changed, or not after what was right");
    if (!("error" in outcome)) return outcome.stage === undefined ? "established" : "user stage";
    const { error, send } = outcome;
    must(error instanceof LinkError, "another error than a LinkError");
    must(!/[\p{Cc}\p{Cs}]/u.test(error.message) && error.message.length < 800, "an error that spoils a log");
    if (send !== undefined) must(frameOf(send).type === 4, "something else than REFUSE goes back");
    return wordsOf(error);
  },
};
