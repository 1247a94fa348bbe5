import { LinkError } from "../../../src/base/errors.ts";
import { preparePassword, prepareUserPassword } from "../../../src/crypto/passwords.ts";
import { decodeName, decodeText, encodeText, problemOfName } from "../../../src/link/names.ts";
import { must, outcomeOf, type Target, wordsOf } from "../target.ts";

const TEXTS = [
  "alice",
  "Zoë",
  "a b",
  "名前",
  "\u{1f382}",
  "__proto__",
  "constructor",
  ".",
  "e\u0301",
  "\u202ealice",
  " x",
  "x".repeat(64),
  "x".repeat(65),
  "y".repeat(201),
  "pass word\u00a0\u3000",
  "\ud800",
];

/** Names, texts and passwords: as bytes of UTF-8, and as UTF-16 where the program is given a string. */
export const target: Target = {
  samples: TEXTS.flatMap((text) => [
    Uint8Array.from([0, ...Buffer.from(text)]),
    Uint8Array.from([1, ...Buffer.from(text, "utf16le")]),
  ]),
  words: [
    Buffer.from([0xed, 0xa0, 0x80]),
    Buffer.from([0xef, 0xbb, 0xbf]),
    Buffer.from("\u2028"),
    Buffer.from("\u0301"),
    Buffer.from("\u1100\u1161"),
    Buffer.from([0xc0, 0x80]),
    Buffer.from("\ufb03"),
    Buffer.from([0xf4, 0x90, 0x80, 0x80]),
  ],
  maxBytes: 2_200,
  run(input) {
    const bytes = input.subarray(1);
    return ((input[0] ?? 0) & 1) === 0 ? wireText(bytes) : password(Buffer.from(bytes).toString("utf16le"));
  },
};

function wireText(bytes: Uint8Array): string {
  const name = decodeName(bytes);
  if (name !== undefined) {
    must(problemOfName(name) === undefined && Buffer.from(name).equals(bytes), "a name that is not what came");
    must(
      name.normalize("NFC") === name && !/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(name) && name.trim() === name,
      "a name that can't be one",
    );
  }
  const text = decodeText(bytes);
  if (text !== undefined) {
    must(Buffer.from(text).equals(bytes) && !/[\p{Cc}\p{Cs}]/u.test(text), "a text that is not what came");
    must(Buffer.from(encodeText(text)).equals(bytes), "a text that we would write otherwise");
  }
  // Any bytes as our own text: what is written can be read.
  must(
    decodeText(encodeText(Buffer.from(bytes).toString("latin1"))) !== undefined,
    "a text that we write and don't read",
  );
  return `${name === undefined ? "no name" : "name"} ${text === undefined ? "no text" : "text"} ${bytes.length > 64} ${bytes.length > 200}`;
}

function password(text: string): string {
  const { value, error } = outcomeOf(() => preparePassword(text), LinkError);
  const user = outcomeOf(() => prepareUserPassword(text), LinkError);
  must(
    encodeText(text).length <= 200 && decodeText(encodeText(text)) !== undefined,
    "a text that we write and don't read",
  );
  if (error !== undefined) {
    must(
      (error as LinkError).code === "ERR_PARAM" && user.error !== undefined,
      "a user's password that is no password",
    );
    must(text.length < 12 || !error.message.includes(text), "an error that quotes the password");
    return wordsOf(error);
  }
  must(value.length >= 1 && value.length <= 1_024, "a password of a length that can't be");
  const again = preparePassword(Buffer.from(value).toString());
  must(Buffer.from(again).equals(value), "another password when it is prepared again");
  must((user.error === undefined) === value.length <= 72, "a user's password of a length that can't be");
  return `password ${user.error === undefined}`;
}
