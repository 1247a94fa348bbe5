import { expect, test } from "vitest";
import { utf8 } from "../../src/crypto/bytes.ts";
import { decodeName, decodeText, encodeText, problemOfName } from "../../src/link/names.ts";
import { handshake, initiatorConfig, responderConfig } from "./handshake-driver.ts";

test.each([
  ["", "is empty"],
  ["x".repeat(65), "65 bytes"],
  ["\u00e4".repeat(33), "66 bytes"],
  ["e\u0301", "normal form"],
  ["a\nb", "control character"],
  ["a\u0085b", "control character"],
  ["a\ud800", "surrogate"],
  ["a\u200db", "invisible"],
  ["\u202eevil", "invisible"],
  ["\ufeffbob", "invisible"],
  ["a\u2028b", "invisible"],
  ["a\u2029b", "invisible"],
  [" bob", "space"],
  ["bob\u00a0", "space"],
])("case 23: %j is no name, and the reason says that it %s", (name, reason) => {
  expect(problemOfName(name)).toContain(reason);
  expect(decodeName(utf8(name)) === undefined || name.includes("\ud800")).toBe(true);
});

test.each([
  "__proto__",
  "constructor",
  ".",
  "toString",
  "then",
  "\u6570\u636e",
  "zo\u00eb",
  "a b",
  "\ud83d\udd11",
  "x".repeat(64),
])("case 23: %j is a name like any other, through a whole handshake", (name) => {
  expect(problemOfName(name)).toBeUndefined();
  expect(decodeName(utf8(name))).toBe(name);
  const { initiator, responder } = handshake(
    initiatorConfig(2, { name, peerName: name }),
    responderConfig(2, { name }),
  );
  expect([initiator?.remoteName, responder?.remoteName]).toEqual([name, name]);
});

test("case 23: bytes that are no UTF-8 are no name and no text", () => {
  for (const bytes of [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xc0, 0x80]]) {
    expect(decodeName(Uint8Array.from(bytes))).toBeUndefined();
    expect(decodeText(Uint8Array.from(bytes))).toBeUndefined();
  }
});

test("texts may be empty and hold what names may not, up to 200 bytes and without control characters", () => {
  expect(decodeText(new Uint8Array(0))).toBe("");
  expect(decodeText(utf8(" \u200d "))).toBe(" \u200d ");
  expect(decodeText(utf8("x".repeat(201)))).toBeUndefined();
  expect(decodeText(utf8("a\u0000"))).toBeUndefined();
  const cut = encodeText("\ud83d\udd11".repeat(60));
  expect(decodeText(cut)).toBe("\ud83d\udd11".repeat(50));
  expect(decodeText(encodeText(`e\u0301\ud800\t${"x".repeat(300)}`))).toBe(`\u00e9  ${"x".repeat(196)}`);
});
