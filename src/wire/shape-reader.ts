import { type Budget, scanPart } from "./scan.ts";
import { cut, malformed, readLength } from "./scan-parts.ts";
import { readPart } from "./values-decode.ts";
import { ValueError, ValueTooHeavy } from "./values-error.ts";
import { beginKeys } from "./values-keys.ts";
import { MAX_DEPTH, type ValueLimits } from "./values-limits.ts";
import { CONTAINER_MEMORY, NODE_MEMORY } from "./values-memory.ts";
import { TOKEN_ABSENT } from "./values-tags.ts";
import { readKey, readUncheckedText } from "./values-text.ts";

/** Reads a value of one shape. */
export type ReadShape = (from: ShapeReader) => unknown;

const NO_BYTES = new Uint8Array(0);

const floatBytes = new Uint8Array(8);
const float = new DataView(floatBytes.buffer);

/**
 * Reads the members of a value of a known shape, in the order in which they were written; generated code calls it. Each is checked as it is
 * read, within the same limits as any value: bytes that are not such a value throw.
 */
export class ShapeReader implements Budget {
  nodes = 0;
  containers = 0;
  memory = 0;
  #bytes: Uint8Array = NO_BYTES;
  #at = 0;
  #depth = 0;
  #limits: ValueLimits | undefined;
  #maxDepth = 0;
  #isGiven = false;

