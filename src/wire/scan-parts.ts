import { isUtf8 } from "node:buffer";
import { ValueError } from "./values-error.ts";
import type { ValueLimits } from "./values-limits.ts";
import { TAG_BIGINT, TAG_DATE, TAG_FIRST_TYPED_ARRAY, TAG_TEXT16, TAG_UNDEFINED, TYPED_ARRAYS } from "./values-tags.ts";

/** The position after nil, a boolean, a number or a binary. `token` is the byte at `at`; one that begins nothing is refused. */
export function skipScalar(bytes: Uint8Array, at: number, end: number, token: number): number {
  let size = 1;
  switch (token) {
    case 0xc0:
    case 0xc2:
    case 0xc3:
      break;
    case 0xcc:
    case 0xd0:
      size = 2;
      break;
    case 0xcd:
    case 0xd1:
      size = 3;
      break;
    case 0xca:
    case 0xce:
    case 0xd2:
      size = 5;
      break;
    case 0xcb:
      size = 9;
      break;
    case 0xcf:
    case 0xd3: {
      size = 9;
      if (at + 9 > end) throw cut(at);
      const high = (bytes[at + 1] as number) * 0x100 + (bytes[at + 2] as number);
      const isSmall = high < 0x20 || (token === 0xd3 && high >= 0xffe0);
      if (!isSmall) throw malformed(at, "an integer that a number can't hold exactly");
      break;
    }
    case 0xc4:
    case 0xc5:
    case 0xc6: {
      const lengthBytes = 1 << (token - 0xc4);
      size = 1 + lengthBytes + readLength(bytes, at + 1, lengthBytes, end);
      break;
    }
    default:
      throw malformed(at, `the byte 0x${token.toString(16)}, which begins no value`);
  }
  if (size > end - at) throw cut(at);
  return at + size;
}

/** Whether a token begins an extension: fixext, whose length it implies, or ext, whose length follows. The type is next. */
export function isExtension(token: number): boolean {
  return (token >= 0xd4 && token <= 0xd8) || (token >= 0xc7 && token <= 0xc9);
}

/** Where an extension's content begins. */
export function extensionBody(bytes: Uint8Array, at: number, end: number): number {
  const token = bytes[at] as number;
  const body = at + (token >= 0xd4 ? 2 : 2 + (1 << (token - 0xc7)));
  if (body > end) throw cut(at);
  return body;
}

/** How long it is; {@link extensionBody} said that its length is there. */
export function extensionLength(bytes: Uint8Array, at: number): number {
  const token = bytes[at] as number;
  return token >= 0xd4 ? 1 << (token - 0xd4) : readLength(bytes, at + 1, 1 << (token - 0xc7), bytes.length);
}

/** Checks every extension but Map and Set: its type stands before `body`, its content ends at `bodyEnd`. */
export function checkExtension(bytes: Uint8Array, body: number, bodyEnd: number, limits: ValueLimits): void {
  const tag = bytes[body - 1] as number;
  const length = bodyEnd - body;
  const element = TYPED_ARRAYS[tag - TAG_FIRST_TYPED_ARRAY]?.BYTES_PER_ELEMENT;
  if (element !== undefined) {
    if (length % element !== 0) throw malformed(body, "a typed array that ends inside an element");
  } else if (tag === TAG_UNDEFINED) {
    if (length !== 1 || bytes[body] !== 0) throw malformed(body, "undefined with content");
  } else if (tag === TAG_DATE) {
    if (length !== 8) throw malformed(body, "a Date of another length than 8");
  } else if (tag === TAG_BIGINT) {
    if (length === 0) throw malformed(body, "a bigint without bytes");
    if (length > limits.bigintBytes) throw new ValueError("", `a bigint of more than ${limits.bigintBytes} bytes`);
  } else if (tag === TAG_TEXT16) {
    if (length % 2 !== 0) throw malformed(body, "a text that ends inside a character");
    if (!hasHalfPair(bytes, body, bodyEnd)) throw malformed(body, "a text in UTF-16 that UTF-8 can say");
  } else throw malformed(body - 1, `the unknown extension type 0x${tag.toString(16)}`);
}

/** Whether UTF-16 holds half a surrogate pair: what begins a pair must be followed by what ends one, and only there. */
function hasHalfPair(bytes: Uint8Array, from: number, to: number): boolean {
  let isOpen = false;
  for (let at = from + 1; at < to; at += 2) {
    const kind = (bytes[at] as number) & 0xfc;
    if ((kind === 0xdc) !== isOpen) return true;
    isOpen = kind === 0xd8;
  }
  return isOpen;
}

/** The position after an object's key, which must be a text other than `__proto__`. */
export function skipKey(bytes: Uint8Array, at: number, end: number, limits: ValueLimits): number {
  if (at >= end) throw cut(at);
  const token = bytes[at] as number;
  if ((token >= 0xa0 && token < 0xc0) || (token >= 0xd9 && token <= 0xdb)) {
    const next = skipText(bytes, at, end);
    if (bytes[next - 9] === 0x5f && next - at < 15 && isProto(bytes, at, next)) {
      throw malformed(at, "an object with the key __proto__");
    }
    return next;
  }
  if (isExtension(token)) {
    const body = extensionBody(bytes, at, end);
    const bodyEnd = body + extensionLength(bytes, at);
    if (bodyEnd > end) throw cut(at);
    if (bytes[body - 1] === TAG_TEXT16) {
      checkExtension(bytes, body, bodyEnd, limits);
      return bodyEnd;
    }
  }
  throw malformed(at, "an object's key that is no text");
}

/** Own `__proto__` keys are how merging functions get tricked into changing every object; nobody needs them. */
const PROTO = Buffer.from("__proto__");

function isProto(bytes: Uint8Array, at: number, next: number): boolean {
  const token = bytes[at] as number;
  const headerBytes = token < 0xc0 ? 1 : 1 + (1 << (token - 0xd9));
  return next - at - headerBytes === 9 && PROTO.every((byte, index) => bytes[next - 9 + index] === byte);
}

/** The position after a text, which must be valid UTF-8. */
export function skipText(bytes: Uint8Array, at: number, end: number): number {
  const token = bytes[at] as number;
  let from = at + 1;
  let length = token & 0x1f;
  if (token >= 0xd9) {
    const lengthBytes = 1 << (token - 0xd9);
    length = readLength(bytes, from, lengthBytes, end);
    from += lengthBytes;
  }
  const to = from + length;
  if (to > end) throw cut(at);
  if (length < 24) {
    let all = 0;
    for (let i = from; i < to; i++) all |= bytes[i] as number;
    if (all < 0x80) return to;
  }
  if (!isUtf8(bytes.subarray(from, to))) throw malformed(at, "a text that is not UTF-8");
  return to;
}

/** An unsigned integer of 1, 2 or 4 bytes. */
export function readLength(bytes: Uint8Array, at: number, lengthBytes: number, end: number): number {
  if (at + lengthBytes > end) throw cut(at);
  let length = 0;
  for (let i = 0; i < lengthBytes; i++) length = length * 0x100 + (bytes[at + i] as number);
  return length;
}

/** The refusal of bytes that end too early. */
export function cut(at: number): ValueError {
  return malformed(at, "the end of the bytes inside a value");
}

/** The refusal of bytes that no writer of ours makes. */
export function malformed(at: number, what: string): ValueError {
  return new ValueError("", `malformed at byte ${at}: ${what}`);
}
