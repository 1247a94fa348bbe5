import { expect, test } from "vitest";
import { LinkError } from "../../src/base/errors.ts";
import { preparePassword } from "../../src/crypto/passwords.ts";
import { crp1 } from "../vectors/crp1.ts";
import { hex, toHex } from "../vectors/load.ts";

function refusal(password: string): LinkError {
  try {
    preparePassword(password);
  } catch (error) {
    if (error instanceof LinkError) return error;
    throw error;
  }
  throw new Error(`accepted ${JSON.stringify(password)}`);
}

test("prepares or refuses the 17 passwords of the vectors as they say", () => {
  for (const { utf16, bytes } of crp1.passwords) {
    const units = hex(utf16);
    const password = String.fromCharCode(
      ...Array.from({ length: units.length / 2 }, (_, i) => ((units[2 * i] ?? 0) << 8) | (units[2 * i + 1] ?? 0)),
    );
    if (bytes === null) expect(refusal(password).code).toBe("ERR_PARAM");
    else expect(toHex(preparePassword(password))).toBe(bytes);
  }
  expect(crp1.passwords.length).toBe(17);
});

test("case 21: an empty, a too long and an unreadable password are refused with a reason that helps", () => {
  expect(refusal("").message).toContain("empty");
  expect(refusal("x".repeat(1025)).message).toContain("1025 bytes");
  expect(refusal("a\ud800b").message).toContain("surrogate");
  expect(refusal("line\n").message).toContain("control character");
  expect(refusal(undefined as unknown as string).message).toContain("must be a string, not undefined");
  expect(preparePassword("x".repeat(1024)).length).toBe(1024);
});

test("case 22: a composed and a decomposed password are the same, and every kind of space is a space", () => {
  expect(preparePassword("p\u00e4ss")).toEqual(preparePassword("pa\u0308ss"));
  expect(preparePassword("a\u00a0b\u3000c")).toEqual(preparePassword("a b c"));
});
