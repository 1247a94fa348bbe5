import {
  TAG_BIGINT,
  TAG_DATE,
  TAG_FIRST_TYPED_ARRAY,
  TAG_MAP,
  TAG_SET,
  TAG_TEXT16,
  toLittleEndian,
  TYPED_ARRAYS,
  type TypedArrayKind,
} from "./values-tags.ts";
import { beginKeys, Keys } from "./values-keys.ts";
import { readKey, readText } from "./values-text.ts";

// The bytes being read and the position in them. Nothing here calls a user's code, so one set for the process is enough.
let bytes: Uint8Array = new Uint8Array(0);
let at = 0;
let mayKeep = false;

/** A binary of this size or more may be a view of a message that was given away, if it is at least half of it. */
const LARGE_BYTES = 65_536;
/** Up to here copying by hand is quicker. */
const SMALL_BYTES = 32;

const floatBytes = new Uint8Array(8);
const float = new DataView(floatBytes.buffer);

/**
 * The value at `start`. The bytes must have passed `scan`: nothing is checked again but whether keys of Maps and Sets collide on purpose. `isGiven`: nobody else will use
 * the bytes, so a large Uint8Array may be a view of them.
 */
export function readValue(scanned: Uint8Array, start: number, isGiven: boolean): unknown {
  beginKeys();
  return readPart(scanned, start, isGiven);
}

/** The same of one of several values of a message, for which keys are counted together: {@link beginKeys} is the caller's. */
export function readPart(scanned: Uint8Array, start: number, isGiven: boolean): unknown {
  bytes = scanned;
  at = start;
  mayKeep = isGiven;
  try {
    return value();
  } finally {
    bytes = floatBytes; // the message may be large: let it go
  }
}

function value(): unknown {
  const token = bytes[at++] as number;
  if (token < 0x80) return token;
  if (token < 0x90) return object(token & 0x0f);
  if (token < 0xa0) return array(token & 0x0f);
  if (token < 0xc0) return text(token & 0x1f);
  if (token >= 0xe0) return token - 0x100;
  switch (token) {
    case 0xc0:
      return null;
    case 0xc2:
      return false;
    case 0xc3:
      return true;
    case 0xc4:
      return binary(uint(1));
    case 0xc5:
      return binary(uint(2));
    case 0xc6:
      return binary(uint(4));
    case 0xc7:
      return extension(uint(1));
    case 0xc8:
      return extension(uint(2));
    case 0xc9:
      return extension(uint(4));
    case 0xca:
      loadFloat(4);
      return float.getFloat32(0);
    case 0xcb:
      loadFloat(8);
      return float.getFloat64(0);
    case 0xcc:
      return uint(1);
    case 0xcd:
      return uint(2);
    case 0xce:
      return uint(4);
    case 0xcf:
    case 0xd3: {
      const high = uint(4);
      // scan let pass only what a number holds exactly
      return (token === 0xd3 ? high | 0 : high) * 0x1_0000_0000 + uint(4);
    }
    case 0xd0:
      return (uint(1) << 24) >> 24;
    case 0xd1:
      return (uint(2) << 16) >> 16;
    case 0xd2:
      return uint(4) | 0;
    case 0xd9:
      return text(uint(1));
    case 0xda:
      return text(uint(2));
    case 0xdb:
      return text(uint(4));
    case 0xdc:
      return array(uint(2));
    case 0xdd:
      return array(uint(4));
    case 0xde:
      return object(uint(2));
    case 0xdf:
      return object(uint(4));
    default: // fixext, 0xd4 to 0xd8
      return extension(1 << (token - 0xd4));
  }
}

function object(size: number): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (let i = 0; i < size; i++) {
    const token = bytes[at] as number;
    let key: string;
    if (token >= 0xa0 && token < 0xc0) {
      const length = token & 0x1f;
      key = readKey(bytes, at + 1, length);
      at += 1 + length;
    } else key = value() as string;
    result[key] = value();
  }
  return result;
}

function array(length: number): unknown[] {
  const result: unknown[] = [];
  for (let i = 0; i < length; i++) result.push(value());
  return result;
}

function text(length: number): string {
  at += length;
  return readText(bytes, at - length, length);
}

function binary(length: number): Uint8Array {
  if (mayKeep && length >= LARGE_BYTES && length * 2 >= bytes.buffer.byteLength) {
    at += length;
    return new Uint8Array(bytes.buffer, bytes.byteOffset + at - length, length);
  }
  return copy(length);
}

function copy(length: number): Uint8Array {
  const result = new Uint8Array(length);
  if (length <= SMALL_BYTES) for (let i = 0; i < length; i++) result[i] = bytes[at + i] as number;
  else result.set(bytes.subarray(at, at + length));
  at += length;
  return result;
}

function extension(length: number): unknown {
  const tag = bytes[at++] as number;
  switch (tag) {
    case TAG_DATE:
      loadFloat(8);
      return new Date(float.getFloat64(0));
    case TAG_BIGINT:
      return bigint(length);
    case TAG_MAP:
      return map();
    case TAG_SET:
      return set();
    case TAG_TEXT16:
      at += length;
      return Buffer.from(bytes.buffer, bytes.byteOffset + at - length, length).toString("utf16le");
    default: {
      const kind = TYPED_ARRAYS[tag - TAG_FIRST_TYPED_ARRAY];
      if (kind !== undefined) return typedArray(kind, length);
      at += length;
      return undefined;
    }
  }
}

function set(): Set<unknown> {
  const members = value() as unknown[];
  const keys = Keys.of(members.length);
  if (keys === undefined) return new Set(members);
  const result = new Set<unknown>();
  for (const member of members) {
    if (!result.has(member)) keys.add(member);
    result.add(member);
  }
  return result;
}

function map(): Map<unknown, unknown> {
  const token = bytes[at++] as number;
  const size = token < 0x90 ? token & 0x0f : uint(token === 0xde ? 2 : 4);
  const result = new Map<unknown, unknown>();
  const keys = Keys.of(size);
  for (let i = 0; i < size; i++) {
    const key = value();
    if (keys !== undefined && !result.has(key)) keys.add(key); // an equal one takes the place of an earlier one
    result.set(key, value());
  }
  return result;
}

function bigint(length: number): bigint {
  if (length <= 6) {
    let result = ((bytes[at++] as number) << 24) >> 24;
    for (let i = 1; i < length; i++) result = result * 0x100 + (bytes[at++] as number);
    return BigInt(result);
  }
  at += length;
  const content = Buffer.from(bytes.buffer, bytes.byteOffset + at - length, length);
  if (length === 8) return content.readBigInt64BE();
  return BigInt.asIntN(length * 8, BigInt(`0x${content.toString("hex")}`));
}

function typedArray(kind: TypedArrayKind, length: number): ArrayBufferView {
  const content = toLittleEndian(copy(length), kind.BYTES_PER_ELEMENT);
  return new kind(content.buffer as ArrayBuffer);
}

function uint(size: number): number {
  let result = bytes[at++] as number;
  for (let i = 1; i < size; i++) result = result * 0x100 + (bytes[at++] as number);
  return result;
}

function loadFloat(size: number): void {
  for (let i = 0; i < size; i++) floatBytes[i] = bytes[at++] as number;
}
