import { CREDIT, DROP, FRAME_HEADER_BYTES, writeFrameHeader, writeU32 } from "./frames.ts";

const CREDIT_BYTES = FRAME_HEADER_BYTES + 4;

/** The session's own frames that wait to enter the stream: at most one CREDIT for each big message of the peer, one DROP for each of ours. */
export class OwnFrames {
  readonly #grants = new Map<number, number>();
  readonly #drops = new Set<number>();

  get isEmpty(): boolean {
    return this.#grants.size === 0 && this.#drops.size === 0;
  }

  /** The peer may send so many more bytes of its big message of that number. */
  grant(number: number, bytes: number): void {
    this.#grants.set(number, bytes);
  }

  /** The peer dropped that message: a grant that was not committed yet would be for nothing. */
  forgetGrant(number: number): void {
    this.#grants.delete(number);
  }

  /** The rest of our big message of that number will not come. */
  drop(number: number): void {
    this.#drops.add(number);
  }

  clear(): void {
    this.#grants.clear();
    this.#drops.clear();
  }

  /** Takes the next frame that has room, or undefined; then `isEmpty` tells which of the two it was. */
  take(roomBytes: number): Uint8Array | undefined {
    for (const [number, bytes] of this.#grants) {
      if (roomBytes < CREDIT_BYTES) return undefined;
      this.#grants.delete(number);
      const frame = new Uint8Array(CREDIT_BYTES);
      writeFrameHeader(frame, 0, CREDIT, number, 4);
      writeU32(frame, FRAME_HEADER_BYTES, bytes);
      return frame;
    }
    for (const number of this.#drops) {
      if (roomBytes < FRAME_HEADER_BYTES) return undefined;
      this.#drops.delete(number);
      const frame = new Uint8Array(FRAME_HEADER_BYTES);
      writeFrameHeader(frame, 0, DROP, number, 0);
      return frame;
    }
    return undefined;
  }
}
