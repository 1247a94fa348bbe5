// The record layer of PROTOCOL §3.5: `L u32 | body[L]`, inner = `type u8 | payload`. Encryption on: body = AEAD(aad = L,
// inner). Off: body = inner | tag, where the tag covers L and inner.
import { allocate } from "../base/bytes.ts";
import { discard } from "../base/discard.ts";
import { DEFAULT_LIMITS } from "../base/limits.ts";
import { LinkError } from "../base/errors.ts";
import { concat } from "../crypto/bytes.ts";
import { type Engine, type Suite, TAG_BYTES } from "../crypto/engine.ts";
import type { DirectionSecrets } from "../crypto/key-schedule.ts";
import { Ratchet } from "../crypto/ratchet.ts";

/** The types of records. User stage belongs before an open link, identity is only ever a side's very first record on it. */
export const RECORD = { data: 1, ping: 2, pong: 3, identity: 4, sealed: 5, userStage: 6, close: 0x7f } as const;

/** The largest payload of a record. */
export const MAX_PAYLOAD_BYTES: number = DEFAULT_LIMITS.wire.recordBytes;
/** The largest plaintext of a sealed box: with its tag it fills a record. */
export const MAX_BOX_BYTES: number = MAX_PAYLOAD_BYTES - TAG_BYTES;
/** Bytes of a record's length prefix. */
export const PREFIX_BYTES = 4;
/** What a record's length field may say: an inner type, a payload, a tag. */
export const MIN_BODY_BYTES = 1 + TAG_BYTES;
export const MAX_BODY_BYTES: number = 1 + MAX_PAYLOAD_BYTES + TAG_BYTES;

/** The sending half of a link's record layer. */
export interface RecordSealer {
  /**
   * One whole record, length prefix included, ready to send: all of a buffer of its own. The payload is the concatenation of
   * `parts`, which stay the caller's.
   * @throws RangeError for a payload over {@link MAX_PAYLOAD_BYTES}.
   */
  seal(type: number, parts: readonly Uint8Array[]): Uint8Array;
  /**
   * The payload of a type 5 record: `plaintext` sealed whatever the encryption setting. Boxes must travel in the order they are made.
   * @throws RangeError for a plaintext over {@link MAX_BOX_BYTES}.
   */
  box(plaintext: Uint8Array): Uint8Array;
  /** Forgets all keys; nothing can be sealed after it. */
  wipe(): void;
}

/** The receiving half. After the first record or box that does not open, nothing opens any more. */
export interface RecordOpener {
  /**
   * Opens a record as a reader cuts it. The payload is fresh, or (encryption off) part of `body`.
   * @throws LinkError ERR_RECORD when it does not open.
   */
  open(lengthPrefix: Uint8Array, body: Uint8Array): { type: number; payload: Uint8Array };
  /** Opens the payload of a type 5 record. @throws LinkError ERR_RECORD when it does not open. */
  unbox(payload: Uint8Array): Uint8Array;
  /** Forgets all keys; nothing can be opened after it. */
  wipe(): void;
}

const NO_BYTES = new Uint8Array(0);
const NO_PARTS: readonly Uint8Array[] = [];
/** Every type as the first part of an inner, made once. */
const TYPE_PARTS: readonly Uint8Array[] = Array.from({ length: 256 }, (_, type) => Uint8Array.of(type));

/** The secrets of a direction; without one for boxes there are none. */
type Secrets = Pick<DirectionSecrets, "records"> & Partial<DirectionSecrets>;

