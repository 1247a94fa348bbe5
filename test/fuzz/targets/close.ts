import { LinkError } from "../../../src/base/errors.ts";
import { decodeClose, encodeClose } from "../../../src/link/close.ts";
import { decodeRefuseBody, encodeRefuseBody, errorOfCode } from "../../../src/link/handshake-refuse.ts";
import { must, type Target, wordsOf } from "../target.ts";

const TEXTS = ["", "later", "Zoë \u{1f382}", "x".repeat(200), "é".repeat(100)];

/** The payload of a close record, and the body of REFUSE: the first byte says which. */
export const target: Target = {
  samples: [0, 1, 2, 3, 9, 12, 14, 99, 65_535].flatMap((code, at) => {
    const text = TEXTS[at % TEXTS.length] as string;
    return [
      Uint8Array.from([0, ...encodeClose(code, text)]),
      Uint8Array.from([1, ...encodeRefuseBody(code, code, text)]),
    ];
  }),
  words: [
    Buffer.from("\u202e"),
    Buffer.from("e\u0301"),
    Buffer.from("\u0000\u001b[31m"),
    Buffer.from([0xed, 0xa0, 0x80]),
    Buffer.from([0xef, 0xbb, 0xbf]),
  ],
  maxBytes: 260,
  run(input) {
    const isClose = ((input[0] ?? 0) & 1) === 0;
    const bytes = input.subarray(1);
    if (isClose) {
      const close = decodeClose(bytes, ((input[0] ?? 0) & 2) === 0);
      if (close === undefined) return "malformed";
      const { error } = close;
      const code = Buffer.from(bytes).readUInt16BE();
      must(
        Buffer.from(encodeClose(code, Buffer.from(bytes.subarray(2)).toString())).equals(bytes),
        "a close that we would not write",
      );
      must((error === undefined) === (code === 0), "an error for code 0, or none for another");
      return error === undefined ? "done" : shown(error);
    }
    const refusal = decodeRefuseBody(bytes);
    if (refusal === undefined) return "malformed";
    const { code, retryAfter, text } = refusal;
    must(Buffer.from(encodeRefuseBody(code, retryAfter, text)).equals(bytes), "a REFUSE that we would not write");
    return shown(errorOfCode(code, text, { retryAfter }));
  },
};

function shown(error: LinkError): string {
  must(
    !/[\p{Cc}\p{Cs}\p{Cf}\p{Zl}\p{Zp}]/u.test(error.message) && error.message.length < 500,
    "an error that spoils a log",
  );
  return wordsOf(error);
}
