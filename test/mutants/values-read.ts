import type { Mutants } from "./mutant.ts";

/** Bytes of a stranger, looked at before anything is built. */
export const SCAN: Mutants = {
  file: "src/wire/scan.ts",
  tests: ["test/wire/refused.test.ts", "test/wire/hostile.test.ts", "test/wire/shapes.test.ts"],
  mutants: [
    {
      name: "a value may take any memory",
      find: "if (budget.memory < 0) throw new ValueTooHeavy();",
      replace: "",
    },
    {
      name: "Dates take no more memory than others",
      find: "        if (tag === TAG_DATE) dates++;\n",
      replace: "",
    },
    {
      name: "bytes behind the value are skipped",
      find: `if (at !== end) throw malformed(at, "more bytes after the value");`,
      replace: "",
    },
    {
      name: "a Map or Set may have another length than declared",
      find: "if (containerEnd >= 0 && at !== containerEnd)",
      replace: "if (containerEnd >= 0 && at > containerEnd + 2 ** 30)",
    },
    {
      name: "one level more than the cap is read",
      find: "if (depth >= maxDepth) throw",
      replace: "if (depth > maxDepth) throw",
    },
    {
      name: "one container more than the cap is read",
      find: "if (--containers < 0) throw",
      replace: "if (containers-- < 0) throw",
    },
    {
      name: "Uint8Arrays do not count as containers",
      find: "token <= 0xc6 && --containers < 0",
      replace: "token <= 0xc6 && containers < 0",
    },
    {
      name: "typed arrays do not count as containers",
      find: "tag >= TAG_FIRST_TYPED_ARRAY && --containers < 0",
      replace: "tag >= TAG_FIRST_TYPED_ARRAY && containers < 0",
    },
    {
      name: "one value more than the cap is read",
      find: "if (nodes < 0) throw",
      replace: "if (nodes < -1) throw",
    },
    {
      name: "keys of an object do not count as values",
      find: "nodes -= members;",
      replace: "nodes -= count;",
    },
    {
      name: "a Map's keys do not count as values",
      find: "if (tag === TAG_MAP) count *= 2;",
      replace: "if (tag === TAG_MAP) containers -= 0;",
    },
    {
      name: "an extension may end behind the bytes",
      find: "      if (bodyEnd > end) throw cut(at);\n",
      replace: "",
    },
    {
      name: "a Map may stand around an array",
      find: "const small = tag === TAG_MAP ? 0x80 : 0x90;",
      replace: "const small = tag === TAG_MAP ? 0x90 : 0x90;",
    },
    {
      name: "an object's key may be anything",
      find: "if (isObject) at = skipKey(bytes, at, end, limits);",
      replace: "if (isObject) at = skipText(bytes, at, end);",
    },
  ],
};

/** The parts of a value, looked at. */
export const SCAN_PARTS: Mutants = {
  file: "src/wire/scan-parts.ts",
  tests: ["test/wire/refused.test.ts", "test/wire/hostile.test.ts"],
  mutants: [
    {
      name: "a scalar may end behind the bytes",
      find: "  if (size > end - at) throw cut(at);\n",
      replace: "",
    },
    {
      name: "a text may end behind the bytes",
      find: "  if (to > end) throw cut(at);\n",
      replace: "",
    },
    {
      name: "a length may end behind the bytes",
      find: "  if (at + lengthBytes > end) throw cut(at);\n",
      replace: "",
    },
    {
      name: "a text may be no UTF-8",
      find: `if (!isUtf8(bytes.subarray(from, to))) throw malformed(at, "a text that is not UTF-8");`,
      replace: "",
    },
    {
      name: "an integer that a number can't hold is rounded",
      find: `if (!isSmall) throw malformed(at, "an integer that a number can't hold exactly");`,
      replace: "",
    },
    {
      name: "2^53 is an integer that a number holds exactly",
      find: "const isSmall = high < 0x20 ||",
      replace: "const isSmall = high <= 0x20 ||",
    },
    {
      name: "a typed array may end inside an element",
      find: "if (length % element !== 0) throw",
      replace: "if (length < 0) throw",
    },
    {
      name: "undefined may have content",
      find: "if (length !== 1 || bytes[body] !== 0) throw",
      replace: "if (length < 0) throw",
    },
    {
      name: "a Date may have any length",
      find: "if (length !== 8) throw",
      replace: "if (length < 0) throw",
    },
    {
      name: "a bigint may have no bytes",
      find: `if (length === 0) throw malformed(body, "a bigint without bytes");`,
      replace: "",
    },
    {
      name: "a bigint may have a byte more than the cap",
      find: "if (length > limits.bigintBytes) throw",
      replace: "if (length > limits.bigintBytes + 1) throw",
    },
    {
      name: "a text in UTF-16 may end inside a character",
      find: `if (length % 2 !== 0) throw malformed(body, "a text that ends inside a character");`,
      replace: "",
    },
    {
      name: "a text that UTF-8 can say may come in UTF-16",
      find: "if (!hasHalfPair(bytes, body, bodyEnd)) throw",
      replace: "if (bodyEnd < 0) throw",
    },
    {
      name: "an unknown extension is undefined",
      find: "  } else throw malformed(body - 1, `the unknown",
      replace: "  } else void malformed(body - 1, `the unknown",
    },
    {
      name: "a key __proto__ is read",
      find: "if (bytes[next - 9] === 0x5f && next - at < 15 && isProto(bytes, at, next)) {",
      replace: "if (next < 0) {",
    },
    {
      name: "a key __proto__ with a longer header is read",
      find: "next - at < 15 && isProto",
      replace: "next - at < 11 && isProto",
    },
    {
      name: "the byte C1 is a value",
      find: "default:\n      throw malformed(at, `the byte",
      replace: "default:\n      void malformed(at, `the byte",
    },
  ],
};

