import { part as addresses } from "../parts/addresses.ts";
import { part as limits } from "../parts/limits.ts";
import { either, type Target } from "../target.ts";

/** What options say: addresses and subnets, limits. */
export const target: Target = either(addresses, limits);
