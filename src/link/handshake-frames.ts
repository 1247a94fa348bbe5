import type { Frame } from "./handshake.ts";

/** The longest body of a frame before the keys. */
export const MAX_FRAME_BODY_BYTES = 1024;

/**
 * Cuts the frames before the keys out of the bytes of a pipe, one at a time: what follows a frame stays, for records come
 * right behind CONFIRM.
 */
export class FrameReader {
  /** @param first the types that a stranger's first frame may have (1, at a Room also 5): its first bytes are checked as they come, magic included. */
  constructor(first?: readonly number[]) {
    void first;
  }

  /** Adds bytes that came. The reader keeps the chunk; bodies point into it. */
  push(chunk: Uint8Array): void {
    throw new Error(`not yet ${chunk.length}`);
  }

  /**
   * The next whole frame, or undefined when more bytes are needed.
   * @throws LinkError ERR_MALFORMED for a length over the cap or bytes that can't begin a first frame: close without a word.
   */
  next(): Frame | undefined {
    throw new Error("not yet");
  }

  /** Hands over all bytes not taken, and forgets them. */
  takeRest(): Uint8Array {
    throw new Error("not yet");
  }
}

/** A REFUSE frame. `retryAfter` in seconds, rounded up and capped at 65,535; `text` is cut to 200 bytes. */
export function encodeRefuse(code: number, retryAfter = 0, text = ""): Uint8Array {
  throw new Error(`not yet ${code} ${retryAfter} ${text}`);
}

/** The RELAY frame that asks the Room for a splice; `relayId` is 16 bytes. */
export function encodeRelayPreface(relayId: Uint8Array): Uint8Array {
  throw new Error(`not yet ${relayId.length}`);
}

/** The relayId in the body of a RELAY frame, or undefined when it is not one (REFUSE 12; fourth byte of the magic: REFUSE 1 by its own check). */
export function decodeRelayPreface(body: Uint8Array): Uint8Array | undefined {
  throw new Error(`not yet ${body.length}`);
}
