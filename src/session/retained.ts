import { discard } from "../base/discard.ts";

/** The part of a stream that was committed and not yet acknowledged, in the chunks in which it was committed. */
export class Retained {
  /** Offset in the stream of the first byte that is held; everything before was acknowledged. */
  start = 0;
  /** Offset just behind the last byte. */
  end = 0;
  /** From `head` on: the chunks, and the offset of each. */
  chunks: Uint8Array[] = [];
  offsets: number[] = [];
  head = 0;

  /** Keeps the bytes, without a copy, behind all others. */
  append(bytes: Uint8Array): void {
    this.chunks.push(bytes);
    this.offsets.push(this.end);
    this.end += bytes.length;
  }

  /** Lets go of everything before `offset`, which lies in [start, end]. A chunk goes when all of it may, and with the one that ends its buffer the memory of that. */
  release(offset: number): void {
    this.start = offset;
    const { chunks } = this;
    let { head } = this;
    while (head < chunks.length && (this.offsets[head] as number) + (chunks[head] as Uint8Array).length <= offset) {
      const { buffer, byteOffset, length } = chunks[head] as Uint8Array;
      if (byteOffset + length === buffer.byteLength) discard(buffer);
      chunks[head++] = NOTHING;
    }
    if (head === chunks.length) {
      chunks.length = this.offsets.length = head = 0;
    } else if (head > 64 && head * 2 > chunks.length) {
      chunks.splice(0, head);
      this.offsets.splice(0, head);
      head = 0;
    }
    this.head = head;
  }

  /** Views of the bytes from `offset` on, which lies in [start, end): at most `maxBytes` of them. */
  slice(offset: number, maxBytes: number): Uint8Array[] {
    let low = this.head;
    let high = this.chunks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.offsets[middle] as number) <= offset) low = middle;
      else high = middle - 1;
    }
    const parts: Uint8Array[] = [];
    let skip = offset - (this.offsets[low] as number);
    for (let left = maxBytes; left > 0 && low < this.chunks.length; low++) {
      const chunk = this.chunks[low] as Uint8Array;
      const part = chunk.subarray(skip, Math.min(chunk.length, skip + left));
      parts.push(part);
      left -= part.length;
      skip = 0;
    }
    return parts;
  }
}

const NOTHING = new Uint8Array(0);
