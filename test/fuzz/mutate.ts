const INTERESTING = [
  0, 1, 2, 3, 4, 5, 6, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 127, 128, 129, 191, 192, 193, 199, 200, 216, 217, 223,
  224, 254, 255,
];
const LENGTHS = [
  0,
  1,
  16,
  17,
  64,
  255,
  256,
  1_023,
  1_024,
  1_025,
  16_384,
  16_385,
  65_535,
  65_536,
  65_553,
  65_554,
  2 ** 24 - 1,
  2 ** 31,
  2 ** 32 - 1,
];

/** Whole numbers from 0 up to but not including a bound. */
export type Roll = (below: number) => number;

type Change = (bytes: Uint8Array, roll: Roll, other: Uint8Array) => Uint8Array;

function replaced(bytes: Uint8Array, from: number, to: number, piece: Uint8Array | readonly number[]): Uint8Array {
  const out = new Uint8Array(bytes.length - (to - from) + piece.length);
  out.set(bytes.subarray(0, from));
  out.set(piece, from);
  out.set(bytes.subarray(to), from + piece.length);
  return out;
}

function part(bytes: Uint8Array, roll: Roll, most: number): Uint8Array {
  const from = roll(bytes.length + 1);
  return bytes.slice(from, from + 1 + roll(most));
}

/** Writes a number of 1 to 4 bytes at a place, as a length field has it. */
function withNumber(bytes: Uint8Array, at: number, width: number, value: number): Uint8Array {
  const out = Uint8Array.from(bytes);
  for (let i = 0; i < width && at + i < out.length; i++) out[at + i] = Math.floor(value / 256 ** (width - 1 - i));
  return out;
}

function numberAt(bytes: Uint8Array, at: number, width: number): number {
  let value = 0;
  for (let i = 0; i < width; i++) value = value * 256 + (bytes[at + i] ?? 0);
  return value;
}

const CHANGES: readonly Change[] = [
  // one bit
  (bytes, roll) => {
    const out = Uint8Array.from(bytes);
    const at = roll(bytes.length || 1);
    out[at] = (out[at] ?? 0) ^ (1 << roll(8));
    return out;
  },
  // one byte, to a value that parsers care about, or to any
  (bytes, roll) => withNumber(bytes, roll(bytes.length || 1), 1, INTERESTING[roll(INTERESTING.length)] as number),
  (bytes, roll) => withNumber(bytes, roll(bytes.length || 1), 1, roll(256)),
  // a little more or less
  (bytes, roll) => {
    const at = roll(bytes.length || 1);
    const width = 1 + roll(4);
    return withNumber(bytes, at, width, Math.max(0, numberAt(bytes, at, width) + roll(9) - 4));
  },
  // a length field: what is left behind it or about that, or a cap
  (bytes, roll) => {
    const at = roll(bytes.length || 1);
    const width = 1 + roll(4);
    const left = bytes.length - at - width;
    const value = roll(2) === 0 ? Math.max(0, left + roll(5) - 2) : (LENGTHS[roll(LENGTHS.length)] as number);
    return withNumber(bytes, at, width, value);
  },
  // insert
  (bytes, roll) => {
    const at = roll(bytes.length + 1);
    return replaced(
      bytes,
      at,
      at,
      Array.from({ length: 1 + roll(4) }, () =>
        roll(2) ? roll(256) : (INTERESTING[roll(INTERESTING.length)] as number),
      ),
    );
  },
  // delete
  (bytes, roll) => {
    const at = roll(bytes.length + 1);
    return replaced(bytes, at, Math.min(bytes.length, at + 1 + roll(roll(2) ? 4 : 64)), []);
  },
  // duplicate a part, here or elsewhere
  (bytes, roll) => {
    const at = roll(bytes.length + 1);
    return replaced(bytes, at, at, part(bytes, roll, roll(4) ? 16 : 256));
  },
  // overwrite with a part of the same
  (bytes, roll) => {
    const piece = part(bytes, roll, 16);
    const at = roll(bytes.length + 1);
    return replaced(bytes, at, Math.min(bytes.length, at + piece.length), piece);
  },
  // truncate
  (bytes, roll) => bytes.slice(0, roll(bytes.length + 1)),
  // splice: the beginning of one, the end of another
  (bytes, roll, other) => replaced(bytes, roll(bytes.length + 1), bytes.length, other.subarray(roll(other.length + 1))),
  // a part of another one
  (bytes, roll, other) => {
    const at = roll(bytes.length + 1);
    return replaced(bytes, at, Math.min(bytes.length, at + roll(8)), part(other, roll, 32));
  },
];

/** An input with one to eight changes. `other` is what it may be spliced with, `words` are put in as they are. */
export function mutate(
  input: Uint8Array,
  other: Uint8Array,
  words: readonly Uint8Array[],
  maxBytes: number,
  roll: Roll,
): Uint8Array {
  let bytes = input;
  for (let changes = 1 << roll(4); changes > 0; changes--) {
    if (words.length > 0 && roll(6) === 0) {
      const at = roll(bytes.length + 1);
      const word = words[roll(words.length)] as Uint8Array;
      bytes = replaced(bytes, at, roll(2) ? at : Math.min(bytes.length, at + word.length), word);
    } else bytes = (CHANGES[roll(CHANGES.length)] as Change)(bytes, roll, other);
  }
  return bytes.slice(0, maxBytes);
}
