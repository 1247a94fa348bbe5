// What follows from the bcrypt hash h of a user's password, PROTOCOL §3.4, and what a table of users keeps of it.
import { utf8 } from "./bytes.ts";
import { isEd25519Key } from "./ed25519-key.ts";
import type { Engine } from "./engine.ts";
import { hkdfExpand, hkdfExtract } from "./hkdf.ts";
import { isSetting, SETTING_LENGTH } from "./passwords-setting.ts";

/** What a user makes of its password: enough to log in. */
export interface UserKeys {
  /** The PRS of the user stage's CPace. 32 bytes. */
  readonly prsU: Uint8Array;
  /** The Ed25519 private key. 32 bytes. */
  readonly seed: Uint8Array;
}

/** What a table keeps of a user: enough to check a login, not to make one. */
export interface UserEntry {
  /** bcrypt's setting, 29 characters. */
  readonly setting: string;
  readonly prsU: Uint8Array;
  /** The Ed25519 public key. */
  readonly P: Uint8Array;
}

/** bcrypt's 23 bytes in its own base64: of the last character two bits are zero. */
const HASH = /^\$2[aby]\$.{25}[./A-Za-z0-9]{30}[.CGKOSWaeimquy26]$/;
/** 64 bytes in base64url without padding: of the last character four bits are zero. */
const KEYS = /^[A-Za-z0-9_-]{85}[AQgw]$/;

/** prsU and seed of h, the 60 characters that bcrypt gives. */
export function userKeys(engine: Engine, h: string): UserKeys {
  const prk = hkdfExtract(engine, new Uint8Array(64), utf8(h));
  const prsU = hkdfExpand(engine, prk, "CRP1 user prs", 32);
  const seed = hkdfExpand(engine, prk, "CRP1 user sign", 32);
  prk.fill(0);
  return { prsU, seed };
}

/** The verifier of h: 115 characters, `setting || base64url(prsU || P)`. */
export function verifierOf(engine: Engine, h: string): string {
  const { setting, prsU, P } = entryOfHash(engine, h);
  return setting + Buffer.concat([prsU, P]).toString("base64url");
}

/** What an entry of a table says: a verifier, or a plain bcrypt hash ($2a$, $2b$, $2y$; 60 characters). Undefined: it is neither. */
export function parseEntry(engine: Engine, entry: string): UserEntry | undefined {
  const setting = `$2b$${entry.slice(4, SETTING_LENGTH)}`;
  if (!isSetting(setting)) return undefined;
  if (HASH.test(entry)) return entryOfHash(engine, `$2b$${entry.slice(4)}`);
  const keys = entry.slice(SETTING_LENGTH);
  if (!entry.startsWith(setting) || !KEYS.test(keys)) return undefined;
  const bytes = new Uint8Array(Buffer.from(keys, "base64url"));
  const P = bytes.slice(32);
  return isEd25519Key(P) ? { setting, prsU: bytes.slice(0, 32), P } : undefined;
}

function entryOfHash(engine: Engine, h: string): UserEntry {
  const { prsU, seed } = userKeys(engine, h);
  const P = engine.ed25519PublicKey(seed);
  seed.fill(0);
  return { setting: h.slice(0, SETTING_LENGTH), prsU, P };
}
