import * as fc from "fast-check";
import { expect, test } from "vitest";
import { decodeGiven, decodeValue, encodeAfter, encodeValue } from "../../src/wire/values.ts";
import { naiveDecode } from "./naive-decoder.ts";
import { anyValue, seed, soak } from "./random.ts";
import { hexOf, same } from "./same.ts";

const roundTrip = (value: unknown): unknown => decodeValue(encodeValue(value));

test("random values of every type arrive exactly, and a naive decoder reads the same bytes", () => {
  fc.assert(
    fc.property(anyValue, (value) => {
      const bytes = encodeValue(value);
      expect(same(decodeValue(bytes), value)).toBe(true);
      expect(same(naiveDecode(bytes), value)).toBe(true);
      expect(hexOf(encodeValue(decodeValue(bytes)))).toBe(hexOf(bytes));
    }),
    { seed, numRuns: 150 * soak },
  );
});

test("values of every size around a header's limits arrive exactly", () => {
  for (const size of [0, 1, 15, 16, 23, 24, 25, 31, 32, 85, 86, 127, 128, 255, 256, 16_383, 16_384, 65_535, 65_536]) {
    for (const letter of ["a", "é", "日", "🂡", "\ud800"]) {
      expect(roundTrip(letter.repeat(size))).toBe(letter.repeat(size));
      expect(roundTrip({ [`k${letter.repeat(size)}`]: size })).toEqual({ [`k${letter.repeat(size)}`]: size });
    }
    if (size > 256 && size !== 65_536) continue;
    const list = Array.from({ length: size }, (_, index) => index);
    for (const value of [
      new Uint8Array(size).fill(7),
      new Float64Array(size).fill(1.5),
      list,
      new Set(list),
      new Map(list.map((index) => [index, { index }])),
      Object.fromEntries(list.map((index) => [`key ${index}`, index])),
    ]) {
      expect(same(roundTrip(value), value)).toBe(true);
    }
  }
});

test("large texts and binaries at any depth stand in the right places", () => {
  const value = {
    before: 1,
    file: new Uint8Array(100_000).map((_, index) => index * 7),
    text: "grüße ".repeat(20_000),
    deep: new Map<unknown, unknown>([
      [new Set([new Float32Array(9_000).fill(0.5), "x"]), [new Uint8Array(16_384).fill(1), 2]],
    ]),
    after: [3],
  };
  const bytes = encodeAfter(5, value);
  expect(hexOf(bytes.subarray(0, 5))).toBe("0000000000");
  expect(same(decodeValue(bytes, 5), value)).toBe(true);
  expect(same(naiveDecode(bytes.subarray(5)), value)).toBe(true);
});

test("no value at all is undefined, and takes no bytes", () => {
  expect(encodeValue(undefined).length).toBe(0);
  expect(decodeValue(new Uint8Array(0))).toBe(undefined);
  expect(hexOf(encodeAfter(2, undefined))).toBe("0000");
  expect(decodeValue(new Uint8Array(2), 2)).toBe(undefined);
});

test("the header's bytes are free, and the value begins behind them", () => {
  for (const headerBytes of [0, 1, 12, 40_000]) {
    const bytes = encodeAfter(headerBytes, { a: 1 });
    expect(bytes.length).toBe(headerBytes + 4);
    expect(bytes.subarray(0, headerBytes).every((byte) => byte === 0)).toBe(true);
    bytes.fill(0xff, 0, headerBytes);
    expect(decodeValue(bytes, headerBytes)).toEqual({ a: 1 });
  }
});

test("bigints of any few bytes are read, as others may write them", () => {
  for (let length = 1; length <= 9; length++) {
    const most = 2n ** BigInt(length * 8 - 1) - 1n;
    for (const value of [0n, 1n, -1n, most, -most, -most - 1n, most / 3n, -most / 5n]) {
      const hex = BigInt.asUintN(length * 8, value)
        .toString(16)
        .padStart(length * 2, "0");
      expect(decodeValue(Buffer.from(`c70${length}02${hex}`, "hex"))).toBe(value);
    }
  }
});

