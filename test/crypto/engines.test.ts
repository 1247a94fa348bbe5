import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { concat } from "../../src/crypto/bytes.ts";
import type { Suite } from "../../src/crypto/engine.ts";
import { nativeEngine } from "../../src/crypto/native.ts";
import { portableEngine } from "../../src/crypto/portable.ts";
import { preferredSuites } from "../../src/crypto/suite-preference.ts";
import { soak } from "../support/seeded.ts";
import { engines } from "./engines.ts";

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const suites = fc.constantFrom<Suite[]>(1, 2);

test("both engines hash and authenticate random parts alike", () => {
  const parts = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 5 });
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), parts, (key, message) => {
      const whole = concat(message);
      expect(nativeEngine.sha512(...message)).toEqual(portableEngine.sha512(whole));
      expect(nativeEngine.hmacSha512(key, whole)).toEqual(portableEngine.hmacSha512(key, ...message));
    }),
    { numRuns: soak(60) },
  );
});

test("both engines multiply random scalars and points alike", () => {
  fc.assert(
    fc.property(bytes(32), bytes(32), (scalar, u) => {
      const product = nativeEngine.scalar(scalar).times(nativeEngine.point(u));
      expect(product).toEqual(portableEngine.scalar(scalar).times(portableEngine.point(u)));
      expect(product?.length).toBe(32);
    }),
    { numRuns: soak(40) },
  );
});

test("a point of one engine serves the other, and fresh scalars of both agree on a shared product", () => {
  const g = nativeEngine.point(Uint8Array.of(9, ...new Uint8Array(31)));
  const [a, b] = [nativeEngine.scalar(), portableEngine.scalar()];
  const [A, B] = [a.times(g), b.times(g)];
  expect(A && b.times(nativeEngine.point(A))).toEqual(B && a.times(portableEngine.point(B)));
  expect(nativeEngine.scalar().times(g)).not.toEqual(A);
  expect(portableEngine.scalar().times(g)).not.toEqual(B);
});

test("what one engine seals in random parts the other opens, and both give the same bytes", () => {
  // Around the size from which parts are not gathered.
  const size = fc.oneof(fc.nat(100), fc.constantFrom(4095, 4096, 4097, 9000));
  const input = fc.array(
    fc.tuple(size, fc.nat(255)).map(([length, fill]) => new Uint8Array(length).fill(fill)),
    { maxLength: 5 },
  );
  fc.assert(
    fc.property(
      suites,
      bytes(32),
      bytes(12),
      fc.uint8Array({ maxLength: 40 }),
      input,
      fc.nat(7),
      (suite, key, nonce, aad, parts, at) => {
        const plaintext = concat(parts);
        const length = plaintext.length + 16;
        const [fromNative, fromPortable] = engines.map((engine) => {
          const out = new Uint8Array(at + length + 3).fill(0xee);
          engine.aead(suite, key).seal(nonce, aad, parts, out, at);
          return out;
        }) as [Uint8Array, Uint8Array];
        expect(Buffer.compare(fromNative, fromPortable)).toBe(0);
        // Nothing is written outside.
        expect(
          [...fromNative.subarray(0, at), ...fromNative.subarray(at + length)].every((byte) => byte === 0xee),
        ).toBe(true);
        const sealed = fromNative.subarray(at, at + length);
        for (const engine of engines) {
          const cut = aad.length >> 1;
          const opened = engine.aead(suite, key).open(nonce, [aad.subarray(0, cut), aad.subarray(cut)], sealed);
          expect(opened && Buffer.compare(opened, plaintext)).toBe(0);
        }
      },
    ),
    { numRuns: soak(60) },
  );
});

/** A copy with one bit changed, wherever `bit` lands; nothing changes in no bytes. */
function flip(source: Uint8Array, bit: number): Uint8Array {
  const at = (bit >> 3) % Math.max(1, source.length);
  return source.map((byte, i) => (i === at ? byte ^ (1 << (bit & 7)) : byte));
}

