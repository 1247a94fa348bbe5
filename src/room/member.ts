import { isLoopback } from "../link/defaults.ts";
import { AddressSet } from "../link/address-set.ts";
import type { Link } from "../link/link.ts";
import {
  type Boxed,
  type Candidate,
  type Join,
  MAX_ADDRESSES,
  type ToUser,
  encodeToUser,
} from "../wire/room-messages.ts";

/** One user, as long as its link to the Room lives. */
export class RoomMember {
  readonly name: string;
  readonly kind: string | undefined;
  readonly link: Link;
  /** What takes the name back; undefined for a user that does not know of it. */
  readonly token: Uint8Array | undefined;
  readonly #join: Join;

  constructor(link: Link, join: Join, token?: Uint8Array) {
    this.name = link.remoteName;
    this.kind = join.kind;
    this.link = link;
    this.token = token;
    this.#join = join;
  }

  tell(message: ToUser): void {
    this.link.send([encodeToUser(message)]);
  }

  /** Tickets and tokens are secrets: they go in a box, whatever the encryption setting. */
  tellSealed(message: Boxed): void {
    this.link.sendSealed(encodeToUser(message));
  }

  /** Where `other` may reach this user: on the same machine, in the same local network, or at a public address that the Room itself sees. */
  candidatesFor(other: RoomMember, roomSubnets: AddressSet): Candidate[] {
    const { port, addresses, publicHost } = this.#join;
    const seen = this.link.remote.host;
    const hosts = new Set<string>();
    if (isLoopback(seen)) {
      if (isLoopback(other.link.remote.host)) hosts.add(seen); // its listener is bound to loopback alone
    } else {
      if (this.#sharesNetwork(other, roomSubnets)) {
        if (PRIVATE.has(seen) || roomSubnets.has(seen)) hosts.add(seen);
        for (const host of addresses) if (PRIVATE.has(host)) hosts.add(host);
      }
      if (publicHost !== undefined && publicHost === seen) hosts.add(seen);
    }
    return [...hosts].slice(0, MAX_ADDRESSES).map((host) => ({ host, port }));
  }

  #sharesNetwork(other: RoomMember, roomSubnets: AddressSet): boolean {
    const mine = this.#join.lan;
    if (mine !== "auto" || other.#join.lan !== "auto") return mine === other.#join.lan;
    const here = this.link.remote.host;
    const there = other.link.remote.host;
    return here === there || (roomSubnets.has(here) && roomSubnets.has(there));
  }
}

/** RFC 1918, RFC 4193, RFC 6598. */
const PRIVATE = new AddressSet(["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"]);
