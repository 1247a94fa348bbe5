import { constants, readFileSync } from "node:fs";
import { type FileHandle, open, realpath, stat } from "node:fs/promises";
import { dirname } from "node:path";

/** Undefined: nothing is there. */
export async function statOf(path: string) {
  return stat(path, { bigint: true }).catch(ignoreMissing);
}

/** Where a path leads, links followed; the path itself where nothing is there. */
export async function targetOf(path: string): Promise<string> {
  return (await realpath(path).catch(ignoreMissing)) ?? path;
}

/** What tells a file from the next one of that path. */
export function versionIn(file: { ino: bigint; mtimeNs: bigint; size: bigint }): string {
  return `${file.ino} ${file.mtimeNs} ${file.size}`;
}

/** Undefined: it is not there. */
export async function openOld(path: string): Promise<FileHandle | undefined> {
  // Not blocking, should it be a named pipe.
  return open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch(ignoreMissing);
}

/** Undefined: it is there already. */
export async function openNew(path: string, mode: number): Promise<FileHandle | undefined> {
  return open(path, "wx", mode).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
    return undefined;
  });
}

/** Undefined: it is not there. */
export function readNow(path: string): Uint8Array | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    return ignoreMissing(error as NodeJS.ErrnoException);
  }
}

export function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
  return undefined;
}

/** A rename is lasting once its folder is written too. Not every system can do that. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r").catch(() => undefined);
  await handle?.sync().catch(() => {});
  await handle?.close();
}

/** An error of the disk with what to do about it; any other one as it is. @param what "the state file" */
export function diskError(what: string, path: string, error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === undefined) return error;
  return new Error(`${what} ${path} can't be used (${code}): ${advice(code, dirname(path))}`, { cause: error });
}

function advice(code: string, folder: string): string {
  switch (code) {
    case "ENOENT":
    case "ENOTDIR":
      return `make the folder ${folder}, or give another path`;
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return `let this program's user read the file and write in the folder ${folder}, or give another path`;
    case "EISDIR":
      return "it is no file; give the path of one";
    case "ENOSPC":
    case "EDQUOT":
      return "make room on that disk";
    default:
      return "give another path";
  }
}
