// CPace, draft-irtf-cfrg-cpace, suite CPACE-X25519-SHA512, initiator/responder setting. Names are those of the draft.
// Deviation: PROTOCOL fixes CI per purpose and leaves sid empty, so that the generator is computed once per password. That
// gives up the draft's "quantum annoying" property and nothing else.
import { concat, utf8 } from "./bytes.ts";
import { elligator2 } from "./elligator2.ts";
import type { Engine } from "./engine.ts";

/** Domain separation of the generator (G_X25519.DSI). */
const DSI = utf8("CPace255");
const DSI_ISK = utf8("CPace255_ISK");
/** The input block of SHA-512 (H.s_in_bytes): the padding keeps the PRS in a hash block of its own. */
const S_IN_BYTES = 128;

/** Each part behind its length in LEB128: prepend_len of the draft, without joining. */
function lvParts(parts: readonly Uint8Array[]): Uint8Array[] {
  const all: Uint8Array[] = [];
  for (const part of parts) all.push(leb128(part.length), part);
  return all;
}

function leb128(value: number): Uint8Array {
  if (value < 0x80) return Uint8Array.of(value);
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  bytes.push(rest);
  return Uint8Array.from(bytes);
}

/** len(prepend_len(part)). */
function prependedLength(part: Uint8Array): number {
  return leb128(part.length).length + part.length;
}

/** lv_cat of the draft; of one part, its prepend_len. */
export function lvCat(...parts: readonly Uint8Array[]): Uint8Array {
  return concat(lvParts(parts));
}

/** generator_string(DSI, PRS, CI, sid, s_in_bytes). Secret. */
export function generatorString(PRS: Uint8Array, CI: Uint8Array, sid: Uint8Array): Uint8Array {
  const lenZpad = Math.max(0, S_IN_BYTES - 1 - prependedLength(PRS) - prependedLength(DSI));
  return lvCat(DSI, PRS, new Uint8Array(lenZpad), CI, sid);
}

/** calculate_generator of G_X25519: the u-coordinate g. */
export function calculateGenerator(engine: Engine, PRS: Uint8Array, CI: Uint8Array, sid: Uint8Array): Uint8Array {
  const string = generatorString(PRS, CI, sid);
  const hash = engine.sha512(string);
  const g = elligator2(hash.subarray(0, 32));
  string.fill(0);
  hash.fill(0);
  return g;
}

/** ISK = H(lv_cat(DSI || "_ISK", sid, K) || transcript_ir(Ya, ADa, Yb, ADb)). */
export function calculateISK(
  engine: Engine,
  sid: Uint8Array,
  K: Uint8Array,
  a: { readonly Y: Uint8Array; readonly AD: Uint8Array },
  b: { readonly Y: Uint8Array; readonly AD: Uint8Array },
): Uint8Array {
  // In parts, so that there is no second copy of K to wipe.
  return engine.sha512(...lvParts([DSI_ISK, sid, K]), ...transcriptIr(a, b));
}

/** transcript_ir(Ya, ADa, Yb, ADb) = lv_cat(Ya, ADa) || lv_cat(Yb, ADb), as parts. */
export function transcriptIr(
  a: { readonly Y: Uint8Array; readonly AD: Uint8Array },
  b: { readonly Y: Uint8Array; readonly AD: Uint8Array },
): Uint8Array[] {
  return lvParts([a.Y, a.AD, b.Y, b.AD]);
}
