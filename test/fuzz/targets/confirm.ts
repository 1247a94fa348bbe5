import { LinkError } from "../../../src/base/errors.ts";
import type { Purpose } from "../../../src/crypto/secret.ts";
import { encodeRefuse } from "../../../src/link/handshake-frames.ts";
import { Initiator } from "../../../src/link/handshake-initiator.ts";
import { Responder } from "../../../src/link/handshake-responder.ts";
import { frameOf, initiatorConfig, responderConfig } from "../../link/handshake-driver.ts";
import { must, type Target, wordsOf } from "../target.ts";

const random = (length: number): Uint8Array => new Uint8Array(length).fill(7);

const SIDES = ([1, 3, 5] as const).map((purpose: Purpose) => {
  const initiator = () => new Initiator(initiatorConfig(purpose, { random, scalar: new Uint8Array(32).fill(5) }));
  const { hello } = initiator();
  const replied = () => {
    const responder = new Responder(responderConfig(purpose, { random, scalar: new Uint8Array(32).fill(6) }));
    return { responder, reply: responder.hello(frameOf(hello)).send ?? new Uint8Array(0) };
  };
  const outcome = initiator().receive(frameOf(replied().reply));
  if ("error" in outcome) throw outcome.error;
  return { replied, right: frameOf(outcome.send) };
});

/** The frame after REPLY: the first byte chooses the purpose, the second is the frame's type, the rest its body. */
export const target: Target = {
  samples: [
    ...SIDES.map(({ right }, at) => Uint8Array.from([at, right.type, ...right.body])),
    Uint8Array.from([0, 4, ...encodeRefuse(9, 0, "no").subarray(3)]),
    Uint8Array.from([1, 4, ...encodeRefuse(12).subarray(3)]),
  ],
  maxBytes: 300,
  run(input) {
    const { replied, right } = SIDES[(input[0] ?? 0) % SIDES.length] as (typeof SIDES)[number];
    const frame = { type: input[1] ?? 0, body: input.subarray(2) };
    const { responder } = replied();
    const outcome = responder.confirm(frame);
    const { error } = outcome;
    const isRight = frame.type === right.type && Buffer.from(right.body).equals(frame.body);
    must((error === undefined) === isRight, "it goes on after what was changed, or not after what was right");
    if (error === undefined) return "established";
    must(error instanceof LinkError, "another error than a LinkError");
    must(!/[\p{Cc}\p{Cs}]/u.test(error.message) && error.message.length < 800, "an error that spoils a log");
    return wordsOf(error);
  },
};
