import { networkInterfaces } from "node:os";
import { AddressSet } from "../link/address-set.ts";
import { isPrivate } from "../link/defaults.ts";

/** The private subnets that this machine is in, for `lan: "auto"`. In a public one neighbours may well be routers, with networks of their own behind them. */
export function ownSubnets(): AddressSet {
  const subnets = new AddressSet();
  for (const addresses of Object.values(networkInterfaces())) {
    for (const { address, cidr, internal } of addresses ?? [])
      if (cidr !== null && !internal && isPrivate(address)) subnets.add(cidr);
  }
  return subnets;
}
