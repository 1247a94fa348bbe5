// Identities of programs, PROTOCOL §3.7: an Ed25519 key pair, as two texts that people can copy.
import { type Random, systemRandom } from "../base/random.ts";
import { isEd25519Key } from "./ed25519-key.ts";
import type { Engine } from "./engine.ts";
import { nativeEngine } from "./native.ts";

const PRIVATE = "id-secret:";
const PUBLIC = "id:";
const KEY_BYTES = 32;

/** A new identity, as {@link createIdentity} gives it. */
export interface NewIdentity {
  /** The private text, for the option `identity`. Whoever has it can pose as this program: keep it as a password. */
  readonly identity: string;
  /** The public text, for others to pin. */
  readonly key: string;
}

/** Makes an identity for a program: an Ed25519 key pair. The private text is the option `identity` of that program, the public one is what others pin. */
export function createIdentity(): NewIdentity {
  return identityFrom(systemRandom, nativeEngine);
}

/** A new identity of 32 of those random bytes. */
export function identityFrom(random: Random, engine: Engine): NewIdentity {
  const seed = random(KEY_BYTES);
  const made = { identity: print(PRIVATE, seed), key: keyText(engine.ed25519PublicKey(seed)) };
  seed.fill(0);
  return made;
}

/** The private half of an identity. Its seed shows in no log. */
export class Identity {
  /** What others pin. */
  readonly key: string;
  readonly publicKey: Uint8Array;
  readonly #seed: Uint8Array;
  readonly #engine: Engine;

  /**
   * @param option how the option is called, for the message
   * @throws TypeError for a text that is no private one; the message does not hold it.
   */
  constructor(text: unknown, option: string, engine: Engine) {
    const seed = parse(PRIVATE, text);
    if (seed === undefined) throw new TypeError(`${option} ${problemOf(text, PRIVATE)}`);
    this.#seed = seed;
    this.#engine = engine;
    this.publicKey = engine.ed25519PublicKey(seed);
    this.key = keyText(this.publicKey);
  }

  /** 64 bytes. */
  sign(message: Uint8Array): Uint8Array {
    return this.#engine.ed25519Sign(this.#seed, message);
  }
}

/** The public text of 32 bytes. */
export function keyText(publicKey: Uint8Array): string {
  return print(PUBLIC, publicKey);
}

/**
 * A public text that somebody gave, as it is.
 * @param option where it was given, for the message
 * @throws TypeError for one that is none, or a key that nobody can hold. The message does not hold it: it might be the private one.
 */
export function publicText(text: unknown, option: string): string {
  const key = parse(PUBLIC, text);
  if (key === undefined) throw new TypeError(`${option} ${problemOf(text, PUBLIC)}`);
  if (!isEd25519Key(key)) throw new TypeError(`${option} is no Ed25519 key: a character of it is wrong`);
  return text as string;
}

function print(prefix: string, bytes: Uint8Array): string {
  return prefix + Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64url");
}

/** Undefined: it is no text of that kind. Each has one spelling alone. */
function parse(prefix: string, text: unknown): Uint8Array | undefined {
  if (typeof text !== "string" || !text.startsWith(prefix)) return undefined;
  const bytes = new Uint8Array(Buffer.from(text.slice(prefix.length), "base64url"));
  return bytes.length === KEY_BYTES && print(prefix, bytes) === text ? bytes : undefined;
}

function problemOf(text: unknown, wanted: string): string {
  const starts = (prefix: string): boolean => typeof text === "string" && text.startsWith(prefix);
  const how = `createIdentity() and "npx chatroom identity" make them`;
  if (wanted === PUBLIC && starts(PRIVATE))
    return `is a private identity, which belongs in the option identity of its own program alone: give the public text, "${PUBLIC}..."`;
  if (wanted === PRIVATE && starts(PUBLIC))
    return `is the public text of an identity: give the private one, "${PRIVATE}..."`;
  if (starts(wanted))
    return `must be "${wanted}" and 43 characters of base64url, as it was printed: a part is missing or wrong`;
  return `must be a text that begins with "${wanted}": ${how}`;
}