/** The sealing half for one direction; the secrets are its own from now on. */
export function createSealer(engine: Engine, suite: Suite, encryption: boolean, secrets: Secrets): RecordSealer {
  const records = new Ratchet(engine, suite, secrets.records);
  const boxes = secrets.boxes && new Ratchet(engine, suite, secrets.boxes);
  return {
    seal(type, parts) {
      const typePart = TYPE_PARTS[type];
      if (typePart === undefined) throw new RangeError(`a record type is one byte, not ${type}`);
      let payloadBytes = 0;
      for (const part of parts) payloadBytes += part.length;
      if (payloadBytes > MAX_PAYLOAD_BYTES) {
        throw new RangeError(`a record takes at most ${MAX_PAYLOAD_BYTES} bytes, not ${payloadBytes}`);
      }
      const innerEnd = PREFIX_BYTES + 1 + payloadBytes;
      const record = allocate(innerEnd + TAG_BYTES);
      const bodyBytes = record.length - PREFIX_BYTES;
      record[0] = 0;
      record[1] = bodyBytes >>> 16;
      record[2] = bodyBytes >>> 8;
      record[3] = bodyBytes;
      if (encryption) {
        records.seal(record.subarray(0, PREFIX_BYTES), [typePart, ...parts], record, PREFIX_BYTES);
        return record;
      }
      record[PREFIX_BYTES] = type;
      let at = PREFIX_BYTES + 1;
      for (const part of parts) {
        record.set(part, at);
        at += part.length;
      }
      records.seal(record.subarray(0, innerEnd), NO_PARTS, record, innerEnd);
      return record;
    },
    box(plaintext) {
      if (plaintext.length > MAX_BOX_BYTES)
        throw new RangeError(`a box takes at most ${MAX_BOX_BYTES} bytes, not ${plaintext.length}`);
      if (boxes === undefined) throw new TypeError("there are no boxes here");
      const box = allocate(plaintext.length + TAG_BYTES);
      boxes.seal(NO_BYTES, [plaintext], box, 0);
      return box;
    },
    wipe() {
      records.wipe();
      boxes?.wipe();
    },
  };
}

/** The opening half for one direction; the secrets are its own from now on. */
export function createOpener(engine: Engine, suite: Suite, encryption: boolean, secrets: Secrets): RecordOpener {
  const records = new Ratchet(engine, suite, secrets.records);
  const boxes = secrets.boxes && new Ratchet(engine, suite, secrets.boxes);
  const wipe = () => {
    records.wipe();
    boxes?.wipe();
  };
  const opened = (plaintext: Uint8Array | undefined, what: string): Uint8Array => {
    if (plaintext !== undefined) return plaintext;
    // Forged, replayed, reordered or dropped on the way: PROTOCOL has no second try for any of them.
    wipe();
    throw new LinkError("ERR_RECORD", `a ${what} does not open: it was altered on the way, or is not the next one`);
  };
  const assertAlive = () => {
    if (records.isWiped) throw new LinkError("ERR_RECORD", "this link opens nothing any more");
  };
  return {
    open(lengthPrefix, body) {
      assertAlive();
      if (body.length < MIN_BODY_BYTES) opened(undefined, "record");
      if (encryption) {
        const inner = opened(records.open([lengthPrefix], body), "record");
        return { type: inner[0] as number, payload: inner.subarray(1) };
      }
      const tagAt = body.length - TAG_BYTES;
      const inner = body.subarray(0, tagAt);
      opened(records.open([lengthPrefix, inner], body.subarray(tagAt)), "record");
      return { type: inner[0] as number, payload: inner.subarray(1) };
    },
    unbox(payload) {
      assertAlive();
      return opened(boxes?.open([NO_BYTES], payload), "sealed box");
    },
    wipe,
  };
}

/** A record as it came, not yet opened. */
export interface SealedRecord {
  readonly lengthPrefix: Uint8Array;
  readonly body: Uint8Array;
}

/**
 * Cuts the bytes of a link into records, whatever the chunks they come in. A record that lies whole in one chunk is not
 * copied; any other one is assembled in one buffer of its size, so the work is linear even in chunks of one byte.
 */
export class RecordReader {
  /** Chunks not used up; the first one from `#at` on. */
  readonly #chunks: Uint8Array[] = [];
  #at = 0;
  /** The first bytes of a prefix that a chunk's end cut. */
  readonly #prefix = new Uint8Array(PREFIX_BYTES);
  #prefixBytes = 0;
  /** A record that does not lie in one chunk, prefix included, and how much of it is there. */
  #assembly: Uint8Array | undefined;
  #assembled = 0;
  /** The chunk or assembly in which the record lies that was handed out last, until its user is done with it. */
  #lent: Uint8Array | undefined;
  /** A record of the first chunk is still in use: its memory is not ours to free. */
  #isKept = false;
  #failure: LinkError | undefined;
  readonly #maxBodyBytes: number;

  /** @param maxBodyBytes the most that a length field may say, at most {@link MAX_BODY_BYTES}. */
  constructor(maxBodyBytes: number = MAX_BODY_BYTES) {
    this.#maxBodyBytes = maxBodyBytes;
  }

