import { part } from "../parts/users.ts";
import type { Target } from "../target.ts";

/** What people copy: tables of users. */
export const target: Target = part;
