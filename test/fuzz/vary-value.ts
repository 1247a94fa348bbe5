import { decodeValue, encodeValue } from "../../src/wire/values.ts";
import type { Roll } from "./mutate.ts";

const KEYS = ["toString", "valueOf", "constructor", "then", "toJSON", "length", "0", ""];
const OTHERS: readonly unknown[] = [
  undefined,
  null,
  true,
  0,
  -1,
  1.5,
  Number.NaN,
  2 ** 32,
  65_536,
  5n,
  "",
  "x".repeat(256),
  "\ud800",
  "\u0000\n",
  [],
  {},
  new Map(),
  new Set([1]),
  new Date(0),
  new Uint8Array(16),
  new Uint8Array(0),
  { toString: null },
  { toString: null, valueOf: null },
  [[[[]]]],
];

/**
 * Encoded bytes with one part of their value replaced, taken away or added, which changes of bytes seldom hit. The first `before` bytes stay.
 * Undefined: they are no value.
 */
export function varyValue(input: Uint8Array, before: number, roll: Roll): Uint8Array | undefined {
  try {
    const value = varied(decodeValue(input, before), roll);
    return Uint8Array.from([...input.subarray(0, before), ...encodeValue(value)]);
  } catch {
    return undefined;
  }
}

function varied(value: unknown, roll: Roll): unknown {
  const isDeeper = roll(3) > 0;
  if (isDeeper && Array.isArray(value) && value.length > 0) {
    const list: unknown[] = [...(value as unknown[])];
    const at = roll(list.length);
    const choice = roll(6);
    if (choice === 0) list.splice(at, 1);
    else if (choice === 1) list.splice(at, 0, ...Array.from({ length: 1 + roll(roll(2) ? 3 : 400) }, () => list[at]));
    else list[at] = varied(list[at], roll);
    return list;
  }
  if (isDeeper && typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype) {
    const fields: Record<string, unknown> = { ...value };
    const keys = Object.keys(fields);
    const key =
      roll(6) === 0 || keys.length === 0 ? (KEYS[roll(KEYS.length)] as string) : (keys[roll(keys.length)] as string);
    if (roll(8) === 0) delete fields[key];
    else fields[key] = varied(fields[key], roll);
    return fields;
  }
  return OTHERS[roll(OTHERS.length)];
}
