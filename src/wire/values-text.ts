import { isUtf8 } from "node:buffer";

/** Up to here a text is quicker made by hand. */
const SHORT_BYTES = 24;

const { fromCharCode } = String;
// The method behind Buffer.toString works on any Uint8Array; Node's types leave it out.
const { utf8Slice } = Buffer.prototype as unknown as {
  utf8Slice: (this: Uint8Array, from: number, to: number) => string;
};

/** Valid UTF-8 as text. */
export function readText(bytes: Uint8Array, from: number, length: number): string {
  if (length <= SHORT_BYTES) {
    const text = readShort(bytes, from, length);
    if (text !== undefined) return text;
  }
  return utf8Slice.call(bytes, from, from + length);
}

/** Bytes that nobody has looked at as text; undefined unless they are valid UTF-8. */
export function readUncheckedText(bytes: Uint8Array, from: number, length: number): string | undefined {
  if (length <= SHORT_BYTES) {
    const short = readShort(bytes, from, length);
    if (short !== undefined) return short;
  }
  const text = utf8Slice.call(bytes, from, from + length);
  // What is not UTF-8 becomes that sign, which a text may also have of itself; to look for it takes a fifth of a check of the bytes.
  const isRight = !text.includes("\ufffd") || isUtf8(bytes.subarray(from, from + length));
  return isRight ? text : undefined;
}

/** A short text by hand, which is quicker than a call of the native decoder; undefined unless it is ASCII. */
function readShort(bytes: Uint8Array, from: number, length: number): string | undefined {
  let text = "";
  let at = from;
  const end = from + length;
  // Each step makes a text, so the fewer the better.
  while (at + 8 <= end) {
    const a = bytes[at] as number;
    const b = bytes[at + 1] as number;
    const c = bytes[at + 2] as number;
    const d = bytes[at + 3] as number;
    const e = bytes[at + 4] as number;
    const f = bytes[at + 5] as number;
    const g = bytes[at + 6] as number;
    const h = bytes[at + 7] as number;
    if ((a | b | c | d | e | f | g | h) > 0x7f) return undefined;
    text += fromCharCode(a, b, c, d, e, f, g, h);
    at += 8;
  }
  while (at + 4 <= end) {
    const a = bytes[at] as number;
    const b = bytes[at + 1] as number;
    const c = bytes[at + 2] as number;
    const d = bytes[at + 3] as number;
    if ((a | b | c | d) > 0x7f) return undefined;
    text += fromCharCode(a, b, c, d);
    at += 4;
  }
  for (; at < end; at++) {
    const a = bytes[at] as number;
    if (a > 0x7f) return undefined;
    text += fromCharCode(a);
  }
  return text;
}

const CACHED_KEYS = 1_024;
const MAX_KEY_BYTES = 32; // of one in the table
const keyBytes = new Uint8Array(CACHED_KEYS * MAX_KEY_BYTES);
const keyTexts: string[] = Array.from({ length: CACHED_KEYS }, () => "");
const keyLengths = new Uint8Array(CACHED_KEYS);

/**
 * The key of an object, 0 to 31 bytes. The same few keys come again and again: they are kept, in a table that can't
 * grow.
 */
export function readKey(bytes: Uint8Array, from: number, length: number): string {
  if (length === 0) return "";
  let hash =
    length * 7 +
    (bytes[from] as number) * 31 +
    (bytes[from + length - 1] as number) * 61 +
    (bytes[from + (length >> 1)] as number) * 13;
  const slot = (hash ^ (hash >>> 10)) & (CACHED_KEYS - 1);
  const known = slot * MAX_KEY_BYTES;
  if (keyLengths[slot] === length) {
    let i = 0;
    while (i < length && keyBytes[known + i] === bytes[from + i]) i++;
    if (i === length) return keyTexts[slot] as string;
  }
  const text = readText(bytes, from, length);
  for (let i = 0; i < length; i++) keyBytes[known + i] = bytes[from + i] as number;
  keyLengths[slot] = length;
  keyTexts[slot] = text;
  return text;
}
