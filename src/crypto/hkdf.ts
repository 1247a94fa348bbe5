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
  let block = engine.hmacSha512(prk, firstInput(info));
  if (length === HASH_BYTES) return block;
  const output = new Uint8Array(length);
  output.set(block.subarray(0, length));
  for (let at = HASH_BYTES, i = 2; at < length; at += HASH_BYTES, i++) {
    const next = engine.hmacSha512(prk, block, typeof info === "string" ? utf8(info) : info, Uint8Array.of(i));
    block.fill(0);
    block = next;
    output.set(block.subarray(0, length - at), at);
  }
  block.fill(0);
  return output;
}

/** The labels of the protocol, each with the number of the first block behind it: there are a dozen, and every handshake needs them all. */
const firstInputs = new Map<string, Uint8Array>();

/** `info || 0x01`: most outputs are one block. */
function firstInput(info: string | Uint8Array): Uint8Array {
  if (typeof info !== "string") return concat([info, FIRST]);
  let input = firstInputs.get(info);
  if (input === undefined) {
    input = concat([utf8(info), FIRST]);
    if (firstInputs.size < 100) firstInputs.set(info, input);
  }
  return input;
}

const FIRST = Uint8Array.of(1);
