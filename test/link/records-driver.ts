import type { Aead, Engine, Suite } from "../../src/crypto/engine.ts";
import { nativeEngine } from "../../src/crypto/native.ts";
import { createOpener, createSealer, type RecordOpener, type RecordSealer } from "../../src/link/records.ts";

/** Secrets of one direction, fresh copies of the same bytes each time: whoever gets them owns and wipes them. */
export const secrets = (fill = 3): { records: Uint8Array; boxes: Uint8Array } => ({
  records: new Uint8Array(64).fill(fill),
  boxes: new Uint8Array(64).fill(fill + 100),
});

/** A sealer and the opener that fits it. */
export function pair(
  encryption: boolean,
  suite: Suite = 2,
  engine: Engine = nativeEngine,
  fill = 3,
): { sealer: RecordSealer; opener: RecordOpener } {
  return {
    sealer: createSealer(engine, suite, encryption, secrets(fill)),
    opener: createOpener(engine, suite, encryption, secrets(fill)),
  };
}

/** Opens a whole record as a reader would hand it over. */
export function openWhole(opener: RecordOpener, record: Uint8Array): { type: number; payload: Uint8Array } {
  return opener.open(record.subarray(0, 4), record.subarray(4));
}

/** An engine whose AEADs go through `watch`, which gets the real one and the key. */
export function watchedEngine(watch: (aead: Aead, key: Uint8Array) => Aead, engine: Engine = nativeEngine): Engine {
  return { ...engine, aead: (suite, key) => watch(engine.aead(suite, key), new Uint8Array(key)) };
}
