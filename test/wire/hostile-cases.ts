/** Bytes that a hostile peer may send in a value's place; `fate` is what must become of them. */
export interface HostileCase {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly fate: "refused" | "harmless";
}

const MIB = 1_048_576;

function hex(digits: string): Uint8Array {
  return Uint8Array.from(Buffer.from(digits.replaceAll(" ", ""), "hex"));
}

function join(...parts: (Uint8Array | string)[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts.map((part) => (typeof part === "string" ? hex(part) : part))));
}

function repeat(pattern: string, times: number): Uint8Array {
  return Uint8Array.from(Buffer.alloc((pattern.length / 2) * times, hex(pattern)));
}

/** msgpackr's shared-child graph: each level holds the one before twice by reference. */
function referenceBomb(levels: number): Uint8Array {
  const parts: (Uint8Array | string)[] = [];
  for (let id = 0; id < levels; id++) parts.push(`92 d669 ${id.toString(16).padStart(8, "0")}`);
  parts.push("90");
  for (let id = levels - 1; id >= 0; id--) parts.push(`d670 ${id.toString(16).padStart(8, "0")}`);
  return join(...parts);
}

/** A short text as MessagePack. */
function text(content: string): Uint8Array {
  return Uint8Array.of(0xa0 + content.length, ...Buffer.from(content));
}

function objectOf(keys: readonly string[]): Uint8Array {
  return join(`df${keys.length.toString(16).padStart(8, "0")}`, ...keys.flatMap((key) => [text(key), "01"]));
}

