// The field of Curve25519 and Ed25519: integers modulo 2^255 - 19. BigInt is not constant-time.

/** The modulus. */
export const P = 2n ** 255n - 19n;

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
export function inverse(x: bigint): bigint {
  return (squared(power(x), 3) * ((squared(x, 1) * x) % P)) % P;
}

/** x^((p - 1) / 2), where (p - 1) / 2 = 4 (2^252 - 3) + 2: 1 for a square, p - 1 for a non-square, 0 for 0. */
export function legendre(x: bigint): bigint {
  return (squared(power(x), 2) * squared(x, 1)) % P;
}

/** The number that 32 little-endian bytes are, without bit 255. Not reduced. */
export function numberOf(bytes: Uint8Array): bigint {
  let value = 0n;
  for (let i = 31; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i] as number);
  return value & ((1n << 255n) - 1n);
}
