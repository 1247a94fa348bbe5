import { networkInterfaces } from "node:os";
import { AddressSet } from "../link/address-set.ts";

/** The subnets that this machine is in, for `lan: "auto"`. */
export function ownSubnets(): AddressSet {
  const subnets = new AddressSet();
  for (const addresses of Object.values(networkInterfaces())) {
    for (const { cidr, internal } of addresses ?? []) if (cidr !== null && !internal) subnets.add(cidr);
  }
  return subnets;
}
