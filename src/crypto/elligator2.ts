// The map of the CPace draft onto Curve25519 (its section on single-coordinate Montgomery ladders; RFC 9380, section 6.7.1):
// field element r -> u-coordinate. BigInt is not constant-time, so the room password goes through here once per process and
// never once per connection.

const P = 2n ** 255n - 19n;
/** The curve is v^2 = u^3 + A u^2 + u. */
const A = 486_662n;

/** Squares `count` times. */
function squared(x: bigint, count: number): bigint {
  let y = x;
  for (let i = 0; i < count; i++) y = (y * y) % P;
  return y;
}

/** x^(2^252 - 3): the usual chain of 251 squarings and 11 multiplications, the same for every x. */
function power(x: bigint): bigint {
  const x2 = (squared(x, 1) * x) % P; // exponent 2^2 - 1, and so on
  const x4 = (squared(x2, 2) * x2) % P;
  const x5 = (squared(x4, 1) * x) % P;
  const x10 = (squared(x5, 5) * x5) % P;
  const x20 = (squared(x10, 10) * x10) % P;
  const x40 = (squared(x20, 20) * x20) % P;
  const x50 = (squared(x40, 10) * x10) % P;
  const x100 = (squared(x50, 50) * x50) % P;
  const x200 = (squared(x100, 100) * x100) % P;
  const x250 = (squared(x200, 50) * x50) % P;
  return (squared(x250, 2) * x) % P;
}

/** 1 / x, and 0 for 0: x^(p - 2), where p - 2 = 8 (2^252 - 3) + 3. */
function inverse(x: bigint): bigint {
  return (squared(power(x), 3) * ((squared(x, 1) * x) % P)) % P;
}

/** x^((p - 1) / 2), where (p - 1) / 2 = 4 (2^252 - 3) + 2: 1 for a square, p - 1 for a non-square, 0 for 0. */
function legendre(x: bigint): bigint {
  return (squared(power(x), 2) * squared(x, 1)) % P;
}

/** Elligator2 with the non-square Z = 2: a u-coordinate, from 32 bytes of which bit 255 is ignored. Little-endian, like the result. */
export function elligator2(bytes: Uint8Array): Uint8Array {
  let r = 0n;
  for (let i = 31; i >= 0; i--) r = (r << 8n) | BigInt(bytes[i] as number);
  r = (r & ((1n << 255n) - 1n)) % P;

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
