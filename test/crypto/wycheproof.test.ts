import { describe, expect, test } from "vitest";
import type { Engine, Suite } from "../../src/crypto/engine.ts";
import { hkdfExpand, hkdfExtract } from "../../src/crypto/hkdf.ts";
import { hex, load, toHex, wycheproof, type WycheproofCase } from "../vectors/load.ts";
import { engines } from "./engines.ts";

interface AeadCase extends WycheproofCase {
  readonly key: string;
  readonly iv: string;
  readonly aad: string;
  readonly msg: string;
  readonly ct: string;
  readonly tag: string;
}

interface XdhCase extends WycheproofCase {
  readonly public: string;
  readonly private: string;
  readonly shared: string;
}

interface HkdfCase extends WycheproofCase {
  readonly ikm: string;
  readonly salt: string;
  readonly info: string;
  readonly size: number;
  readonly okm: string;
}

interface Ed25519Group {
  readonly publicKey: { readonly pk: string };
  readonly tests: readonly (WycheproofCase & { readonly msg: string; readonly sig: string })[];
}

/** Runs one case both ways; returns whether the engine agrees with the vector. */
function agrees(engine: Engine, suite: Suite, c: AeadCase): boolean {
  const aead = engine.aead(suite, hex(c.key));
  const nonce = hex(c.iv);
  const sealed = hex(c.ct + c.tag);
  if (nonce.length !== 12) {
    expect(() => aead.open(nonce, [hex(c.aad)], sealed)).toThrow(RangeError);
    expect(() => aead.seal(nonce, hex(c.aad), [hex(c.msg)], new Uint8Array(sealed.length), 0)).toThrow(RangeError);
    return c.result === "invalid";
  }
  const opened = aead.open(nonce, [hex(c.aad)], sealed);
  if (c.result === "invalid") return opened === undefined;
  const out = new Uint8Array(sealed.length);
  aead.seal(nonce, hex(c.aad), [hex(c.msg)], out, 0);
  return opened !== undefined && toHex(opened) === c.msg && toHex(out) === toHex(sealed);
}

for (const engine of engines) {
  describe(`${engine.name} engine`, () => {
    test.each([
      ["chacha20_poly1305", 1, 325],
      ["aes_256_gcm", 2, 66],
    ] as const)("agrees with Wycheproof %s, sealing and opening", (file, suite, count) => {
      const cases = wycheproof(file) as readonly AeadCase[];
      expect(cases.filter((c) => !agrees(engine, suite, c)).map((c) => c.tcId)).toEqual([]);
      expect(cases.length).toBe(count);
    });

    test("agrees with Wycheproof x25519, and gives nothing for an all-zero result", () => {
      const cases = wycheproof("x25519") as readonly XdhCase[];
      let zeros = 0;
      for (const c of cases) {
        const shared = engine.scalar(hex(c.private)).times(engine.point(hex(c.public)));
        if (/^0+$/.test(c.shared)) {
          zeros++;
          expect(shared, `case ${c.tcId}`).toBeUndefined();
        } else expect(shared && toHex(shared), `case ${c.tcId}`).toBe(c.shared);
      }
      expect([cases.length, zeros]).toEqual([518, 31]);
    });

    test("agrees with Wycheproof ed25519 on every signature, valid or not", () => {
      const { testGroups } = load("wycheproof-ed25519.json") as { readonly testGroups: readonly Ed25519Group[] };
      let cases = 0;
      const wrong: number[] = [];
      for (const { publicKey, tests } of testGroups) {
        for (const { tcId, msg, sig, result } of tests) {
          cases++;
          const isValid = engine.ed25519Verify(hex(publicKey.pk), hex(msg), hex(sig));
          if (isValid !== (result === "valid")) wrong.push(tcId);
        }
      }
      expect([wrong, cases]).toEqual([[], 151]);
    });

    test("agrees with Wycheproof hkdf_sha512, and refuses more than 255 blocks", () => {
      const cases = wycheproof("hkdf_sha512") as readonly HkdfCase[];
      let refused = 0;
      for (const c of cases) {
        const prk = hkdfExtract(engine, hex(c.salt), hex(c.ikm));
        if (c.result === "invalid") {
          refused++;
          expect(() => hkdfExpand(engine, prk, hex(c.info), c.size)).toThrow(RangeError);
        } else expect(toHex(hkdfExpand(engine, prk, hex(c.info), c.size)), `case ${c.tcId}`).toBe(c.okm);
      }
      expect([cases.length, refused]).toEqual([83, 3]);
    });
  });
}
