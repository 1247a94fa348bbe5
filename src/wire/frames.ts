/**
 * What two users say to each other inside a session: one message each, `kind u8 | channel u32 | length u24 | payload`
 * (session/ cuts long ones). The channel of a call is its number, chosen by the caller; numbers of the two directions are apart.
 *
 *   caller                         callee
 *     CONTRACT ------------------->            once each way, first; again when methods are added
 *     <------------------- CONTRACT
 *     GET or SEND ---------------->
 *     <------------ RESULT or ERROR            exactly one for each
 *     CANCEL --------------------->            the caller waits no longer; an answer may cross it
 *     GOODBYE -------------------->            no call from now on will be handled; running ones end
 */
export const CONTRACT = 0x10; // channel 0 | value: Contract
export const GET = 0x11; //      channel   | method u16 | flags u8 | timeoutMs u32 | value
export const SEND = 0x12; //     channel   | the same; method 0 = a free message
export const RESULT = 0x13; //   channel   | value, or nothing (= undefined; a SEND that was accepted)
export const ERROR = 0x14; //    channel   | value: [code, ran, text, data]
export const CANCEL = 0x15; //   channel   | nothing
export const GOODBYE = 0x16; //  channel 0 | nothing

/** Bytes before the value in GET and SEND. */
export const CALL_HEADER_BYTES = 7;

/** Flag of GET and SEND: the value is `[meta, input]`. */
export const HAS_META = 1;

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
}

/** Reads the header of GET and SEND; undefined when the payload is too short. */
export function readCallHeader(payload: Uint8Array): CallHeader | undefined {
  if (payload.length < CALL_HEADER_BYTES) return undefined;
  const at = (index: number): number => payload[index] as number;
  return {
    method: (at(0) << 8) | at(1),
    flags: at(2),
    timeoutMs: ((at(3) << 24) | (at(4) << 16) | (at(5) << 8) | at(6)) >>> 0,
  };
}
