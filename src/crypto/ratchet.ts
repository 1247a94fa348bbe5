import type { Aead, Engine, Suite } from "./engine.ts";
import { hkdfExpand } from "./hkdf.ts";

/** Messages under one key. */
export const EPOCH_MESSAGES = 65_536;

/**
 * One secret of a link with its key, its counter and its ratchet: seals or opens messages in order, each under a nonce of
 * its own. After {@link EPOCH_MESSAGES} messages the secret becomes the next one, and the old one is gone.
 */
export class Ratchet {
  readonly #engine: Engine;
  readonly #suite: Suite;
  /** Ours to wipe. */
  #secret: Uint8Array;
  /** Made when the first message comes: many links never seal a box. */
  #aead: Aead | undefined;
  #counter = 0;
  /** Four zero bytes, then the counter of the epoch as u64, little-endian. */
  readonly #nonce = new Uint8Array(12);
  #isWiped = false;

  /** @param secret 64 bytes, the ratchet's from now on. */
  constructor(engine: Engine, suite: Suite, secret: Uint8Array) {
    this.#engine = engine;
    this.#suite = suite;
    this.#secret = secret;
  }

  /** As {@link Aead.seal}, under the next nonce. If it throws, the ratchet is wiped: no nonce is ever used for a second try. */
  seal(aad: Uint8Array, parts: readonly Uint8Array[], out: Uint8Array, at: number): void {
    const aead = this.#key();
    try {
      aead.seal(this.#nonce, aad, parts, out, at);
    } catch (error) {
      this.wipe();
      throw error;
    }
    this.#advance();
  }

  /** As {@link Aead.open}, under the next nonce. After a message that does not open the ratchet is wiped. */
  open(aad: readonly Uint8Array[], sealed: Uint8Array): Uint8Array | undefined {
    const plaintext = this.#key().open(this.#nonce, aad, sealed);
    if (plaintext === undefined) this.wipe();
    else this.#advance();
    return plaintext;
  }

  get isWiped(): boolean {
    return this.#isWiped;
  }

  /** Forgets secret and key; nothing is sealed or opened after it. */
  wipe(): void {
    this.#isWiped = true;
    this.#secret.fill(0);
    this.#aead?.wipe();
    this.#aead = undefined;
  }

  #key(): Aead {
    if (this.#isWiped) throw new Error("the keys of this link are wiped");
    if (this.#aead === undefined) {
      const key = hkdfExpand(this.#engine, this.#secret, "CRP1 key", 32);
      this.#aead = this.#engine.aead(this.#suite, key);
      key.fill(0);
    }
    return this.#aead;
  }

  #advance(): void {
    const counter = ++this.#counter;
    if (counter < EPOCH_MESSAGES) {
      this.#nonce[4] = counter & 0xff;
      this.#nonce[5] = counter >>> 8;
      return;
    }
    const next = hkdfExpand(this.#engine, this.#secret, "CRP1 next", 64);
    this.#secret.fill(0);
    this.#secret = next;
    this.#aead?.wipe();
    this.#aead = undefined;
    this.#counter = 0;
    this.#nonce.fill(0);
  }
}
