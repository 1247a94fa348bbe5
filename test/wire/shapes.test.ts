import { describe, expect, test } from "vitest";
import type { ShapeReader } from "../../src/wire/shape-reader.ts";
import type { ShapeWriter } from "../../src/wire/values-encode.ts";
import {
  decodeGiven,
  decodeValue,
  encodeAfter,
  isShaped,
  lastMemory,
  type ShapeCodec,
  ValueError,
  ValueTooHeavy,
} from "../../src/wire/values.ts";

/** Values without keys, byte by byte: what is written, what is read, and what is not. */

const WORDS = ["a", "b"];

/** A list of what `part` is. */
function listOf(write: (out: ShapeWriter, item: unknown) => void, read: (from: ShapeReader) => unknown): ShapeCodec {
  return {
    write(out, value: unknown[]) {
      const count = out.items(value);
      for (let at = 0; at < count; at++) write(out, value[at]);
      out.close(0);
    },
    read(from) {
      const list: unknown[] = [];
      for (let left = from.items(); left > 0; left--) list.push(read(from));
      from.close();
      return list;
    },
  };
}
const lists: ShapeCodec = listOf(
  (out, item) => lists.write(out, item as never),
  (from) => lists.read(from),
);
const SHAPES = {
  numbers: listOf((out, item) => out.number(item), (from) => from.number()),
  texts: listOf((out, item) => out.text(item), (from) => from.text()),
  booleans: listOf((out, item) => out.boolean(item), (from) => from.boolean()),
  words: listOf((out, item) => out.word(item, WORDS), (from) => from.word(WORDS)),
  any: listOf((out, item) => out.any(item), (from) => from.any()),
  lists,
  record: {
    write(out, value: Record<string, unknown>) {
      for (const key of out.keys(value)) {
        out.key(key);
        out.number(value[key]);
      }
      out.close(0);
    },
    read(from) {
      const record: Record<string, unknown> = {};
      for (let left = from.keys(); left > 0; left--) record[from.key()] = from.number();
      from.close();
      return record;
    },
  },
  /** `{ a?: any, b?: any }` */
  members: {
    write(out, value: Record<string, unknown>) {
      let left = out.open(value);
      for (const name of ["a", "b"]) {
        if (!Object.hasOwn(value, name)) out.absent();
        else {
          left--;
          out.any(value[name]);
        }
      }
      out.close(left);
    },
    read(from) {
      from.open(0);
      const value: Record<string, unknown> = {};
      for (const name of ["a", "b"]) if (from.has()) value[name] = from.any();
      from.close();
      return value;
    },
  },
  choice: {
    write(out, value: unknown) {
      out.choice(out.isPlain(value) ? 1 : 0);
      out.any(value);
    },
    read: (from) => (from.choice(2) === 1 ? { one: from.any() } : from.any()),
  },
} satisfies Record<string, ShapeCodec>; // biome-ignore format: a line for each

const text = (content: string): number[] => [...Buffer.from(content)];
const SIGNS = "a text with \ufffd, a sign of its own";

