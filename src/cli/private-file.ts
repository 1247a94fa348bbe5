import { readFile, stat } from "node:fs/promises";
import { diskError } from "../state/disk.ts";

const OTHERS = 0o077;

/**
 * The text of a file that its owner alone should read; a warning goes to standard error where others can. `what`: the file, in messages; `holds`: what is in it; `advice`:
 * what to do where there is none.
 */
export async function readPrivate(file: string, what: string, holds: string, advice: string): Promise<string> {
  try {
    const text = (await readFile(file, "utf8")).trim();
    const { mode } = await stat(file);
    if (process.platform !== "win32" && (mode & OTHERS) !== 0)
      process.stderr.write(`chatroom: others can read the ${holds} in ${file}: chmod 600 ${file}\n`);
    return text;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw diskError(what, file, error);
    throw new Error(`${what} ${file} does not exist: ${advice}`, { cause: error });
  }
}
