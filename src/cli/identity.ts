import { open, unlink } from "node:fs/promises";
import { createIdentity, Identity } from "../crypto/identity.ts";
import { nativeEngine } from "../crypto/native.ts";
import { diskError } from "../state/disk.ts";
import { parse } from "./arguments.ts";
import { readPrivate } from "./private-file.ts";

const WHAT = "the identity file";
const OWNER_ALONE = 0o600;

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

/** The private text in a file. */
async function readIdentity(file: string): Promise<string> {
  return readPrivate(file, WHAT, "private identity", `make one with npx chatroom identity --file ${file}`);
}

/** A private text: in the file, else in the environment, else none. */
export async function identityOf(file: string | undefined): Promise<string | undefined> {
  if (file !== undefined) return readIdentity(file);
  return process.env["CHATROOM_IDENTITY"] || undefined;
}
