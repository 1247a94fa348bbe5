import { scan } from "./scan.ts";
import { readValue } from "./values-decode.ts";
import { ValueWriter } from "./values-encode.ts";
import { ValueError } from "./values-error.ts";
import { DEFAULT_VALUE_LIMITS, type ValueLimits } from "./values-limits.ts";
import { PathError } from "./values-path.ts";

export { ValueError, ValueTooLarge } from "./values-error.ts";
export { DEFAULT_VALUE_LIMITS, type ValueLimits } from "./values-limits.ts";

// A getter of the value may encode something itself, while the writer is in use: then there is another one.
let idle: ValueWriter | undefined = new ValueWriter();

/**
 * The bytes of a value: exactly as many as it needs, the caller's to keep, sharing no memory with the value.
 * @throws ValueError, naming the path, for what can't be sent.
 */
export function encodeValue(value: unknown, limits: ValueLimits = DEFAULT_VALUE_LIMITS): Uint8Array {
  return encodeAfter(0, value, limits);
}

/** Like {@link encodeValue}, with `headerBytes` zero bytes before the value, the caller's to fill. */
export function encodeAfter(
  headerBytes: number,
  value: unknown,
  limits: ValueLimits = DEFAULT_VALUE_LIMITS,
): Uint8Array {
  const writer = idle ?? new ValueWriter();
  idle = undefined;
  try {
    const bytes = writer.write(value, headerBytes, limits);
    containers = limits.containers - writer.containersLeft;
    return bytes;
  } catch (error) {
    throw error instanceof PathError ? error.toValueError() : asValueError(error, "could not be encoded");
  } finally {
    idle = writer;
  }
}

/**
 * The value that stands in `bytes` from `start` to their end; no bytes at all are undefined. Everything is checked
 * before anything is built, so the bytes of a stranger cost no more than reading them. The value shares no memory
 * with `bytes`.
 * @throws ValueError for anything that {@link encodeValue} can't have written.
 */
export function decodeValue(bytes: Uint8Array, start = 0, limits: ValueLimits = DEFAULT_VALUE_LIMITS): unknown {
  return decode(bytes, start, limits, false);
}

/** Like {@link decodeValue}, for bytes that nobody uses afterwards: a large Uint8Array inside becomes a view of them. */
export function decodeGiven(bytes: Uint8Array, start = 0, limits: ValueLimits = DEFAULT_VALUE_LIMITS): unknown {
  return decode(bytes, start, limits, true);
}

/** Arrays, objects, Maps and Sets in the value that was encoded or decoded last: for whoever keeps account of what values take, which may be far more than their bytes. */
export function lastContainers(): number {
  return containers;
}

let containers = 0;

function decode(bytes: Uint8Array, start: number, limits: ValueLimits, isGiven: boolean): unknown {
  containers = 0;
  if (start === bytes.length) return undefined;
  if (bytes.length - start > limits.bytes) throw new ValueError("", `more than ${limits.bytes} bytes`);
  containers = scan(bytes, start, bytes.length, limits);
  try {
    return readValue(bytes, start, isGiven);
  } catch (error) {
    throw asValueError(error, "could not be decoded");
  }
}

function asValueError(error: unknown, what: string): ValueError {
  return error instanceof ValueError ? error : new ValueError("", what, error);
}
