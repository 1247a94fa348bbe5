import { expect, test } from "vitest";
import { canonicalSubnet, AddressSet } from "../../src/link/address-set.ts";
import { MAX_BANS, withBan } from "../../src/state/ban.ts";
import { MAX_STATE_BYTES, parseState, printState, type State } from "../../src/state/state.ts";
import { StateError } from "../../src/state/state-error.ts";

const NOW = Date.parse("2026-01-31T12:00:00.000Z");
const SECRET = "c2VjcmV0IGNhbmFyeSBvZiAzMiBieXRlcyBpcyBoZXI";

const STATE: State = {
  secret: Uint8Array.from(Buffer.from(SECRET, "base64url")),
  bans: [
    { address: "10.0.0.0/8", since: new Date(NOW), until: undefined, reason: 'a "reason"' },
    { address: "2001:db8::1", since: new Date(NOW), until: new Date(NOW + 1_000), reason: undefined },
  ],
};

const ban = (fields: string): string =>
  `{"chatroom":1,"bans":[{"address":"10.0.0.1","since":"2026-01-31T12:00:00.000Z"${fields}}]}`;

test("what is printed reads the same again, without the bans that are over", () => {
  expect(parseState(printState(STATE, NOW))).toEqual(STATE);
  expect(parseState(printState(STATE, NOW + 1_000)).bans).toEqual([STATE.bans[0]]);
  expect(parseState(printState({ secret: undefined, bans: [] }, NOW))).toEqual({ secret: undefined, bans: [] });
  expect(printState(STATE, NOW).split("\n"), "a ban to a line").toHaveLength(9);
});

test("an entry is read in any notation, and counts once: the last one", () => {
  const text = ban('},{"address":"::ffff:10.0.0.1","since":"2026-02-01T00:00:00.000Z","reason":"later"');
  expect(parseState(text).bans).toMatchObject([{ address: "10.0.0.1", reason: "later" }]);
});

test.each<[string, string, string]>([
  ["nothing", "", "no JSON"],
  ["half a file", printState(STATE, NOW).slice(0, 60), "no JSON"],
  ["a list", "[]", "the file must be an object"],
  ["another form", '{"chatroom":2,"bans":[]}', '"chatroom" must be 1'],
  ["no bans", '{"chatroom":1}', '"bans" must be a list'],
  ["bans of another type", '{"chatroom":1,"bans":{}}', '"bans" must be a list'],
  ["a ban of another type", '{"chatroom":1,"bans":[null]}', "ban 1 must be an object"],
  ["an unknown field", '{"chatroom":1,"bans":[],"port":1}', 'unknown field "port"'],
  ["__proto__", '{"chatroom":1,"bans":[],"__proto__":{"secret":"x"}}', "unknown field"],
  ["__proto__ in a ban", ban(',"__proto__":{"until":1}'), "unknown field"],
  ["constructor", '{"chatroom":1,"bans":[],"constructor":{}}', 'unknown field "constructor"'],
  ["a field twice", '{"chatroom":1,"bans":[],"bans":[]}', '"bans" twice'],
  ["a field twice, once escaped", '{"chatroom":1,"bans":[],"b\\u0061ns":[]}', '"bans" twice'],
  ["a field of a ban twice", ban(',"since":"2026-01-31T12:00:00.000Z"'), '"since" twice'],
  ["a depth of nine", `{"chatroom":1,"bans":${"[".repeat(9)}`, "nested more than 8 deep"],
  ["a depth of a million", "[".repeat(1_000_000), "nested more than 8 deep"],
  ["a secret of another type", '{"chatroom":1,"bans":[],"secret":7}', '"secret" must be 32 bytes'],
  ["a secret that is too short", `{"chatroom":1,"bans":[],"secret":"${SECRET.slice(1)}"}`, "32 bytes"],
  ["a secret with unused bits set", `{"chatroom":1,"bans":[],"secret":"${SECRET.slice(0, 42)}J"}`, "32 bytes"],
  ["an address that is none", ban("").replace("10.0.0.1", "10.0.0.256"), "address of ban 1"],
  ["an address of a megabyte", ban("").replace("10.0.0.1", "1".repeat(1_000_000)), "address of ban 1"],
  ["a time that is none", ban("").replace("2026-01-31", "2026-02-31"), '"since" of ban 1'],
  ["a time of another form", ban(',"until":"tomorrow"'), '"until" of ban 1'],
  ["a time of another type", ban(',"until":1'), '"until" of ban 1'],
  ["a reason of another type", ban(',"reason":["x"]'), "reason of ban 1 must be a text"],
  ["a reason that is too long", ban(`,"reason":"${"x".repeat(201)}"`), "at most 200"],
  ["a reason that moves the cursor", ban(',"reason":"\\u001b[2J"'), "control"],
  ["more than 8 MiB", " ".repeat(MAX_STATE_BYTES + 1), "longer than"],
  [
    "one ban too many",
    `{"chatroom":1,"bans":[${Array.from({ length: MAX_BANS + 1 }, () => "0").join(",")}]}`,
    "more than 100000",
  ],
])("a state file with %s is a clear problem", (_what, text, message) => {
  let problem: unknown;
  try {
    parseState(text);
  } catch (error) {
    problem = error;
  }
  expect(problem).toBeInstanceOf(StateError);
  expect((problem as Error).message).toContain(message);
  expect(({} as Record<string, unknown>)["secret"]).toBeUndefined();
});

