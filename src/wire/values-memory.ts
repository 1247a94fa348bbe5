/**
 * What values take in memory when they are decoded, beside their bytes on the wire, about: for whoever keeps account of it, as it may be many
 * times their bytes. Both ends count alike.
 */

/** An array, object, Map, Set or typed array. */
export const CONTAINER_MEMORY = 256;
/** Each value inside of another one, keys included: its place there, and a short text, bigint or fraction. */
export const NODE_MEMORY = 32;
/** A Date, beside that. */
export const DATE_MEMORY = 64;

/** More than any value takes. */
export const ANY_MEMORY: number = 2 ** 30;