test("encoded bytes are nobody else's: later values do not change them, nor does changing the value", () => {
  const kept = Array.from({ length: 3_000 }, (_, index) => {
    const data = new Uint8Array(index % 40).fill(index);
    const value = { index, data, text: "t".repeat(index % 300) };
    const bytes = encodeAfter(4, value);
    bytes.fill(0xee, 0, 4);
    data.fill(0);
    return bytes;
  });
  for (const [index, bytes] of kept.entries()) {
    const value = { index, data: new Uint8Array(index % 40).fill(index), text: "t".repeat(index % 300) };
    expect(hexOf(bytes.subarray(0, 4))).toBe("eeeeeeee");
    expect(same(decodeValue(bytes, 4), value)).toBe(true);
  }
});

test("a large value's bytes share no memory with it", () => {
  const data = new Uint8Array(200_000).fill(1);
  const bytes = encodeValue([data]);
  data.fill(2);
  expect((decodeValue(bytes) as [Uint8Array])[0].every((byte) => byte === 1)).toBe(true);
});

test("a decoded binary has memory of its own, also from a Buffer of a pool", () => {
  for (const size of [3, 33, 5_000, 100_000]) {
    const pooled = Buffer.concat([encodeValue([new Uint8Array(size).fill(1), new Int16Array(size).fill(2)])]);
    const [bytes, shorts] = decodeValue(pooled) as [Uint8Array, Int16Array];
    pooled.fill(9);
    expect(bytes.every((byte) => byte === 1)).toBe(true);
    expect(shorts.every((short) => short === 2)).toBe(true);
    expect(bytes.constructor).toBe(Uint8Array);
    expect(bytes.buffer.byteLength).toBe(size);
  }
});

test("only a large binary of bytes that were given away is a view of them", () => {
  const given = Uint8Array.from(encodeValue({ file: new Uint8Array(100_000).fill(1) }));
  expect((decodeGiven(given) as { file: Uint8Array }).file.buffer).toBe(given.buffer);
  const small = Uint8Array.from(encodeValue({ file: new Uint8Array(10_000).fill(1) }));
  expect((decodeGiven(small) as { file: Uint8Array }).file.buffer).not.toBe(small.buffer);
  const minor = Uint8Array.from(encodeValue({ file: new Uint8Array(70_000), rest: new Uint8Array(200_000) }));
  expect((decodeGiven(minor) as { file: Uint8Array }).file.buffer).not.toBe(minor.buffer);
  expect((decodeValue(given) as { file: Uint8Array }).file.buffer).not.toBe(given.buffer);
});

test("a value that encodes another value while it is read does not disturb it", () => {
  const inner: Uint8Array[] = [];
  const value = {
    before: "x".repeat(50),
    get middle() {
      inner.push(encodeValue({ inner: "y".repeat(20_000) }), encodeValue([1, 2, 3]));
      return 5;
    },
    after: "z".repeat(50),
  };
  expect(roundTrip(value)).toEqual({ before: "x".repeat(50), middle: 5, after: "z".repeat(50) });
  expect(inner.map((bytes) => decodeValue(bytes))).toEqual([{ inner: "y".repeat(20_000) }, [1, 2, 3]]);
});

test("a failed value leaves nothing behind in the next one", () => {
  const good = { list: [1, "two", new Map([[3, "x".repeat(30)]])] };
  const expected = hexOf(encodeAfter(6, good));
  for (const bad of [
    { a: "x".repeat(5_000), b: () => 1 },
    new Map([[1, { b: Symbol("s") }]]),
    { file: new Uint8Array(50_000).fill(255), wrong: new DataView(new ArrayBuffer(1)) },
    ["ÿ".repeat(9_000), Promise.resolve()],
  ]) {
    expect(() => encodeValue(bad)).toThrow("can't be sent");
    expect(hexOf(encodeAfter(6, good))).toBe(expected);
  }
});

test("objects without a prototype, holes, getters and index keys arrive as plain data", () => {
  const bare = Object.assign(Object.create(null) as object, { a: 1 });
  expect(roundTrip(bare)).toStrictEqual({ a: 1 });
  // oxlint-disable-next-line no-sparse-arrays
  expect(roundTrip([1, , 3])).toStrictEqual([1, undefined, 3]);
  expect(roundTrip({ get a() { return 2; } })).toStrictEqual({ a: 2 }); // biome-ignore format: one line
  expect(roundTrip({ 5: "five", 1: "one", b: undefined })).toStrictEqual({ 1: "one", 5: "five", b: undefined });
  // oxlint-disable-next-line unicorn/no-thenable
  const named = { constructor: 1, toString: 2, then: 3 };
  expect(roundTrip({ ...named, [Symbol("s")]: 4 })).toStrictEqual(named);
});
