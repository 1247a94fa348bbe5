// The key schedule of PROTOCOL §3.3. Every function wipes what it makes on the way and says what the caller must wipe.
import { utf8 } from "./bytes.ts";
import { lvCat } from "./cpace.ts";
import type { Engine } from "./engine.ts";
import { hkdfExpand, hkdfExtract } from "./hkdf.ts";

/** Bytes of a confirmation tag (Ta, Tb). */
export const CONFIRM_BYTES = 32;

/** th: the hash of all that was said before the confirmations, `replyWithoutTb` being the REPLY body up to its last field. */
export function transcriptHash(engine: Engine, hello: Uint8Array, replyWithoutTb: Uint8Array): Uint8Array {
  return engine.sha512(utf8("CRP1 th"), lvCat(hello, replyWithoutTb));
}

/** What follows from a finished CPace run. */
export interface Confirmation {
  /** The responder's tag, in REPLY. */
  readonly Tb: Uint8Array;
  /** The initiator's tag, in CONFIRM. */
  readonly Ta: Uint8Array;
  /** The root of the link's keys; the caller wipes it once it has derived them. */
  readonly chain: Uint8Array;
}

/** Both tags and the chain. Wipes ISK. */
export function confirmation(engine: Engine, th: Uint8Array, ISK: Uint8Array): Confirmation {
  const prk = hkdfExtract(engine, th, ISK);
  const keyTb = hkdfExpand(engine, prk, "CRP1 confirm responder", 64);
  const keyTa = hkdfExpand(engine, prk, "CRP1 confirm initiator", 64);
  const Tb = engine.hmacSha512(keyTb, th).slice(0, CONFIRM_BYTES);
  const Ta = engine.hmacSha512(keyTa, th, Tb).slice(0, CONFIRM_BYTES);
  const chain = hkdfExpand(engine, prk, "CRP1 chain", 64);
  for (const secret of [ISK, prk, keyTb, keyTa]) secret.fill(0);
  return { Tb, Ta, chain };
}

/** The secrets of one direction of travel, 64 bytes each; whoever makes ratchets of them owns them. */
export interface DirectionSecrets {
  readonly records: Uint8Array;
  readonly boxes: Uint8Array;
}

/** The children of master. */
export interface LinkSecrets {
  readonly linkId: Uint8Array;
  readonly i2r: DirectionSecrets;
  readonly r2i: DirectionSecrets;
}

/** The name of the link and its secrets. The caller wipes master after {@link resumeKey}: kept, it would undo the ratchet. */
export function linkSecrets(engine: Engine, master: Uint8Array): LinkSecrets {
  return {
    linkId: hkdfExpand(engine, master, "CRP1 session id", 32),
    i2r: {
      records: hkdfExpand(engine, master, "CRP1 i2r", 64),
      boxes: hkdfExpand(engine, master, "CRP1 sealed i2r", 64),
    },
    r2i: {
      records: hkdfExpand(engine, master, "CRP1 r2i", 64),
      boxes: hkdfExpand(engine, master, "CRP1 sealed r2i", 64),
    },
  };
}

/** The resume key: the PRS and ticketId of a later handshake of purpose 5. The caller wipes the secret. */
export function resumeKey(engine: Engine, master: Uint8Array): { secret: Uint8Array; ticketId: Uint8Array } {
  const secret = hkdfExpand(engine, master, "CRP1 resume", 32);
  const ticketId = engine.sha512(utf8("CRP1 resume id"), secret).slice(0, 16);
  return { secret, ticketId };
}
