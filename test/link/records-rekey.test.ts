import { expect, test } from "vitest";
import type { Aead, Engine } from "../../src/crypto/engine.ts";
import { nativeEngine } from "../../src/crypto/native.ts";
import { createOpener, createSealer } from "../../src/link/records.ts";
import { engines } from "../crypto/engines.ts";
import { crp1 } from "../vectors/crp1.ts";
import { hex, toHex } from "../vectors/load.ts";
import { openWhole, secrets, watchedEngine } from "./records-driver.ts";

/** An engine that does its AEAD work only while `isOn`, so that 131,074 records pass quickly; it notes the keys. */
function sparse(engine: Engine): { engine: Engine; state: { isOn: boolean }; keys: string[] } {
  const state = { isOn: true };
  const keys: string[] = [];
  const watch = (aead: Aead, key: Uint8Array): Aead => {
    keys.push(toHex(key));
    return {
      seal: (...args) => {
        if (state.isOn) aead.seal(...args);
      },
      open: (...args) => (state.isOn ? aead.open(...args) : new Uint8Array(1)),
      wipe: () => aead.wipe(),
    };
  };
  return { engine: watchedEngine(watch, engine), state, keys };
}

/** By default the portable engine, which never offers suite 2, shows suite 1 alone. */
const isThorough = process.env["SOAK"] !== undefined;

for (const engine of engines) {
  test(`the ${engine.name} engine gives the keys, records and boxes of the vectors around 65,536 and 131,072, sealing and opening`, () => {
    let checked = 0;
    const groups = crp1.rekey.filter(({ suite = 1 }) => engine === nativeEngine || isThorough || suite === 1);
    for (const { name, kind, suite = 1, encrypt = true, epochs, records, boxes } of groups) {
      const wanted = new Map((records ?? boxes ?? []).map((item) => [item.n, item] as const));
      const last = Math.max(...wanted.keys());
      const S = (): Uint8Array => hex(epochs[0]?.S ?? "");
      const own =
        kind === "record"
          ? () => ({ records: S(), boxes: secrets().boxes })
          : () => ({ records: secrets().records, boxes: S() });
      const sealing = sparse(engine);
      const opening = sparse(engine);
      const sealer = createSealer(sealing.engine, suite, encrypt, own());
      const opener = createOpener(opening.engine, suite, encrypt, own());
      const skipped = new Uint8Array(17);
      for (let n = 0; n <= last; n++) {
        const item = wanted.get(n);
        sealing.state.isOn = opening.state.isOn = item !== undefined;
        if (kind === "record") {
          const payload = item && "payload" in item ? hex(item.payload) : new Uint8Array(0);
          const record = sealer.seal(1, [payload]);
          if (item !== undefined) {
            expect(toHex(record), `${name}, ${n}`).toBe("record" in item ? item.record : "");
            expect(openWhole(opener, record), `${name}, ${n}`).toEqual({ type: 1, payload });
            checked++;
          } else opener.open(skipped.subarray(0, 4), skipped);
        } else {
          const plaintext = item && "plaintext" in item ? hex(item.plaintext) : new Uint8Array(0);
          const box = sealer.box(plaintext);
          if (item !== undefined) {
            expect(toHex(box), `${name}, ${n}`).toBe("box" in item ? item.box : "");
            expect(opener.unbox(box), `${name}, ${n}`).toEqual(plaintext);
            checked++;
          } else opener.unbox(skipped);
        }
      }
      const keys = epochs.map(({ key }) => key);
      expect(sealing.keys, name).toEqual(keys);
      expect(opening.keys, name).toEqual(keys);
    }
    expect([checked, groups.length]).toEqual(engine === nativeEngine || isThorough ? [92, 10] : [46, 5]);
  });
}

test("case 57: records both ways at once across 65,535, 65,536 and 65,537 go on, and no key sees a nonce twice", () => {
  const uses = new Set<string>();
  let sealed = 0;
  const logging = watchedEngine((aead, key) => {
    const name = Buffer.from(key).toString("latin1");
    return {
      seal: (nonce, ...rest) => {
        sealed++;
        uses.add(name + Buffer.from(nonce).toString("latin1"));
        aead.seal(nonce, ...rest);
      },
      open: (...args) => aead.open(...args),
      wipe: () => aead.wipe(),
    };
  });
  const directions = [3, 4].map((fill) => ({
    sealer: createSealer(logging, 2, true, secrets(fill)),
    opener: createOpener(nativeEngine, 2, true, secrets(fill)),
  }));
  // One real run of a whole epoch; both directions rekey in the same turn of the loop.
  for (let n = 0; n <= 65_538; n++) {
    for (const { sealer, opener } of directions) {
      const record = sealer.seal(1, []);
      // Every one is sealed; opened are all, too, or the counters would differ.
      openWhole(opener, record);
    }
    if (n % 30_000 === 0) for (const { sealer, opener } of directions) opener.unbox(sealer.box(new Uint8Array(1)));
  }
  expect(uses.size).toBe(sealed);
  expect(sealed).toBe(2 * 65_539 + 2 * 3);
});

/** Whether a secret is still there. */
const isKept = (secret: Uint8Array): boolean => secret.some((byte) => byte !== 0);

test("the secret and key of an epoch are wiped when it ends, and all of them by wipe", () => {
  let wipedKeys = 0;
  const counting = watchedEngine(() => ({
    seal: () => {},
    open: () => undefined,
    wipe: () => {
      wipedKeys++;
    },
  }));
  const given = secrets();
  const sealer = createSealer(counting, 1, true, given);
  for (let n = 0; n < 65_535; n++) sealer.seal(1, []);
  expect([wipedKeys, isKept(given.records)]).toEqual([0, true]);
  sealer.seal(1, []);
  expect([wipedKeys, isKept(given.records)]).toEqual([1, false]);
  sealer.seal(1, []);
  sealer.wipe();
  expect([wipedKeys, isKept(given.boxes)]).toEqual([2, false]);
});