describe("bytes that are read", () => {
  test.each<[keyof typeof SHAPES, number[], unknown]>([
    ["numbers", [5, 0, 0x7f, 0xe0, 0xff, 0xcc, 0xff], [0, 127, -32, -1, 255]],
    ["numbers", [2, 0xcd, 1, 2, 0xce, 0xff, 0xff, 0xff, 0xff], [258, 2 ** 32 - 1]],
    ["numbers", [3, 0xd0, 0x80, 0xd1, 0x80, 0, 0xd2, 0x80, 0, 0, 0], [-128, -(2 ** 15), -(2 ** 31)]],
    ["numbers", [1, 0xcb, 0x40, 4, 0, 0, 0, 0, 0, 0], [2.5]],
    ["texts", [3, 0xa0, 0xa2, ...text("é"), 0xd9, 3, ...text("abc")], ["", "é", "abc"]],
    ["texts", [1, 0xd9, text(SIGNS).length, ...text(SIGNS)], [SIGNS]],
    ["texts", [1, 0xd5, 5, 0, 0xd8], ["\ud800"]],
    ["booleans", [2, 0xc2, 0xc3], [false, true]],
    ["words", [3, 1, 0, 1], ["b", "a", "b"]],
    ["any", [4, 0xc0, 0x81, 0xa1, 0x61, 1, 0xd4, 0, 0, 7], [null, { a: 1 }, undefined, 7]],
    ["record", [2, 0xa1, 0x61, 1, 0xd9, 2, ...text("é"), 2], { a: 1, é: 2 }],
    ["members", [0xc1, 5], { b: 5 }],
    ["choice", [1, 5], { one: 5 }],
    ["lists", [2, 0, 1, 0], [[], [[]]]],
  ])("%s %j", (shape, bytes, value) => {
    expect(decodeValue(Uint8Array.from([0xc1, ...bytes]), 0, SHAPES[shape])).toEqual(value);
  });
});

test.each<[keyof typeof SHAPES, unknown]>([
  ["numbers", [1, 2.5, -1e9]],
  ["texts", ["", "é"]],
  ["any", [new Date(1), { a: [new Map([[1, new Date(2)]])] }, new Uint8Array(3), 5n]],
  ["record", { a: 1, b: 2 }],
  ["members", {}],
  ["members", { a: new Set([1]), b: undefined }],
  ["choice", { a: [1] }],
  ["lists", [[], [[], []]]],
])(
  "of a shape, what %s take counts alike where they are written and read, and as where they describe themselves",
  (shape, value) => {
    const bytes = encodeAfter(0, value, SHAPES[shape]);
    const memory = lastMemory();
    expect(isShaped(bytes, 0)).toBe(true);
    decodeGiven(Uint8Array.from(bytes), 0, SHAPES[shape], memory);
    expect(lastMemory()).toBe(memory);
    expect(() => decodeGiven(Uint8Array.from(bytes), 0, SHAPES[shape], memory - 1)).toThrow(ValueTooHeavy);
    const plain = encodeAfter(0, value);
    expect(lastMemory()).toBe(memory);
    decodeGiven(Uint8Array.from(plain), 0, undefined, memory);
    expect(lastMemory()).toBe(memory);
    expect(() => decodeGiven(Uint8Array.from(plain), 0, undefined, memory - 1)).toThrow(ValueTooHeavy);
  },
);

describe("bytes that are no such value", () => {
  test.each<[keyof typeof SHAPES, number[], string]>([
    ["numbers", [2, 1], "another type"],
    ["numbers", [1, 0xcd, 1], "the end of the bytes"],
    ["numbers", [1, 0xcb, 1, 2, 3], "the end of the bytes"],
    ["numbers", [1, 1, 1], "more bytes"],
    ["numbers", [1, 0xa0], "another type"],
    ["numbers", [0xe0], "a count"],
    ["numbers", [0xcb, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0, 1, 1], "a count"],
    ["numbers", [0xce, 0xff, 0xff, 0xff, 0xff, 1], "values"],
    ["numbers", [], "another type"],
    ["texts", [1, 0xa5, 0x61], "the end of the bytes"],
    ["texts", [1, 0xd9], "the end of the bytes"],
    ["texts", [1, 0xa2, 0xff, 0xfe], "not UTF-8"],
    ["texts", [1, 0xd9, 40, ...text("x".repeat(39)), 0xff], "not UTF-8"],
    ["texts", [1, 5], "another type"],
    ["texts", [1, 0xd4, 0, 0], "another type"],
    ["texts", [1, 0x80], "another type"],
    ["booleans", [1, 1], "another type"],
    ["words", [1, 2], "none of the values"],
    ["words", [1, 0xff], "none of the values"],
    ["words", [1, 0xcb, 0x3f, 0xe0, 0, 0, 0, 0, 0, 0], "none of the values"],
    ["choice", [2, 5], "none of the shapes"],
    ["choice", [], "none of the shapes"],
    ["record", [1, 0xa2, 0xff, 0xfe, 1], "not UTF-8"],
    ["record", [1, 0xa9, ...text("__proto__"), 1], "__proto__"],
    ["record", [1, 5, 1], "another type"],
    ["members", [0xc1], "the end of the bytes"],
    ["any", [1, 0xc1], "begins no value"],
  ])("%s %j: %s", (shape, bytes, refusal) => {
    const read = (): unknown => decodeValue(Uint8Array.from([0xc1, ...bytes]), 0, SHAPES[shape]);
    expect(read).toThrow(ValueError);
    expect(read).toThrow(refusal);
  });
});

