import type { BcryptJob } from "./passwords-bcrypt.ts";

/** The AEAD suites, by their numbers on the wire: 1 is ChaCha20-Poly1305 (RFC 8439), 2 is AES-256-GCM (SP 800-38D). */
export type Suite = 1 | 2;

/** Bytes of an AEAD tag, in both suites. */
export const TAG_BYTES = 16;
/** Bytes of an AEAD nonce, in both suites. */
export const NONCE_BYTES = 12;

/** A u-coordinate on Curve25519, in the form that the engine multiplies fastest. Public. */
export interface Point {
  /** The 32 bytes, little-endian, as they travel. */
  readonly u: Uint8Array;
}

/** A secret X25519 scalar. Where the engine allows it, its bytes never enter JavaScript. */
export interface Scalar {
  /** X25519(scalar, point): 32 fresh bytes, or undefined when they are all zero (the point has a low order). */
  times(point: Point): Uint8Array | undefined;
  /** Forgets the scalar; it multiplies no more. */
  wipe(): void;
}

/** One AEAD key. The caller never gives one nonce to `seal` twice. */
export interface Aead {
  /**
   * Encrypts the concatenation of `parts` and writes ciphertext and tag into `out` from `at` on: their lengths plus
   * {@link TAG_BYTES}. `out` may not overlap `parts`; it may overlap `aad` only outside of what is written.
   */
  seal(nonce: Uint8Array, aad: Uint8Array, parts: readonly Uint8Array[], out: Uint8Array, at: number): void;
  /** Checks the tag at the end of `sealed` and returns the plaintext, fresh; undefined when it does not fit. `aad` is the concatenation of its parts. */
  open(nonce: Uint8Array, aad: readonly Uint8Array[], sealed: Uint8Array): Uint8Array | undefined;
  /** Forgets the key. */
  wipe(): void;
}

/** The primitives that the protocol stands on. Two implementations give the same bytes: `native` (node:crypto) and `portable` (noble). */
export interface Engine {
  readonly name: "native" | "portable";
  /** SHA-512 of the concatenation of `parts`: 64 fresh bytes. */
  sha512(...parts: readonly Uint8Array[]): Uint8Array;
  /** HMAC-SHA512 of the concatenation of `parts`: 64 fresh bytes. */
  hmacSha512(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array;
  /** Prepares a received or kept point. Every 32 bytes are one; bit 255 is ignored, as X25519 does. */
  point(u: Uint8Array): Point;
  /** A fresh random scalar, or the one of `bytes` (32; tests and vectors). */
  scalar(bytes?: Uint8Array): Scalar;
  /** An AEAD under a copy of `key` (32 bytes). */
  aead(suite: Suite, key: Uint8Array): Aead;
  /** Ed25519 (RFC 8032, pure): the public key of a seed (32 bytes). */
  ed25519PublicKey(seed: Uint8Array): Uint8Array;
  /** The 64-byte signature of `message` under that seed. */
  ed25519Sign(seed: Uint8Array, message: Uint8Array): Uint8Array;
  /** Whether a signature is one of `message` under `publicKey`; never for a key that is not canonical or of small order. */
  ed25519Verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
  /** The bcrypt hashes of some passwords, 60 characters each, in the order of the jobs; on a thread of its own. The signal ends the work; the promise rejects with its reason. */
  bcrypt(jobs: readonly BcryptJob[], signal?: AbortSignal): Promise<string[]>;
  /** Compares in time that depends on the lengths alone. */
  equal(a: Uint8Array, b: Uint8Array): boolean;
  /** The suites worth offering, the preferred one first, by a measurement made once per process. */
  suites(): readonly Suite[];
}
