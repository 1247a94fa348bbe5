/** What an object is, as far as sending goes; anything else is refused by the text that {@link refusalOf} gives. */
export type ObjectKind = "object" | "array" | "date" | "map" | "set" | "binary" | undefined;

type Getter = (this: unknown) => unknown;

const typedArray = Object.getPrototypeOf(Uint8Array.prototype) as object;
const tagOfTypedArray = getterOf(typedArray, Symbol.toStringTag);
const bufferOf = getterOf(typedArray, "buffer");
const offsetOf = getterOf(typedArray, "byteOffset");
const lengthOf = getterOf(typedArray, "byteLength");

/** The built-in name of a typed array whatever its class or realm, e.g. "Float32Array"; undefined for other things. */
export function typedArrayName(value: object): string | undefined {
  return tagOfTypedArray.call(value) as string | undefined;
}

/**
 * The bytes of a typed array, by what it really is: a property of its own, or of its class, may say more bytes than there are, and what stood in a buffer before would be sent.
 * Undefined: its memory is gone, transferred or cut off.
 */
export function bytesOfTypedArray(value: object): Uint8Array | undefined {
  const length = lengthOf.call(value) as number;
  if (length === 0 && !has(memoryBrand, value)) return undefined;
  return new Uint8Array(bufferOf.call(value) as ArrayBuffer, offsetOf.call(value) as number, length);
}

/**
 * Tells plain objects and built-ins from instances of classes, also where they come from another realm (a `vm`
 * context, as test runners use). A subclass, of Map say, is no Map: its class would be lost on the way. Only Buffer,
 * a subclass of Uint8Array, is taken for what it extends.
 */
export function kindOf(value: object): ObjectKind {
  const prototype = Object.getPrototypeOf(value) as object | null;
  if (prototype === Object.prototype || prototype === null) return "object";
  if (prototype === Array.prototype) return "array";
  if (prototype === Date.prototype) return "date";
  if (prototype === Map.prototype) return "map";
  if (prototype === Set.prototype) return "set";
  const levels = levelsOf(prototype);
  if (ArrayBuffer.isView(value)) {
    const isExact = levels === 3 || (typeof Buffer === "function" && value instanceof Buffer);
    return isExact && typedArrayName(value) !== undefined ? "binary" : undefined;
  }
  if (levels === 1) return Object.hasOwn(prototype, "hasOwnProperty") ? "object" : undefined;
  if (levels !== 2) return undefined;
  if (Array.isArray(value)) return "array";
  if (has(dateBrand, value)) return "date";
  if (has(mapBrand, value)) return "map";
  return has(setBrand, value) ? "set" : undefined;
}

/** Why an object of no known kind can't be sent. */
export function refusalOf(value: object): string {
  if (value instanceof Promise) return "a promise can't be sent (await it first)";
  if (value instanceof ArrayBuffer || (typeof SharedArrayBuffer === "function" && value instanceof SharedArrayBuffer)) {
    return "a bare ArrayBuffer can't be sent (send new Uint8Array(buffer))";
  }
  if (value instanceof DataView) return "a DataView can't be sent (send the Uint8Array of its bytes)";
  const name: unknown = (value.constructor as { name?: unknown } | undefined)?.name;
  const shown = typeof name === "string" && name !== "" ? name : "a class";
  return `an instance of ${shown.slice(0, 64)} can't be sent (send a plain object)`;
}

const mapBrand = getterOf(Map.prototype, "size");
const setBrand = getterOf(Set.prototype, "size");

function memoryBrand(this: unknown): unknown {
  return Uint8Array.prototype.at.call(this as Uint8Array, 0);
}

function dateBrand(this: unknown): unknown {
  return Date.prototype.getTime.call(this as Date);
}

function getterOf(prototype: object, key: string | symbol): Getter {
  return (Object.getOwnPropertyDescriptor(prototype, key) as { get: Getter }).get;
}

/** A built-in method that throws for everything but its own kind tells what a value really is. */
function has(brand: Getter, value: object): boolean {
  try {
    brand.call(value);
    return true;
  } catch {
    return false;
  }
}

/** How many prototypes there are from this one up, itself included; at most 5. */
function levelsOf(prototype: object): number {
  let levels = 0;
  for (let next: object | null = prototype; next !== null && levels < 5; levels++)
    next = Object.getPrototypeOf(next) as object | null;
  return levels;
}
