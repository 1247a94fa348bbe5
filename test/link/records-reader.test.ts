import { expect, test } from "vitest";
import { concat } from "../../src/crypto/bytes.ts";
import { RecordReader } from "../../src/link/records.ts";
import { seeded, seedOfRun, soak } from "../support/seeded.ts";
import { openWhole, pair } from "./records-driver.ts";

/** A record on the wire whose body is `length` bytes of a pattern: the reader does not look into it. */
function fake(length: number, fill: number): Uint8Array {
  const record = new Uint8Array(4 + length).fill(fill);
  new DataView(record.buffer).setUint32(0, length);
  return record;
}

/** All records that are whole. */
function drain(reader: RecordReader): Uint8Array[] {
  const records: Uint8Array[] = [];
  for (let record = reader.next(); record !== undefined; record = reader.next()) {
    records.push(concat([record.lengthPrefix, record.body]));
  }
  return records;
}

test("records come out alike at random cuts, whether read after each chunk or after several", () => {
  const seed = seedOfRun();
  const random = seeded(seed);
  for (let round = 0; round < soak(150); round++) {
    const records = Array.from({ length: 1 + Math.floor(random() * 12) }, (_, i) =>
      fake(17 + Math.floor(random() ** 4 * 3000), i),
    );
    const stream = concat(records);
    const reader = new RecordReader();
    const got: Uint8Array[] = [];
    const scale = 2 + random() ** 3 * 2000;
    for (let at = 0; at < stream.length; ) {
      const end = Math.min(stream.length, at + Math.floor(random() * scale));
      reader.push(stream.subarray(at, end));
      at = end;
      if (random() < 0.7) got.push(...drain(reader));
    }
    got.push(...drain(reader));
    expect(got.length, `seed ${seed}`).toBe(records.length);
    expect(Buffer.compare(concat(got), stream), `seed ${seed}`).toBe(0);
    expect(reader.isInsideRecord).toBe(false);
  }
});

test("a record of 64 KiB in chunks of one byte is assembled, and is the same", () => {
  const record = fake(65_553, 7);
  const reader = new RecordReader();
  for (let i = 0; i < record.length - 1; i++) {
    reader.push(record.subarray(i, i + 1));
    if (reader.next() !== undefined || !reader.isInsideRecord) throw new Error(`whole after ${i + 1} bytes`);
  }
  reader.push(record.subarray(-1));
  const [got] = drain(reader);
  expect(Buffer.compare(got ?? new Uint8Array(0), record)).toBe(0);
  expect(reader.isInsideRecord).toBe(false);
});

test("a record that is whole in its chunk is not copied, and one that is not lies in a buffer of its own", () => {
  const [a, b, c] = [fake(20, 1), fake(30, 2), fake(40, 3)];
  const chunk = concat([a, b, c.subarray(0, 10)]);
  const reader = new RecordReader();
  reader.push(chunk);
  expect(reader.next()?.body.buffer).toBe(chunk.buffer);
  expect(reader.next()?.body.buffer).toBe(chunk.buffer);
  expect(reader.next()).toBeUndefined();
  reader.push(c.subarray(10));
  const last = reader.next();
  expect(last?.body.buffer.byteLength).toBe(44);
  expect(last?.body).toEqual(c.subarray(4));
  const alone = fake(50, 4);
  reader.push(alone);
  expect(reader.next()?.body.buffer).toBe(alone.buffer);
});

test.each([0, 16, 65_554, 0x80000000, 0xffffffff])(
  "case 51: a length of %i is fatal as soon as it is there, and for good",
  (length) => {
    const prefix = new Uint8Array(4);
    new DataView(prefix.buffer).setUint32(0, length);
    for (const chunks of [
      [prefix],
      [prefix.subarray(0, 1), prefix.subarray(1)],
      [concat([fake(17, 1), prefix.subarray(0, 3)]), prefix.subarray(3)],
    ]) {
      const reader = new RecordReader();
      let error: unknown;
      for (const chunk of chunks) {
        reader.push(chunk);
        try {
          drain(reader);
        } catch (thrown) {
          error = thrown;
        }
      }
      expect(error).toMatchObject({ code: "ERR_RECORD" });
      expect((error as Error).message).toContain(String(length));
      reader.push(fake(17, 1));
      expect(() => reader.next()).toThrow(`${length} bytes`);
    }
  },
);

