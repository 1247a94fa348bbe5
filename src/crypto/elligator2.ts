// The map of the CPace draft onto Curve25519 (its section on single-coordinate Montgomery ladders; RFC 9380, section 6.7.1):
// field element r -> u-coordinate. BigInt is not constant-time, so the room password goes through here once per process and
// never once per connection.
import { inverse, legendre, numberOf, P } from "./field25519.ts";

/** The curve is v^2 = u^3 + A u^2 + u. */
const A = 486_662n;

/** Elligator2 with the non-square Z = 2: a u-coordinate, from 32 bytes of which bit 255 is ignored. Little-endian, like the result. */
export function elligator2(bytes: Uint8Array): Uint8Array {
  const r = numberOf(bytes) % P;

  const v = ((P - A) * inverse((1n + 2n * r * r) % P)) % P; // -A / (1 + Z r^2); the divisor is never 0
  const epsilon = legendre((((v * v) % P) * (v + A) + v) % P); // is v on the curve?
  // epsilon v - (1 - epsilon) A / 2, that is v, or -v - A.
  const u = epsilon === P - 1n ? (2n * P - v - A) % P : v;

  const encoded = new Uint8Array(32);
  let rest = u;
  for (let i = 0; i < 32; i++) {
    encoded[i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return encoded;
}
