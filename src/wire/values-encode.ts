import { kindOf, refusalOf } from "./values-kinds.ts";
import { DEFAULT_VALUE_LIMITS, MAX_DEPTH, type ValueLimits } from "./values-limits.ts";
import { CONTAINER_MEMORY, DATE_MEMORY, NODE_MEMORY } from "./values-memory.ts";
import { PathError, shownKey } from "./values-path.ts";
import { ScalarWriter } from "./values-scalars.ts";
import { TAG_MAP, TAG_SET, TAG_UNDEFINED, TOKEN_ABSENT, TOKEN_SHAPED } from "./values-tags.ts";

const CHANGED = "changed while it was being encoded";

/** Writes the members of a value of a known shape, one after the other; generated code calls it. What does not fit is refused with {@link MISFIT}. */
export type ShapeWriter = Pick<
  ValueWriter,
  | "any"
  | "text"
  | "number"
  | "boolean"
  | "word"
  | "misfit"
  | "open"
  | "close"
  | "absent"
  | "items"
  | "keys"
  | "key"
  | "choice"
  | "isPlain"
>;

/** Writes a value of one shape. */
export type WriteShape = (out: ShapeWriter, value: never) => void;

/** What is thrown for a value of another shape. The value may still be one that can be sent. */
export const MISFIT = Object.freeze({ message: "a value of another shape" });

/** How many keys an object has. It must have no others: what reads its members can't tell them apart. */
function countOf(value: object): number {
  const { length } = Object.keys(value);
  if (Object.getOwnPropertyNames(value).length !== length) throw MISFIT;
  return length;
}

/** Writes values, one at a time. Reading a value may run a getter of the user's: one writer serves one value at once. */
export class ValueWriter {
  readonly #out = new ScalarWriter();
  #nodes = 0;
  #containers = 0;
  #dates = 0;
  #maxDepth = 0;
  #depth = 0;
  #limits: ValueLimits = DEFAULT_VALUE_LIMITS;

  /**
   * `headerBytes` zero bytes and the value.
   * @throws PathError, ValueError, and whatever a getter throws.
   */
  write(value: unknown, headerBytes: number, limits: ValueLimits): Uint8Array {
    this.#begin(headerBytes, limits);
    try {
      if (value !== undefined) this.#value(value, 0);
      return this.#out.finish();
    } finally {
      this.#out.release();
    }
  }

  /** The same of a shape: {@link TOKEN_SHAPED} and its members. @throws MISFIT for a value of another shape, and what `write` throws */
  writeShaped(shape: WriteShape, value: unknown, headerBytes: number, limits: ValueLimits): Uint8Array {
    this.#begin(headerBytes, limits);
    try {
      this.#out.bytes[this.#out.at++] = TOKEN_SHAPED;
      shape(this, value as never);
      return this.#out.finish();
    } finally {
      this.#out.release();
    }
  }