  /** Adds bytes that came. The chunk is the reader's from now on, with its buffer where it is all of that; bodies point into it. */
  push(chunk: Uint8Array): void {
    if (this.#failure === undefined) this.#chunks.push(chunk);
  }

  /**
   * The next whole record, or undefined when more bytes are needed.
   * @throws LinkError ERR_RECORD for a length outside of 17..65,553 (or a lower most), then and ever after, before anything is allocated for it.
   */
  next(): SealedRecord | undefined {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#lent !== undefined) {
      if (this.#lent === this.#chunks[0]) this.#isKept = true;
      this.#lent = undefined;
    }
    for (;;) {
      const chunk = this.#chunks[0];
      if (chunk === undefined) return undefined;
      const left = chunk.length - this.#at;
      const assembly = this.#assembly;
      if (assembly !== undefined) {
        this.#assembled += this.#move(chunk, assembly, this.#assembled);
        if (this.#assembled < assembly.length) continue;
        this.#assembly = undefined;
        this.#lent = assembly;
        return recordOf(assembly);
      }
      if (this.#prefixBytes === 0 && left >= PREFIX_BYTES) {
        const end = this.#at + PREFIX_BYTES + this.#bodyBytes(chunk, this.#at);
        if (end <= chunk.length) {
          const whole = chunk.subarray(this.#at, end);
          if (!this.#isKept) this.#lent = chunk;
          this.#skip(chunk, end);
          return recordOf(whole);
        }
        this.#assembly = allocate(end - this.#at);
        this.#assembled = 0;
        continue;
      }
      this.#prefixBytes += this.#move(chunk, this.#prefix, this.#prefixBytes);
      if (this.#prefixBytes < PREFIX_BYTES) continue;
      this.#assembly = allocate(PREFIX_BYTES + this.#bodyBytes(this.#prefix, 0));
      this.#assembly.set(this.#prefix);
      this.#assembled = PREFIX_BYTES;
      this.#prefixBytes = 0;
    }
  }

  /** Nobody uses the record any more that `next` gave last, nor anything in it: its memory is freed when no other record lies there. */
  done(): void {
    const lent = this.#lent;
    this.#lent = undefined;
    if (lent !== undefined && lent !== this.#chunks[0]) discardWhole(lent);
  }

  /** Whether a record has begun and is not whole: the end of the pipe now would cut it. Meaningful after `next` gave undefined. */
  get isInsideRecord(): boolean {
    return this.#assembly !== undefined || this.#prefixBytes > 0;
  }

  /** After `next` gave a record: hands over all bytes behind it, and forgets them. */
  takeRest(): Uint8Array {
    const [first = NO_BYTES, ...more] = this.#chunks.splice(0);
    const rest = concat([first.subarray(this.#at), ...more]);
    this.#at = 0;
    return rest;
  }

  /** Moves as much as there is and fits from the chunk into `target`. */
  #move(chunk: Uint8Array, target: Uint8Array, filled: number): number {
    const end = Math.min(chunk.length, this.#at + target.length - filled);
    const moved = end - this.#at;
    target.set(chunk.subarray(this.#at, end), filled);
    const isKept = this.#isKept;
    this.#skip(chunk, end);
    if (end === chunk.length && !isKept) discardWhole(chunk);
    return moved;
  }

  #skip(chunk: Uint8Array, end: number): void {
    if (end === chunk.length) {
      this.#chunks.shift();
      this.#at = 0;
      this.#isKept = false;
    } else this.#at = end;
  }

  #bodyBytes(bytes: Uint8Array, at: number): number {
    const length =
      (bytes[at] as number) * 0x1000000 +
      (((bytes[at + 1] as number) << 16) | ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number));
    if (length >= MIN_BODY_BYTES && length <= this.#maxBodyBytes) return length;
    this.#failure = new LinkError(
      "ERR_RECORD",
      `a record says that it has ${length} bytes; it may have ${MIN_BODY_BYTES} to ${this.#maxBodyBytes}`,
    );
    this.#chunks.length = 0;
    throw this.#failure;
  }
}

/** Chunks may be parts of one buffer; then it is left alone. */
function discardWhole(bytes: Uint8Array): void {
  if (bytes.length === bytes.buffer.byteLength) discard(bytes.buffer);
}

function recordOf(whole: Uint8Array): SealedRecord {
  return { lengthPrefix: whole.subarray(0, PREFIX_BYTES), body: whole.subarray(PREFIX_BYTES) };
}
