import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isEd25519Key } from "../../src/crypto/ed25519-key.ts";
import { nativeEngine } from "../../src/crypto/native.ts";
import { portableEngine } from "../../src/crypto/portable.ts";
import { crp1 } from "../vectors/crp1.ts";
import { hex, toHex } from "../vectors/load.ts";
import { soak } from "../support/seeded.ts";
import { engines } from "./engines.ts";

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

/** p - 1, p, p + 1 and the points of order 8 of RFC 8032's curve: y, little-endian, sign bit clear. */
const SMALL = [
  "0100000000000000000000000000000000000000000000000000000000000000",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "0000000000000000000000000000000000000000000000000000000000000000",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
].flatMap((y) => [hex(y), hex(y.slice(0, 62) + (Number.parseInt(y.slice(62), 16) | 0x80).toString(16))]);

/** y + p for the small y whose encodings leave room for it: 0 to 18, and one is a key no better than its canonical form. */
const NON_CANONICAL = Array.from({ length: 19 }, (_, y) => hex(`${(0xed + y).toString(16)}${"ff".repeat(30)}7f`));

test("both engines make the same keys and signatures, and take each other's", () => {
  fc.assert(
    fc.property(bytes(32), fc.uint8Array({ maxLength: 200 }), fc.nat(511), (seed, message, bit) => {
      const P = nativeEngine.ed25519PublicKey(seed);
      const signature = nativeEngine.ed25519Sign(seed, message);
      expect(portableEngine.ed25519PublicKey(seed)).toEqual(P);
      expect(portableEngine.ed25519Sign(seed, message)).toEqual(signature);
      const flipped = signature.with(bit >> 3, (signature[bit >> 3] ?? 0) ^ (1 << (bit & 7)));
      for (const engine of engines) {
        expect(engine.ed25519Verify(P, message, signature)).toBe(true);
        expect(engine.ed25519Verify(P, message, flipped)).toBe(false);
        expect(engine.ed25519Verify(P, Uint8Array.of(...message, 0), signature)).toBe(false);
      }
    }),
    { numRuns: soak(30) },
  );
});

describe.each(engines)("$name engine", (engine) => {
  test("the signatures of the vectors are made and verified", () => {
    let count = 0;
    for (const { name, userStage } of crp1.runs) {
      if (userStage?.signature === undefined || userStage.login === undefined) continue;
      count++;
      const [seed, login] = [hex(userStage.seed), hex(userStage.login)];
      expect(toHex(engine.ed25519Sign(seed, login)), name).toBe(userStage.signature);
      expect(engine.ed25519Verify(hex(userStage.client.P), login, hex(userStage.signature)), name).toBe(true);
    }
    expect(count).toBe(7);
  });

  test("keys of small order and keys that are not canonical verify nothing, not even what holds for them", () => {
    // R = identity and S = 0 fit every key of order 1, and often those of order 2, 4 and 8.
    const forged = new Uint8Array(64);
    forged[0] = 1;
    for (const key of [...SMALL, ...NON_CANONICAL]) {
      expect(isEd25519Key(key), toHex(key)).toBe(false);
      for (let round = 0; round < 8; round++)
        expect(engine.ed25519Verify(key, Uint8Array.of(round), forged), toHex(key)).toBe(false);
    }
  });

  test("keys, seeds and signatures of a wrong length are none", () => {
    const seed = new Uint8Array(32).fill(3);
    const P = engine.ed25519PublicKey(seed);
    const signature = engine.ed25519Sign(seed, seed);
    expect(engine.ed25519Verify(P.subarray(1), seed, signature)).toBe(false);
    expect(engine.ed25519Verify(P, seed, signature.subarray(1))).toBe(false);
    expect(engine.ed25519Verify(P, seed, Uint8Array.of(...signature, 0))).toBe(false);
    expect(() => engine.ed25519Sign(seed.subarray(1), seed)).toThrow();
  });
});

test("half of all bytes are a point of the curve: the check agrees with noble", async () => {
  const { ed25519 } = await import("@noble/curves/ed25519.js");
  let keys = 0;
  fc.assert(
    fc.property(bytes(32), (candidate) => {
      let isPoint = true;
      try {
        isPoint = !ed25519.Point.fromBytes(candidate, false).isSmallOrder();
      } catch {
        isPoint = false;
      }
      if (isPoint) keys++;
      expect(isEd25519Key(candidate)).toBe(isPoint);
    }),
    { numRuns: soak(300) },
  );
  expect(keys).toBeGreaterThan(soak(300) / 4);
});
