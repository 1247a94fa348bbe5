import { part as identityTexts } from "../parts/identity-texts.ts";
import { part as users } from "../parts/users.ts";
import { either, type Target } from "../target.ts";

/** What people copy: tables of users, identities. */
export const target: Target = either(users, identityTexts);
