// The key schedule of PROTOCOL §3.3. Every function wipes what it makes on the way and says what the caller must wipe.
import { concat, utf8 } from "./bytes.ts";
import { calculateGenerator, calculateISK, lvCat } from "./cpace.ts";
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
  /** The root of the link's keys, and of the user stage's; the caller wipes it once it has derived them. */
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

/** The secrets of the records of the user stage, by direction of travel. The chain stays the caller's. */
export function userStageSecrets(engine: Engine, chain: Uint8Array): { i2r: Uint8Array; r2i: Uint8Array } {
  return {
    i2r: hkdfExpand(engine, chain, "CRP1 auth i2r", 64),
    r2i: hkdfExpand(engine, chain, "CRP1 auth r2i", 64),
  };
}

/** What was said in the user stage before its confirmations. */
export interface UserStageSaid {
  readonly th: Uint8Array;
  /** 29 bytes. */
  readonly setting: Uint8Array;
  readonly Yr: Uint8Array;
  readonly Yu: Uint8Array;
}

/** What follows from the CPace run of the user stage. */
export interface UserConfirmation {
  readonly th2: Uint8Array;
  /** The responder's tag. */
  readonly Tr: Uint8Array;
  /** The user's tag. */
  readonly Tu: Uint8Array;
  /** The key under which the signature travels, 32 bytes; the caller wipes it. */
  readonly sealKey: Uint8Array;
}

/** The generator of the user stage: that of prsU for one name on one link. */
export function userGenerator(engine: Engine, prsU: Uint8Array, name: string, th: Uint8Array): Uint8Array {
  return calculateGenerator(engine, prsU, lvCat(utf8("CRP1 user"), utf8(name)), th);
}

/** ISK2 and the confirmations of the user stage. Wipes K2; the caller wipes ISK2, which {@link userMaster} takes. */
export function userConfirmation(
  engine: Engine,
  K2: Uint8Array,
  { th, setting, Yr, Yu }: UserStageSaid,
): UserConfirmation & { readonly ISK2: Uint8Array } {
  const ISK2 = calculateISK(engine, th, K2, { Y: Yu, AD: new Uint8Array(0) }, { Y: Yr, AD: setting });
  const th2 = engine.sha512(utf8("CRP1 th2"), lvCat(th, setting, Yr, Yu));
  const prk2 = hkdfExtract(engine, th2, ISK2);
  const keyTr = hkdfExpand(engine, prk2, "CRP1 user confirm responder", 64);
  const keyTu = hkdfExpand(engine, prk2, "CRP1 user confirm initiator", 64);
  const Tr = engine.hmacSha512(keyTr, th2).slice(0, CONFIRM_BYTES);
  const Tu = engine.hmacSha512(keyTu, th2, Tr).slice(0, CONFIRM_BYTES);
  const sealKey = hkdfExpand(engine, prk2, "CRP1 user seal", 32);
  for (const secret of [K2, prk2, keyTr, keyTu]) secret.fill(0);
  return { ISK2, th2, Tr, Tu, sealKey };
}

/** What the user signs. */
export function userLogin(th2: Uint8Array): Uint8Array {
  return concat([utf8("CRP1 user login"), th2]);
}

/** The master of a link with a user stage. Wipes the chain and ISK2. */
export function userMaster(engine: Engine, chain: Uint8Array, ISK2: Uint8Array): Uint8Array {
  const master = hkdfExtract(engine, chain, ISK2);
  chain.fill(0);
  ISK2.fill(0);
  return master;
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
