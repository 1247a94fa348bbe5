/** The largest payload of a record, and the bounds of its length field (type, payload, tag). */
export const MAX_PAYLOAD_BYTES = 65_536;

/** The sending half of a link's record layer. */
export interface RecordSealer {
  /**
   * One whole record, length prefix included, of exact size and ready to send; the payload is the concatenation of `parts`.
   * @throws RangeError for a payload over {@link MAX_PAYLOAD_BYTES}.
   */
  seal(type: number, parts: readonly Uint8Array[]): Uint8Array;
  /** The payload of a type 5 record: `plaintext` (at most 65,520 bytes) sealed whatever the encryption setting. */
  box(plaintext: Uint8Array): Uint8Array;
  /** Forgets all keys; nothing can be sealed after it. */
  wipe(): void;
}

/** The receiving half. After the first record or box that does not open, nothing opens any more. */
export interface RecordOpener {
  /**
   * Opens a record as {@link RecordReader} cuts it. The payload is fresh, or (encryption off) part of `body`.
   * @throws LinkError ERR_RECORD when it does not open.
   */
  open(lengthPrefix: Uint8Array, body: Uint8Array): { type: number; payload: Uint8Array };
  /** Opens the payload of a type 5 record. @throws LinkError ERR_RECORD when it does not open. */
  unbox(payload: Uint8Array): Uint8Array;
  /** Forgets all keys; nothing can be opened after it. */
  wipe(): void;
}

/** Cuts the bytes of a link into records, whatever the chunks they come in. */
export class RecordReader {
  /** Adds bytes that came. The reader keeps the chunk; bodies point into it. */
  push(chunk: Uint8Array): void {
    throw new Error(`not yet ${chunk.length}`);
  }

  /**
   * The next whole record, or undefined when more bytes are needed.
   * @throws LinkError ERR_RECORD for a length outside of 17..65,553, then and ever after, before anything is allocated.
   */
  next(): { lengthPrefix: Uint8Array; body: Uint8Array } | undefined {
    throw new Error("not yet");
  }

  /** Whether bytes of an unfinished record are held: the end of the pipe now would cut it. */
  get isInsideRecord(): boolean {
    return false;
  }
}
