import { problemOfName } from "../link/names.ts";

/**
 * Who may talk to this program, by its lists of names, as they are now.
 * @throws TypeError for a list that is none, and for a name that nobody can have: it would keep out nobody, or let nobody in.
 */
export function gate(options: {
  readonly allow?: readonly string[] | undefined;
  readonly deny?: readonly string[] | undefined;
}): (peer: string) => boolean {
  const { allow, deny } = options;
  for (const [name, list] of Object.entries({ allow, deny })) {
    if (list === undefined) continue;
    if (!Array.isArray(list)) throw new TypeError(`${name} must be a list of names`);
    for (const peer of list as readonly unknown[]) {
      const problem = typeof peer === "string" ? problemOfName(peer) : "is no text";
      if (problem !== undefined)
        throw new TypeError(`${name}: ${JSON.stringify(peer)} is no name of a peer: it ${problem}`);
    }
  }
  const [allowed, denied] = [allow && new Set(allow), new Set(deny)];
  return (peer) => !denied.has(peer) && allowed?.has(peer) !== false;
}
