import { open, readFile, stat, unlink } from "node:fs/promises";
import { createIdentity, Identity } from "../crypto/identity.ts";
import { nativeEngine } from "../crypto/native.ts";
import { diskError } from "../state/disk.ts";
import { parse } from "./arguments.ts";

const WHAT = "the identity file";
const OWNER_ALONE = 0o600;
const OTHERS = 0o077;

/** `chatroom identity`: makes an identity and prints its texts; with --file the private one is kept there, and only the public one printed. */
export async function identity(args: string[]): Promise<number> {
  const { values } = parse(args, { file: { type: "string" } });
  if (values.file === undefined) {
    const made = createIdentity();
    process.stdout.write(`${made.identity}\n${made.key}\n`);
    process.stderr.write(
      `The first text is private: the option identity of its program takes it. The second one is for others to pin.\n`,
    );
    return 0;
  }
  process.stdout.write(`${await keyIn(values.file)}\n`);
  return 0;
}

/** The public text of the identity in a file, which is made where there is none: readable by its owner alone, never written over. */
async function keyIn(file: string): Promise<string> {
  const made = createIdentity();
  const handle = await open(file, "wx", OWNER_ALONE).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "EEXIST") return undefined;
    throw diskError(WHAT, file, error);
  });
  if (handle === undefined) return new Identity(await readIdentity(file), `the text in ${file}`, nativeEngine).key;
  try {
    await handle.writeFile(`${made.identity}\n`);
    await handle.sync();
  } catch (error) {
    await unlink(file).catch(() => {}); // half of it would be in the way of the next try
    throw diskError(WHAT, file, error);
  } finally {
    await handle.close();
  }
  return made.key;
}

/** The private text in a file. A warning goes to standard error where others can read it too. */
async function readIdentity(file: string): Promise<string> {
  try {
    const text = (await readFile(file, "utf8")).trim();
    const { mode } = await stat(file);
    if (process.platform !== "win32" && (mode & OTHERS) !== 0)
      process.stderr.write(`chatroom: others can read the private identity in ${file}: chmod 600 ${file}\n`);
    return text;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw diskError(WHAT, file, error);
    throw new Error(`${WHAT} ${file} does not exist: make one with npx chatroom identity --file ${file}`, {
      cause: error,
    });
  }
}

/** A private text: in the file, else in the environment, else none. */
export async function identityOf(file: string | undefined): Promise<string | undefined> {
  if (file !== undefined) return readIdentity(file);
  return process.env["CHATROOM_IDENTITY"] || undefined;
}
