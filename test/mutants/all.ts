import { BIND } from "./bind.ts";
import { MACHINE_IN, MACHINE_OUT } from "./machine.ts";
import { MACHINE_END, MACHINE_LINKS } from "./machine-links.ts";
import type { Mutants } from "./mutant.ts";

export const ALL_MUTANTS: readonly Mutants[] = [BIND, MACHINE_OUT, MACHINE_IN, MACHINE_LINKS, MACHINE_END];
