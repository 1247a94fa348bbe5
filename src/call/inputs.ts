import { DEFAULT_LIMITS } from "../base/limits.ts";
import { ANY_MEMORY } from "../wire/values-memory.ts";

/** Inputs of calls of one peer that are under way, in all, as {@link inputWeight} counts; a caller waits where its peer would refuse. A single one always fits. */
export const MAX_INPUT_BYTES: number = DEFAULT_LIMITS.wire.inputBytes;

/** Inputs up to here always pass: so many calls in flight are little, and a file must not hold up a ping. */
export const LIGHT_INPUT_BYTES: number = DEFAULT_LIMITS.wire.lightInputBytes;

/** An input counts no more, so that a single one fits beside as many light ones as may be in flight. */
const MOST_WEIGHT = MAX_INPUT_BYTES - DEFAULT_LIMITS.wire.callsInFlight * LIGHT_INPUT_BYTES;

/** What an input counts: its bytes, and the memory that it takes when it is decoded. */
export function inputWeight(bytes: number, memory: number): number {
  return Math.min(bytes + memory, MOST_WEIGHT);
}

/** How much memory an input of so many bytes may take where others of that weight, in all, are under way. */
export function memoryBeside(weight: number, bytes: number): number {
  const left = MAX_INPUT_BYTES - weight;
  return left >= MOST_WEIGHT ? ANY_MEMORY : Math.max(left, LIGHT_INPUT_BYTES) - bytes;
}
