import { parseState, printState } from "../../../src/state/state.ts";
import { StateError } from "../../../src/state/state-error.ts";
import { must, outcomeOf, type Target, wordsOf } from "../target.ts";

const SECRET = new Uint8Array(32).fill(9);
const since = new Date("2026-01-31T12:00:00.000Z");
const until = new Date("2096-01-31T12:00:00.000Z");
const NOW = since.getTime();

/** The state file of a Room or server. */
export const target: Target = {
  samples: [
    printState({ secret: SECRET, bans: [] }, NOW),
    printState({ secret: undefined, bans: [{ address: "10.0.0.0/8", since, until, reason: "flood" }] }, NOW),
    printState(
      {
        secret: SECRET,
        bans: ["1.2.3.4", "2001:db8::/32"].map((address) => ({ address, since, until: undefined, reason: undefined })),
      },
      NOW,
    ),
    '{"chatroom":2}',
    "[[[[[[[[[]]]]]]]]]",
  ].map((text) => Buffer.from(text)),
  words: [
    '"',
    "\\",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "null",
    "1e999",
    '"__proto__":',
    '"chatroom":1',
    '"bans":',
    '"secret":',
    '"address":',
    '"since":',
    '"until":',
    '"reason":',
    "\\u0041",
    "\n",
    "{}",
    '"::/0"',
  ].map((text) => Buffer.from(text)),
  run(input) {
    const text = Buffer.from(input).toString();
    const { value, error } = outcomeOf(() => parseState(text), StateError);
    if (error !== undefined) {
      must(
        error.message.length < 300 && Buffer.from(error.message).every((byte) => byte >= 0x20),
        "an error that spoils a log",
      );
      must(!/CQk|QkJ|kJC|JCQ/.test(error.message), "an error that tells the secret");
      return wordsOf(error);
    }
    const again = printState(value, 0);
    must(printState(parseState(again), 0) === again, "another state when it is written and read again");
    must(value.secret === undefined || value.secret.length === 32, "a secret of another length");
    return `state ${Math.min(value.bans.length, 3)} ${value.secret === undefined}`;
  },
};
