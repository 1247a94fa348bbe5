import type { Path } from "../schema/peer-types.ts";
import type { Directory } from "./directory.ts";

/** What `look` sees, now and whenever it may be something else, until the signal fires, the program leaves or the loop is left. Whoever is slow sees the latest. */
async function* watch<T>(directory: Directory, signal: AbortSignal | undefined, look: () => T): AsyncGenerator<T> {
  let wake: (() => void) | undefined;
  let changed = true;
  const notice = (): void => {
    changed = true;
    wake?.();
  };
  const forget = directory.onChange(notice);
  signal?.addEventListener("abort", notice);
  try {
    for (;;) {
      if (signal?.aborted === true || directory.closing() !== undefined) return;
      if (!changed) {
        await new Promise<void>((resolve) => (wake = resolve));
        continue;
      }
      changed = false;
      yield look();
    }
  } finally {
    forget();
    signal?.removeEventListener("abort", notice);
  }
}

/** Who of a kind is here, then who comes and goes. */
export async function* changes(
  directory: Directory,
  kind: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<{ name: string; here: boolean }> {
  let before = new Set<string>();
  for await (const now of watch(directory, signal, () => new Set(directory.live(kind)))) {
    const known = before;
    before = now;
    for (const name of known) if (!now.has(name)) yield { name, here: false };
    for (const name of now) if (!known.has(name)) yield { name, here: true };
  }
}

/** How a peer is reached, then each other way that it comes to be. */
export async function* paths(
  directory: Directory,
  name: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<Path | undefined> {
  let last: Path | "none yet" | undefined = "none yet";
  for await (const path of watch(directory, signal, () => directory.path(name))) {
    if (path === last) continue;
    last = path;
    yield path;
  }
}