const refused: [string, Uint8Array][] = [
  // extensions that msgpackr reads whatever its options say
  ["reference extension 0x69", hex("d66900000000 90")],
  ["pointer extension 0x70", hex("d67000000000")],
  ["shared-child graph of 45 levels", referenceBomb(45)],
  ["shared-child graph of 45 levels and a byte more", join(referenceBomb(45), "00")],
  ["record definition d4 72", hex("d47240 91a161 01")],
  ["record definition d4 72 and its use", hex("92 d47240 91a161 01 40 02 ")],
  ["record definition with two id bytes", hex("d5724000 91a161 01")],
  ["record named __proto__", join("d47240 91", text("__proto__"), "80")],
  ["bundled strings 0x62", hex("d662 00000008 a0 a0 c1 01")],
  ["Error 0x65", hex("d46500 93 a5 4572726f72 a0 c0")],
  ["Error 0x65 of an inherited name", hex("d46500 93 ab 636f6e7374727563746f72 a0 c0")],
  ["RegExp 0x78", hex("d47800 92 a1 2b a0")],
  ["RegExp 0x78 that backtracks", hex("d47800 92 aa 28612b292b2824293f62 a0")],
  ["msgpackr's Set 0x73", hex("d47300 91 01")],
  ["msgpackr's typed array 0x74", hex("c705740600000000")],
  ["msgpackr's typed array 0x74 as a buffer", hex("c702741000")],
  ["msgpackr's bigint 0x42", hex("c709420100000000000000ff")],
  ["msgpackr's bigint 0x42 of 16 MiB", join("c900fffff042", new Uint8Array(0xfffff0).fill(0x7f))],
  ["timestamp extension of 4 bytes", hex("d6ff00000000")],
  ["timestamp extension of 8 bytes", hex("d7ff0000000000000000")],
  ["timestamp extension of 12 bytes", hex("c70cff000000000000000000000000")],
  ...Array.from({ length: 256 }, (_, type): [string, Uint8Array] => [
    `extension of the unknown type ${type}`,
    hex(`c702${type.toString(16).padStart(2, "0")}ffff`),
  ]).filter(([, bytes]) => !([2, 0x10, 0x11, 0x12, 0x13] as (number | undefined)[]).includes(bytes[2])),
  // our own tags, misused
  ["undefined of 2 bytes", hex("d5000000")],
  ["undefined of no bytes", hex("c70000")],
  ["undefined with another byte", hex("d40001")],
  ["Date of 4 bytes", hex("d60100000000")],
  ["Date of 12 bytes", hex(`c70c01${"00".repeat(12)}`)],
  ["bigint of no bytes", hex("c70002")],
  ["bigint of 1,025 bytes", join("c8040102", new Uint8Array(1_025).fill(1))],
  ["bigint of 16 MiB", join("c900fffff002", new Uint8Array(0xfffff0).fill(1))],
  ["Map around an array", hex("d40390")],
  ["Map around nothing", hex("c70003")],
  ["Map longer than declared", hex("c7020381 01 01")],
  ["Map shorter than declared", hex("c7040381 01 01 c0")],
  ["Map in a Map that outlasts it", hex("c7060381 01 c70303 81 01 01")],
  ["Map cut off in its header", hex("c70103 de")],
  ["Map of 2^32-1 entries", hex("c70603 df ffffffff c0")],
  ["Set around a map", hex("d40480")],
  ["Set of 2^32-1 members", hex("c70604 dd ffffffff c0")],
  ["Set with an odd member beyond it", hex("92 c7020492 01 01")],
  ["UTF-16 text of 3 bytes", hex("c70305 000000")],
  ["UTF-16 text of 3 bytes, half a pair among them", hex("c70305 00d800")],
  ["UTF-16 text of no bytes", hex("c70005")],
  ["UTF-16 text that UTF-8 can say", hex("c70405 61006200")],
  ["UTF-16 spelling of __proto__ as a key", join("81 c71205", Buffer.from("__proto__", "utf16le"), "01")],
  ["Float32Array of 3 bytes", hex("c70316000000")],
  ["BigUint64Array of 15 bytes", hex(`c70f19${"00".repeat(15)}`)],
  ["typed array longer than the message", hex("c9ffffffff17 00")],
  // structure
  ["the byte C1", hex("c1")],
  ["the byte C1 inside", hex("92 01 c1")],
  ["the byte C1 as a key", hex("81 c1 01")],
  ["a value and a byte more", hex("80 00")],
  ["a large value and a byte more", join("dd0001869f", repeat("90", 99_999), "c0 c0")],
  ["two values", hex("91 01 91 01")],
  ["an object without its last value", hex("82 a161 01 a162")],
  ["an object that ends in a key", hex("81 a361")],
  ["an array without members", hex("93")],
  ["array of 2^32-1 declared", hex("dd ffffffff")],
  ["array of 2^32-1 declared, with content", join("dd ffffffff", new Uint8Array(MIB))],
  ["array of 2^16-1 declared, each holding the same", repeat("dcffff", 50_000)],
  ["object of 2^32-1 declared", hex("df ffffffff")],
  ["object of 2^31 declared, a length that wraps when doubled", hex("df 80000000 a161 01")],
  ["text of 2^32-1 declared", hex("db ffffffff 61")],
  ["binary of 2^32-1 declared", hex("c6 ffffffff 61")],
  ["binary of 2^31 declared", hex("c6 80000000 61")],
  ["extension of 2^32-1 declared", hex("c9 ffffffff 02 01")],
  ["lengths cut off", hex("dd ffff")],
  ["length of a text cut off", hex("d9")],
  ["number cut off", hex("cb 00000000")],
  ["extension cut off before its type", hex("d4")],
  // keys
  ["key __proto__", join("81", text("__proto__"), "81 a161 01")],
  ["key __proto__ with a longer header", hex("81 d9095f5f70726f746f5f5f 80")],
  ["key __proto__ with the longest header", hex("81 db000000095f5f70726f746f5f5f 80")],
  ["key __proto__ deep inside", join("91 81 a161 91 82 a162 01", text("__proto__"), "01")],
  ["number as a key", hex("81 01 01")],
  ["array as a key", hex("81 9101 01")],
  ["object as a key", hex("81 80 01")],
  ["null as a key", hex("81 c0 01")],
  ["bigint as a key", hex("81 d40201 01")],
  ["16,000 nested arrays as a key", join("81", repeat("91", 16_000), "01 01")],
  // texts
  ...[
    "ff",
    "80",
    "c0af",
    "e08080",
    "f8888080",
    "c3",
    "e282",
    "f09f82",
    "eda080",
    "edbfbf",
    "f4908080",
    "6180",
    "61c328",
  ].map((bytes): [string, Uint8Array] => [
    `text of the bad bytes ${bytes}`,
    join((0xa0 + bytes.length / 2).toString(16), bytes),
  ]),
  ["bad byte at the end of a long text", join("da0400", new Uint8Array(1_023).fill(0x61), "ff")],
  ["bad bytes in a key", hex("81 a2c328 01")],
  // numbers
  ["unsigned integer over 2^53", hex("cf0020000000000000")],
  ["unsigned integer 2^64-1", hex("cfffffffffffffffff")],
  ["signed integer under -2^53", hex("d3ffdfffffffffffff")],
  ["signed integer -2^63", hex("d38000000000000000")],
  // amounts
  ["nested 65 deep", join(repeat("91", 65), "c0")],
  ["objects nested 65 deep", join(repeat("81a161", 65), "c0")],
  ["Maps in Sets in Maps, each declared longer than the bytes", repeat("c9ffffff000491c9ffffff000381", 2_000)],
  ["16 MiB of 91", repeat("91", 16 * MIB)],
  ["16 MiB of 81", repeat("81", 16 * MIB)],
  ["16 MiB of 90 in an array", join("dd 00fffff0", repeat("90", 0xfffff0))],
  ["16 MiB of 90 in arrays of 15", repeat("9f90909090909090909090909090909090", 986_895)],
  ["4 MiB of 90 and a byte more", join("dd 00400000", repeat("90", 4 * MIB), "00")],
  ["16 MiB of empty objects", join("dd 00fffff0", repeat("80", 0xfffff0))],
  ["16 MiB of nil", join("dd 00fffff0", repeat("c0", 0xfffff0))],
  ["100,001 containers", join("dd 000186a0", repeat("90", 100_000))],
  ["a million empty Uint8Arrays", join("dd 000f423f", repeat("c400", 999_999))],
  ["a million empty Int32Arrays", join("dd 000f423f", repeat("c70014", 999_999))],
  ["more than 16 MiB", new Uint8Array(16 * MIB + 1).fill(0xc0)],
  ["a Map around a Map around a Map, one byte each", repeat("d403", 100_000)],
];

