import { AddressSet } from "../link/address-set.ts";
import { isLoopback } from "../link/defaults.ts";
import { type Candidate, MAX_ADDRESSES } from "../wire/room-messages.ts";

/** Never dialled because another host said so: this host, link-local (cloud metadata among it), multicast, broadcast. PROTOCOL §3.6. */
const NEVER = new AddressSet([
  "0.0.0.0/8",
  "169.254.0.0/16",
  "224.0.0.0/4",
  "240.0.0.0/4",
  "::",
  "fe80::/10",
  "ff00::/8",
]);

const FIRST_PORT = 1_024;

/** The candidates that may be dialled, each once and 8 at the most; loopback ones only where this program reached the Room over loopback. */
export function safeCandidates(candidates: readonly Candidate[], overLoopback: boolean): Candidate[] {
  const seen = new Set<string>();
  return candidates
    .filter(({ host, port }) => {
      const key = `${host} ${port}`;
      if (seen.has(key) || port < FIRST_PORT || !IP.test(host) || NEVER.has(host)) return false;
      seen.add(key);
      return isLoopback(host) === overLoopback;
    })
    .slice(0, MAX_ADDRESSES);
}

/** Addresses, not names: a name could lead anywhere. */
const IP = /^[0-9.]+$|^[0-9a-f:.]*:[0-9a-f:.]*$/i;
