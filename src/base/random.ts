import { randomFillSync } from "node:crypto";

/** A source of random bytes: `length` fresh bytes, the caller's to keep. */
export type Random = (length: number) => Uint8Array;

/** Random bytes taken from the system in one go: a call for 16 of them costs as much as one for a thousand. */
const pool = new Uint8Array(1_024);
let left = 0;

/** Cryptographically secure random bytes of the system. What was given out is wiped from the pool. */
export const systemRandom: Random = (length) => {
  if (length > pool.length / 4) return randomFillSync(new Uint8Array(length));
  if (left < length) {
    randomFillSync(pool);
    left = pool.length;
  }
  const bytes = pool.slice(left - length, left);
  pool.fill(0, left - length, left);
  left -= length;
  return bytes;
};
