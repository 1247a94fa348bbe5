import { expect, test } from "vitest";
import { hashOfBigint, hashOfNumber } from "../../src/wire/values-keys.ts";
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
