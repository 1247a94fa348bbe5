import { isV4, parseAddress } from "../link/address.ts";
import { prefixKey } from "../link/address-set.ts";

/** On whose account something has its place. */
export interface Claim {
  /** Of `sourceOf`. */
  readonly source: string;
  readonly name: string;
}

/** What has a place, the oldest first. */
export type Share<Holder> = ReadonlyMap<Holder, Claim>;

/**
 * What has to go for one more: nothing, or the last of the greediest. "full": there is no place for it. Where `most` places are taken, the source that has most of them gives one
 * up to a source that has fewer, and within one source the name that has most: who takes all of them keeps out nobody else, however many names it has. What has moved does not move
 * back: the newcomer then has no more places than the other one is left with.
 */
export function yielding<Holder extends object>(
  share: Share<Holder>,
  most: number,
  claim: Claim,
): Holder | "nothing" | "full" {
  if (share.size < most) return "nothing";
  const { source, name } = claim;
  return (
    lastOfGreediest(share, (its) => its.source, source) ??
    lastOfGreediest(share, (its) => (its.source === source ? its.name : undefined), name) ??
    "full"
  );
}

/** Of those that have a key. Undefined: with one more, the one with `ownKey` would have more than the greediest is left with. */
function lastOfGreediest<Holder>(
  share: Share<Holder>,
  keyOf: (claim: Claim) => string | undefined,
  ownKey: string,
): Holder | undefined {
  const counts = new Map<string, number>();
  for (const claim of share.values()) {
    const key = keyOf(claim);
    if (key !== undefined) counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  let greediest: string | undefined;
  let most = (counts.get(ownKey) ?? 0) + 1;
  for (const [key, count] of counts) if (count > most) [greediest, most] = [key, count];
  if (greediest === undefined) return undefined;
  return [...share].findLast(([, claim]) => keyOf(claim) === greediest)?.[0];
}

/** What an address is charged to: itself, or its /48 of IPv6, of which one customer may have all. What is no address is its own source. */
export function sourceOf(host: string): string {
  const bytes = parseAddress(host);
  return bytes === undefined ? host : prefixKey(bytes, isV4(bytes) ? 128 : 48);
}
