import { codecs } from "../../../generated/Worker.codec.ts";
import { decodeGiven, decodeValue, encodeAfter, type ShapeCodec, ValueError } from "../../../src/wire/values.ts";
import { same } from "../../wire/same.ts";
import { must, outcomeOf, type Target, wordsOf } from "../target.ts";

const record: ShapeCodec = {
  write(out, value: Record<string, unknown>) {
    for (const key of out.keys(value)) {
      out.key(key);
      out.boolean(value[key]);
    }
    out.close(0);
  },
  read(from) {
    const value: Record<string, unknown> = {};
    for (let left = from.keys(); left > 0; left--) value[from.key()] = from.boolean();
    from.close();
    return value;
  },
};

const SHAPES = [
  codecs["render"]?.input,
  codecs["render"]?.output,
  codecs["status"]?.output,
  record,
] as readonly ShapeCodec[];

const VALUES: readonly (readonly [shape: number, value: unknown])[] = [
  [0, { frame: 1, quality: "draft", scene: Uint8Array.of(1, 2), size: { height: 5, width: 300 } }],
  [0, { scene: [1, { a: null }], size: 5 }],
  [0, {}],
  [1, { image: new Uint8Array(40), renderedAt: new Date(5) }],
  [2, { load: 0.5, running: ["a", "é", "x".repeat(40)] }],
  [2, { load: -1, running: [] }],
  [3, { a: true, "with space": false, "": true }],
];

function withFirst(bytes: Uint8Array, first: number): Uint8Array {
  bytes[0] = first;
  return bytes;
}

/** A value of a message, without keys. */
export const target: Target = {
  samples: VALUES.map(([shape, value]) => withFirst(encodeAfter(1, value, SHAPES[shape]), shape)),
  words: [
    [0xc1],
    [0xd9, 30],
    [0xce, 255, 255, 255, 255],
    [0xcb, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0],
    [0x81, 0xa1, 0x61, 1],
  ].map((bytes) => Uint8Array.from(bytes)),
  run(input) {
    const shape = SHAPES[(input[0] ?? 0) % SHAPES.length] as ShapeCodec;
    const bytes = Uint8Array.from([0xc1, ...input.subarray(2)]);
    const decoded = outcomeOf(() => decodeValue(bytes, 0, shape), ValueError);
    if (decoded.error !== undefined) {
      must(decoded.error.message.length < 120, "a long error");
      return wordsOf(decoded.error);
    }
    const { value } = decoded;
    must(same(decodeGiven(Uint8Array.from(bytes), 0, shape), value), "another value when the bytes are given away");
    const again = encodeAfter(0, value, shape);
    must(same(decodeValue(again, 0, shape), value), "another value when it is encoded and decoded again");
    must(Buffer.from(encodeAfter(0, decodeValue(again, 0, shape), shape)).equals(again), "two encodings of one value");
    return Object.keys(value as object).join();
  },
};
