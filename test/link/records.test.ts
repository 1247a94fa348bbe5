import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { concat } from "../../src/crypto/bytes.ts";
import type { Suite } from "../../src/crypto/engine.ts";
import { hkdfExpand } from "../../src/crypto/hkdf.ts";
import {
  createOpener,
  createSealer,
  MAX_BOX_BYTES,
  MAX_PAYLOAD_BYTES,
  type RecordOpener,
} from "../../src/link/records.ts";
import { engines } from "../crypto/engines.ts";
import { seeded, seedOfRun, soak } from "../support/seeded.ts";
import { crp1 } from "../vectors/crp1.ts";
import { hex, toHex } from "../vectors/load.ts";
import { flipBit } from "./handshake-driver.ts";
import { openWhole, pair, secrets, watchedEngine } from "./records-driver.ts";

const modes = [
  [true, 1],
  [true, 2],
  [false, 1],
  [false, 2],
] as const satisfies readonly (readonly [boolean, Suite])[];

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Three sealed records and their opener. */
function threeRecords(
  encryption: boolean,
  suite: Suite,
): { opener: RecordOpener; records: [Uint8Array, Uint8Array, Uint8Array] } {
  const { sealer, opener } = pair(encryption, suite);
  const record = (n: number) => sealer.seal(1, [Uint8Array.of(n)]);
  return { opener, records: [record(0), record(1), record(2)] };
}

const isIn = (needle: Uint8Array, hay: Uint8Array): boolean => toHex(hay).includes(toHex(needle));

describe.each(modes)("encryption %s, suite %i", (encryption, suite) => {
  test("payloads of every size class come back, in any parts, from either engine to the other", () => {
    const seed = seedOfRun();
    const random = seeded(seed);
    for (const [from, to] of [engines, [...engines].toReversed()] as const) {
      const sealer = createSealer(from, suite, encryption, secrets());
      const opener = createOpener(to, suite, encryption, secrets());
      for (const size of [
        0,
        1,
        15,
        16,
        17,
        255,
        4095,
        4096,
        4097,
        10_000,
        ...(from === to ? [] : [MAX_PAYLOAD_BYTES]),
      ]) {
        const payload = Uint8Array.from({ length: size }, () => random() * 256);
        const parts: Uint8Array[] = [];
        for (let at = 0; at < size; ) {
          const end = Math.min(size, at + Math.ceil(random() * 6000));
          parts.push(payload.subarray(at, end));
          at = end;
        }
        const type = Math.floor(random() * 256);
        const opened = openWhole(opener, sealer.seal(type, parts));
        expect(opened.type).toBe(type);
        expect(Buffer.compare(opened.payload, payload), `seed ${seed}, size ${size}`).toBe(0);
      }
    }
  });

  test("case 65: a record is all of a buffer of its own, written to the last byte", () => {
    Buffer.allocUnsafe(Buffer.poolSize >>> 1).fill(0xee);
    const { sealer } = pair(encryption, suite);
    for (const size of [0, 1, 100, 3000, 5000, MAX_PAYLOAD_BYTES]) {
      const record = sealer.seal(1, [new Uint8Array(size)]);
      expect(record.buffer.byteLength).toBe(record.length);
      expect(record.length).toBe(4 + 1 + size + 16);
      const box = sealer.box(new Uint8Array(Math.min(size, MAX_BOX_BYTES)));
      expect(box.buffer.byteLength).toBe(box.length);
    }
  });

  test("case 50: every flip of one bit in length, type, payload or tag is fatal, and so is a changed box", () => {
    const record = pair(encryption, suite).sealer.seal(1, [ascii("payload")]);
    const box = pair(encryption, suite).sealer.box(ascii("secret"));
    let flips = 0;
    for (let bit = 0; bit < record.length * 8; bit++, flips++) {
      const { opener } = pair(encryption, suite);
      expect(() => openWhole(opener, flipBit(record, bit))).toThrow("does not open");
    }
    for (let bit = 0; bit < box.length * 8; bit++, flips++) {
      const { opener } = pair(encryption, suite);
      expect(() => opener.unbox(flipBit(box, bit))).toThrow("does not open");
    }
    expect(flips).toBe((4 + 1 + 7 + 16 + 6 + 16) * 8);
  });

  test("case 52: a record replayed, swapped with the next or dropped is fatal", () => {
    const replay = threeRecords(encryption, suite);
    openWhole(replay.opener, replay.records[0]);
    expect(() => openWhole(replay.opener, replay.records[0])).toThrow("does not open");
    const swap = threeRecords(encryption, suite);
    expect(() => openWhole(swap.opener, swap.records[1])).toThrow("does not open");
    const drop = threeRecords(encryption, suite);
    openWhole(drop.opener, drop.records[0]);
    expect(() => openWhole(drop.opener, drop.records[2])).toThrow("does not open");
  });

  test("case 53: a record or box of the other direction is fatal", () => {
    const there = pair(encryption, suite, engines[0], 3);
    const back = pair(encryption, suite, engines[0], 4);
    expect(() => openWhole(back.opener, there.sealer.seal(1, [ascii("x")]))).toThrow("does not open");
    expect(() => there.opener.unbox(back.sealer.box(ascii("x")))).toThrow("does not open");
  });

  test("cases 56 and 91: after one forged record or box nothing opens, not even what is valid", () => {
    const { sealer, opener } = pair(encryption, suite);
    const valid = sealer.seal(1, [ascii("x")]);
    const box = sealer.box(ascii("y"));
    expect(() => openWhole(opener, flipBit(valid, 50))).toThrow("does not open");
    expect(() => openWhole(opener, valid)).toThrow("nothing any more");
    expect(() => opener.unbox(box)).toThrow("nothing any more");
    const other = pair(encryption, suite).opener;
    expect(() => other.unbox(box.subarray(0, 15))).toThrow("does not open");
    expect(() => openWhole(other, valid)).toThrow("nothing any more");
  });

  test("case 91: a box copied or swapped with the next one is fatal", () => {
    const { sealer, opener } = pair(encryption, suite);
    const [first, second] = [sealer.box(ascii("1")), sealer.box(ascii("2"))];
    expect(opener.unbox(first)).toEqual(ascii("1"));
    expect(() => opener.unbox(first)).toThrow("does not open");
    expect(() => pair(encryption, suite).opener.unbox(second)).toThrow("does not open");
  });

  test("a body shorter than type and tag is fatal", () => {
    // Made with the right key: a member of the network may be hostile too.
    const [engine] = engines;
    const prefix = Uint8Array.of(0, 0, 0, 16);
    const body = new Uint8Array(16);
    engine
      .aead(suite, hkdfExpand(engine, secrets().records, "CRP1 key", 32))
      .seal(new Uint8Array(12), prefix, [], body, 0);
    expect(() => pair(encryption, suite).opener.open(prefix, body)).toThrow("does not open");
  });

  test("what is too large or of no type is refused before a nonce is spent, and the largest goes through", () => {
    const { sealer, opener } = pair(encryption, suite);
    expect(() => sealer.seal(1, [new Uint8Array(MAX_PAYLOAD_BYTES), Uint8Array.of(1)])).toThrow(RangeError);
    expect(() => sealer.box(new Uint8Array(MAX_BOX_BYTES + 1))).toThrow(RangeError);
    expect(() => sealer.seal(256, [])).toThrow(RangeError);
    const record = sealer.seal(5, [sealer.box(new Uint8Array(MAX_BOX_BYTES))]);
    expect(opener.unbox(openWhole(opener, record).payload).length).toBe(MAX_BOX_BYTES);
  });

  test("a wiped half does nothing more", () => {
    const { sealer, opener } = pair(encryption, suite);
    const record = sealer.seal(1, []);
    sealer.wipe();
    opener.wipe();
    expect(() => sealer.seal(1, [])).toThrow("wiped");
    expect(() => sealer.box(new Uint8Array(0))).toThrow("wiped");
    expect(() => openWhole(opener, record)).toThrow("nothing any more");
  });

  test("the big record of the vectors comes out byte for byte on both engines", () => {
    const big = crp1.big.find((b) => b.encrypt === encryption && (b.suite ?? 1) === suite);
    for (const engine of engines) {
      // The vector gives the key itself, not the secret that it comes from.
      const keyed = { ...engine, aead: (id: Suite) => engine.aead(id, hex(big?.key ?? "")) };
      const record = createSealer(keyed, suite, encryption, secrets()).seal(big?.type ?? 0, [
        new Uint8Array(65_536).fill(0x61),
      ]);
      expect([toHex(record.subarray(0, 4)), toHex(record.subarray(-16))]).toEqual([big?.header, big?.tag]);
      expect(createHash("sha512").update(record).digest("hex")).toBe(big?.sha512);
      const opened = openWhole(createOpener(keyed, suite, encryption, secrets()), record);
      expect(opened.payload.every((byte) => byte === 0x61)).toBe(true);
    }
  });
});