describe("what does not fit has its keys, and comes back as it was", () => {
  test.each<[keyof typeof SHAPES, unknown]>([
    ["numbers", ["1"]],
    ["numbers", { 0: 1 }],
    ["numbers", new Set([1])],
    ["texts", [1]],
    ["texts", [undefined]],
    ["booleans", [1]],
    ["booleans", ["", true]],
    ["words", ["c"]],
    ["lists", [[5]]],
    ["record", { a: "x" }],
    ["record", [1]],
    ["record", null],
    ["members", { c: 1 }],
    ["members", { a: 1, c: 1 }],
    ["members", [1]],
    ["members", "a"],
  ])("%s %o", (shape, value) => {
    const bytes = encodeAfter(0, value, SHAPES[shape]);
    expect(isShaped(bytes, 0)).toBe(false);
    expect(decodeValue(bytes, 0, SHAPES[shape])).toEqual(value);
  });
});

describe("what is at the cap passes both ways, and one more neither", () => {
  const limits = { depth: 2, nodes: 9, containers: 3, bigintBytes: 8, bytes: 40 };

  test.each<[keyof typeof SHAPES, unknown, unknown]>([
    ["lists", [[]], [[[]]]],
    ["lists", [[], []], [[], [], []]],
    ["numbers", [1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 3, 4, 5, 6, 7, 8, 9]],
    ["record", { a: 1, b: 2, c: 3, d: 4 }, { a: 1, b: 2, c: 3, d: 4, e: 5 }],
    ["members", { a: [1, 2, 3, 4], b: 1 }, { a: [1, 2, 3, 4, 5], b: 1 }],
    ["any", [[]], [[[]]]],
    ["any", [[], []], [[], [], []]],
    ["any", [[1, 2, 3, 4, 5, 6, 7]], [[1, 2, 3, 4, 5, 6, 7, 8]]],
    ["any", [2n ** 62n], [2n ** 66n]],
    ["texts", ["x".repeat(36)], ["x".repeat(37)]],
  ])("%s %o", (shape, most, more) => {
    const codec = SHAPES[shape];
    const bytes = encodeAfter(0, most, codec, limits);
    expect(isShaped(bytes, 0)).toBe(true);
    expect(decodeValue(bytes, 0, codec, limits)).toEqual(most);
    expect(() => encodeAfter(0, more, codec, limits)).toThrow(ValueError);
    const larger = encodeAfter(0, more, codec);
    expect(isShaped(larger, 0)).toBe(true);
    expect(() => decodeValue(larger, 0, codec, limits)).toThrow(ValueError);
  });
});

test("a large Uint8Array in a message that was given away is a view of it; else a copy", () => {
  const large = new Uint8Array(100_000).fill(7);
  const bytes = encodeAfter(0, [large], SHAPES.any);
  const [copy] = decodeValue(bytes, 0, SHAPES.any) as [Uint8Array];
  expect([copy.buffer === bytes.buffer, copy]).toEqual([false, large]);
  const [view] = decodeGiven(bytes, 0, SHAPES.any) as [Uint8Array];
  expect([view.buffer === bytes.buffer, view]).toEqual([true, large]);
});
