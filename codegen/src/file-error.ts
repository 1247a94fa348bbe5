/** What the file system refuses, for whoever has to mend it. */
import { readFileSync } from "node:fs";

/** By code: what is wrong there, and what to do. */
const REASONS: Readonly<Record<string, string>> = {
  EACCES: "permission denied: change who may read and write it, or run as its owner",
  EPERM: "permission denied: change who may read and write it, or run as its owner",
  EROFS: "the disk can only be read: choose another --out",
  ENOENT: "nothing is there, or a link that leads nowhere: make it, or remove the link",
  ENOTDIR: "a file stands where a folder is needed: move it away, or choose another --out",
  EEXIST: "a file stands where a folder is needed: move it away, or choose another --out",
  EISDIR: "a folder stands where a file is needed: move it away",
  ENOTEMPTY: "a folder stands where a file is needed: move it away",
  ELOOP: "this link leads back to itself: remove it",
  ENOSPC: "no room is left, on the disk or for files to watch: make some",
  EDQUOT: "no room is left on the disk: make some",
  EMFILE: "too many files are open: close some, or raise the limit with ulimit -n",
  ENFILE: "too many files are open: close some",
};

/** An error of the file system: its path, and the reason with what to do. Undefined for any other error, which is nobody's mistake. */
export function readFileError(error: unknown): { path: string; reason: string } | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, path, dest } = error as NodeJS.ErrnoException & { dest?: string };
  const at = dest ?? path;
  if (code === undefined || at === undefined) return undefined;
  return { path: at, reason: `${REASONS[code] ?? error.message} (${code})` };
}

/** @throws the system's error, which says the path: reading a folder, Node's own does not. */
export function readTextFile(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw Object.assign(error as Error, { path });
  }
}

/** The text of a file; undefined where it can't be read. */
export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
