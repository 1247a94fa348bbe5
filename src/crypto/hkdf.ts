// HKDF-SHA512, RFC 5869, by its two steps.
import { concat, utf8 } from "./bytes.ts";
import type { Engine } from "./engine.ts";

const HASH_BYTES = 64;

/** HKDF-Extract(salt, IKM): a 64-byte pseudorandom key. An empty salt means 64 zero bytes, as the RFC has it. */
export function hkdfExtract(engine: Engine, salt: Uint8Array, ikm: Uint8Array): Uint8Array {
  return engine.hmacSha512(salt, ikm);
}

/**
 * HKDF-Expand(PRK, info, L).
 * @param info bytes, or a label that stands for its UTF-8 bytes.
 * @throws RangeError for more than 255 blocks.
 */
export function hkdfExpand(engine: Engine, prk: Uint8Array, info: string | Uint8Array, length: number): Uint8Array {
  if (length > 255 * HASH_BYTES)
    throw new RangeError(`HKDF-SHA512 gives at most ${255 * HASH_BYTES} bytes, not ${length}`);
  const label = typeof info === "string" ? utf8(info) : info;
  const blocks: Uint8Array[] = [];
  let previous: Uint8Array = new Uint8Array(0);
  for (let i = 1; (i - 1) * HASH_BYTES < length; i++) {
    previous = engine.hmacSha512(prk, previous, label, Uint8Array.of(i));
    blocks.push(previous);
  }
  if (length === HASH_BYTES) return previous;
  const whole = concat(blocks);
  for (const block of blocks) block.fill(0);
  const output = whole.slice(0, length);
  whole.fill(0);
  return output;
}
