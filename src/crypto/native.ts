import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  sign,
  timingSafeEqual,
  verify,
  type KeyObject,
} from "node:crypto";
import { discard } from "../base/discard.ts";
import { copyOf } from "./bytes.ts";
import { isEd25519Key } from "./ed25519-key.ts";
import { type Aead, type Engine, NONCE_BYTES, type Point, type Scalar, type Suite, TAG_BYTES } from "./engine.ts";
import { preferredSuites } from "./suite-preference.ts";
import { bcrypt } from "./passwords-bcrypt.ts";

const AEAD_OPTIONS = { authTagLength: TAG_BYTES };
const NO_BYTES = new Uint8Array(0);

class NativePoint implements Point {
  readonly u: Uint8Array;
  readonly key: KeyObject;

  constructor(u: Uint8Array) {
    if (u.length !== 32) throw new RangeError(`a point takes 32 bytes, not ${u.length}`);
    this.u = u;
    // As JWK: Node parses it eight times faster than the same point in DER.
    this.key = createPublicKey({ key: { kty: "OKP", crv: "X25519", x: base64url(u) }, format: "jwk" });
  }
}

class NativeScalar implements Scalar {
  #key: KeyObject | undefined;

  constructor(bytes: Uint8Array | undefined) {
    if (bytes === undefined) {
      this.#key = generateKeyPairSync("x25519").privateKey;
      return;
    }
    if (bytes.length !== 32) throw new RangeError(`a scalar takes 32 bytes, not ${bytes.length}`);
    this.#key = privateKey("X25519", bytes);
  }

  times(point: Point): Uint8Array | undefined {
    if (this.#key === undefined) throw new Error("the scalar is wiped");
    const publicKey = (point instanceof NativePoint ? point : new NativePoint(point.u)).key;
    try {
      return plain(diffieHellman({ privateKey: this.#key, publicKey }));
    } catch {
      // Both keys are valid X25519 keys, so this is OpenSSL's refusal of an all-zero result (RFC 7748, section 6.1). Its code
      // is not looked at: strangers can cause it, so another version's other code must not become an exception here.
      return undefined;
    }
  }

  wipe(): void {
    this.#key = undefined;
  }
}

/** The cipher's own API takes the key anew for every message; there is none in Node that keeps the schedule. */
class NativeAead implements Aead {
  readonly #cipher: "chacha20-poly1305" | "aes-256-gcm";
  readonly #key: Uint8Array;
  #isWiped = false;

  constructor(suite: Suite, key: Uint8Array) {
    if (key.length !== 32) throw new RangeError(`an AEAD key takes 32 bytes, not ${key.length}`);
    this.#cipher = suite === 2 ? "aes-256-gcm" : "chacha20-poly1305";
    this.#key = copyOf(key);
  }

  seal(nonce: Uint8Array, aad: Uint8Array, parts: readonly Uint8Array[], out: Uint8Array, at: number): void {
    this.#check(nonce);
    // The overloads of createCipheriv go by literal names; both ciphers have the same interface.
    const cipher = createCipheriv(this.#cipher as "aes-256-gcm", this.#key, nonce, AEAD_OPTIONS);
    cipher.setAAD(aad);
    // Gathered first: a call of the cipher costs as much as copying some KiB, and copies the result anyway.
    let end = at;
    for (const part of parts) {
      if (part.length === 1) out[end] = part[0] as number;
      else out.set(part, end);
      end += part.length;
    }
    if (end > at) {
      const sealed = cipher.update(out.subarray(at, end));
      out.set(sealed, at);
      discard(sealed.buffer);
    }
    cipher.final();
    out.set(cipher.getAuthTag(), end);
  }

  open(nonce: Uint8Array, aad: readonly Uint8Array[], sealed: Uint8Array): Uint8Array | undefined {
    this.#check(nonce);
    const tagAt = sealed.length - TAG_BYTES;
    if (tagAt < 0) return undefined;
    const decipher = createDecipheriv(this.#cipher as "aes-256-gcm", this.#key, nonce, AEAD_OPTIONS);
    decipher.setAuthTag(sealed.subarray(tagAt));
    for (const part of aad) decipher.setAAD(part);
    const plaintext = tagAt === 0 ? NO_BYTES : decipher.update(sealed.subarray(0, tagAt));
    try {
      decipher.final();
    } catch {
      plaintext.fill(0);
      return undefined;
    }
    return plain(plaintext);
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

/** Node wants the public half to be there, and does not read it. */
function privateKey(crv: "X25519" | "Ed25519", bytes: Uint8Array): KeyObject {
  const jwk = { kty: "OKP", crv, x: base64url(new Uint8Array(32)), d: base64url(bytes) };
  return createPrivateKey({ key: jwk, format: "jwk" });
}

function ed25519Private(seed: Uint8Array): KeyObject {
  if (seed.length !== 32) throw new RangeError(`an Ed25519 seed takes 32 bytes, not ${seed.length}`);
  return privateKey("Ed25519", seed);
}

/** The same bytes without Buffer's methods, of which `slice` does not copy. */
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64url");
}

let suites: readonly Suite[] | undefined;

/** The engine on node:crypto: ladders and ciphers run in OpenSSL, in constant time, and fresh scalars never enter JavaScript. */
export const nativeEngine: Engine = {
  name: "native",
  sha512(...parts) {
    const hash = createHash("sha512");
    for (const part of parts) hash.update(part);
    return plain(hash.digest());
  },
  hmacSha512(key, ...parts) {
    const hmac = createHmac("sha512", key);
    for (const part of parts) hmac.update(part);
    return plain(hmac.digest());
  },
  point: (u) => new NativePoint(u),
  scalar: (bytes) => new NativeScalar(bytes),
  aead: (suite, key) => new NativeAead(suite, key),
  ed25519PublicKey(seed) {
    const { x = "" } = createPublicKey(ed25519Private(seed)).export({ format: "jwk" });
    return plain(Buffer.from(x, "base64url"));
  },
  bcrypt,
  ed25519Sign: (seed, message) => plain(sign(null, message, ed25519Private(seed))),
  ed25519Verify(publicKey, message, signature) {
    if (!isEd25519Key(publicKey)) return false;
    const jwk = { kty: "OKP", crv: "Ed25519", x: base64url(publicKey) };
    return verify(null, message, createPublicKey({ key: jwk, format: "jwk" }), signature);
  },
  equal: (a, b) => a.length === b.length && timingSafeEqual(a, b),
  suites: () => (suites ??= preferredSuites(nativeEngine, () => performance.now())),
};