const harmless: [string, Uint8Array][] = [
  ["the same key 1,000 times", join("de03e8", repeat("a16101", 1_000))],
  ["the same key of a Map 1,000 times", join("c807d303 de03e8", repeat("0101", 1_000))],
  ["keys of Object.prototype", objectOf(["constructor", "toString", "valueOf", "hasOwnProperty", "then", "toJSON"])],
  ["keys that are nearly __proto__", objectOf(["__proto_", "_proto__", "__proto___", "__PROTO__", "x_proto__"])],
  ["__proto__ as a Map's key", join("c70c0381", text("__proto__"), "01")],
  ["__proto__ as a text", text("__proto__")],
  ["nested 64 deep", join(repeat("91", 64), "c0")],
  ["Date far beyond what dates can be", hex("d701 7fefffffffffffff")],
  ["Date between two milliseconds", hex("d701 3fe0000000000000")],
  ["other bits of NaN", hex("93 cb7ff8000000000001 cbfff8000000000000 ca7fc00001")],
  ["bigint with needless bytes", join("c8040002", new Uint8Array(1_024))],
  ["20,000 unique keys", objectOf(Array.from({ length: 20_000 }, (_, index) => `k${index}`))],
  ["index keys far apart", objectOf(["4294967294", "1", "4999999"])],
  ["1 MiB of text", join("db00100000", new Uint8Array(MIB).fill(0x61))],
];

export const hostileCases: readonly HostileCase[] = [
  ...refused.map(([name, bytes]) => ({ name, bytes, fate: "refused" as const })),
  ...harmless.map(([name, bytes]) => ({ name, bytes, fate: "harmless" as const })),
];
