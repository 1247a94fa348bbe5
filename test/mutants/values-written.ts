import type { Mutants } from "./mutant.ts";

/** Values without members, written. */
export const SCALARS: Mutants = {
  file: "src/wire/values-scalars.ts",
  tests: ["test/wire/golden.test.ts", "test/wire/values.test.ts", "test/wire/refused.test.ts"],
  mutants: [
    {
      name: "127 takes two bytes",
      find: "if (value < 0x80) {",
      replace: "if (value < 0x7f) {",
    },
    {
      name: "128 is written as a small integer",
      find: "if (value < 0x80) {",
      replace: "if (value <= 0x80) {",
    },
    {
      name: "255 takes three bytes",
      find: "} else if (value < 0x100) {",
      replace: "} else if (value < 0xff) {",
    },
    {
      name: "256 is written in a byte",
      find: "} else if (value < 0x100) {",
      replace: "} else if (value <= 0x100) {",
    },
    {
      name: "65,535 takes five bytes",
      find: "} else if (value < 0x10000) {",
      replace: "} else if (value < 0xffff) {",
    },
    {
      name: "65,536 is written in two bytes",
      find: "} else if (value < 0x10000) {",
      replace: "} else if (value <= 0x10000) {",
    },
    {
      name: "-32 takes two bytes",
      find: "if (value >= -0x20)",
      replace: "if (value > -0x20)",
    },
    {
      name: "-33 is written as a small integer",
      find: "if (value >= -0x20)",
      replace: "if (value >= -0x21)",
    },
    {
      name: "-128 takes three bytes",
      find: "else if (value >= -0x80) {",
      replace: "else if (value > -0x80) {",
    },
    {
      name: "-129 is written in a byte",
      find: "else if (value >= -0x80) {",
      replace: "else if (value >= -0x81) {",
    },
    {
      name: "-32,768 takes five bytes",
      find: "else if (value >= -0x8000) {",
      replace: "else if (value > -0x8000) {",
    },
    {
      name: "-32,769 is written in two bytes",
      find: "else if (value >= -0x8000) {",
      replace: "else if (value >= -0x8001) {",
    },
    {
      name: "-0 is 0",
      find: "if (value === 0 && Object.is(value, -0)) this.#float(value);",
      replace: "if (value < 0) this.#float(value);",
    },
    {
      name: "integers of 33 bits are cut to 32",
      find: "if (value >>> 0 === value) {",
      replace: "if (Number.isInteger(value) && value >= 0) {",
    },
    {
      name: "a length of 255 takes two bytes",
      find: "token8 !== 0 && length < 0x100",
      replace: "token8 !== 0 && length < 0xff",
    },
    {
      name: "a length of 256 is written in a byte",
      find: "token8 !== 0 && length < 0x100",
      replace: "token8 !== 0 && length <= 0x100",
    },
    {
      name: "a length of 65,536 is written in two bytes",
      find: "} else if (length < 0x10000) {",
      replace: "} else if (length <= 0x10000) {",
    },
    {
      name: "a text of 32 bytes has a short header",
      find: "if (bytes < 0x20) this",
      replace: "if (bytes <= 0x20) this",
    },
    {
      name: "half a surrogate pair is written as UTF-8",
      find: "if (bytes !== text.length && !isWellFormed(text)) {",
      replace: "if (bytes < 0) {",
    },
    {
      name: "a short text that is not ASCII is written as if it were",
      find: "      if (all < 0x80) {",
      replace: "      if (all < 0x100) {",
    },
    {
      name: "a date is written in whole milliseconds",
      find: "Date.prototype.getTime.call(date)",
      replace: "Math.trunc(Date.prototype.getTime.call(date)) | 0",
    },
    {
      name: "a negative bigint is written by its magnitude",
      find: "value < 0n ? ~value : value",
      replace: "value < 0n ? -value : value",
    },
    {
      name: "a bigint loses its sign",
      find: "if (value < 0n) for (let i = 0",
      replace: "if (value === 0n) for (let i = 0",
    },
    {
      name: "a bigint has bytes to spare",
      find: "isSpare ? content.subarray(1) : content",
      replace: "content",
    },
    {
      name: "a bigint loses the byte that holds its sign",
      find: "first === 0 ? second < 0x80 :",
      replace: "first === 0 ? second <= 0xff :",
    },
    {
      name: "a bigint may have a byte more than the cap",
      find: "BigInt(most * 8 - 1)",
      replace: "BigInt(most * 8 + 7)",
    },
    {
      name: "a bigint of 65 bits is cut to 64",
      find: "if (BigInt.asIntN(64, value) === value) {",
      replace: "if (BigInt.asIntN(65, value) === value) {",
    },
  ],
};