  #begin(headerBytes: number, limits: ValueLimits): void {
    this.#limits = limits;
    this.#nodes = limits.nodes - 1;
    this.#containers = limits.containers;
    this.#dates = 0;
    this.#maxDepth = Math.min(limits.depth, MAX_DEPTH);
    this.#depth = 0;
    this.#out.begin(headerBytes, limits.bytes);
  }

  /** A value that describes itself. */
  any(value: unknown): void {
    this.#value(value, this.#depth);
  }

  text(value: unknown): void {
    if (typeof value !== "string") throw MISFIT;
    const out = this.#out;
    if (out.at > out.roomEnd) out.grow(0);
    out.text(value);
  }

  number(value: unknown): void {
    if (typeof value !== "number") throw MISFIT;
    const out = this.#out;
    if (out.at > out.roomEnd) out.grow(0);
    out.number(value);
  }

  boolean(value: unknown): void {
    if (typeof value !== "boolean") throw MISFIT;
    this.#byte(value ? 0xc3 : 0xc2);
  }

  /** One of some texts, by its place among them. */
  word(value: unknown, words: readonly unknown[]): void {
    const at = words.indexOf(value);
    if (at < 0) throw MISFIT;
    this.number(at);
  }

  /** Says that the value is of another shape. */
  misfit(): never {
    throw MISFIT;
  }

  /** Begins a plain object, of that many keys where they were counted. Gives how many it has. */
  open(value: object, keys?: number): number {
    if (typeof value !== "object" || value === null || kindOf(value) !== "object") throw MISFIT;
    const count = keys ?? countOf(value);
    this.#enter(count * 2);
    return count;
  }

  /** Ends what was begun last, of which `left` members were not written: all of them must be. */
  close(left: number): void {
    if (left !== 0) throw MISFIT;
    this.#depth--;
  }

  /** In place of a member that is not there. */
  absent(): void {
    this.#byte(TOKEN_ABSENT);
  }

  /** Begins an array of that many items, or as many as it has. Gives how many. */
  items(value: readonly unknown[], count?: number): number {
    if (typeof value !== "object" || value === null || kindOf(value) !== "array") throw MISFIT;
    const { length } = value;
    if (length >>> 0 !== length) throw MISFIT;
    if (count !== undefined && length !== count) throw MISFIT;
    this.#enter(length);
    if (count === undefined) this.number(length);
    return length;
  }

  /** Begins a plain object whose keys are data. Gives them. */
  keys(value: object): string[] {
    if (!this.isPlain(value)) throw MISFIT;
    const keys = Object.keys(value);
    this.#enter(keys.length * 2);
    this.number(keys.length);
    return keys;
  }

  /** One of those keys; its value is next. */
  key(key: string): void {
    if (key === "__proto__") throw MISFIT;
    this.text(key);
  }

  /** Which shape of several is next. */
  choice(at: number): void {
    this.#byte(at);
  }

  isPlain(value: unknown): boolean {
    return typeof value === "object" && value !== null && kindOf(value) === "object";
  }

  #byte(byte: number): void {
    const out = this.#out;
    if (out.at > out.roomEnd) out.grow(0);
    out.bytes[out.at++] = byte;
  }

  #enter(members: number): void {
    if (++this.#depth > this.#maxDepth || --this.#containers < 0) throw MISFIT;
    this.#nodes -= members;
    if (this.#nodes < 0) throw MISFIT;
  }

  /** What the value that was written last takes, beside its bytes, where it is read. */
  get memory(): number {
    const { nodes, containers } = this.#limits;
    return (
      (nodes - 1 - this.#nodes) * NODE_MEMORY +
      (containers - this.#containers) * CONTAINER_MEMORY +
      this.#dates * DATE_MEMORY
    );
  }

  #value(value: unknown, depth: number): void {
    const out = this.#out;
    if (out.at > out.roomEnd) out.grow(0);
    switch (typeof value) {
      case "string":
        out.text(value);
        break;
      case "number":
        out.number(value);
        break;
      case "object":
        if (value === null) out.bytes[out.at++] = 0xc0;
        else this.#object(value, depth);
        break;
      case "boolean":
        out.bytes[out.at++] = value ? 0xc3 : 0xc2;
        break;
      case "undefined":
        out.bytes[out.at++] = 0xd4;
        out.bytes[out.at++] = TAG_UNDEFINED;
        out.bytes[out.at++] = 0;
        break;
      case "bigint":
        out.bigint(value, this.#limits.bigintBytes);
        break;
      default:
        throw new PathError(`a ${typeof value} can't be sent`);
    }
  }

  #object(value: object, depth: number): void {
    const kind = kindOf(value);
    if (kind === "date") {
      this.#dates++;
      this.#out.date(value as Date);
      return;
    }
    if (kind === "binary") {
      this.#contain();
      this.#out.binary(value as Uint8Array);
      return;
    }
    if (kind === undefined) throw new PathError(refusalOf(value));
    if (depth >= this.#maxDepth) throw new PathError(`more than ${this.#maxDepth} levels deep`, value);
    this.#contain();
    if (kind === "object") this.#members(value as Record<string, unknown>, depth + 1);
    else if (kind === "array") this.#items(value as unknown[], depth + 1);
    else if (kind === "map") this.#map(value as Map<unknown, unknown>, depth + 1);
    else this.#set(value as Set<unknown>, depth + 1);
  }

  #contain(): void {
    if (--this.#containers < 0) throw new PathError(`more than ${this.#limits.containers} arrays and objects`);
  }

  #count(members: number): void {
    this.#nodes -= members;
    if (this.#nodes < 0) throw new PathError(`more than ${this.#limits.nodes} values`);
  }

  #members(object: Record<string, unknown>, depth: number): void {
    const out = this.#out;
    const keys = Object.keys(object);
    const { length } = keys;
    this.#count(length * 2);
    if (length < 0x10) out.bytes[out.at++] = 0x80 | length;
    else out.length(length, 0xde);
    let i = 0;
    try {
      for (; i < length; i++) {
        const key = keys[i] as string;
        if (key === "__proto__") throw new PathError("a key __proto__ can't be sent");
        if (out.at > out.roomEnd) out.grow(0);
        out.text(key);
        this.#value(object[key], depth);
      }
    } catch (error) {
      throw PathError.at(error, object, keys[i] as string);
    }
  }

  #items(array: readonly unknown[], depth: number): void {
    const out = this.#out;
    const { length } = array;
    if (length >>> 0 !== length) throw new PathError("an array without a length can't be sent"); // a Proxy may say anything
    this.#count(length);
    if (length < 0x10) out.bytes[out.at++] = 0x90 | length;
    else out.length(length, 0xdc);
    let i = 0;
    try {
      for (; i < length; i++) this.#value(array[i], depth);
    } catch (error) {
      throw PathError.at(error, array, i);
    }
  }

  #map(map: ReadonlyMap<unknown, unknown>, depth: number): void {
    const { size } = map;
    this.#count(size * 2);
    const out = this.#out;
    out.beginExt(TAG_MAP);
    if (size < 0x10) out.bytes[out.at++] = 0x80 | size;
    else out.length(size, 0xde);
    let i = 0;
    let isKey = true;
    let key: unknown;
    try {
      for (const entry of map) {
        if (i === size) break;
        key = entry[0];
        isKey = true;
        this.#value(key, depth);
        isKey = false;
        this.#value(entry[1], depth);
        i++;
      }
    } catch (error) {
      throw PathError.at(error, map, { step: isKey ? `.keys()[${i}]` : `.get(${shownKey(key)})` });
    }
    if (i !== size) throw new PathError(CHANGED);
    out.endExt();
  }

  #set(set: ReadonlySet<unknown>, depth: number): void {
    const { size } = set;
    this.#count(size);
    const out = this.#out;
    out.beginExt(TAG_SET);
    if (size < 0x10) out.bytes[out.at++] = 0x90 | size;
    else out.length(size, 0xdc);
    let i = 0;
    try {
      for (const member of set) {
        if (i === size) break;
        this.#value(member, depth);
        i++;
      }
    } catch (error) {
      throw PathError.at(error, set, { step: `.values()[${i}]` });
    }
    if (i !== size) throw new PathError(CHANGED);
    out.endExt();
  }
}
