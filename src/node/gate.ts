/**
 * Who may talk to this program, by its lists of names.
 * @throws TypeError for a list that is none.
 */
export function gate(options: {
  readonly allow?: readonly string[] | undefined;
  readonly deny?: readonly string[] | undefined;
}): (peer: string) => boolean {
  const { allow, deny } = options;
  for (const [name, list] of Object.entries({ allow, deny })) {
    if (list !== undefined && !Array.isArray(list)) throw new TypeError(`${name} must be a list of names`);
  }
  return (peer) => deny?.includes(peer) !== true && allow?.includes(peer) !== false;
}
