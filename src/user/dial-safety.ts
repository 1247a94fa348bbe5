import { parseAddress } from "../link/address.ts";
import { isLoopback } from "../link/defaults.ts";
import { FIRST_DIALLED_PORT, NEVER_DIALLED } from "../link/never-dialled.ts";
import type { Address } from "../pipe/pipe.ts";
import { MAX_ADDRESSES } from "../wire/room-messages.ts";

/** The candidates that may be dialled, each once and 8 at the most; loopback ones only where this program reached the Room over loopback. */
export function safeCandidates<Candidate extends Address>(
  candidates: readonly Candidate[],
  overLoopback: boolean,
): Candidate[] {
  const seen = new Set<string>();
  return candidates
    .filter(({ host, port }) => {
      const key = `${host} ${port}`;
      if (seen.has(key) || port < FIRST_DIALLED_PORT || !isAddress(host)) return false;
      seen.add(key);
      return overLoopback ? isLoopback(host) : !isLoopback(host) && !NEVER_DIALLED.has(host);
    })
    .slice(0, MAX_ADDRESSES);
}

/** Addresses as they are written in full, not names: a name could lead anywhere, and the system takes "127.1" and "2130706433" for names of 127.0.0.1. */
function isAddress(host: string): boolean {
  return parseAddress(host) !== undefined && !host.includes("%");
}
