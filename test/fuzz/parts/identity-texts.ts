import { isEd25519Key } from "../../../src/crypto/ed25519-key.ts";
import { Identity, identityFrom, publicText } from "../../../src/crypto/identity.ts";
import { nativeEngine } from "../../../src/crypto/native.ts";
import { must, outcomeOf, type Target, wordsOf } from "../target.ts";

const { identity, key } = identityFrom((length) => new Uint8Array(length).fill(7), nativeEngine);

/** The private and the public text of an identity, as somebody copied them: the first byte says which is asked for. */
export const part: Target = {
  samples: [identity, key, "id:", "id-secret:", key.slice(0, -1), `${key}=`].flatMap((text) =>
    [0, 1].map((which) => Uint8Array.from([which, ...Buffer.from(text)])),
  ),
  words: ["id:", "id-secret:", "=", "\n", "_", "-", "+", "/", "A"].map((text) => Buffer.from(text)),
  maxBytes: 200,
  run(input) {
    const text = Buffer.from(input.subarray(1)).toString();
    const isPrivate = ((input[0] ?? 0) & 1) === 0;
    const { value, error } = isPrivate
      ? outcomeOf(() => new Identity(text, "identity", nativeEngine).key, TypeError)
      : outcomeOf(() => publicText(text, "pins"), TypeError);
    if (error !== undefined) {
      const body = text.replace(/^id(-secret)?:/, "");
      must(body.length < 12 || !error.message.includes(body), "an error that quotes the text");
      return wordsOf(error);
    }
    const bytes = Buffer.from(value.slice(3), "base64url");
    must(isEd25519Key(bytes) && `id:${bytes.toString("base64url")}` === value, "a public text that is no key");
    must(isPrivate || value === text, "another text than was given");
    return isPrivate ? "private" : "public";
  },
};