test("a problem tells nothing of the secret, wherever the file is broken", () => {
  const text = printState(STATE, NOW);
  for (let at = 0; at < text.length; at++) {
    for (const broken of [text.slice(0, at), `${text.slice(0, at)}\u0000${text.slice(at)}`]) {
      try {
        parseState(broken);
      } catch (error) {
        expect(error).toBeInstanceOf(StateError);
        expect(String((error as Error).stack)).not.toContain(SECRET.slice(4, 16));
        expect((error as Error).cause).toBeUndefined();
      }
    }
  }
});

test("100,000 bans fit, and no more; a text beyond 8 MiB is not written", () => {
  const one = STATE.bans[1] as State["bans"][number];
  const bans = Array.from({ length: MAX_BANS }, (_, at) => ({
    ...one,
    address: `10.${at >> 16}.${(at >> 8) & 255}.${at & 255}`,
  }));
  expect(parseState(`{"chatroom":1,"bans":${JSON.stringify(bans.slice(0, 80_000))}}`).bans).toHaveLength(80_000);
  expect(() => withBan(bans, { ...one, address: "10.9.9.9" })).toThrow("100000 bans already");
  expect(withBan(bans, { ...one, address: "10.0.0.1" }), "in place of another one").toHaveLength(MAX_BANS);
  const wordy = bans.map((other) => ({ ...other, reason: "x".repeat(200) }));
  expect(() => printState({ secret: undefined, bans: wordy }, NOW)).toThrow("lift some bans");
});

test.each([
  ["::ffff:10.1.2.3/104", "10.0.0.0/8"],
  ["10.9.8.7/32", "10.9.8.7"],
  ["0.0.0.0/0", "0.0.0.0/0"],
  ["::/0", "::/0"],
  ["::", "::"],
  ["2001:DB8:0:0:1::1", "2001:db8::1:0:0:1"],
  ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
  ["1:0:0:2:0:0:0:3", "1:0:0:2::3"],
  ["1:2:3:4:5:6:0:0", "1:2:3:4:5:6::"],
  ["10:0:0:10::", "10:0:0:10::"],
  ["2001:db8:ffff:ffff::/53", "2001:db8:ffff:f800::/53"],
  ["fe80::1%eth0", "fe80::1"],
])("the shortest notation of %s is %s", (entry, shortest) => {
  expect(canonicalSubnet(entry)).toBe(shortest);
  expect(canonicalSubnet(shortest)).toBe(shortest);
  const set = new AddressSet([entry]);
  expect(set.delete(shortest), "both are one entry").toBe(true);
});
