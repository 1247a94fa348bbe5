import { scan } from "./scan.ts";
import { type ReadShape, ShapeReader } from "./shape-reader.ts";
import { readValue } from "./values-decode.ts";
import { MISFIT, ValueWriter, type WriteShape } from "./values-encode.ts";
import { ValueError } from "./values-error.ts";
import { DEFAULT_VALUE_LIMITS, type ValueLimits } from "./values-limits.ts";
import { ANY_MEMORY } from "./values-memory.ts";
import { PathError } from "./values-path.ts";
import { TOKEN_SHAPED } from "./values-tags.ts";

export type { ReadShape } from "./shape-reader.ts";
export type { WriteShape } from "./values-encode.ts";
export { ValueError, ValueTooHeavy, ValueTooLarge } from "./values-error.ts";
export { DEFAULT_VALUE_LIMITS, type ValueLimits } from "./values-limits.ts";

// A getter of the value may encode something itself, while the writer is in use: then there is another one.
let idle: ValueWriter | undefined = new ValueWriter();

/**
 * The bytes of a value: exactly as many as it needs, the caller's to keep, sharing no memory with the value.
 * @throws ValueError, naming the path, for what can't be sent.
 */
export function encodeValue(value: unknown, limits: ValueLimits = DEFAULT_VALUE_LIMITS): Uint8Array {
  return encodeAfter(0, value, undefined, limits);
}

/** How values of one shape are written and read where both ends know it: their members alone, without keys. Generated. */
export interface ShapeCodec {
  readonly write: WriteShape;
  readonly read: ReadShape;
}

/**
 * Like {@link encodeValue}, with `headerBytes` zero bytes before the value, the caller's to fill. `shape`: how both ends know it; a value of
 * another shape describes itself all the same.
 */
export function encodeAfter(
  headerBytes: number,
  value: unknown,
  shape?: ShapeCodec,
  limits: ValueLimits = DEFAULT_VALUE_LIMITS,
): Uint8Array {
  const writer = idle ?? new ValueWriter();
  idle = undefined;
  try {
    const bytes =
      (shape && writeShaped(writer, shape, value, headerBytes, limits)) ?? writer.write(value, headerBytes, limits);
    ({ memory } = writer);
    return bytes;
  } catch (error) {
    throw error instanceof PathError ? error.toValueError() : asValueError(error, "could not be encoded");
  } finally {
    idle = writer;
  }
}

/** Undefined: it does not fit. What is to be said of a value that can't be sent is said where it describes itself. */
function writeShaped(
  writer: ValueWriter,
  { write }: ShapeCodec,
  value: unknown,
  headerBytes: number,
  limits: ValueLimits,
): Uint8Array | undefined {
  try {
    return writer.writeShaped(write, value, headerBytes, limits);
  } catch (error) {
    if (error === MISFIT || !(error instanceof ValueError)) return undefined;
    throw error;
  }
}

/** Whether the value there is of a shape, and does not describe itself. */
export function isShaped(bytes: Uint8Array, start: number): boolean {
  return bytes[start] === TOKEN_SHAPED;
}

/**
 * The value that stands in `bytes` from `start` to their end; no bytes at all are undefined. Everything is checked
 * before anything is built, so the bytes of a stranger cost no more than reading them. The value shares no memory
 * with `bytes`.
 * @throws ValueError for anything that {@link encodeAfter} can't have written. `shape`: that of a value that may have one.
 */
export function decodeValue(
  bytes: Uint8Array,
  start = 0,
  shape?: ShapeCodec,
  limits: ValueLimits = DEFAULT_VALUE_LIMITS,
): unknown {
  return decode(bytes, start, shape, limits, false, ANY_MEMORY);
}

/**
 * Like {@link decodeValue}, for bytes that nobody uses afterwards: a large Uint8Array inside becomes a view of them. `most`: what the value may take
 * beside its bytes. @throws ValueTooHeavy, before it takes more
 */
export function decodeGiven(bytes: Uint8Array, start = 0, shape?: ShapeCodec, most: number = ANY_MEMORY): unknown {
  return decode(bytes, start, shape, DEFAULT_VALUE_LIMITS, true, most);
}

/** What the value that was encoded or decoded last takes in memory beside its bytes, about: for whoever keeps account of it. */
export function lastMemory(): number {
  return memory;
}

let memory = 0;

// Reading calls nobody, so one is enough.
const reader = new ShapeReader();

function decode(
  bytes: Uint8Array,
  start: number,
  shape: ShapeCodec | undefined,
  limits: ValueLimits,
  isGiven: boolean,
  most: number,
): unknown {
  memory = 0;
  if (start === bytes.length) return undefined;
  if (bytes.length - start > limits.bytes) throw new ValueError("", `more than ${limits.bytes} bytes`);
  if (shape !== undefined && isShaped(bytes, start)) {
    try {
      return reader.read(shape.read, bytes, start + 1, limits, most, isGiven);
    } catch (error) {
      throw asValueError(error, "could not be decoded");
    } finally {
      memory = most - reader.memory;
    }
  }
  memory = most - scan(bytes, start, bytes.length, limits, most);
  try {
    return readValue(bytes, start, isGiven);
  } catch (error) {
    throw asValueError(error, "could not be decoded");
  }
}

function asValueError(error: unknown, what: string): ValueError {
  return error instanceof ValueError ? error : new ValueError("", what, error);
}
