import { LinkError } from "../../../src/base/errors.ts";
import type { Purpose } from "../../../src/crypto/secret.ts";
import { FRAME } from "../../../src/link/handshake-frames.ts";
import {
  encodeExtension,
  encodeHello,
  isOurVersion,
  parseHello,
  parseReply,
} from "../../../src/link/handshake-hello.ts";
import { Initiator } from "../../../src/link/handshake-initiator.ts";
import { decodeRefuseBody } from "../../../src/link/handshake-refuse.ts";
import { Responder } from "../../../src/link/handshake-responder.ts";
import { frameOf, initiatorConfig, responderConfig } from "../../link/handshake-driver.ts";
import { must, type Target, wordsOf } from "../target.ts";

const PURPOSES = [1, 2, 3, 4, 5] as const;
const random = (length: number): Uint8Array => new Uint8Array(length).fill(7);
const fixed = { random, scalar: new Uint8Array(32).fill(5) };

/** A sample: which responder gets it, and the body of HELLO. */
function sample(
  purpose: Purpose,
  changes: Parameters<typeof initiatorConfig>[1] = {},
  at = PURPOSES.indexOf(purpose),
): Uint8Array {
  return Uint8Array.from([at, ...new Initiator(initiatorConfig(purpose, { ...fixed, ...changes })).hello.subarray(3)]);
}

/** HELLO at a responder of each purpose, encryption on and (from 5 on) off. */
export const target: Target = {
  samples: [
    ...PURPOSES.map((purpose) => sample(purpose)),
    sample(1, { encryption: false }, 5),
    sample(2, { suites: undefined, peerName: "bob", name: "Zoë" }),
    Uint8Array.from([...sample(1).subarray(0, -32), ...new Uint8Array(32)]),
    sample(3, { extensions: encodeExtension(200, new Uint8Array(40)), suites: [9, 1, 2, 7] }),
  ],
  words: [
    Buffer.from("CRP1"),
    Buffer.from("alice"),
    Buffer.from("bob"),
    encodeExtension(2, new Uint8Array(16)),
    encodeExtension(3, Uint8Array.of(2, 1)),
    encodeExtension(1, new Uint8Array(0)),
    new Uint8Array(32),
  ],
  maxBytes: 1_025,
  run(input) {
    const at = (input[0] ?? 0) % 10;
    const purpose = PURPOSES[at % 5] as Purpose;
    const body = input.subarray(1);
    const responder = new Responder(
      responderConfig(purpose, { ...fixed, encryption: at < 5, serves: (asked) => asked === purpose || asked === 9 }),
    );
    const { send, error } = responder.hello({ type: FRAME.hello, body });
    const parsed = parseHello(body);
    if (parsed !== undefined) {
      const { encryption, ticketId, name, peerName, ADa, Ya } = parsed;
      const listAt = 38 + 1 + name.length + 1 + peerName.length;
      const again = encodeHello({
        purpose: parsed.purpose,
        encryption,
        nonce: body.subarray(6, 22),
        ticketId,
        name,
        peerName,
        extensions: ADa.subarray(listAt + 2),
      });
      must(
        Buffer.from(again.subarray(4)).equals(ADa.subarray(4)) && ADa.length + Ya.length === body.length,
        "HELLO is read as something else than it says",
      );
    }
    must(responder.hasReplied === (error === undefined), "it replied and refused, or neither");
    if (send !== undefined) must(send.length < 3 + 1_024, "a long answer");
    if (error === undefined) {
      must(
        parsed !== undefined && parsed.purpose === purpose && parsed.encryption === at < 5,
        "REPLY to what it should refuse",
      );
      const reply = frameOf(send);
      must(
        reply.type === FRAME.reply && isOurVersion(reply.body) && parseReply(reply.body) !== undefined,
        "REPLY is malformed",
      );
      responder.wipe();
      return `reply ${parsed.suites?.[0]} ${parsed.end === undefined}`;
    }
    must(error instanceof LinkError, "another error than a LinkError");
    must(!/[\p{Cc}\p{Cs}]/u.test(error.message) && error.message.length < 500, "an error that spoils a log");
    const refusal = send && decodeRefuseBody(frameOf(send).body);
    must(
      send === undefined || (refusal !== undefined && [1, 2, 5, 6, 7, 12].includes(refusal.code)),
      "REFUSE with another code",
    );
    return `${refusal?.code} ${wordsOf(error)}`;
  },
};
