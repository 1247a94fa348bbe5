import { LARGE_BYTES, ValueBuffer } from "./values-buffer.ts";
import { bytesOfTypedArray, typedArrayName } from "./values-kinds.ts";
import { PathError } from "./values-path.ts";
import {
  TAG_BIGINT,
  TAG_DATE,
  TAG_FIRST_TYPED_ARRAY,
  TAG_TEXT16,
  toLittleEndian,
  TYPED_ARRAY_TAGS,
  TYPED_ARRAYS,
} from "./values-tags.ts";

// What stands behind Buffer.write, without its looking at arguments; Node's types leave it out.
const { utf8Write } = Buffer.prototype as unknown as {
  utf8Write: (this: Uint8Array, text: string, at: number) => number;
};

/** Writes whatever has no members. Each method needs the buffer's room: the caller grows it, what is longer grows it here. */
export class ScalarWriter extends ValueBuffer {
  /** Integers of up to 32 bits in their shortest form, all else as float64. */
  number(value: number): void {
    const { bytes } = this;
    if (value >>> 0 === value) {
      if (value < 0x80) {
        if (value === 0 && Object.is(value, -0)) this.#float(value);
        else bytes[this.at++] = value;
      } else if (value < 0x100) {
        bytes[this.at++] = 0xcc;
        bytes[this.at++] = value;
      } else if (value < 0x10000) {
        bytes[this.at++] = 0xcd;
        bytes[this.at++] = value >> 8;
        bytes[this.at++] = value;
      } else this.#wide(0xce, value);
    } else if (value >> 0 === value) {
      if (value >= -0x20) bytes[this.at++] = value;
      else if (value >= -0x80) {
        bytes[this.at++] = 0xd0;
        bytes[this.at++] = value;
      } else if (value >= -0x8000) {
        bytes[this.at++] = 0xd1;
        bytes[this.at++] = value >> 8;
        bytes[this.at++] = value;
      } else this.#wide(0xd2, value);
    } else this.#float(value);
  }

