/**
 * What two users say to each other inside a session: one message each, `kind u8 | channel u32 | length u24 | payload`
 * (session/ cuts long ones). The channel of a call is its number, chosen by the caller; numbers of the two directions are apart.
 *
 *   caller                         callee
 *     CONTRACT ------------------->            once each way, first; again when methods are added
 *     GET or SEND ---------------->            by name until the other's contract is here, by number then
 *     <------------------- CONTRACT
 *     <------------ RESULT or ERROR            exactly one for each
 *     CANCEL --------------------->            the caller waits no longer; an answer may cross it
 *     GOODBYE -------------------->            no call from now on will be handled; running ones end
 */
export const CONTRACT = 0x10; // channel 0 | value: Contract
export const GET = 0x11; //      channel   | method u16 | flags u8 | timeoutMs u32 | name, if the flags say so | value
export const SEND = 0x12; //     channel   | the same; method 0 = a free message
export const RESULT = 0x13; //   channel   | value, or nothing (= undefined; a SEND that was accepted)
export const ERROR = 0x14; //    channel   | value: [code, ran, text, data]
export const CANCEL = 0x15; //   channel   | nothing
export const GOODBYE = 0x16; //  channel 0 | nothing

/** Bytes before the value in GET and SEND, or before the name. */
export const CALL_HEADER_BYTES = 7;

/** Flag of GET and SEND: the value is `[meta, input]`. */
export const HAS_META = 1;

/** Flag of GET and SEND: `method` is the length in bytes of the method's name, UTF-8, which stands before the value. */
export const HAS_NAME = 2;

/** Flag of GET and SEND: both have the same schema of the method; the answer, like the value, may be of a shape. */
export const SAME_SCHEMA = 4;

/** Method number of a free message. */
export const FREE_MESSAGE = 0;

/** Writes the header of GET and SEND into the first bytes of a payload. `timeoutMs` is capped at 2^32 - 1 (49 days). */
export function writeCallHeader(payload: Uint8Array, method: number, flags: number, timeoutMs: number): void {
  const ms = timeoutMs >= 0xffff_ffff ? 0xffff_ffff : Math.max(0, Math.ceil(timeoutMs));
  payload[0] = method >>> 8;
  payload[1] = method;
  payload[2] = flags;
  payload[3] = ms >>> 24;
  payload[4] = ms >>> 16;
  payload[5] = ms >>> 8;
  payload[6] = ms;
}

export interface CallHeader {
  method: number;
  flags: number;
  timeoutMs: number;
  /** Where the value begins. */
  valueAt: number;
}

/** Reads the header of GET and SEND; undefined when the payload is too short. */
export function readCallHeader(payload: Uint8Array): CallHeader | undefined {
  const at = (index: number): number => payload[index] as number;
  const method = (at(0) << 8) | at(1);
  const flags = at(2);
  const valueAt = CALL_HEADER_BYTES + ((flags & HAS_NAME) === 0 ? 0 : method);
  if (payload.length < valueAt) return undefined;
  return { method, flags, timeoutMs: ((at(3) << 24) | (at(4) << 16) | (at(5) << 8) | at(6)) >>> 0, valueAt };
}

/** The name in a call that is `HAS_NAME`. */
export function readCallName(payload: Uint8Array, { valueAt }: CallHeader): string {
  return utf8.decode(payload.subarray(CALL_HEADER_BYTES, valueAt));
}

/** The payload of a call by number, its header not yet written, as one by name, its header written. */
export function nameCall(payload: Uint8Array, name: string, flags: number, timeoutMs: number): Uint8Array {
  const bytes = Buffer.from(name);
  const named = new Uint8Array(payload.length + bytes.length);
  writeCallHeader(named, bytes.length, flags | HAS_NAME, timeoutMs);
  named.set(bytes, CALL_HEADER_BYTES);
  named.set(payload.subarray(CALL_HEADER_BYTES), CALL_HEADER_BYTES + bytes.length);
  return named;
}

const utf8 = new TextDecoder();
