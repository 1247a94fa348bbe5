import { _map_to_curve_elligator2_curve25519 as nobleMap, ed25519 } from "@noble/curves/ed25519.js";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { concat } from "../../src/crypto/bytes.ts";
import { calculateGenerator, calculateISK, generatorString, lvCat, transcriptIr } from "../../src/crypto/cpace.ts";
import { elligator2 } from "../../src/crypto/elligator2.ts";
import { channelIdentifier, keySecret, passwordSecret } from "../../src/crypto/secret.ts";
import { soak } from "../support/seeded.ts";
import { crp1 } from "../vectors/crp1.ts";
import { hex, load, toHex } from "../vectors/load.ts";
import { engines } from "./engines.ts";

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

const upTo = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i);
const littleEndian = (value: bigint): Uint8Array =>
  Uint8Array.from({ length: 32 }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));

test("prepend_len, lv_cat and transcript_ir agree with the strings of the draft", () => {
  const groups = load("cpace-string-utils.json") as Record<string, readonly [Record<string, string>]>;
  const expected = (group: string, name: string) => groups[group]?.[0][name]?.toLowerCase();
  const lengths = "prepend_len test vectors";
  expect(toHex(lvCat(ascii("")))).toBe(expected(lengths, "prepend_len(b'')"));
  expect(toHex(lvCat(ascii("1234")))).toBe(expected(lengths, "prepend_len(b'1234')"));
  expect(toHex(lvCat(upTo(127)))).toBe(expected(lengths, "prepend_len(bytes(range(127)))"));
  expect(toHex(lvCat(upTo(128)))).toBe(expected(lengths, "prepend_len(bytes(range(128)))"));
  expect(toHex(lvCat(ascii("1234"), ascii("5"), ascii(""), ascii("678")))).toBe(
    expected("Testvector for lv_cat()", "lv_cat(b'1234',b'5',b'',b'678')"),
  );
  for (const [a, b] of [
    ["123", "234"],
    ["3456", "2345"],
  ] as const) {
    const parts = transcriptIr({ Y: ascii(a), AD: ascii("PartyA") }, { Y: ascii(b), AD: ascii("PartyB") });
    expect(toHex(concat(parts))).toBe(
      expected("Test vectors transcript_ir function", `transcript_ir(b'${a}',b'PartyA',b'${b}',b'PartyB')`),
    );
  }
});

test("the map to the curve agrees with noble's for random field elements, 0 and those near the modulus", () => {
  const Fp = ed25519.Point.Fp;
  const P = 2n ** 255n - 19n;
  const same = (value: bigint) => {
    const { xMn, xMd } = nobleMap(value % P);
    expect(toHex(elligator2(littleEndian(value)))).toBe(toHex(littleEndian(Fp.mul(xMn, Fp.inv(xMd)))));
  };
  for (const value of [0n, 1n, 2n, P - 2n, P - 1n, P, P + 1n, 2n ** 255n - 1n]) same(value);
  // Bit 255 is not part of the element.
  expect(elligator2(littleEndian(5n + 2n ** 255n))).toEqual(elligator2(littleEndian(5n)));
  fc.assert(fc.property(fc.bigInt(0n, P - 1n), same), { numRuns: soak(100) });
});

for (const engine of engines) {
  describe(`${engine.name} engine`, () => {
    test("agrees with the X25519 vector of the draft from generator to ISK", () => {
      const v = (load("cpace-testvectors.json") as { readonly G_25519: Readonly<Record<string, string>> }).G_25519;
      const of = (name: string) => hex(v[name] ?? "?");
      const g = calculateGenerator(engine, of("PRS"), of("CI"), of("sid"));
      expect(g).toEqual(of("g"));
      const [ya, yb] = [engine.scalar(of("ya")), engine.scalar(of("yb"))];
      expect(ya.times(engine.point(g))).toEqual(of("Ya"));
      expect(yb.times(engine.point(g))).toEqual(of("Yb"));
      const K = ya.times(engine.point(of("Yb")));
      expect(K).toEqual(of("K"));
      expect(yb.times(engine.point(of("Ya")))).toEqual(of("K"));
      const ISK = calculateISK(
        engine,
        of("sid"),
        of("K"),
        { Y: of("Ya"), AD: of("ADa") },
        { Y: of("Yb"), AD: of("ADb") },
      );
      expect(ISK).toEqual(of("ISK_IR"));
    });

    test("gives nothing for the 7 points of low order of the draft, and the right product for its other 5", () => {
      const file = load("cpace-x25519-low-order.json") as {
        readonly scalar: string;
        readonly cases: readonly { u: string; q: string; mustAbort: boolean }[];
      };
      const scalar = engine.scalar(hex(file.scalar));
      let aborted = 0;
      for (const { u, q, mustAbort } of file.cases) {
        const product = scalar.times(engine.point(hex(u)));
        if (mustAbort) aborted++;
        expect(product && toHex(product)).toBe(mustAbort ? undefined : q);
      }
      expect([file.cases.length, aborted]).toEqual([12, 7]);
    });

    test("agrees with the generator of all 30 runs of the protocol's vectors", () => {
      for (const { cpace, input } of crp1.runs) {
        const [PRS, CI] = [hex(cpace.PRS), channelIdentifier(input.purpose)];
        expect(toHex(CI)).toBe(cpace.CI);
        expect(toHex(generatorString(PRS, CI, new Uint8Array(0)))).toBe(cpace.generatorString);
        const secret =
          input.purpose <= 2
            ? passwordSecret(input.password ?? "", input.purpose as 1 | 2, engine)
            : keySecret(PRS, input.purpose as 3 | 4 | 5, engine);
        expect(toHex(secret.generator.u)).toBe(cpace.g);
        expect(secret.purpose).toBe(input.purpose);
        expect(toHex(PRS)).toBe(cpace.PRS);
      }
      expect(crp1.runs.length).toBe(30);
    });
  });
}

test("one secret gives another generator for each purpose", () => {
  const [engine] = engines;
  const key = new Uint8Array(32).fill(7);
  const generators = ([3, 4, 5] as const).map((purpose) => toHex(keySecret(key, purpose, engine).generator.u));
  expect(new Set(generators).size).toBe(3);
  expect(passwordSecret("Passable", 1, engine).generator.u).not.toEqual(
    passwordSecret("Passable", 2, engine).generator.u,
  );
});

test("a ticket of another length than 32 bytes is refused", () => {
  const [engine] = engines;
  expect(() => keySecret(new Uint8Array(31), 3, engine)).toThrow("32 bytes");
});
