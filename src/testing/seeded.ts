import type { Random } from "../base/random.ts";

/** Numbers in [0, 1) that depend on the seed and on what they are for, so that one use of chance does not disturb another: mulberry32. */
export function seededChance(seed: number, use: string): () => number {
  let state = 0x811c9dc5;
  for (const letter of `${seed} ${use}`) state = Math.imul(state ^ (letter.codePointAt(0) as number), 0x01000193); // FNV-1a
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Bytes that look random and are as predictable as their seed. */
export function seededRandom(seed: number, use: string): Random {
  const chance = seededChance(seed, use);
  return (length) => Uint8Array.from({ length }, () => chance() * 256);
}

/** From `least` to `most`, both included as far as chance goes. */
export type Range = readonly [least: number, most: number];

export function within([least, most]: Range, chance: () => number): number {
  return least + (most - least) * chance();
}
