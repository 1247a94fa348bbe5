import { isLoopback, isPrivate } from "../link/defaults.ts";
import { AddressSet, parseSubnet } from "../link/address-set.ts";
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
  /** The port that it listens on. */
  readonly port: number;
  readonly since: Date;
  /** Whether the Room could dial it back; undefined: it has not tried, or does not know yet. */
  isReachable: boolean | undefined;
  readonly #join: Join;
  #addresses: readonly string[];

  constructor(link: Link, join: Join, token?: Uint8Array, since: Date = new Date(0)) {
    this.name = link.remoteName;
    this.kind = join.kind;
    this.link = link;
    this.token = token;
    this.port = join.port;
    this.since = since;
    this.#join = join;
    this.#addresses = join.addresses;
  }

  tell(message: ToUser): void {
    this.link.send([encodeToUser(message)]);
  }

  /** What holds a secret goes in a box, whatever the encryption setting. */
  tellSealed(message: Boxed): void {
    this.link.sendSealed(encodeToUser(message));
  }

  /** Its local addresses are others now. */
  moved(addresses: readonly string[]): void {
    this.#addresses = addresses;
  }

  /**
   * Where `other` may reach this user, the best first: on the same machine, in the same local network, or at the public address that the Room itself sees, where
   * it could dial it or the user says that it is its own. PROTOCOL §3.6. What a user says falsely of its own addresses leads others to the address where the Room sees it, and no further.
   */
  candidatesFor(other: RoomMember, roomSubnets: AddressSet): Candidate[] {
    const { port } = this;
    const seen = this.link.remote.host;
    const hosts = this.#lanHosts(other, roomSubnets);
    const isPublic = !isLoopback(seen) && (this.#join.publicHost === seen || this.isReachable === true);
    const lan = [...hosts].slice(0, MAX_ADDRESSES - 1).map((host) => ({ host, port, path: "lan" as const }));
    if (!isPublic || hosts.has(seen)) return lan;
    return [...lan, { host: seen, port, path: isPrivate(seen) ? "lan" : "public" }];
  }

  /** Whether the two are behind one address, in the Room's own subnets, or say that they are in one network. */
  sharesNetwork(other: RoomMember, roomSubnets: AddressSet): boolean {
    const mine = this.#join.lan;
    if (mine !== "auto" || other.#join.lan !== "auto") return mine === other.#join.lan;
    const here = this.link.remote.host;
    const there = other.link.remote.host;
    return here === there || (roomSubnets.has(here) && roomSubnets.has(there)) || this.#isNeighbour(other);
  }

  /** Whether both have their own addresses in one subnet, which nothing translates: one link of IPv6 (RFC 4291 §2.5.4), or so many addresses of IPv4. */
  #isNeighbour(other: RoomMember): boolean {
    return this.#isUntranslated && other.#isUntranslated && subnetOf(this) === subnetOf(other);
  }

  /**
   * Whether it says that it has an address on the link of IPv6 where the Room sees `other`, and nothing translates: in a network that has both protocols the Room may see the one over IPv4.
   * Who says so falsely is sent where the Room sees `other`, and nobody is sent to the addresses of who says so.
   */
  #claimsLinkOf(other: RoomMember): boolean {
    const there = other.link.remote.host;
    const isAuto = this.#join.lan === "auto" && other.#join.lan === "auto";
    if (!isAuto || !there.includes(":") || !other.#isUntranslated) return false;
    const link = new AddressSet([`${there}/64`]);
    return this.#addresses.some((host) => link.has(host));
  }

  get #isUntranslated(): boolean {
    return this.#addresses.includes(this.link.remote.host);
  }

  #lanHosts(other: RoomMember, roomSubnets: AddressSet): Set<string> {
    const seen = this.link.remote.host;
    // The listener of who came over loopback is bound to loopback alone.
    if (isLoopback(seen)) return new Set(isLoopback(other.link.remote.host) ? [seen] : []);
    const hosts = new Set<string>();
    if (!this.sharesNetwork(other, roomSubnets)) return other.#claimsLinkOf(this) ? hosts.add(seen) : hosts;
    if (PRIVATE.has(seen) || roomSubnets.has(seen) || this.#isNeighbour(other)) hosts.add(seen);
    for (const host of this.#addresses) if (PRIVATE.has(host)) hosts.add(host);
    return hosts;
  }
}

function subnetOf({ link: { remote } }: RoomMember): string {
  return parseSubnet(`${remote.host}/${remote.host.includes(":") ? 64 : 24}`).key;
}

/** RFC 1918, RFC 4193, RFC 6598. */
const PRIVATE = new AddressSet(["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"]);
