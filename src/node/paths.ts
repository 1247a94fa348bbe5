import { AddressSet } from "../link/address-set.ts";
import { isPrivate } from "../link/defaults.ts";
import type { Link } from "../link/link.ts";
import type { Path } from "../schema/peer-types.ts";

/** The best first. */
const PATHS: readonly Path[] = ["lan", "public", "punched", "relay"];

/** 0 is the best. */
export function rankOf(path: Path): number {
  return PATHS.indexOf(path);
}

/** What the addresses of a link say: within one machine, a private network or one link of IPv6 (a /64), or across public ones. Where an address is translated on the way both ends find the same. */
export function pathOf({ remote, local }: Pick<Link, "remote" | "local">): Path {
  const isLan = (isPrivate(remote.host) && isPrivate(local.host)) || isOnLinkOf(remote.host, local.host);
  return isLan ? "lan" : "public";
}

function isOnLinkOf(host: string, other: string): boolean {
  return other.includes(":") && new AddressSet([`${other}/64`]).has(host);
}
