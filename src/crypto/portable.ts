import { gcm } from "@noble/ciphers/aes.js";
import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { ed25519, x25519 } from "@noble/curves/ed25519.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { concat, copyOf } from "./bytes.ts";
import { isEd25519Key } from "./ed25519-key.ts";
import { type Aead, type Engine, NONCE_BYTES, type Point, type Scalar, type Suite, TAG_BYTES } from "./engine.ts";
import { bcrypt } from "./passwords-bcrypt.ts";

const NO_BYTES = new Uint8Array(0);

class PortableScalar implements Scalar {
  readonly #bytes: Uint8Array;
  #isWiped = false;

  constructor(bytes: Uint8Array | undefined) {
    if (bytes !== undefined && bytes.length !== 32)
      throw new RangeError(`a scalar takes 32 bytes, not ${bytes.length}`);
    this.#bytes = bytes === undefined ? x25519.utils.randomSecretKey() : copyOf(bytes);
  }

  times(point: Point): Uint8Array | undefined {
    if (this.#isWiped) throw new Error("the scalar is wiped");
    try {
      return x25519.scalarMult(this.#bytes, point.u);
    } catch {
      // The lengths are right, so this is noble's refusal of an all-zero result.
      return undefined;
    }
  }

  wipe(): void {
    this.#bytes.fill(0);
    this.#isWiped = true;
  }
}

class PortableAead implements Aead {
  readonly #cipher: typeof chacha20poly1305 | typeof gcm;
  readonly #key: Uint8Array;
  #isWiped = false;

  constructor(suite: Suite, key: Uint8Array) {
    if (key.length !== 32) throw new RangeError(`an AEAD key takes 32 bytes, not ${key.length}`);
    this.#cipher = suite === 2 ? gcm : chacha20poly1305;
    this.#key = copyOf(key);
  }

  seal(nonce: Uint8Array, aad: Uint8Array, parts: readonly Uint8Array[], out: Uint8Array, at: number): void {
    this.#check(nonce);
    let end = at;
    for (const part of parts) {
      out.set(part, end);
      end += part.length;
    }
    const plaintext = out.subarray(at, end);
    if (this.#cipher === chacha20poly1305)
      chacha20poly1305(this.#key, nonce, aad).encrypt(plaintext, out.subarray(at, end + TAG_BYTES));
    else out.set(this.#cipher(this.#key, nonce, aad).encrypt(plaintext), at);
  }

  open(nonce: Uint8Array, aad: readonly Uint8Array[], sealed: Uint8Array): Uint8Array | undefined {
    this.#check(nonce);
    if (sealed.length < TAG_BYTES) return undefined;
    const [first = NO_BYTES] = aad;
    const cipher = this.#cipher(this.#key, nonce, aad.length < 2 ? first : concat(aad));
    try {
      return cipher.decrypt(sealed);
    } catch {
      return undefined;
    }
  }

  wipe(): void {
    this.#key.fill(0);
    this.#isWiped = true;
  }

  #check(nonce: Uint8Array): void {
    if (this.#isWiped) throw new Error("the key is wiped");
    if (nonce.length !== NONCE_BYTES) throw new RangeError(`a nonce takes ${NONCE_BYTES} bytes, not ${nonce.length}`);
  }
}

/**
 * The engine on noble, for places without node:crypto: the same bytes, several times slower, and constant-time only as far
 * as JavaScript lets it be. It offers ChaCha20-Poly1305 alone: AES without hardware is slow and leaks through table look-ups.
 */
export const portableEngine: Engine = {
  name: "portable",
  sha512(...parts) {
    const hash = sha512.create();
    for (const part of parts) hash.update(part);
    return hash.digest();
  },
  hmacSha512(key, ...parts) {
    const mac = hmac.create(sha512, key);
    for (const part of parts) mac.update(part);
    return mac.digest();
  },
  point(u) {
    if (u.length !== 32) throw new RangeError(`a point takes 32 bytes, not ${u.length}`);
    return { u };
  },
  scalar: (bytes) => new PortableScalar(bytes),
  aead: (suite: Suite, key) => new PortableAead(suite, key),
  ed25519PublicKey: (seed) => ed25519.getPublicKey(seed),
  bcrypt,
  ed25519Sign: (seed, message) => ed25519.sign(message, seed),
  ed25519Verify(publicKey, message, signature) {
    if (!isEd25519Key(publicKey) || signature.length !== 64) return false;
    return ed25519.verify(signature, message, publicKey, { zip215: false });
  },
  equal(a, b) {
    if (a.length !== b.length) return false;
    let difference = 0;
    for (let i = 0; i < a.length; i++) difference |= (a[i] as number) ^ (b[i] as number);
    return difference === 0;
  },
  suites: () => [1],
};
