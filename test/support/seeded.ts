/** A seeded source of numbers in [0, 1): mulberry32. Good enough to choose cuts and sizes, repeatable by its seed. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** The seed of this run: `SEED` of the environment, else by the time. Print it, so that a failure can be run again. */
export function seedOfRun(): number {
  return Number(process.env["SEED"] ?? Date.now() % 1_000_000_000);
}

/** How many times a long test repeats: `SOAK` times as often when that is set. */
export function soak(count: number): number {
  return Math.ceil(count * Number(process.env["SOAK"] ?? 1));
}
