import { expect, test } from "vitest";
import { costOf, isSetting, settingOf } from "../../src/crypto/passwords-setting.ts";
import { bcrypt } from "../../src/crypto/passwords-bcrypt.ts";
import { parseEntry, userKeys, verifierOf } from "../../src/crypto/verifier.ts";
import { crp1 } from "../vectors/crp1.ts";
import { toHex } from "../vectors/load.ts";
import { engines } from "./engines.ts";

test.each(engines)("$name engine: h, prsU, seed, P and the verifier are those of the five vectors", async (engine) => {
  const hashes = await bcrypt(crp1.verifiers.map(({ password, setting }) => ({ password, setting })));
  expect(hashes).toEqual(crp1.verifiers.map(({ h }) => h));
  for (const { h, setting, prsU, seed, P, verifier, sameEntryFrom } of crp1.verifiers) {
    const keys = userKeys(engine, h);
    expect([toHex(keys.prsU), toHex(keys.seed)]).toEqual([prsU, seed]);
    expect(verifierOf(engine, h)).toBe(verifier);
    for (const entry of [verifier, ...sameEntryFrom]) {
      const parsed = parseEntry(engine, entry);
      expect(parsed && [parsed.setting, toHex(parsed.prsU), toHex(parsed.P)], entry).toEqual([setting, prsU, P]);
    }
  }
  expect(crp1.verifiers.length).toBe(5);
});

test("case 39: the 13 malformed entries of the vectors are none, nor are hashes whose unused bits are set", () => {
  for (const engine of engines) {
    const accepted = crp1.badEntries.filter((entry) => parseEntry(engine, entry) !== undefined);
    expect(accepted).toEqual([]);
    const [good] = crp1.verifiers;
    const hash = good?.h ?? "";
    expect(parseEntry(engine, hash)).toBeDefined();
    expect(parseEntry(engine, `${hash.slice(0, -1)}T`)).toBeUndefined();
    const verifier = good?.verifier ?? "";
    expect(parseEntry(engine, `${verifier.slice(0, -1)}R`)).toBeUndefined();
    expect(parseEntry(engine, `${verifier.slice(0, 29)}A${verifier.slice(29)}`)).toBeUndefined();
    // A public key of small order in place of P: everybody could sign for it.
    const small = Buffer.concat([Buffer.alloc(32, 7), Buffer.from([1]), Buffer.alloc(31)]).toString("base64url");
    expect(parseEntry(engine, verifier.slice(0, 29) + small)).toBeUndefined();
  }
  expect(crp1.badEntries.length).toBe(13);
});

test("case 35: the bad settings of the vectors are none; every cost from 4 to 16 makes a good one", () => {
  expect(crp1.badSettings.filter(isSetting)).toEqual([]);
  expect(crp1.badSettings.length).toBe(8);
  for (let cost = 4; cost <= 16; cost++) {
    const setting = settingOf(cost, new Uint8Array(16).fill(255));
    expect(isSetting(setting), setting).toBe(true);
    expect(costOf(setting)).toBe(cost);
  }
  for (const cost of [3, 17, 31, 10.5, Number.NaN]) expect(() => settingOf(cost, new Uint8Array(16))).toThrow("cost");
});
