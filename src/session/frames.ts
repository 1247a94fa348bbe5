import { DEFAULT_LIMITS } from "../base/limits.ts";

/**
 * What a session puts on the wire. Integers are big-endian; offsets count the bytes of one direction's stream from the session's start.
 *
 * A data record of the link holds one or more of these, nothing else:
 *
 *   ATTACH   0x01 | recv u64                          first frame of each side on a link, once: I have your stream up to recv
 *   DATA     0x02 | offset u64 | bytes                bytes of my stream, at least one; runs to the end of the record
 *   ACK      0x03 | recv u64                          I have your stream up to recv
 *   END      0x04 | recv u64 | reason u8 | text       the session is over; UTF-8, at most 200 bytes; runs to the end of the record
 *
 *   one link:   ATTACH -> <- ATTACH    [ACK] DATA -> <- [ACK] DATA ...    ACK ->    END ->
 *
 * The stream is a row of these. Bit 0x80 of kind says that more fragments of the message follow; its first fragment begins with `total u32`.
 *
 *   frame    kind u8 | channel u32 | length u24 | payload[length], length <= 16,384
 *   CREDIT   kind 0x01, channel = number | bytes u32   you may send so many more bytes of your big message of that number
 *   DROP     kind 0x02, channel = number | nothing     the rest of my big message of that number will not come
 *
 * Big messages, those of more than 16,384 bytes, are numbered by their first fragments in the stream, from 0, modulo 2^32. Of each, 65,536 bytes
 * may come without credit; at most 64 are unfinished at any point of the stream. Fragments hold at least 1,024 bytes of the message, but for the last.
 * Kinds from 0x10 on are the user's of the session.
 */
export const ATTACH = 0x01;
export const DATA = 0x02;
export const ACK = 0x03;
export const END = 0x04;

export const CREDIT = 0x01;
export const DROP = 0x02;
export const FIRST_USER_KIND = 0x10;
/** In a kind: more fragments of the message follow. */
export const MORE = 0x80;

/** Bytes of ATTACH and ACK, and of DATA before its bytes. */
export const OFFSET_FRAME_BYTES = 9;
/** Bytes of END before its text. */
export const END_BYTES = 10;
export const MAX_END_TEXT_BYTES: number = DEFAULT_LIMITS.wire.textBytes;

export const MAX_RECORD_BYTES: number = DEFAULT_LIMITS.wire.recordBytes;
/** The most bytes of the stream that go into one record: there is always room for an ACK before them. */
export const MAX_DATA_BYTES: number = MAX_RECORD_BYTES - 2 * OFFSET_FRAME_BYTES;

export const FRAME_HEADER_BYTES = 8;
export const MAX_PAYLOAD_BYTES: number = DEFAULT_LIMITS.wire.frameBytes;
/** What this side puts into a fragment: a little under the cap, so that four of them fill a record. */
export const FRAGMENT_BYTES = 16_368;
export const MIN_FRAGMENT_BYTES: number = DEFAULT_LIMITS.wire.leastFragmentBytes;
/** `total` in a first fragment. */
export const TOTAL_BYTES = 4;

export function writeU64(bytes: Uint8Array, at: number, value: number): void {
  writeU32(bytes, at, Math.floor(value / 0x1_0000_0000));
  writeU32(bytes, at + 4, value >>> 0);
}

/** Past 2^53 the result is rounded, but stays past every offset that a session reaches. */
export function readU64(bytes: Uint8Array, at: number): number {
  return readU32(bytes, at) * 0x1_0000_0000 + readU32(bytes, at + 4);
}

export function writeU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

export function readU32(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number)) >>>
    0
  );
}

/** Writes the header of a frame of the stream; `kind` with {@link MORE} where that is meant. */
export function writeFrameHeader(bytes: Uint8Array, at: number, kind: number, channel: number, length: number): void {
  bytes[at] = kind;
  writeU32(bytes, at + 1, channel);
  bytes[at + 5] = length >>> 16;
  bytes[at + 6] = length >>> 8;
  bytes[at + 7] = length;
}

/** ATTACH or ACK, alone. */
export function offsetFrame(type: number, recv: number): Uint8Array {
  const bytes = new Uint8Array(OFFSET_FRAME_BYTES);
  bytes[0] = type;
  writeU64(bytes, 1, recv);
  return bytes;
}

/** What stands before the stream's bytes in a record: an ACK where `recv` is given, then DATA. */
export function dataHeader(recv: number | undefined, offset: number): Uint8Array {
  const bytes = new Uint8Array(recv === undefined ? OFFSET_FRAME_BYTES : 2 * OFFSET_FRAME_BYTES);
  const at = bytes.length - OFFSET_FRAME_BYTES;
  if (recv !== undefined) {
    bytes[0] = ACK;
    writeU64(bytes, 1, recv);
  }
  bytes[at] = DATA;
  writeU64(bytes, at + 1, offset);
  return bytes;
}

/** END. A text of more than 200 bytes is cut, at a character. */
export function endFrame(recv: number, reason: number, text: string): Uint8Array {
  const bytes = new Uint8Array(END_BYTES + MAX_END_TEXT_BYTES);
  const { written } = new TextEncoder().encodeInto(text, bytes.subarray(END_BYTES));
  bytes[0] = END;
  writeU64(bytes, 1, recv);
  bytes[9] = reason;
  return bytes.slice(0, END_BYTES + written);
}

/** The text of an END, made harmless for logs. */
export function readEndText(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes).replaceAll(/\p{Cc}/gu, " ");
}
