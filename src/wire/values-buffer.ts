import { ValueError, ValueTooLarge } from "./values-error.ts";

const SLAB_BYTES = 32_768;
const MAX_KEPT_SCRATCH_BYTES = 1_048_576;
/** A text or binary of this size or more is not copied into the buffer: it goes straight into the final bytes. */
export const LARGE_BYTES = 16_384;
/** Free bytes that are always there: enough for any header and any number. */
export const ROOM_BYTES = 16;

/** A large text or binary, and where it belongs. */
interface Large {
  readonly at: number;
  readonly content: Uint8Array | string;
  readonly bytes: number;
}

/**
 * Bytes that grow while a value is written. A small value ends up as a stretch of a slab that many share, which is
 * never written twice: cheaper than a buffer for each. A larger one is gathered in a scratch buffer, kept for the
 * next, and copied once into a buffer of its own, exact in size. Every byte that is handed out was written.
 * Fields are public for the encoder, which writes into `bytes` at `at` and moves `at`.
 */
export class ValueBuffer {
  bytes: Buffer = newSlab();
  view: DataView = viewOf(this.bytes);
  at = 0;
  /** Writing may go on while `at` is not beyond this; then {@link grow} is due. */
  roomEnd = SLAB_BYTES - ROOM_BYTES;
  #start = 0;
  #maxBytes = 0;
  #slab = this.bytes;
  #slabAt = 0;
  #scratch: Buffer | undefined;
  #large: Large[] = [];
  #largeBytes = 0;
  #open: number[] = [];

  /** Starts the next value, after `headerBytes` zero bytes. */
  begin(headerBytes: number, maxBytes: number): void {
    this.#start = this.at;
    this.#maxBytes = maxBytes + headerBytes;
    if (this.at + headerBytes > this.roomEnd) this.grow(headerBytes);
    for (let i = 0; i < headerBytes; i++) this.bytes[this.at++] = 0;
  }

  /** How many bytes the value has so far, header included. */
  get written(): number {
    return this.at - this.#start + this.#largeBytes;
  }

  /** Makes room for `more` bytes and {@link ROOM_BYTES}. */
  grow(more: number): void {
    this.#check(more);
    const used = this.at - this.#start;
    const wanted = used + more + ROOM_BYTES;
    const old = this.bytes;
    if (old === this.#slab) this.#slabAt = this.#start; // what stands there was not handed out
    let bytes: Buffer;
    if (old === this.#slab && wanted * 4 <= SLAB_BYTES) {
      bytes = newSlab();
      this.#slab = bytes;
    } else {
      const kept = old === this.#slab ? this.#scratch : undefined;
      bytes =
        kept !== undefined && kept.length >= wanted
          ? kept
          : Buffer.from(new ArrayBuffer(Math.max(wanted * 2, 2 * SLAB_BYTES)));
    }
    old.copy(bytes, 0, this.#start, this.at);
    this.#use(bytes, used);
    this.#start = 0;
  }

  /** Appends something large, without copying it yet. A text must have `bytes` bytes as UTF-8. */
  addLarge(content: Uint8Array | string, bytes: number): void {
    this.#check(bytes);
    this.#large.push({ at: this.at - this.#start, content, bytes });
    this.#largeBytes += bytes;
  }

  /** Begins an extension whose length is known only at its {@link endExt}: an ext32. Takes 6 bytes of the room. */
  beginExt(tag: number): void {
    this.bytes[this.at] = 0xc9;
    this.bytes[this.at + 5] = tag;
    this.at += 6;
    this.#open.push(this.at - this.#start, this.written);
  }

  /** Ends the extension that was begun last. */
  endExt(): void {
    const writtenBefore = this.#open.pop() as number;
    const bodyAt = this.#open.pop() as number;
    this.view.setUint32(this.#start + bodyAt - 5, this.written - writtenBefore);
  }

  /** The finished bytes, header first. */
  finish(): Uint8Array {
    this.#check(0);
    if (this.#large.length === 0 && this.bytes === this.#slab) {
      return new Uint8Array(this.bytes.buffer as ArrayBuffer, this.#start, this.at - this.#start);
    }
    const all = Buffer.allocUnsafeSlow(this.written);
    let from = this.#start;
    let to = 0;
    for (const large of this.#large) {
      const next = this.#start + large.at;
      to += this.bytes.copy(all, to, from, next);
      from = next;
      if (!putContent(large, all, to)) {
        throw new ValueError("", "a binary changed its size while it was being encoded");
      }
      to += large.bytes;
    }
    this.bytes.copy(all, to, from, this.at);
    this.release();
    return new Uint8Array(all.buffer, all.byteOffset, all.length);
  }

  /** Lets go of what a value needed beyond the slab; also what to do with a value that is given up. */
  release(): void {
    if (this.#open.length > 0) this.#open = [];
    if (this.#large.length > 0) {
      this.#large = [];
      this.#largeBytes = 0;
    }
    if (this.bytes === this.#slab) return;
    if (this.bytes.length <= MAX_KEPT_SCRATCH_BYTES) this.#scratch = this.bytes;
    this.#use(this.#slab, this.#slabAt);
  }

  #use(bytes: Buffer, at: number): void {
    this.bytes = bytes;
    this.view = viewOf(bytes);
    this.at = at;
    this.roomEnd = bytes.length - ROOM_BYTES;
  }

  #check(more: number): void {
    if (this.written + more > this.#maxBytes) throw new ValueTooLarge(this.#maxBytes);
  }
}

/** Puts the content into `into` at `at`; false when it is no longer what it was when it was added. */
function putContent(large: Large, into: Buffer, at: number): boolean {
  const { content } = large;
  if (typeof content === "string") return into.write(content, at) === large.bytes;
  if (content.byteLength !== large.bytes) return false;
  into.set(content, at);
  return true;
}

function newSlab(): Buffer {
  return Buffer.from(new ArrayBuffer(SLAB_BYTES));
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
