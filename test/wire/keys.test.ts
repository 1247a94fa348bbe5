import { expect, test } from "vitest";
import { beginKeys, hashOfBigint, hashOfIndex, hashOfNumber, isByValue, Keys } from "../../src/wire/values-keys.ts";
import { decodeValue, encodeValue } from "../../src/wire/values.ts";
import { seeded, seedOfRun } from "../support/seeded.ts";

const seed = seedOfRun();
console.log(`keys, seed ${seed}`);

const COUNT = 3_000;
const MASK = 2_047; // the buckets of a table of up to 4,096, less one

/** Keys that V8 puts into one bucket. */
function colliding<Key>(keyAt: (index: number) => Key, hash: (key: Key) => number): Key[] {
  const keys: Key[] = [];
  for (let index = 0; keys.length < COUNT; index++) {
    const key = keyAt(index);
    if ((hash(key) & MASK) === 3) keys.push(key);
  }
  return keys;
}

const KINDS: [string, unknown[], unknown[]][] = (
  [
    ["integers", (index: number) => index, hashOfNumber],
    ["negative integers", (index: number) => -1 - index, hashOfNumber],
    ["large integers", (index: number) => 2 ** 33 + index, hashOfNumber],
    ["fractions", (index: number) => 1.5 + index / 1e7, hashOfNumber],
    ["bigints", (index: number) => BigInt(index), hashOfBigint],
    ["negative bigints", (index: number) => -1n - BigInt(index), hashOfBigint],
    ["bigints alike in their lowest 64 bits", (index: number) => (BigInt(index) << 64n) + 5n, hashOfBigint],
  ] as [string, (index: number) => number | bigint, (key: number | bigint) => number][]
).map(([name, keyAt, hash]) => [
  name,
  name.includes("alike") ? Array.from({ length: COUNT }, (_, index) => keyAt(index)) : colliding(keyAt, hash),
  Array.from({ length: COUNT }, (_, index) => (name.includes("alike") ? BigInt(index) : keyAt(index))),
]);

function mapOf(keys: unknown[]): Map<unknown, unknown> {
  return new Map(keys.map((key) => [key, 1]));
}

function leastMs(run: () => void): number {
  let least = Infinity;
  for (let round = 0; round < 5; round++) {
    const startedAt = performance.now();
    run();
    least = Math.min(least, performance.now() - startedAt);
  }
  return least;
}

// When this fails, the engine has other functions by now, and those of values-keys.ts protect nothing.
test.each(KINDS)("the engine really is slow with %s that were chosen to collide", (_name, chosen, plain) => {
  expect(leastMs(() => new Set(chosen))).toBeGreaterThan(10 * leastMs(() => new Set(plain)));
});

test.each(KINDS)(
  "%s that were chosen to collide are refused as keys, before anything is built of them",
  (_name, chosen, plain) => {
    for (const value of [new Set(chosen), mapOf(chosen), { a: [mapOf(chosen)] }])
      expect(() => decodeValue(encodeValue(value))).toThrow("chosen to collide");
    expect(decodeValue(encodeValue(new Set(plain)))).toEqual(new Set(plain));
    expect(decodeValue(encodeValue(mapOf(plain)))).toEqual(mapOf(plain));
  },
);

/** Texts that are array indices, each made anew, so that none has its hash yet. */
function indices(count: number, step: number): string[] {
  return Array.from({ length: count }, (_, at) => Buffer.from(String((at + 1) * step)).toString());
}

function msOfIndices(step: number): number {
  const lists = Array.from({ length: 5 }, () => indices(8_000, step));
  return leastMs(() => new Set(lists.pop()));
}

/** As they are counted where texts are. */
function meet(keys: readonly unknown[]): void {
  beginKeys();
  const counted = new Keys(keys.length, true);
  for (const key of keys) counted.add(key);
}

// When this fails, isByValue is wrong about this engine.
test("the engine is slow with texts of digits that were chosen to collide where we count them, and nowhere else", () => {
  expect(msOfIndices(65_536) > 25 * msOfIndices(3)).toBe(isByValue(process.versions.node));
});

test.each([
  ["20.11.0", true],
  ["20.20.1", true],
  ["20.20.2", false],
  ["20.21.0", false],
  ["21.7.3", true],
  ["22.22.1", true],
  ["22.22.2", false],
  ["23.11.0", true],
  ["24.14.0", true],
  ["24.14.1", false],
  ["25.8.1", true],
  ["25.8.2", false],
  ["26.0.0", false],
])("Node %s hashes array indices in texts by their value: %s", (version, is) => {
  expect(isByValue(version)).toBe(is);
});

test("where they are counted, texts of digits that were chosen to collide are refused; even steps, other texts and a few pass", () => {
  const chosen = indices(8_000, 65_536);
  expect(() => meet(chosen)).toThrow("chosen to collide");
  expect(() => meet(chosen.slice(0, 2_000))).not.toThrow();
  for (const step of [1, 1_000, 3_600, 10_000, 86_400])
    expect(() => meet(indices(Math.min(100_000, Math.floor(2 ** 32 / step) - 1), step)), String(step)).not.toThrow();
  expect(() => meet(chosen.map((text) => `${text}x`))).not.toThrow();
  for (const text of ["", "01", "4294967295", "12345678901", "1a", "-1", "1.5"])
    expect(hashOfIndex(text)).toBeUndefined();
  expect([hashOfIndex("0"), hashOfIndex("4294967294")]).toEqual([1 << 24, (2 ** 30 - 2) | (10 << 24)]);
});

test("many small Maps and Sets of such keys are refused too, and the next value is read as if nothing had been", () => {
  const [, chosen] = KINDS[0] as (typeof KINDS)[0];
  const many = Array.from({ length: 500 }, (_, at) => new Set(chosen.slice(at * 5, at * 5 + 300)));
  expect(() => decodeValue(encodeValue(many))).toThrow("chosen to collide");
  expect(decodeValue(encodeValue(new Set(chosen.slice(0, 300))))).toEqual(new Set(chosen.slice(0, 300)));
});

test("keys that nobody chose pass: in order, in steps, by chance, as times and as floats, many at once", () => {
  const chance = seeded(seed);
  const count = 30_000;
  const kinds: ((index: number) => unknown)[] = [
    (index) => index,
    (index) => -index,
    (index) => index * 4_096,
    (index) => index * 1_000_003,
    (index) => 1_700_000_000_000 + index * 1_000,
    (index) => index / 8,
    () => chance() * 2 ** 53,
    () => Math.floor(chance() * 2 ** 32),
    (index) => BigInt(index) << 20n,
    (index) => BigInt(index) * 1_000_000_007n,
    (index) => `${index}`,
  ];
  for (const keyAt of kinds) {
    const keys = new Set(Array.from({ length: count }, (_, index) => keyAt(index)));
    expect((decodeValue(encodeValue(keys)) as Set<unknown>).size).toBe(keys.size);
    const map = new Map([...keys].slice(0, count / 2).map((key) => [key, 0]));
    expect((decodeValue(encodeValue(map)) as Map<unknown, unknown>).size).toBe(map.size);
  }
  const large = Array.from({ length: 4 }, () => new Set(Array.from({ length: 200_000 }, () => chance())));
  expect((decodeValue(encodeValue(large)) as Set<unknown>[]).map(({ size }) => size)).toEqual(
    large.map(({ size }) => size),
  );
});
