import { networkInterfaces } from "node:os";

/** This machine's own addresses, without loopback and link-local ones; IPv4 first. */
export function ownAddresses(): string[] {
  const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return own
    .filter(({ internal, address }) => !internal && !address.startsWith("fe80:"))
    .toSorted((a, b) => a.family.localeCompare(b.family))
    .map(({ address }) => address);
}
