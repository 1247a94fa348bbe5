import { ValueError } from "./values-error.ts";
import { DEFAULT_VALUE_LIMITS, type ValueLimits } from "./values-limits.ts";

export { ValueError } from "./values-error.ts";
export { DEFAULT_VALUE_LIMITS, type ValueLimits } from "./values-limits.ts";

/**
 * The bytes of a value: exactly as many as it needs, the caller's to keep, sharing no memory with the value.
 * @throws ValueError, naming the path, for what can't be sent.
 */
export function encodeValue(value: unknown, limits: ValueLimits = DEFAULT_VALUE_LIMITS): Uint8Array {
  return encodeAfter(0, value, limits);
}

/** Like {@link encodeValue}, with `headerBytes` zero bytes before the value, the caller's to fill. */
export function encodeAfter(
  _headerBytes: number,
  _value: unknown,
  _limits: ValueLimits = DEFAULT_VALUE_LIMITS,
): Uint8Array {
  throw new ValueError("", "not written yet");
}

/**
 * The value that stands in `bytes` from `start` to their end. Everything is checked before anything is built, so
 * bytes of a stranger cost no more than reading them. The value shares no memory with `bytes`.
 * @throws ValueError for anything that {@link encodeValue} can't have written.
 */
export function decodeValue(_bytes: Uint8Array, _start = 0, _limits: ValueLimits = DEFAULT_VALUE_LIMITS): unknown {
  throw new ValueError("", "not written yet");
}
