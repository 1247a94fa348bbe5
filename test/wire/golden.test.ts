import { Packr } from "msgpackr";
import { expect, test } from "vitest";
import { decodeValue, encodeValue } from "../../src/wire/values.ts";
import { naiveDecode } from "./naive-decoder.ts";
import { hexOf, same } from "./same.ts";

const typedArrays: [unknown, string][] = [
  [Uint8Array.of(1, 2, 255), "c403 0102ff"],
  [new Uint8Array(0), "c400"],
  [Buffer.from("ab"), "c402 6162"],
  [Int8Array.of(-1, 1), "c70210 ff01"],
  [Uint8ClampedArray.of(300), "c70111 ff"],
  [Int16Array.of(-2), "c70212 feff"],
  [Uint16Array.of(0x1234), "c70213 3412"],
  [Int32Array.of(-2), "c70414 feffffff"],
  [Uint32Array.of(0x12345678), "c70415 78563412"],
  [Float32Array.of(1.5, -0), "c70816 0000c03f 00000080"],
  [Float64Array.of(1.5), "c70817 000000000000f83f"],
  [new Float64Array(0), "c70017"],
  [BigInt64Array.of(-2n), "c70818 feffffffffffffff"],
  [BigUint64Array.of(1n), "c70819 0100000000000000"],
];

const golden: [unknown, string][] = [
  [null, "c0"],
  [false, "c2"],
  [true, "c3"],
  [[undefined], "91 d40000"],
  [0, "00"],
  [-0, "cb 8000000000000000"],
  [127, "7f"],
  [128, "cc80"],
  [255, "ccff"],
  [256, "cd0100"],
  [65_535, "cdffff"],
  [65_536, "ce00010000"],
  [2 ** 32 - 1, "ceffffffff"],
  [2 ** 32, "cb 41f0000000000000"],
  [-1, "ff"],
  [-32, "e0"],
  [-33, "d0df"],
  [-128, "d080"],
  [-129, "d1ff7f"],
  [-32_768, "d18000"],
  [-32_769, "d2ffff7fff"],
  [-(2 ** 31), "d280000000"],
  [-(2 ** 31) - 1, "cb c1e0000000200000"],
  [Number.MAX_SAFE_INTEGER, "cb 433fffffffffffff"],
  [1.5, "cb 3ff8000000000000"],
  [NaN, "cb 7ff8000000000000"],
  [Infinity, "cb 7ff0000000000000"],
  [-Infinity, "cb fff0000000000000"],
  ["", "a0"],
  ["a", "a161"],
  ["é", "a2c3a9"],
  ["🂡", "a4f09f82a1"],
  ["x".repeat(32), `d920${"78".repeat(32)}`],
  ["x".repeat(256), `da0100${"78".repeat(256)}`],
  ["\ud83c", "c70205 3cd8"],
  ["a\udca1", "c70405 6100a1dc"],
  [[], "90"],
  [[1, [2]], "92 01 91 02"],
  [Array.from({ length: 16 }, () => 1), `dc0010${"01".repeat(16)}`],
  [{}, "80"],
  [{ a: 1, "": null }, "82 a161 01 a0 c0"],
  [{ "\udc00": 1 }, "81 c7020500dc 01"],
  [new Date(0), "d701 0000000000000000"],
  [new Date(1_700_000_000_123), "d701 4278bcfe5687b000"],
  [new Date(8.64e15), "d701 433eb208c2dc0000"],
  [new Date(NaN), "d701 7ff8000000000000"],
  [0n, "d702 0000000000000000"],
  [-1n, "d702 ffffffffffffffff"],
  [2n ** 63n - 1n, "d702 7fffffffffffffff"],
  [-(2n ** 63n), "d702 8000000000000000"],
  [2n ** 63n, "c70902 008000000000000000"],
  [-(2n ** 63n) - 1n, "c70902 ff7fffffffffffffff"],
  [2n ** 71n - 1n, "c70902 7fffffffffffffffff"],
  [2n ** 71n, "c70a02 00800000000000000000"],
  [-(2n ** 71n), "c70902 800000000000000000"],
  [2n ** 67n, "c70902 080000000000000000"],
  [new Map(), "c900000001 03 80"],
  [
    new Map<unknown, unknown>([
      [1, "a"],
      [[], -0],
    ]),
    "c90000000e 03 82 01a161 90cb8000000000000000",
  ],
  [new Set(), "c900000001 04 90"],
  [new Set([1, "a"]), "c900000004 04 92 01 a161"],
  [new Set([new Map([[1, new Set()]])]), "c900000010 04 91 c900000009 03 81 01 c900000001 04 90"],
  ...typedArrays,
];

test("every type has the bytes that the table of tags says", () => {
  for (const [value, hex] of golden) {
    const expected = hex.replaceAll(" ", "");
    expect(hexOf(encodeValue(value))).toBe(expected);
    expect(same(decodeValue(Buffer.from(expected, "hex")), value)).toBe(true);
    expect(same(naiveDecode(Buffer.from(expected, "hex")), value)).toBe(true);
  }
});

