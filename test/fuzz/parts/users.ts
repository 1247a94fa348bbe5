import { nativeEngine } from "../../../src/crypto/native.ts";
import { costOf, isSetting } from "../../../src/crypto/passwords-setting.ts";
import { parseEntry } from "../../../src/crypto/verifier.ts";
import { isEd25519Key } from "../../../src/crypto/ed25519-key.ts";
import { UserTable } from "../../../src/link/user-table.ts";
import { type Crp1 } from "../../vectors/crp1.ts";
import { load } from "../../vectors/load.ts";
import { must, outcomeOf, type Target } from "../target.ts";

const vectors = load("crp1.json") as Crp1;
const random = (length: number): Uint8Array => new Uint8Array(length).fill(7);

/** The entries of a table of users, as text. */
export const part: Target = {
  samples: [
    ...vectors.verifiers.flatMap(({ h, verifier, setting }) => [h, verifier, setting]),
    ...vectors.badEntries,
    ...vectors.badSettings,
  ].map((text) => Buffer.from(text, "latin1")),
  words: ["$2b$", "$2a$04$", "$2y$16$", "$2x$10$", "$2b$17$", "$2b$03$", "A", "u", "\n", "\0", "é"].map((text) =>
    Buffer.from(text, "latin1"),
  ),
  maxBytes: 256,
  run(input) {
    const text = Buffer.from(input).toString("latin1");
    const isSet = isSetting(text);
    if (isSet) must(costOf(text) >= 4 && costOf(text) <= 16 && text.length === 29, "a setting of a cost that can't be");
    const entry = parseEntry(nativeEngine, text);
    const table = outcomeOf(
      () =>
        new UserTable(
          { alice: (input.length & 1) === 0 ? text : Uint8Array.from(input) },
          "0123456789abcdef",
          nativeEngine,
          random,
        ),
      TypeError,
    );
    must((table.error === undefined) === (entry !== undefined), "a table takes what is no entry, or not what is one");
    if (entry === undefined) {
      must(!table.error?.message.includes(text.slice(29)) || text.length < 40, "an error that quotes the entry");
      return isSet ? "a setting" : "none";
    }
    const { setting, prsU, P } = entry;
    must(isSetting(setting) && prsU.length === 32 && isEd25519Key(P), "an entry with parts that can't be");
    if (text.length === 60) return `hash ${text.slice(0, 4)}`;
    must(
      text === setting + Buffer.concat([prsU, P]).toString("base64url"),
      "another verifier when it is written again",
    );
    const held = table.value?.entryFor("alice");
    must(
      held !== undefined && held.setting === setting && Buffer.from(held.prsU).equals(prsU),
      "the table holds another entry",
    );
    return "verifier";
  },
};
