import { ValueError } from "./values-error.ts";

/**
 * Engines hash texts with a secret of the process, but numbers and bigints without one: whoever knows how can choose keys of a Map or Set that
 * all meet in one bucket, and building it takes time by the square of their count: 300 KB would stop a program for 4 s, 8 MB for 40 minutes. So
 * their meetings are counted first, with V8's own functions. Where an engine has others, this refuses nothing that is honest, and protects nothing.
 *
 * Of texts, those that are array indices, such as "65536", were hashed without a secret too before Node 20.20.2, 22.22.2, 24.14.1 and 25.8.2. As keys of objects they never were.
 */

/** Fewer keys than this can't meet often enough to matter. */
const FEW = 32;
/** How often keys may meet, in one value: so often, and so often for each key. Keys that nobody chose meet once at most, on average. */
const FREE_MEETINGS = 100_000;
const MEETINGS_PER_KEY = 8;
/** Texts meet by their number as it is, so honest ones in even steps do as well: theirs count so much less. Five million take 0.1 s. */
const MEETINGS_OF_TEXTS = 1 / 50;

let left = FREE_MEETINGS;

/** Another value is read. */
export function beginKeys(): void {
  left = FREE_MEETINGS;
}

/** The keys of one Map or Set, before it has them. */
export class Keys {
  readonly #buckets: Int32Array;
  readonly #countsTexts: boolean;

  constructor(size: number, countsTexts: boolean = hashesIndicesByValue) {
    this.#countsTexts = countsTexts;
    // As V8: half as many buckets as there is room, which is a power of two.
    this.#buckets = new Int32Array(2 ** Math.ceil(Math.log2(size)) / 2);
  }

  /** What counts the keys of a Map or Set of that size; undefined: it is too small to matter. */
  static of(size: number): Keys | undefined {
    return size < FEW ? undefined : new Keys(size);
  }

  /** @throws ValueError when the keys of this value meet too often */
  add(key: unknown): void {
    let hash: number | undefined;
    let share = 1;
    if (typeof key === "number") hash = hashOfNumber(key);
    else if (typeof key === "bigint") hash = hashOfBigint(key);
    else if (typeof key === "string" && this.#countsTexts) {
      hash = hashOfIndex(key);
      share = MEETINGS_OF_TEXTS;
    }
    if (hash === undefined) return;
    const bucket = hash & (this.#buckets.length - 1);
    left += MEETINGS_PER_KEY - (this.#buckets[bucket] as number) * share;
    this.#buckets[bucket] = (this.#buckets[bucket] as number) + 1;
    if (left < 0) throw new ValueError("", "keys of a Map or Set that were chosen to collide");
  }
}

/** Whether a Node of that version hashes array indices in texts by their value. */
export function isByValue(version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split(".").map(Number);
  const [fixedMinor, fixedPatch] = SECRET_SINCE[major] ?? (major > 25 ? [0, 0] : [Infinity, 0]);
  return minor < fixedMinor || (minor === fixedMinor && patch < fixedPatch);
}

/** In each line of Node. */
const SECRET_SINCE: Readonly<Record<number, readonly [minor: number, patch: number]>> = {
  20: [20, 2],
  22: [22, 2],
  24: [14, 1],
  25: [8, 2],
};

const hashesIndicesByValue = isByValue(process.versions.node);

/** The hash that V8 gave a text that is an array index; undefined for other texts. */
export function hashOfIndex(key: string): number | undefined {
  const { length } = key;
  if (length === 0 || length > 10) return undefined;
  let index = 0;
  for (let at = 0; at < length; at++) {
    const digit = key.charCodeAt(at) - 0x30;
    if (!(digit >= 0 && digit <= 9)) return undefined;
    index = index * 10 + digit;
  }
  const isIndex = index < 2 ** 32 - 1 && (key[0] !== "0" || length === 1);
  return isIndex ? ((index << 2) | (length << 26)) >>> 2 : undefined;
}

/** V8's hash of a number as a key. */
export function hashOfNumber(key: number): number {
  if ((key | 0) === key) return hashOfInteger(key);
  float[0] = key;
  return hashOfLong(words[LOW] as number, words[1 - LOW] as number);
}

/** V8's hash of a bigint as a key: of its lowest 64 bits alone, without its sign. */
export function hashOfBigint(key: bigint): number {
  const low = BigInt.asUintN(64, key < 0n ? -key : key);
  return hashOfLong(Number(low & 0xffff_ffffn), Number(low >> 32n));
}

const float = new Float64Array(1);
const words = new Uint32Array(float.buffer);
const LOW = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1 ? 0 : 1;

function hashOfInteger(key: number): number {
  let hash = key | 0;
  hash = (~hash + (hash << 15)) | 0;
  hash ^= hash >>> 12;
  hash = (hash + (hash << 2)) | 0;
  hash ^= hash >>> 4;
  hash = Math.imul(hash, 2057);
  hash ^= hash >>> 16;
  return hash & 0x3fff_ffff;
}

/** 64 bits as two halves. */
function hashOfLong(low: number, high: number): number {
  let [l, h] = [low >>> 0, high >>> 0];
  const add = (otherLow: number, otherHigh: number): void => {
    const sum = l + (otherLow >>> 0);
    h = (h + otherHigh + Number(sum > 0xffff_ffff)) >>> 0;
    l = sum >>> 0;
  };
  const plusShifted = (by: number): void => add(l << by, (h << by) | (l >>> (32 - by)));
  const mixRight = (by: number): void => {
    l = (l ^ ((l >>> by) | (h << (32 - by)))) >>> 0;
    h = (h ^ (h >>> by)) >>> 0;
  };
  const [firstLow, firstHigh] = [l << 18, (h << 18) | (l >>> 14)];
  [l, h] = [~l >>> 0, ~h >>> 0];
  add(firstLow, firstHigh >>> 0);
  mixRight(31);
  const [l1, h1] = [l, h]; // times 21: 1 + 4 + 16
  add(l1 << 2, ((h1 << 2) | (l1 >>> 30)) >>> 0);
  add(l1 << 4, ((h1 << 4) | (l1 >>> 28)) >>> 0);
  mixRight(11);
  plusShifted(6);
  mixRight(22);
  return l & 0x3fff_ffff;
}