test("neither engine opens a message with one bit changed, in the message, the associated data, the nonce or the key", () => {
  fc.assert(
    fc.property(
      suites,
      bytes(32),
      bytes(12),
      bytes(9),
      fc.uint8Array({ maxLength: 50 }),
      fc.nat(),
      (suite, key, nonce, aad, plaintext, bit) => {
        for (const engine of engines) {
          const sealed = new Uint8Array(plaintext.length + 16);
          engine.aead(suite, key).seal(nonce, aad, [plaintext], sealed, 0);
          expect(engine.aead(suite, key).open(nonce, [aad], flip(sealed, bit))).toBeUndefined();
          expect(engine.aead(suite, key).open(nonce, [flip(aad, bit)], sealed)).toBeUndefined();
          expect(engine.aead(suite, key).open(flip(nonce, bit), [aad], sealed)).toBeUndefined();
          expect(engine.aead(suite, flip(key, bit)).open(nonce, [aad], sealed)).toBeUndefined();
          expect(engine.aead(suite, key).open(nonce, [aad], sealed.subarray(0, 15))).toBeUndefined();
          expect(engine.aead(suite, key).open(nonce, [aad], sealed)).toEqual(plaintext);
        }
      },
    ),
    { numRuns: soak(40) },
  );
});

for (const engine of engines) {
  describe(`${engine.name} engine`, () => {
    test("refuses keys, scalars and points of a wrong length", () => {
      expect(() => engine.aead(1, new Uint8Array(31))).toThrow(RangeError);
      expect(() => engine.aead(2, new Uint8Array(33))).toThrow(RangeError);
      expect(() => engine.scalar(new Uint8Array(31))).toThrow(RangeError);
      expect(() => engine.point(new Uint8Array(33))).toThrow(RangeError);
    });

    test("does nothing more with a wiped key or scalar, and leaves the caller's bytes alone", () => {
      const key = Buffer.alloc(32, 5);
      const aead = engine.aead(1, key);
      const scalar = engine.scalar(key);
      aead.wipe();
      scalar.wipe();
      expect(() => aead.seal(new Uint8Array(12), key, [], new Uint8Array(16), 0)).toThrow("wiped");
      expect(() => aead.open(new Uint8Array(12), [], new Uint8Array(16))).toThrow("wiped");
      expect(() => scalar.times(engine.point(key))).toThrow("wiped");
      expect(key).toEqual(Buffer.alloc(32, 5));
    });

    test("compares bytes of equal and of different lengths", () => {
      expect(engine.equal(Uint8Array.of(1, 2), Uint8Array.of(1, 2))).toBe(true);
      expect(engine.equal(Uint8Array.of(1, 2), Uint8Array.of(1, 3))).toBe(false);
      expect(engine.equal(Uint8Array.of(1, 2), Uint8Array.of(1))).toBe(false);
      expect(engine.equal(new Uint8Array(0), new Uint8Array(0))).toBe(true);
    });

    test("gives plain byte arrays, whose slice copies", () => {
      const digest = engine.hmacSha512(new Uint8Array(1), new Uint8Array(1));
      digest.slice(0, 32).fill(0);
      expect(digest.subarray(0, 32).some((byte) => byte !== 0)).toBe(true);
    });
  });
}

test("the portable engine offers ChaCha20-Poly1305 alone, the native one both, in an order that it keeps", () => {
  expect(portableEngine.suites()).toEqual([1]);
  expect(new Set(nativeEngine.suites())).toEqual(new Set([1, 2]));
  expect(nativeEngine.suites()).toBe(nativeEngine.suites());
});

/** A clock that moves by what a sealing would take: `chachaMs` and `aesMs` in turn. */
function clock(chachaMs: number, aesMs: number): () => number {
  let [now, calls] = [0, 0];
  return () => {
    if (calls++ % 2 === 1) now += calls % 4 === 2 ? chachaMs : aesMs;
    return now;
  };
}

test("AES goes first unless ChaCha20 is clearly faster", () => {
  expect(preferredSuites(nativeEngine, clock(2, 1))).toEqual([2, 1]);
  expect(preferredSuites(nativeEngine, clock(1, 1.2))).toEqual([2, 1]);
  expect(preferredSuites(nativeEngine, clock(1, 3))).toEqual([1, 2]);
});
