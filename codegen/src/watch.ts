import { type FSWatcher, watch } from "node:fs";
import { dirname, join } from "node:path";

/** After the last event of a save, which often makes several. */
const SETTLE_MS = 10;

/** What a turn has read. */
interface Watched {
  readonly inputs: readonly string[];
  /** Whether files are no longer what was read. */
  isStale(): boolean;
}

/**
 * One turn at first, and one for each change of files in a folder, in its folders, or of what was read by then; what changes while a turn is being
 * worked on makes the next one. Ends with the signal.
 */
export async function* changesOf(folder: string, read: Watched, signal: AbortSignal | undefined): AsyncGenerator<void> {
  const watchers = new Map<string, FSWatcher>();
  const state = { hasChanged: true };
  let wake: (() => void) | undefined;
  const noticeIn =
    (dir: string) =>
    (_event: string, name: string | null): void => {
      if (name !== null && !/\.m?ts$/.test(name) && !read.inputs.includes(join(dir, name))) return;
      state.hasChanged = true;
      wake?.();
    };
  const isOver = (): boolean => signal?.aborted === true;
  const end = (): void => wake?.();
  signal?.addEventListener("abort", end);
  const add = (dir: string, recursive: boolean): void => {
    const watcher = watch(dir, { recursive }, noticeIn(dir));
    watcher.on("error", () => watcher.close()); // the folder is gone: the next turn says so
    watchers.set(dir, watcher);
  };
  try {
    add(folder, true);
    for (;;) {
      // Folders beside that one, from which schemas import; packages are left out.
      const before = watchers.size;
      for (const path of read.inputs) {
        const dir = dirname(path);
        if (path.includes("/node_modules/") || `${dir}/`.startsWith(`${folder}/`) || watchers.has(dir)) continue;
        add(dir, false);
      }
      // Nobody watched them while they were read.
      if (watchers.size > before && read.isStale()) state.hasChanged = true;
      while (!state.hasChanged && !isOver()) {
        await new Promise<void>((resolve) => (wake = resolve));
        await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
      }
      if (isOver()) return;
      state.hasChanged = false;
      yield;
    }
  } finally {
    signal?.removeEventListener("abort", end);
    for (const watcher of watchers.values()) watcher.close();
  }
}