/** What objects are, and what typed arrays hold. */
export const VALUES_KINDS: Mutants = {
  file: "src/wire/values-kinds.ts",
  tests: ["test/wire/values.test.ts", "test/wire/refused.test.ts"],
  mutants: [
    {
      name: "a view of a typed array is written from the start of its memory",
      find: "offsetOf.call(value) as number, length",
      replace: "0, length",
    },
    {
      name: "a typed array has as many bytes as it says",
      find: "const length = lengthOf.call(value) as number;",
      replace: "const length = (value as Uint8Array).byteLength;",
    },
    {
      name: "a typed array whose memory is gone is empty",
      find: "if (length === 0 && !has(memoryBrand, value)) return undefined;",
      replace: "",
    },
  ],
};

/** Values with members, written. */
export const WRITER: Mutants = {
  file: "src/wire/values-encode.ts",
  tests: ["test/wire/golden.test.ts", "test/wire/values.test.ts", "test/wire/refused.test.ts"],
  mutants: [
    {
      name: "an object of 16 members has a short header",
      find: "if (length < 0x10) out.bytes[out.at++] = 0x80 | length;",
      replace: "if (length <= 0x10) out.bytes[out.at++] = 0x80 | length;",
    },
    {
      name: "an array of 16 members has a short header",
      find: "if (length < 0x10) out.bytes[out.at++] = 0x90 | length;",
      replace: "if (length <= 0x10) out.bytes[out.at++] = 0x90 | length;",
    },
    {
      name: "an object of 15 members has a long header",
      find: "if (length < 0x10) out.bytes[out.at++] = 0x80 | length;",
      replace: "if (length < 0xf) out.bytes[out.at++] = 0x80 | length;",
    },
    {
      name: "a Map of 16 entries has a short header",
      find: "if (size < 0x10) out.bytes[out.at++] = 0x80 | size;",
      replace: "if (size <= 0x10) out.bytes[out.at++] = 0x80 | size;",
    },
    {
      name: "a Set of 16 members has a short header",
      find: "if (size < 0x10) out.bytes[out.at++] = 0x90 | size;",
      replace: "if (size <= 0x10) out.bytes[out.at++] = 0x90 | size;",
    },
    {
      name: "one level more than the cap is written",
      find: "if (depth >= this.#maxDepth) throw",
      replace: "if (depth > this.#maxDepth) throw",
    },
    {
      name: "one container more than the cap is written",
      find: "if (--this.#containers < 0) throw",
      replace: "if (this.#containers-- < 0) throw",
    },
    {
      name: "one value more than the cap is written",
      find: "if (this.#nodes < 0) throw new",
      replace: "if (this.#nodes < -1) throw new",
    },
    {
      name: "keys of an object do not count as values",
      find: "this.#count(length * 2);",
      replace: "this.#count(length);",
    },
    {
      name: "a key __proto__ is written",
      find: `if (key === "__proto__") throw new PathError("a key __proto__ can't be sent");`,
      replace: "",
    },
    {
      name: "undefined inside of a value is null",
      find: "        out.bytes[out.at++] = 0xd4;\n        out.bytes[out.at++] = TAG_UNDEFINED;\n        out.bytes[out.at++] = 0;",
      replace: "        out.bytes[out.at++] = 0xc0;",
    },
    {
      name: "a Map that shrinks while it is written is half sent",
      find: ".get(${shownKey(key)})` });\n    }\n    if (i !== size) throw new PathError(CHANGED);",
      replace: ".get(${shownKey(key)})` });\n    }",
    },
  ],
};

/** Bytes that grow. */
export const BUFFER: Mutants = {
  file: "src/wire/values-buffer.ts",
  tests: ["test/wire/golden.test.ts", "test/wire/values.test.ts", "test/wire/refused.test.ts"],
  mutants: [
    {
      name: "a value may have any number of bytes",
      find: "if (this.written + more > this.#maxBytes) throw",
      replace: "if (this.#maxBytes < 0) throw",
    },
    {
      name: "the length of an extension counts its header",
      find: "this.written - writtenBefore);",
      replace: "this.written - writtenBefore + 6);",
    },
    {
      name: "a binary that changed its size is sent",
      find: "  if (content.byteLength !== large.bytes) return false;\n",
      replace: "",
    },
    {
      name: "large parts stand before what was written before them",
      find: "all, to, from, next);\n      from = next;",
      replace: "all, to, from, next);\n      from = next + 1;",
    },
    {
      name: "a value that is given up leaves its large parts to the next",
      find: "      this.#large = [];\n",
      replace: "",
    },
  ],
};
