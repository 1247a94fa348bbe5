import { AddressSet } from "../link/address-set.ts";
import { parseAddress } from "../link/address.ts";
import { isLoopback } from "../link/defaults.ts";
import { type Candidate, MAX_ADDRESSES } from "../wire/room-messages.ts";

/**
 * Never dialled because another host said so: this host, link-local, multicast, broadcast, and IPv6 that some gateway or system leads to an
 * IPv4 address which may be one of those (compatible, NAT64, 6to4). PROTOCOL §3.6.
 */
const NEVER = new AddressSet([
  "0.0.0.0/8",
  "169.254.0.0/16",
  "224.0.0.0/4",
  "240.0.0.0/4",
  "::/96",
  "64:ff9b::/96",
  "2002::/16",
  "fe80::/10",
  "fec0::/10",
  "ff00::/8",
  // The metadata services of clouds that are not link-local.
  "100.100.100.200",
  "168.63.129.16",
  "192.0.0.192",
  "fd00:ec2::254",
]);

const FIRST_PORT = 1_024;

/** The candidates that may be dialled, each once and 8 at the most; loopback ones only where this program reached the Room over loopback. */
export function safeCandidates(candidates: readonly Candidate[], overLoopback: boolean): Candidate[] {
  const seen = new Set<string>();
  return candidates
    .filter(({ host, port }) => {
      const key = `${host} ${port}`;
      if (seen.has(key) || port < FIRST_PORT || !isAddress(host)) return false;
      seen.add(key);
      return overLoopback ? isLoopback(host) : !isLoopback(host) && !NEVER.has(host);
    })
    .slice(0, MAX_ADDRESSES);
}

/** Addresses as they are written in full, not names: a name could lead anywhere, and the system takes "127.1" and "2130706433" for names of 127.0.0.1. */
function isAddress(host: string): boolean {
  return parseAddress(host) !== undefined && !host.includes("%");
}