test("case 51: the shortest and the longest record are taken", () => {
  for (const length of [17, 65_553]) {
    const reader = new RecordReader();
    reader.push(fake(length, 5));
    expect(reader.next()?.body.length).toBe(length);
  }
});

test("case 61: sealed records cut at random and glued together open in order", () => {
  const seed = seedOfRun();
  const random = seeded(seed);
  for (const encryption of [true, false]) {
    const { sealer, opener } = pair(encryption);
    const payloads = Array.from({ length: 200 }, (_, i) => new Uint8Array(Math.floor(random() ** 3 * 9000)).fill(i));
    const stream = concat(payloads.map((payload) => sealer.seal(1, [payload])));
    const reader = new RecordReader();
    let opened = 0;
    for (let at = 0; at < stream.length; ) {
      const end = at + 1 + Math.floor(random() ** 2 * 20_000);
      reader.push(stream.subarray(at, end));
      at = end;
      for (const record of drain(reader)) {
        const { payload } = openWhole(opener, record);
        expect(Buffer.compare(payload, payloads[opened++] ?? new Uint8Array(0)), `seed ${seed}`).toBe(0);
      }
    }
    expect(opened).toBe(payloads.length);
  }
});

test("what nobody uses any more is freed, and nothing else, however the records lie in the chunks", () => {
  const seed = seedOfRun();
  const random = seeded(seed);
  let freed = 0;
  for (let round = 0; round < soak(40); round++) {
    const records = Array.from({ length: 12 }, (_, i) => fake(17 + Math.floor(random() ** 2 * 65_000), i));
    const stream = concat(records);
    const isAllDone = round % 4 === 0;
    const reader = new RecordReader();
    const chunks: Uint8Array[] = [];
    const kept: { body: Uint8Array; bytes: Uint8Array }[] = [];
    let count = 0;
    for (let at = 0; at < stream.length; ) {
      const end = Math.min(stream.length, at + 50_000 + Math.floor(random() * 150_000));
      // Now and then two chunks that share a buffer.
      const whole = stream.slice(at, end);
      const cut = random() < 0.3 ? 1 + Math.floor(random() * (whole.length - 1)) : whole.length;
      for (const chunk of [whole.subarray(0, cut), whole.subarray(cut)]) if (chunk.length > 0) reader.push(chunk);
      chunks.push(whole);
      at = end;
      for (let record = reader.next(); record !== undefined; record = reader.next()) {
        const bytes = records[count++] as Uint8Array;
        expect(Buffer.compare(record.body, bytes.subarray(4)), `seed ${seed}`).toBe(0);
        if (isAllDone || random() < 0.5) reader.done();
        else kept.push({ body: record.body, bytes });
      }
    }
    expect(count).toBe(records.length);
    for (const { body, bytes } of kept) expect(Buffer.compare(body, bytes.subarray(4)), `seed ${seed}`).toBe(0);
    freed += chunks.filter(({ length }) => length === 0).length;
  }
  expect(freed, `seed ${seed}`).toBeGreaterThan(soak(40) / 5);
});

test("the buffer in which a record was assembled is freed when the record is done", () => {
  const record = fake(65_553, 3);
  const reader = new RecordReader();
  for (const half of [record.slice(0, 30_000), record.slice(30_000)]) {
    expect(reader.next()).toBeUndefined();
    reader.push(half);
  }
  const { body } = reader.next() ?? expect.fail("no record");
  expect(body.length).toBe(65_553);
  reader.done();
  expect(body.length).toBe(0);
});

test("a chunk is kept while a record in it is, though the records behind are done", () => {
  const reader = new RecordReader();
  const chunk = concat([fake(60_000, 1), fake(60_000, 2)]);
  reader.push(chunk);
  const first = reader.next();
  reader.next();
  reader.done();
  expect(first?.body.length).toBe(60_000);
  reader.push(fake(60_000, 3));
  const { body } = reader.next() ?? expect.fail("no record");
  reader.done();
  expect(body.length, "but not the next one").toBe(0);
});