  /** The value at `start`, which must take all of the rest, and at most `memory`. `isGiven`: as in `readValue`. @throws ValueError */
  read(
    shape: ReadShape,
    bytes: Uint8Array,
    start: number,
    limits: ValueLimits,
    memory: number,
    isGiven: boolean,
  ): unknown {
    this.#bytes = bytes;
    this.#isGiven = isGiven;
    this.#at = start;
    this.#depth = 0;
    this.#limits = limits;
    this.#maxDepth = Math.min(limits.depth, MAX_DEPTH);
    this.nodes = limits.nodes - 1;
    this.containers = limits.containers;
    this.memory = memory;
    beginKeys();
    try {
      const value = shape(this);
      if (this.#at > bytes.length) throw cut(bytes.length);
      if (this.#at < bytes.length) throw malformed(this.#at, "more bytes after the value");
      return value;
    } finally {
      this.#bytes = NO_BYTES;
    }
  }

  /** A value that describes itself. */
  any(): unknown {
    const bytes = this.#bytes;
    const token = bytes[this.#at] as number;
    if (token < 0x80) {
      this.#at++;
      return token;
    }
    if (token >= 0xa0 && token < 0xc0) return this.text();
    const start = this.#at;
    this.#at = scanPart(bytes, start, bytes.length, this.#limits as ValueLimits, this, this.#depth);
    return readPart(bytes, start, this.#isGiven);
  }

  text(): string {
    const bytes = this.#bytes;
    const token = bytes[this.#at] as number;
    if (!(token >= 0xa0 && token < 0xc0)) {
      if (token >= 0xd9 && token <= 0xdb) {
        const lengthBytes = 1 << (token - 0xd9);
        return this.#text(this.#at + 1 + lengthBytes, readLength(bytes, this.#at + 1, lengthBytes, bytes.length));
      }
      // Half a surrogate pair needs an extension.
      const value = this.#notText(token) ? undefined : this.any();
      if (typeof value === "string") return value;
      throw malformed(this.#at, "another type than a text");
    }
    return this.#text(this.#at + 1, token & 0x1f);
  }

  /** Tokens that `any` would take for something else than an extension. */
  #notText(token: number): boolean {
    return !(token >= 0xc7 && token <= 0xc9) && !(token >= 0xd4 && token <= 0xd8);
  }

  #text(from: number, length: number): string {
    const bytes = this.#bytes;
    this.#at = from + length; // beyond the bytes is seen at the end
    const text = readUncheckedText(bytes, from, length);
    if (text === undefined) throw malformed(from, "a text that is not UTF-8");
    return text;
  }

  number(): number {
    const bytes = this.#bytes;
    const token = bytes[this.#at++] as number;
    if (token < 0x80) return token;
    if (token >= 0xe0) return token - 0x100;
    switch (token) {
      case 0xcb:
        return this.#float();
      case 0xcc:
        return this.#uint(1);
      case 0xcd:
        return this.#uint(2);
      case 0xce:
        return this.#uint(4);
      case 0xd0:
        return (this.#uint(1) << 24) >> 24;
      case 0xd1:
        return (this.#uint(2) << 16) >> 16;
      case 0xd2:
        return this.#uint(4) | 0;
      default:
        throw malformed(this.#at - 1, "another type than a number");
    }
  }

  #uint(size: number): number {
    const bytes = this.#bytes;
    let result = bytes[this.#at++] as number;
    for (let i = 1; i < size; i++) result = result * 0x100 + (bytes[this.#at++] as number);
    return result;
  }

  #float(): number {
    for (let i = 0; i < 8; i++) floatBytes[i] = this.#bytes[this.#at++] as number;
    return float.getFloat64(0);
  }

  boolean(): boolean {
    const token = this.#bytes[this.#at++];
    if (token !== 0xc2 && token !== 0xc3) throw malformed(this.#at - 1, "another type than a boolean");
    return token === 0xc3;
  }

  /** One of some texts, by its place among them. */
  word<Word>(words: readonly Word[]): Word {
    const at = this.number();
    if (!(at >= 0 && at < words.length && Number.isInteger(at)))
      throw malformed(this.#at, "none of the values that there are");
    return words[at] as Word;
  }

  /** Begins an object with so many members for sure. */
  open(members: number): void {
    this.#enter(members * 2);
  }

  /** Ends what was begun last. */
  close(): void {
    this.#depth--;
  }

  /** Whether a member that may be absent is there; it is next. */
  has(): boolean {
    if (this.#bytes[this.#at] === TOKEN_ABSENT) {
      this.#at++;
      return false;
    }
    this.#take(2);
    return true;
  }

  /** Begins an array of so many items. */
  tuple(count: number): void {
    this.#enter(count);
  }

  /** Begins an array. Gives how many items it has. */
  items(): number {
    return this.#count(1);
  }

  /** Begins an object whose keys are data. Gives how many it has. */
  keys(): number {
    return this.#count(2);
  }

  /** One of those keys; its value is next. */
  key(): string {
    const bytes = this.#bytes;
    const token = bytes[this.#at] as number;
    const length = token & 0x1f;
    const from = this.#at + 1;
    let key: string;
    if (token >= 0xa0 && token < 0xc0 && from + length <= bytes.length && isAscii(bytes, from, length)) {
      this.#at = from + length;
      key = readKey(bytes, from, length);
    } else key = this.text();
    if (key === "__proto__") throw malformed(from, "an object with the key __proto__");
    return key;
  }

  /** Which of so many shapes is next. */
  choice(count: number): number {
    const at = this.#bytes[this.#at++] as number;
    if (!(at < count)) throw malformed(this.#at - 1, "none of the shapes that there are");
    return at;
  }

  #count(membersEach: number): number {
    const count = this.number();
    if (!(count >= 0 && Number.isInteger(count))) throw malformed(this.#at, "a count that is none");
    // More than there are bytes for is no matter: the first that is missing ends it.
    this.#enter(count * membersEach);
    return count;
  }

  #enter(members: number): void {
    if (++this.#depth > this.#maxDepth) throw new ValueError("", `more than ${this.#maxDepth} levels deep`);
    if (--this.containers < 0)
      throw new ValueError("", `more than ${(this.#limits as ValueLimits).containers} arrays and objects`);
    this.memory -= CONTAINER_MEMORY;
    this.#take(members);
  }

  #take(members: number): void {
    this.nodes -= members;
    if (this.nodes < 0) throw new ValueError("", `more than ${(this.#limits as ValueLimits).nodes} values`);
    this.memory -= members * NODE_MEMORY;
    if (this.memory < 0) throw new ValueTooHeavy();
  }
}

function isAscii(bytes: Uint8Array, from: number, length: number): boolean {
  let all = 0;
  for (let i = from; i < from + length; i++) all |= bytes[i] as number;
  return all < 0x80;
}
