import { isBefore } from "../base/bytes.ts";

/** Two members as a key of maps, in either order. */
export function pairKey(one: { readonly name: string }, other: { readonly name: string }): string {
  return JSON.stringify(isBefore(one.name, other.name) ? [one.name, other.name] : [other.name, one.name]);
}
