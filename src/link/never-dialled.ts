import { AddressSet } from "./address-set.ts";

/**
 * Never dialled because another host said so: this host, link-local, multicast, broadcast, and IPv6 that some gateway or system leads to an
 * IPv4 address which may be one of those (compatible, NAT64, 6to4). Loopback has rules of its own. PROTOCOL §3.6.
 */
export const NEVER_DIALLED: AddressSet = new AddressSet([
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

/** Ports below are services' own. */
export const FIRST_DIALLED_PORT = 1_024;
