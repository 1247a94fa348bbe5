/**
 * The layout of values: MessagePack, and these extension types for what it lacks. Nothing else is sent or accepted.
 *
 * | type | value | bytes |
 * | --- | --- | --- |
 * | 0x00 | undefined | one, zero |
 * | 0x01 | Date | milliseconds since 1970 as float64, NaN for an invalid date |
 * | 0x02 | bigint | two's complement, 1 to 1,024 bytes |
 * | 0x03 | Map | a MessagePack map, keys of any kind |
 * | 0x04 | Set | a MessagePack array |
 * | 0x05 | string with half a surrogate pair | UTF-16, little-endian (UTF-8 can't say it) |
 * | 0x10.. | typed arrays, see {@link TYPED_ARRAYS} | the elements, little-endian |
 *
 * A Uint8Array is a MessagePack bin, null is nil, an object is a map with text for keys. Numbers: integers of up to 32
 * bits in their shortest form, all others as float64; float32 is accepted too, and 64-bit integers that a number holds
 * exactly. Of an object's equal keys, a Map's or a Set's, the last one counts, as in JSON. A key `__proto__` is
 * refused, both ways. No value at all is undefined.
 */
/** Begins a value whose shape both ends know: its members follow in order, without keys. MessagePack never uses that byte. */
export const TOKEN_SHAPED = 0xc1;
/** Within such a value, a member that is not there. */
export const TOKEN_ABSENT = 0xc1;

export const TAG_UNDEFINED = 0x00;
export const TAG_DATE = 0x01;
export const TAG_BIGINT = 0x02;
export const TAG_MAP = 0x03;
export const TAG_SET = 0x04;
export const TAG_TEXT16 = 0x05;
export const TAG_FIRST_TYPED_ARRAY = 0x10;

/** A typed array's constructor, as far as it is needed here. */
export interface TypedArrayKind {
  readonly name: string;
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBuffer): ArrayBufferView;
}

/** The typed array of each type number from {@link TAG_FIRST_TYPED_ARRAY} on. */
export const TYPED_ARRAYS: readonly TypedArrayKind[] = [
  Int8Array, // 0x10
  Uint8ClampedArray, // 0x11
  Int16Array, // 0x12
  Uint16Array, // 0x13
  Int32Array, // 0x14
  Uint32Array, // 0x15
  Float32Array, // 0x16
  Float64Array, // 0x17
  BigInt64Array, // 0x18
  BigUint64Array, // 0x19
];

/** The type number of the typed array with that name; undefined for a Uint8Array and unknown ones. */
export const TYPED_ARRAY_TAGS: ReadonlyMap<string, number> = new Map(
  TYPED_ARRAYS.map((kind, index) => [kind.name, TAG_FIRST_TYPED_ARRAY + index]),
);

const isBigEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 0;

/** Elements in the wire's byte order, or from it; the same bytes where this machine's order is that one, else a copy. */
export function toLittleEndian(bytes: Uint8Array, elementBytes: number, isSwapped = isBigEndian): Uint8Array {
  if (!isSwapped || elementBytes === 1) return bytes;
  const copy = Uint8Array.from(bytes);
  for (let at = 0; at < copy.length; at += elementBytes) copy.subarray(at, at + elementBytes).reverse();
  return copy;
}