/** Values built from bytes that were looked at. */
export const READER: Mutants = {
  file: "src/wire/values-decode.ts",
  tests: ["test/wire/golden.test.ts", "test/wire/values.test.ts", "test/wire/hostile.test.ts"],
  mutants: [
    {
      name: "small negative integers are positive",
      find: "if (token >= 0xe0) return token - 0x100;",
      replace: "if (token >= 0xe0) return token;",
    },
    {
      name: "integers of 8 bits have no sign",
      find: "(uint(1) << 24) >> 24",
      replace: "uint(1)",
    },
    {
      name: "integers of 16 bits have no sign",
      find: "(uint(2) << 16) >> 16",
      replace: "uint(2)",
    },
    {
      name: "integers of 32 bits have no sign",
      find: "return uint(4) | 0;",
      replace: "return uint(4);",
    },
    {
      name: "integers of 64 bits have no sign",
      find: "(token === 0xd3 ? high | 0 : high)",
      replace: "high",
    },
    {
      name: "a bigint of other than 8 bytes has no sign",
      find: 'return BigInt.asIntN(length * 8, BigInt(`0x${content.toString("hex")}`));',
      replace: 'return BigInt(`0x${content.toString("hex")}`);',
    },
    {
      name: "a bigint of 8 bytes has no sign",
      find: "content.readBigInt64BE()",
      replace: "content.readBigUInt64BE()",
    },
    {
      name: "a typed array is a view of the message",
      find: "toLittleEndian(copy(length), kind",
      replace: "toLittleEndian(bytes.subarray(at, (at += length)), kind",
    },
    {
      name: "what was decoded shares memory with bytes that are used again",
      find: "if (mayKeep && length >= LARGE_BYTES",
      replace: "if (length >= LARGE_BYTES",
    },
    {
      name: "a small binary keeps a large message",
      find: " && length * 2 >= bytes.buffer.byteLength)",
      replace: ")",
    },
    {
      name: "of equal keys the first one counts",
      find: "    result[key] = value();",
      replace: "    const member = value();\n    if (!Object.hasOwn(result, key)) result[key] = member;",
    },
    {
      name: "of equal keys of a Map the first one counts",
      find: "    result.set(key, value());",
      replace: "    const member = value();\n    if (!result.has(key)) result.set(key, member);",
    },
    {
      name: "short bigints have no sign",
      find: "let result = ((bytes[at++] as number) << 24) >> 24;",
      replace: "let result = bytes[at++] as number;",
    },
    {
      name: "a text in UTF-16 is read in the other order",
      find: `.toString("utf16le");`,
      replace: `.swap16().toString("utf16le");`,
    },
  ],
};

/** Texts and keys. */
export const TEXTS: Mutants = {
  file: "src/wire/values-text.ts",
  tests: ["test/wire/golden.test.ts", "test/wire/values.test.ts"],
  mutants: [
    {
      name: "a key is taken for another of its length",
      find: "while (i < length && keyBytes[known + i] === bytes[from + i]) i++;",
      replace: "i = length;",
    },
    {
      name: "a key is taken for a longer one",
      find: "if (keyLengths[slot] === length) {",
      replace: "if (keyLengths[slot] !== 0) {",
    },
    {
      name: "bytes above ASCII are read as characters",
      find: "if ((a | b | c | d) > 0x7f) return undefined;",
      replace: "",
    },
    {
      name: "the last bytes above ASCII are read as characters",
      find: "    if (a > 0x7f) return undefined;\n",
      replace: "",
    },
  ],
};

/** The codec as a whole. */
export const VALUES: Mutants = {
  file: "src/wire/values.ts",
  tests: ["test/wire/refused.test.ts", "test/wire/hostile.test.ts", "test/wire/values.test.ts"],
  mutants: [
    {
      name: "a message over the cap is read",
      find: "if (bytes.length - start > limits.bytes) throw",
      replace: "if (bytes.length < 0) throw",
    },
    {
      name: "bytes are not looked at before a value is built",
      find: "scan(bytes, start, bytes.length, limits, most);",
      replace: "0;",
    },
    {
      name: "a getter that encodes writes into the value around it",
      find: "  idle = undefined;\n",
      replace: "",
    },
  ],
};
