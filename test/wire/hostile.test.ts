import { expect, test } from "vitest";
import { decodeValue, encodeValue, ValueError } from "../../src/wire/values.ts";
import { hostileCases } from "./hostile-cases.ts";
import { dice, seed, soak } from "./random.ts";
import { same } from "./same.ts";

const MAX_MS = 50;
const MAX_HEAP_BYTES = 50_000_000;
/** A collection of garbage may fall into one: the fastest of a few tries counts. */
const TRIES = 4;

/** Milliseconds of processor time since the process began: unlike a clock, it does not run while other processes do. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/** What came of the bytes, and how much time it took. */
function attempt(bytes: Uint8Array): { value?: unknown; error?: unknown; ms: number; heapBytes: number } {
  const before = process.memoryUsage().heapUsed;
  const start = cpuMs();
  let result: { value?: unknown; error?: unknown };
  try {
    result = { value: decodeValue(bytes) };
  } catch (error) {
    result = { error };
  }
  return { ...result, ms: cpuMs() - start, heapBytes: process.memoryUsage().heapUsed - before };
}

test("case 66: every hostile value is refused or harmless, in less than 50 ms and 50 MB", () => {
  expect(hostileCases.length).toBeGreaterThan(60);
  for (const { name, bytes, fate } of hostileCases) {
    let best = attempt(bytes);
    for (let i = 1; i < TRIES && (best.ms > MAX_MS || best.heapBytes > MAX_HEAP_BYTES); i++) best = attempt(bytes);
    expect(best.ms, name).toBeLessThan(MAX_MS);
    expect(best.heapBytes, name).toBeLessThan(MAX_HEAP_BYTES);
    if (fate === "refused") expect(best.error, name).toBeInstanceOf(ValueError);
    else expect(best.error, name).toBe(undefined);
  }
  expect(Object.keys(Object.prototype)).toEqual([]);
});

test("the largest values that the limits allow decode in bounded time", () => {
  const keys = Object.fromEntries(Array.from({ length: 200_000 }, (_, index) => [`key${index}`, index]));
  const lists = Array.from({ length: 99_999 }, () => [1, 2]);
  for (const value of [keys, lists]) {
    const { error, ms } = attempt(encodeValue(value));
    expect(error).toBe(undefined);
    expect(ms).toBeLessThan(5_000);
  }
});

test("a refusal comes before anything is built, and does not quote the bytes, whatever their size", () => {
  for (const { bytes, fate } of hostileCases) {
    if (fate !== "refused") continue;
    const { error } = attempt(bytes);
    const { message } = error as ValueError;
    expect(message.length).toBeLessThan(120);
    expect(message).toMatch(/malformed|more than/); // by the scanner: nothing was built
  }
});

const INTERESTING = [
  0x00,
  0x7f,
  0x80,
  0x81,
  0x8f,
  0x90,
  0x91,
  0x9f,
  0xa0,
  0xa1,
  0xbf,
  0xe0,
  0xff,
  ...Array.from({ length: 32 }, (_, index) => 0xc0 + index),
];

/** A message, changed in one to four places: bytes flipped, set, inserted, removed, doubled or swapped with another message's. */
function mutate(message: Uint8Array, other: Uint8Array, roll: (below: number) => number): Uint8Array {
  const bytes = [...message];
  for (let changes = 1 + roll(4); changes > 0; changes--) {
    const at = roll(bytes.length + 1);
    switch (roll(7)) {
      case 0:
        if (at < bytes.length) bytes[at] = (bytes[at] as number) ^ (1 << roll(8));
        break;
      case 1:
        if (at < bytes.length) bytes[at] = INTERESTING[roll(INTERESTING.length)] as number;
        break;
      case 2:
        bytes.splice(at, 0, INTERESTING[roll(INTERESTING.length)] as number);
        break;
      case 3:
        bytes.splice(at, 1 + roll(3));
        break;
      case 4:
        bytes.splice(at, 0, ...bytes.slice(at, at + roll(20)));
        break;
      case 5:
        bytes.length = at;
        break;
      default: {
        const from = roll(other.length);
        bytes.splice(at, roll(8), ...other.subarray(from, from + 1 + roll(30)));
      }
    }
  }
  return Uint8Array.from(bytes);
}

test("of 20,000 mutated messages each is refused with a ValueError or decodes to a value that can be sent again", () => {
  const roll = dice(seed);
  const messages = [
    { text: "hello", n: 1, list: [1, 2, 3], deep: { a: { b: [null, true, 1.5] } } },
    [undefined, new Date(5), 5n, -(2n ** 100n), "é🂡", "\ud800x"],
    new Map<unknown, unknown>([
      ["a", new Set([1, "two", new Map([[3, 4]])])],
      [[1], { b: 2 }],
    ]),
    [Uint8Array.of(1, 2, 3), Float32Array.of(1), BigUint64Array.of(5n), Int16Array.of(-1, 2), Uint8ClampedArray.of(9)],
    {
      key: "x".repeat(40),
      long: "y".repeat(300),
      data: new Uint8Array(300),
      many: Array.from({ length: 20 }, (_, index) => index * 1000),
    },
  ].map((value) => encodeValue(value));
  let accepted = 0;
  const start = cpuMs();
  for (let i = 0; i < 20_000 * soak; i++) {
    const bytes = mutate(
      messages[roll(messages.length)] as Uint8Array,
      messages[roll(messages.length)] as Uint8Array,
      roll,
    );
    let value: unknown;
    try {
      value = decodeValue(bytes);
    } catch (error) {
      if (!(error instanceof ValueError))
        throw new Error(`seed ${seed}, ${Buffer.from(bytes).toString("hex")}`, { cause: error });
      continue;
    }
    accepted++;
    if (!same(decodeValue(encodeValue(value)), value))
      throw new Error(`seed ${seed}, ${Buffer.from(bytes).toString("hex")}`);
  }
  expect(accepted).toBeGreaterThan(100);
  expect(cpuMs() - start).toBeLessThan(20_000 * soak);
});
