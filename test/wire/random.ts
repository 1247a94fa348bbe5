import * as fc from "fast-check";

/** How many times the usual work a test does: 1, or what SOAK says. */
export const soak = Math.max(1, Number(process.env.SOAK ?? 1));

/** The seed of this run, printed, so that a failure can be had again with SEED=... */
export const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
console.log(`seed ${seed}`);

/** Pseudo-random integers below a bound, the same for the same seed (xorshift32). */
export function dice(from: number): (below: number) => number {
  let state = from | 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const halfPairs = fc
  .array(fc.integer({ min: 0xd7fe, max: 0xe001 }), { maxLength: 6 })
  .map((units) => String.fromCharCode(...units));
const text = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.string({ unit: "binary", maxLength: 300, size: "max" }),
  fc.string({ minLength: 250, maxLength: 300, size: "max" }),
  halfPairs,
);
const number = fc.oneof(
  fc.integer(),
  fc.integer({ min: -200, max: 300 }),
  fc.integer({ min: -70_000, max: 70_000 }),
  fc.maxSafeInteger(),
  fc.double(),
  fc.float(),
  fc.constantFrom(
    0,
    -0,
    NaN,
    Infinity,
    -Infinity,
    2 ** 31,
    2 ** 32 - 1,
    2 ** 32,
    -(2 ** 31),
    -(2 ** 31) - 1,
    2 ** 53,
    -(2 ** 53),
    2 ** 64,
    5e-324,
  ),
);
const bigint = fc.oneof(
  fc.bigInt(),
  fc.bigInt({ min: -300n, max: 300n }),
  fc
    .integer({ min: 0, max: 1000 })
    .chain((bytes) => fc.constantFrom(1n, 2n, 3n).map((odd) => (1n << BigInt(bytes * 8)) * odd - 1n)),
  fc
    .integer({ min: 0, max: 8190 })
    .chain((bits) =>
      fc.constantFrom(1n << BigInt(bits), -(1n << BigInt(bits)), (1n << BigInt(bits)) - 1n, ~(1n << BigInt(bits)) + 2n),
    ),
);
const date = fc.oneof(
  fc.date({ noInvalidDate: false }),
  fc.constantFrom(8.64e15, -8.64e15, 0, -1, NaN, 1e12 + 0.5).map((ms) => new Date(ms)),
);
const binary = fc.oneof(
  fc.uint8Array({ maxLength: 300, size: "max" }),
  fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  fc.int8Array(),
  fc.uint8ClampedArray(),
  fc.int16Array(),
  fc.uint16Array(),
  fc.int32Array(),
  fc.uint32Array(),
  fc.float32Array(),
  fc.float64Array(),
  fc.bigInt64Array(),
  fc.bigUint64Array(),
  fc.float64Array({ minLength: 2 }).map((all) => all.subarray(1)),
);

/** Values of every type that can be sent, inside each other. */
export const anyValue: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, depthSize: "small" },
    fc.oneof(text, number, bigint, date, binary, fc.constantFrom(null, undefined, true, false)),
    fc.array(tie("value"), { maxLength: 20 }),
    fc.dictionary(
      fc.oneof(fc.string({ maxLength: 20 }), text).filter((key) => key !== "__proto__"),
      tie("value"),
      { maxKeys: 20 },
    ),
    fc.array(fc.tuple(tie("value"), tie("value")), { maxLength: 20 }).map((entries) => new Map(entries)),
    fc.array(tie("value"), { maxLength: 20 }).map((members) => new Set(members)),
  ),
})).value;
