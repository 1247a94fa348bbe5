/**
 * The lab's map: an internet with the Room and a public host, and two LANs, each behind a router. Plain data.
 *
 *     a1 a2 ── router a ──┐             ┌── router b ── b1 b2
 *      192.168.10.0/24    ├─ internet ──┤    192.168.20.0/24
 *                  room ──┘ 203.0.113.0/24 ── public
 */
export type RouterName = "a" | "b";
export type HostName = "room" | "public" | "a1" | "a2" | "b1" | "b2";
/** Who stands at the internet: each of them at the end of a line of its own. */
export type LineName = RouterName | "room" | "public";

/**
 * How a router treats its LAN and the world:
 * - `easy`: keeps the source port, one mapping for all destinations; silently drops strangers. The usual home router.
 * - `hard`: a random source port for every connection ("symmetric"); drops strangers.
 * - `rst`: easy, but a stranger's SYN is answered with RST.
 * - `open`: easy, without a filter: it forwards what is addressed into the LAN, and its own stack answers the rest (RST).
 * - `fw`: no NAT: the LAN's addresses are known outside; a stateful firewall drops strangers.
 * - `block`: easy, but the LAN may open TCP connections to the Room only; the rest is refused ("administratively prohibited").
 */
export type RouterKind = "easy" | "hard" | "rst" | "open" | "fw" | "block";

export const HOSTS: readonly HostName[] = ["room", "public", "a1", "a2", "b1", "b2"];
export const ROUTERS: readonly RouterName[] = ["a", "b"];
export const LINES: readonly LineName[] = ["room", "public", "a", "b"];

/** Where things are, by the last part of their address. */
export const AT_INTERNET: Readonly<Record<LineName, number>> = { room: 10, public: 20, a: 30, b: 40 };
const AT_LAN: Readonly<Record<Exclude<HostName, "room" | "public">, number>> = { a1: 11, a2: 12, b1: 11, b2: 12 };

export function internetAddress(at: number): string {
  return `203.0.113.${at}`;
}

/** IPv6 for documentation: what a lab with `ipv6` routes. */
export function internetAddress6(at: number): string {
  return `2001:db8::${at}`;
}

export function lanSubnet(router: RouterName): string {
  return router === "a" ? "192.168.10" : "192.168.20";
}

/** The LAN's prefix of 64 bits: unique local, never routed. */
export function lanPrefix(router: RouterName): string {
  return `fd00:0:0:${router}`;
}

/** The LAN's public prefix of 64 bits, in a lab with `ipv6`. */
export function lanPrefix6(router: RouterName): string {
  return `2001:db8:0:${router}`;
}

/** The router in front of a host, if there is one. */
export function routerOf(host: HostName): RouterName | undefined {
  return host === "room" || host === "public" ? undefined : (host[0] as RouterName);
}

/** Addresses of a host's own interface, IPv4 first, without the link-local one. */
export function addressesOf(host: HostName, ipv6: boolean): readonly string[] {
  if (host === "room" || host === "public")
    return [internetAddress(AT_INTERNET[host]), internetAddress6(AT_INTERNET[host])];
  const router = routerOf(host) as RouterName;
  const at = AT_LAN[host];
  return [
    `${lanSubnet(router)}.${at}`,
    `${lanPrefix(router)}::${at}`,
    ...(ipv6 ? [`${lanPrefix6(router)}::${at}`] : []),
  ];
}
