/** From here on zeroing memory that is written anyway costs more than asking for it without. */
const LARGE_BYTES = 4_096;

/**
 * Bytes of an own buffer of exactly that length, with whatever was in that memory: the caller writes every one of them
 * before anybody else sees them. Never a Buffer, whose `slice` does not copy.
 */
export function allocate(length: number): Uint8Array {
  if (length < LARGE_BYTES || typeof Buffer === "undefined") return new Uint8Array(length);
  return new Uint8Array(Buffer.allocUnsafeSlow(length).buffer);
}

/** Bytes as hex, for keys of maps. */
export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}

/** Whether two arrays hold the same bytes. Not for secrets: it takes longer the more they agree. */
export function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}

/** Whether a name comes before another one, bytewise in UTF-8: who of a pair dials, and who closes superseded links. */
export function isBefore(one: string, other: string): boolean {
  return Buffer.compare(Buffer.from(one), Buffer.from(other)) < 0;
}