test("other MessagePack forms of a value are read too: longer headers, float32, 64-bit integers", () => {
  const forms: [string, unknown][] = [
    ["cc01", 1],
    ["d001", 1],
    ["d2ffffffff", -1],
    ["ca3fc00000", 1.5],
    ["cf0000000000000005", 5],
    ["cf001fffffffffffff", Number.MAX_SAFE_INTEGER],
    ["d3fffffffffffffffb", -5],
    ["d3ffe0000000000001", Number.MIN_SAFE_INTEGER],
    ["d9026162", "ab"],
    ["da00026162", "ab"],
    ["db000000026162", "ab"],
    ["de0001 da000161 c3", { a: true }],
    ["df00000001 a161 c3", { a: true }],
    ["dc000101", [1]],
    ["dd0000000101", [1]],
    ["c5000101", Uint8Array.of(1)],
    ["c60000000101", Uint8Array.of(1)],
    ["d40205", 5n],
    ["d502ff00", -256n],
    ["d602ffffffff", -1n],
    ["d802000000000000000000000000000000ff", 255n],
    ["c7010000", undefined],
    ["c80008010000000000000000", new Date(0)],
    ["d40390", undefined], // refused, see below
    ["d40380", new Map()],
    ["d4049f", undefined],
    ["c7060480", undefined],
    ["d50491c0", new Set([null])],
    ["c70403 de000000", undefined],
    ["c70303 de0000", new Map()],
    ["c7080382 0102 0103 d40000", undefined],
    ["c7050382 0102 0103", new Map([[1, 3]])],
    ["82 a161 01 a161 02", { a: 2 }],
    ["83 a161 01 a162 05 a161 02", { a: 2, b: 5 }],
    ["c7040493 010201", new Set([1, 2])],
  ];
  const refused = new Set(["d40390", "d4049f", "c7060480", "c70403 de000000", "c7080382 0102 0103 d40000"]);
  for (const [hex, value] of forms) {
    const bytes = Buffer.from(hex.replaceAll(" ", ""), "hex");
    if (refused.has(hex)) expect(() => decodeValue(bytes)).toThrow("malformed");
    else {
      expect(same(decodeValue(bytes), value)).toBe(true);
      expect(same(naiveDecode(bytes), value)).toBe(true);
    }
  }
});

function keys(size: number): [string, number][] {
  return Array.from({ length: size }, (_, at) => [`k${at}`, at]);
}

function header(value: unknown, at = 0): string {
  return Buffer.from(encodeValue(value))
    .subarray(at, at + 3)
    .toString("hex");
}

test("the header of an array, object, Map or Set is as short as its size allows", () => {
  for (const [size, array, object] of [
    [15, "9f", "8f"],
    [16, "dc0010", "de0010"],
    [65_535, "dcffff", "deffff"],
    [65_536, "dd0001", "df0001"],
  ] as const) {
    expect(header(Array.from({ length: size }, () => 0)).startsWith(array), `array of ${size}`).toBe(true);
    expect(header(Object.fromEntries(keys(size))).startsWith(object), `object of ${size}`).toBe(true);
    // Inside of an extension, whose header has 6 bytes.
    expect(header(new Set(keys(size).map(([key]) => key)), 6).startsWith(array), `Set of ${size}`).toBe(true);
    expect(header(new Map(keys(size)), 6).startsWith(object), `Map of ${size}`).toBe(true);
  }
});

test("the header of a text or binary is as short as its size allows", () => {
  for (const [size, text, binary] of [
    [31, "bf", "c41f"],
    [32, "d920", "c420"],
    [255, "d9ff", "c4ff"],
    [256, "da0100", "c50100"],
    [65_535, "daffff", "c5ffff"],
    [65_536, "db0001", "c60001"],
  ] as const) {
    expect(header("x".repeat(size)).startsWith(text), `text of ${size}`).toBe(true);
    expect(header(new Uint8Array(size)).startsWith(binary), `binary of ${size}`).toBe(true);
  }
  expect(header(new Int8Array(255)), "an extension of 255 bytes").toBe("c7ff10");
  expect(header(new Int8Array(256)), "an extension of 256 bytes").toBe("c80100");
});

const plainValue = {
  text: "grüße",
  n: [0, -1, 1.5, 2 ** 31, -70_000, 1e300],
  deep: { list: [[], {}, [null, true, false]], data: "x".repeat(300) },
};

test("msgpackr, an outside implementation, reads our plain values, and we read its", () => {
  const packr = new Packr({ useRecords: false, mapsAsObjects: true });
  expect(packr.unpack(encodeValue(plainValue))).toEqual(plainValue);
  expect(decodeValue(packr.pack(plainValue))).toEqual(plainValue);
});

test("a user's own msgpackr in the same process works as if this codec were not there", () => {
  const value = {
    when: new Date(5),
    all: new Map([[1, new Set([2])]]),
    big: 2n ** 70n,
    floats: Float32Array.of(1, 2),
    no: undefined,
  };
  encodeValue(value);
  const packr = new Packr({ moreTypes: true, structuredClone: true });
  const bytes = packr.pack(value);
  decodeValue(encodeValue(value));
  expect(packr.unpack(bytes)).toStrictEqual(value);
  // our tags mean nothing to it
  for (const hex of ["d7010000000000000000", "d40205", "d40380", "d40490", "c702053cd8", "c70210ff01"]) {
    expect(() => packr.unpack(Buffer.from(hex, "hex"))).toThrow("Unknown extension");
  }
});
