import { DEFAULT_LIMITS } from "../base/limits.ts";

/** What one value may be, the same for sending and receiving, so that whatever encodes also decodes. */
export interface ValueLimits {
  /** Containers inside each other; at most {@link MAX_DEPTH}. */
  readonly depth: number;
  /** Values in all, members and keys included. */
  readonly nodes: number;
  /** Arrays, objects, Maps, Sets and typed arrays in all. Each takes some 200 bytes of memory, however few it takes on the wire. */
  readonly containers: number;
  /** Bytes of one bigint. */
  readonly bigintBytes: number;
  /** Bytes of the whole encoded value. */
  readonly bytes: number;
}

/** PROTOCOL §4. */
export const DEFAULT_VALUE_LIMITS: ValueLimits = DEFAULT_LIMITS.values;

/** No limit reaches beyond this depth: encoding and decoding recurse. */
export const MAX_DEPTH = 512;
