import { scan } from "../../../src/wire/scan.ts";
import { readValue } from "../../../src/wire/values-decode.ts";
import { DEFAULT_VALUE_LIMITS } from "../../../src/wire/values-limits.ts";
import { ANY_MEMORY } from "../../../src/wire/values-memory.ts";
import { decodeGiven, decodeValue, encodeValue, ValueError } from "../../../src/wire/values.ts";
import { hostileCases } from "../../wire/hostile-cases.ts";
import { naiveDecode } from "../../wire/naive-decoder.ts";
import { same } from "../../wire/same.ts";
import { varyValue } from "../vary-value.ts";
import { must, outcomeOf, type Target, wordsOf } from "../target.ts";

const VALUES: readonly unknown[] = [
  { text: "hello", n: 1, list: [1, 2, 3], deep: { a: { b: [null, true, 1.5] } } },
  [undefined, new Date(5), new Date(Number.NaN), 5n, -(2n ** 100n), "é🂡", "\ud800x", -0, Number.NaN, Infinity],
  new Map<unknown, unknown>([
    ["a", new Set([1, "two", new Map([[3, 4]])])],
    [[1], { b: 2 }],
  ]),
  [Uint8Array.of(1, 2, 3), Float32Array.of(1), BigUint64Array.of(5n), Int16Array.of(-1, 2), Uint8ClampedArray.of(9)],
  {
    key: "x".repeat(40),
    long: "y".repeat(300),
    data: new Uint8Array(300),
    many: Array.from({ length: 20 }, (_, index) => index * 1_000),
  },
  { constructor: 1, prototype: { toString: 2 }, __proto: 3, "": 4 },
];

/** A value of a message. */
export const target: Target = {
  samples: [
    ...[
      "c60000000107",
      "dd0000000101",
      "de0001a16101",
      "df00000001a16101",
      "c800010200",
      "c90000000102ff",
      "db0000000161",
    ].map((hex) => Buffer.from(hex, "hex")),
    ...VALUES.map((value) => encodeValue(value)),
    ...hostileCases.map(({ bytes }) => bytes).filter(({ length }) => length < 2_048),
  ],
  words: [
    ...[
      undefined,
      null,
      true,
      0,
      -1,
      2 ** 40,
      5n,
      new Date(0),
      "",
      "__proto__",
      "constructor",
      new Map(),
      new Set(),
      [],
      {},
      new Uint8Array(1),
    ].map((value) => encodeValue([value]).subarray(1)),
    Buffer.from("c9ffffffff03", "hex"),
    Buffer.from("df00010000", "hex"),
    Buffer.from("dd7fffffff", "hex"),
  ],
  vary: (input, roll) => varyValue(input, 0, roll),
  run(input) {
    const scanned = outcomeOf(
      () => (input.length === 0 ? 0 : scan(input, 0, input.length, DEFAULT_VALUE_LIMITS, ANY_MEMORY)),
      ValueError,
    );
    const decoded = outcomeOf(() => decodeValue(input), ValueError);
    must(
      (scanned.error === undefined) === (decoded.error === undefined),
      "scanned and not decoded, or decoded and not scanned",
    );
    if (decoded.error !== undefined) {
      must(decoded.error.message.length < 120, "a long error");
      return wordsOf(decoded.error);
    }
    const { value } = decoded;
    must(same(naiveDecode(input), value), "another value than a plain decoder reads");
    if (input.length > 0) must(same(readValue(input, 0, false), value), "another value without the scan");
    must(same(decodeGiven(Uint8Array.from(input)), value), "another value when the bytes are given away");
    const again = encodeValue(value);
    must(same(decodeValue(again), value), "another value when it is encoded and decoded again");
    must(Buffer.from(encodeValue(decodeValue(again))).equals(again), "two encodings of one value");
    return shapeOf(value, 0);
  },
};

function shapeOf(value: unknown, depth: number): string {
  if (value instanceof Map) return depth > 2 ? "M" : `M${shapeOf([...value].flat(), depth)}`;
  if (value instanceof Set) return depth > 2 ? "S" : `S${shapeOf([...value], depth)}`;
  if (Array.isArray(value))
    return depth > 2
      ? "A"
      : `[${value
          .slice(0, 2)
          .map((one) => shapeOf(one, depth + 1))
          .join("")}]`;
  return Object.prototype.toString.call(value).slice(8, 12);
}
