import { DEFAULT_LIMITS } from "../base/limits.ts";

/** Inputs of calls of one peer that are under way, in all, as {@link inputWeight} counts; a caller waits where its peer would refuse. A single one always fits. */
export const MAX_INPUT_BYTES: number = DEFAULT_LIMITS.wire.inputBytes;

/** Inputs up to here always pass: so many calls in flight are little, and a file must not hold up a ping. */
export const LIGHT_INPUT_BYTES: number = DEFAULT_LIMITS.wire.lightInputBytes;

/** Beside its bytes on the wire, each array and object of a value takes about so much memory. */
const CONTAINER_BYTES = 256;

/** What an input counts: its bytes, and what its arrays, objects, Maps, Sets and typed arrays take when it is decoded. */
export function inputWeight(bytes: number, containers: number): number {
  return bytes + containers * CONTAINER_BYTES;
}
