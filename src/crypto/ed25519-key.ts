import { legendre, numberOf, P } from "./field25519.ts";

/** The y-coordinates of the eight points whose order divides 8, with either sign of x: nobody holds a key of these. */
const SMALL_ORDER: ReadonlySet<bigint> = new Set([
  1n,
  P - 1n,
  0n,
  0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n,
  P - 0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n,
]);

/**
 * Whether 32 bytes are an Ed25519 public key that the protocol takes: the canonical encoding (RFC 8032, section 5.1.3) of a
 * point on the curve, and none of small order, which would verify signatures that nobody made.
 */
export function isEd25519Key(bytes: Uint8Array): boolean {
  if (bytes.length !== 32) return false;
  const y = numberOf(bytes);
  if (y >= P || SMALL_ORDER.has(y)) return false;
  // x^2 = (y^2 - 1) / (d y^2 + 1) with d = -121665/121666, so this product is a square where x^2 is one. Only y = 1 and y = -1 make it 0.
  const yy = (y * y) % P;
  const numerator = yy + P - 1n;
  const denominator = 121_666n + 121_665n * (P - yy); // times 121666
  return legendre((((numerator * denominator) % P) * 121_666n) % P) === 1n;
}