test("cases 62 and 63: with encryption off the payload is readable and boxes are not; with it on neither is", () => {
  const [payload, secret] = [ascii("everybody may read this"), ascii("ticket bytes, for two alone")];
  const off = pair(false).sealer;
  const on = pair(true).sealer;
  expect(isIn(payload, off.seal(1, [payload]))).toBe(true);
  expect(isIn(payload, on.seal(1, [payload]))).toBe(false);
  for (const sealer of [off, on]) expect(isIn(secret.subarray(0, 8), sealer.seal(5, [sealer.box(secret)]))).toBe(false);
});

test("if sealing fails half-way the nonce is never used again", () => {
  const broken = watchedEngine((aead) => ({
    ...aead,
    seal: () => {
      throw new Error("out of memory");
    },
    wipe: () => aead.wipe(),
  }));
  const sealer = createSealer(broken, 2, true, secrets());
  expect(() => sealer.seal(1, [])).toThrow("out of memory");
  expect(() => sealer.seal(1, [])).toThrow("wiped");
});

test("random records stay closed to random changes of any length", () => {
  const seed = seedOfRun();
  const random = seeded(seed);
  const below = (n: number) => Math.floor(random() * n);
  for (let round = 0; round < soak(300); round++) {
    const [encryption, suite] = modes[below(4)] ?? modes[0];
    const record = pair(encryption, suite).sealer.seal(below(256), [
      Uint8Array.from({ length: below(60) }, () => below(256)),
    ]);
    const cut = below(record.length);
    const changed = [
      record.subarray(0, record.length - 1 - below(3)),
      concat([record, Uint8Array.of(below(256))]),
      concat([record.subarray(0, cut), Uint8Array.of(below(256)), record.subarray(cut)]),
      concat([record.subarray(0, 4), record.subarray(5)]),
    ][below(4)] as Uint8Array;
    expect(() => openWhole(pair(encryption, suite).opener, changed), `seed ${seed}`).toThrow();
  }
});
