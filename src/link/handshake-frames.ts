// The frames before the keys, PROTOCOL §3.1: `type u8 | length u16 | body`, body <= 1,024 bytes.
//
//   initiator                              responder
//   1 HELLO                           ->
//                                     <-   2 REPLY, or 4 REFUSE
//   3 CONFIRM, or 4 REFUSE            ->
//   records                          <->   records
//
// 5 RELAY goes before all of that, to a Room alone: it asks to be spliced to another socket.
import { DEFAULT_LIMITS } from "../base/limits.ts";
import { LinkError } from "../base/errors.ts";
import { concat, copyOf } from "../crypto/bytes.ts";
import type { Frame } from "./handshake.ts";
import { encodeRefuseBody } from "./handshake-refuse.ts";

export const FRAME = { hello: 1, reply: 2, confirm: 3, refuse: 4, relay: 5 } as const;

/** The longest body of a frame before the keys. */
export const MAX_FRAME_BODY_BYTES: number = DEFAULT_LIMITS.wire.handshakeFrameBytes;

const HEADER_BYTES = 3;
/** What HELLO and RELAY bodies begin with: the magic, whose fourth byte is the version. */
export const MAGIC: readonly number[] = [0x43, 0x52, 0x50, 0x31]; // CRP1
/** As much of the magic as tells a stranger from a newer version. */
const MAGIC_KIND_BYTES = 3;
const RELAY_BODY_BYTES = 20;

/** A frame with its header. */
export function encodeFrame(type: number, body: Uint8Array): Uint8Array {
  if (body.length > MAX_FRAME_BODY_BYTES)
    throw new RangeError(`a frame takes at most ${MAX_FRAME_BODY_BYTES} bytes, not ${body.length}`);
  return concat([Uint8Array.of(type, body.length >>> 8, body.length), body]);
}

/** Whether a body begins like that of any version of this protocol. */
export function beginsLikeMagic(body: Uint8Array): boolean {
  for (let i = 0; i < MAGIC_KIND_BYTES; i++) if (body[i] !== MAGIC[i]) return false;
  return true;
}

/**
 * Cuts the frames before the keys out of the bytes of a pipe, one at a time: what follows a frame stays, for records come
 * right behind CONFIRM. Bounds nothing but the frame: the caller stops pushing when it has had enough.
 */
export class FrameReader {
  /** Types that the first frame may have; undefined once it is past. */
  #first: readonly number[] | undefined;
  #held: Uint8Array = new Uint8Array(0);

  /**
   * @param first for a listener: the types that a stranger's first frame may have (1, at a Room also 5). Its header and magic
   * are then checked as they come, so that whatever else dialled is known after a byte or two.
   */
  constructor(first?: readonly number[]) {
    this.#first = first;
  }

  /** Adds bytes that came. The reader keeps the chunk, and bodies point into it. */
  push(chunk: Uint8Array): void {
    this.#held = this.#held.length === 0 ? chunk : concat([this.#held, chunk]);
  }

  /**
   * The next whole frame, or undefined when more bytes are needed.
   * @throws LinkError ERR_MALFORMED for a length over the cap, or bytes that can't begin a first frame: close without a word.
   */
  next(): Frame | undefined {
    const held = this.#held;
    const [type, high, low] = held;
    if (type === undefined) return undefined;
    if (this.#first !== undefined && !this.#first.includes(type)) throw notOurs();
    if (high === undefined) return undefined;
    // The cap is 4 times 256: the first byte of the length tells most of what is over it.
    if (high > MAX_FRAME_BODY_BYTES >>> 8) throw tooLong();
    if (low === undefined) return undefined;
    const length = (high << 8) | low;
    if (length > MAX_FRAME_BODY_BYTES) throw tooLong();
    const body = held.subarray(HEADER_BYTES, HEADER_BYTES + length);
    if (this.#first !== undefined) {
      if (length < MAGIC_KIND_BYTES || body.subarray(0, MAGIC_KIND_BYTES).some((byte, i) => byte !== MAGIC[i]))
        throw notOurs();
    }
    if (body.length < length) return undefined;
    this.#held = held.subarray(HEADER_BYTES + length);
    this.#first = undefined;
    return { type, body };
  }

  /** Hands over all bytes not taken, and forgets them. */
  takeRest(): Uint8Array {
    const rest = this.#held;
    this.#held = new Uint8Array(0);
    return rest;
  }
}

function notOurs(): LinkError {
  return new LinkError("ERR_MALFORMED", "what came is not this protocol");
}

function tooLong(): LinkError {
  return new LinkError("ERR_MALFORMED", `a handshake frame is longer than ${MAX_FRAME_BODY_BYTES} bytes`);
}

/** A REFUSE frame. `retryAfter` in seconds, rounded up, at most 65,535; `text` is cut to 200 bytes. */
export function encodeRefuse(code: number, retryAfter = 0, text = ""): Uint8Array {
  return encodeFrame(FRAME.refuse, encodeRefuseBody(code, retryAfter, text));
}

/** The RELAY frame that asks the Room for a splice. `relayId`: 16 bytes that the Room gave this user. */
export function encodeRelayPreface(relayId: Uint8Array): Uint8Array {
  if (relayId.length !== 16) throw new RangeError(`a relayId takes 16 bytes, not ${relayId.length}`);
  return encodeFrame(FRAME.relay, concat([Uint8Array.from(MAGIC), relayId]));
}

/** The relayId in the body of a RELAY frame; or the code to refuse it with: 1 for another version, 12 for another length. */
export function decodeRelayPreface(body: Uint8Array): { relayId: Uint8Array; refuse?: undefined } | { refuse: number } {
  if (body.length > 3 && body[3] !== MAGIC[3]) return { refuse: 1 };
  return body.length === RELAY_BODY_BYTES ? { relayId: copyOf(body.subarray(4)) } : { refuse: 12 };
}