  #float(value: number): void {
    this.bytes[this.at] = 0xcb;
    this.view.setFloat64(this.at + 1, value);
    this.at += 9;
  }

  /** A token and four bytes. */
  #wide(token: number, value: number): void {
    const { bytes } = this;
    bytes[this.at++] = token;
    bytes[this.at++] = value >>> 24;
    bytes[this.at++] = value >>> 16;
    bytes[this.at++] = value >>> 8;
    bytes[this.at++] = value;
  }

  /** A token and a length of 16 or 32 bits, whose token is the next one; of 8 bits where there is a token for that. */
  length(length: number, token16: number, token8 = 0): void {
    if (token8 !== 0 && length < 0x100) {
      this.bytes[this.at++] = token8;
      this.bytes[this.at++] = length;
    } else if (length < 0x10000) {
      this.bytes[this.at++] = token16;
      this.bytes[this.at++] = length >> 8;
      this.bytes[this.at++] = length;
    } else this.#wide(token16 + 1, length);
  }

  /** UTF-8, or UTF-16 for what UTF-8 can't say. */
  text(text: string): void {
    const { length } = text;
    if (length < 16) {
      // a short text of ASCII, as most keys are, is quickest by hand
      if (this.at + length > this.roomEnd) this.grow(length);
      const { bytes } = this;
      const from = this.at + 1;
      let all = 0;
      for (let i = 0; i < length; i++) {
        const unit = text.charCodeAt(i);
        all |= unit;
        bytes[from + i] = unit;
      }
      if (all < 0x80) {
        bytes[this.at] = 0xa0 | length;
        this.at = from + length;
        return;
      }
    } else if (length < 0x100) {
      // written as if it were ASCII; the number of bytes tells
      if (this.at + length * 3 > this.roomEnd) this.grow(length * 3);
      const from = this.at + (length < 0x20 ? 1 : 2);
      const written = utf8Write.call(this.bytes, text, from);
      if (written === length || (length >= 0x20 && written < 0x100 && isWellFormed(text))) {
        if (length < 0x20) this.bytes[this.at] = 0xa0 | length;
        else {
          this.bytes[this.at] = 0xd9;
          this.bytes[this.at + 1] = written;
        }
        this.at = from + written;
        return;
      }
    }
    this.#longText(text);
  }

  #longText(text: string): void {
    const bytes = Buffer.byteLength(text);
    if (bytes !== text.length && !isWellFormed(text)) {
      const content = Buffer.from(text, "utf16le");
      this.#extHeader(TAG_TEXT16, content.length);
      this.#raw(content, content.length);
      return;
    }
    if (bytes < 0x20) this.bytes[this.at++] = 0xa0 | bytes;
    else this.length(bytes, 0xda, 0xd9);
    if (bytes >= LARGE_BYTES) {
      this.addLarge(text, bytes);
      return;
    }
    if (this.at + bytes > this.roomEnd) this.grow(bytes);
    this.at += utf8Write.call(this.bytes, text, this.at);
  }

  date(date: Date): void {
    this.bytes[this.at] = 0xd7;
    this.bytes[this.at + 1] = TAG_DATE;
    this.view.setFloat64(this.at + 2, Date.prototype.getTime.call(date));
    this.at += 10;
  }

  /** A typed array of any kind; one that is not supported is refused. */
  binary(value: Uint8Array): void {
    const name = typedArrayName(value) as string;
    let content = bytesOfTypedArray(value);
    if (content === undefined) throw new PathError(`a ${name} whose memory is gone can't be sent`);
    const bytes = content.byteLength;
    if (name === "Uint8Array") {
      this.length(bytes, 0xc5, 0xc4);
    } else {
      const tag = TYPED_ARRAY_TAGS.get(name);
      if (tag === undefined) throw new PathError(`a ${name} can't be sent`);
      this.#extHeader(tag, bytes);
      content = toWire(content, tag);
    }
    this.#raw(content, bytes);
  }

  /** `most`: the bytes it may have. */
  bigint(value: bigint, most: number): void {
    if (BigInt.asIntN(64, value) === value) {
      this.bytes[this.at] = 0xd7;
      this.bytes[this.at + 1] = TAG_BIGINT;
      this.view.setBigInt64(this.at + 2, value);
      this.at += 10;
      return;
    }
    // two's complement of n bytes holds -2^(8n-1) to 2^(8n-1)-1; ~ maps the negative half onto the positive one
    const magnitude = value < 0n ? ~value : value;
    if (magnitude >> BigInt(most * 8 - 1) !== 0n)
      throw new PathError(`a bigint of more than ${most} bytes can't be sent`);
    const digits = magnitude.toString(16);
    const bytes = (digits.length >> 1) + 1;
    const content = Buffer.from(digits.padStart(bytes * 2, "0"), "hex");
    if (value < 0n) for (let i = 0; i < bytes; i++) content[i] = ~(content[i] as number);
    // an even number of digits may still leave the sign bit free: then the first byte says nothing
    const [first = 0, second = 0] = content;
    const isSpare = bytes > 1 && (first === 0 ? second < 0x80 : first === 0xff && second >= 0x80);
    const minimal = isSpare ? content.subarray(1) : content;
    this.#extHeader(TAG_BIGINT, minimal.length);
    this.#raw(minimal, minimal.length);
  }

  #extHeader(tag: number, bytes: number): void {
    this.length(bytes, 0xc8, 0xc7);
    this.bytes[this.at++] = tag;
  }

  /** Content that its header announces. */
  #raw(content: Uint8Array, bytes: number): void {
    if (bytes >= LARGE_BYTES) {
      this.addLarge(content, bytes);
      return;
    }
    if (this.at + bytes > this.roomEnd) this.grow(bytes);
    this.bytes.set(content, this.at);
    this.at += bytes;
  }
}

function toWire(content: Uint8Array, tag: number): Uint8Array {
  const elementBytes = TYPED_ARRAYS[tag - TAG_FIRST_TYPED_ARRAY]?.BYTES_PER_ELEMENT ?? 1;
  return toLittleEndian(content, elementBytes);
}

/** False for a text with half a surrogate pair, which UTF-8 can't say. */
function isWellFormed(text: string): boolean {
  return (text as string & { isWellFormed(): boolean }).isWellFormed();
}
