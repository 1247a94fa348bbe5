import type { Engine } from "../crypto/engine.ts";
import { Identity, publicText } from "../crypto/identity.ts";
import type { IdentityRules } from "../link/identity.ts";
import { problemOfName } from "../link/names.ts";
import type { Pins } from "../schema/peer-types.ts";

export interface IdentityOptions {
  readonly identity?: string | undefined;
  readonly pins?: Pins | undefined;
}

/**
 * What a program does about identities, by its options: the one that it shows, and what it asks of others.
 * @throws TypeError for texts that are no identities, naming the option and never the text.
 */
export function identityRules({ identity, pins }: IdentityOptions, engine: Engine): IdentityRules {
  return {
    own: identity === undefined ? undefined : new Identity(identity, "identity", engine),
    judgeOf: pins === undefined ? undefined : judgeOf(pins),
  };
}

/** The same towards one peer, whatever its name on the link. A key that is given for it goes before `pins`. */
export function rulesFor(peer: string, { own, judgeOf: all }: IdentityRules, key?: string): IdentityRules {
  return { own, judgeOf: () => key ?? all?.(peer) };
}

function judgeOf(pins: Pins): IdentityRules["judgeOf"] {
  if (typeof pins === "function") return (peer) => (key) => pins(peer, key);
  if (typeof pins !== "object" || pins === null || Array.isArray(pins))
    throw new TypeError(
      `pins must be an object, { Bar: "id:..." }, or a function such as trustOnFirstUse("known.json")`,
    );
  const pinned = new Map<string, string>();
  for (const [name, key] of Object.entries(pins)) {
    const problem = problemOfName(name);
    if (problem !== undefined) throw new TypeError(`pins: ${JSON.stringify(name)} is no name of a peer: ${problem}`);
    pinned.set(name, publicText(key, `pins.${name}`));
  }
  return (peer) => pinned.get(peer);
}
