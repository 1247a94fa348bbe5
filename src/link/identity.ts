// The identity record, PROTOCOL §3.7: `public[32] | Ed25519("CRP1 identity" || "i"|"r" || sessionId || lv(nameI, nameR))`.
import { concat, utf8 } from "../crypto/bytes.ts";
import { lvCat } from "../crypto/cpace.ts";
import type { Engine } from "../crypto/engine.ts";
import { type Identity, keyText } from "../crypto/identity.ts";
import type { Established } from "./handshake.ts";

const KEY_BYTES = 32;
/** The payload of an identity record. */
export const IDENTITY_BYTES = 96;

/**
 * What the identity of a peer must be: the public text that it must show, or a function that says whether it may show that one (undefined: none). Of a function anything
 * but true is a no; so is what it throws, whose message this side tells in its log.
 */
export type Judge = string | ((key: string | undefined) => boolean | Promise<boolean>);

/** Why an identity was refused. */
export type IdentityProblem = "none shown" | "another one" | "malformed" | "not approved";

/** What a side does about identities on its links. */
export interface IdentityRules {
  /** Shown to the other side, first of all. Absent: none is shown. */
  readonly own?: Identity | undefined;
  /** Who judges the identity of the peer that goes by that name on the link; undefined: nobody asks for it. */
  readonly judgeOf?: ((remoteName: string) => Judge | undefined) | undefined;
}

type Facts = Pick<Established, "role" | "linkId" | "localName" | "remoteName">;

/** The payload of this side's identity record. */
export function encodeIdentity(own: Identity, facts: Facts): Uint8Array {
  return concat([own.publicKey, own.sign(signed(facts, facts.role))]);
}

/** The public text of the other side's identity; undefined where the record is not what it must be on this very link. */
export function verifyIdentity(engine: Engine, payload: Uint8Array, facts: Facts): string | undefined {
  if (payload.length !== IDENTITY_BYTES) return undefined;
  const publicKey = payload.slice(0, KEY_BYTES);
  const message = signed(facts, facts.role === "initiator" ? "responder" : "initiator");
  return engine.ed25519Verify(publicKey, message, payload.slice(KEY_BYTES)) ? keyText(publicKey) : undefined;
}

/** What the signer of that role signs. */
function signed({ role, linkId, localName, remoteName }: Facts, signer: Established["role"]): Uint8Array {
  const [nameI, nameR] = role === "initiator" ? [localName, remoteName] : [remoteName, localName];
  const letter = signer === "initiator" ? "i" : "r";
  return concat([utf8(`CRP1 identity${letter}`), linkId, lvCat(utf8(nameI), utf8(nameR))]);
}
