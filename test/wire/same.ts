/**
 * Whether two values are the same down to -0, NaN, the class, the order of Maps and Sets and of keys, and each byte;
 * a Buffer is the same as a Uint8Array. Written apart from the codec: it is what "exact" means.
 */
export function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) && Array.isArray(b)) return sameList(a, b);
  if (a instanceof Date && b instanceof Date) return Object.is(a.getTime(), b.getTime());
  if (a instanceof Map && b instanceof Map) return sameList([...a].flat(), [...b].flat());
  if (a instanceof Set && b instanceof Set) return sameList([...a], [...b]);
  if (ArrayBuffer.isView(a) && ArrayBuffer.isView(b)) {
    return Object.prototype.toString.call(a) === Object.prototype.toString.call(b) && hexOf(a) === hexOf(b);
  }
  if (isPlain(a) && isPlain(b)) {
    const keys = Object.keys(a);
    return sameList(keys, Object.keys(b)) && keys.every((key) => same(a[key], b[key]));
  }
  return false;
}

function sameList(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((member, index) => same(member, b[index]));
}

function isPlain(value: object): value is Record<string, unknown> {
  return [Object.prototype, null].includes(Object.getPrototypeOf(value) as object | null);
}

/** The bytes under a view as hexadecimal digits. */
export function hexOf(view: ArrayBufferView): string {
  return Buffer.from(view.buffer, view.byteOffset, view.byteLength).toString("hex");
}
