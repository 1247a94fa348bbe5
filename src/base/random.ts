import { randomFillSync } from "node:crypto";

/** A source of random bytes: `length` fresh bytes, the caller's to keep. */
export type Random = (length: number) => Uint8Array;

/** Cryptographically secure random bytes of the system. */
export const systemRandom: Random = (length) => randomFillSync(new Uint8Array(length));
