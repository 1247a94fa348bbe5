import { readFileSync } from "node:fs";
import { open, readFile, rename } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { publicText } from "../crypto/identity.ts";
import { checkShape } from "./json-shape.ts";

/** So many peers are known at the most: names are others' to choose. */
const MOST_NAMES = 10_000;

const NEW_FILE_MODE = 0o600;

const decoder = new TextDecoder("utf-8", { fatal: true });

/** The last use of each file: one at a time. */
const uses = new Map<string, Promise<unknown>>();

/**
 * A function for the option `pins`: takes whatever identity a peer shows at first and keeps it in a file, as ssh keeps its known_hosts; later that one alone is taken. Who shows
 * none is refused, and so is who shows another one: then the log says what to do. The file is JSON, `{ "Bar": "id:..." }`, made when it is first needed, readable by its owner
 * alone, and may be edited at any time. It is looked at anew for each peer. Programs that run at the same time need a file each.
 *
 * The first use is the weak moment: who sits in between then is taken for the peer.
 * @param path of the file; its folder must exist
 * @throws TypeError for a path that is none.
 * @throws Error that names the file when it can't be read, or is damaged; it is never begun anew by itself.
 */
export function trustOnFirstUse(path: string): (peer: string, key: string | undefined) => Promise<boolean> {
  if (typeof path !== "string" || path === "")
    throw new TypeError(`trustOnFirstUse: the path of a file is needed, not ${JSON.stringify(path)}`);
  const file = resolve(path);
  known(file, readNow(file));
  return (peer, key) => inTurn(file, () => check(file, peer, key));
}

async function check(file: string, peer: string, key: string | undefined): Promise<boolean> {
  const peers = known(file, await readFile(file).catch((error: unknown) => missing(file, error)));
  const before = peers.get(peer);
  if (key === undefined)
    throw new Error(`${before ?? "an identity"} is wanted, by ${file}: give that program the option identity`);
  if (before === key) return true;
  const who = JSON.stringify(peer);
  if (before !== undefined) {
    throw new Error(
      `${file} knows it by another one, ${before}: somebody may be posing as it. If it really has a new identity, remove the line of ${who} from that file`,
    );
  }
  if (peers.size >= MOST_NAMES)
    throw new Error(`${file} knows ${MOST_NAMES} peers, which is the most: remove those that are gone`);
  await write(file, peers.set(peer, key));
  return true;
}

/** One after the other, per file: two tries of one name at once must not both be the first. */
function inTurn<Result>(file: string, use: () => Promise<Result>): Promise<Result> {
  const mine = (uses.get(file) ?? Promise.resolve()).then(use);
  const over = mine
    .catch(() => {})
    .then(() => {
      if (uses.get(file) === over) uses.delete(file);
    });
  uses.set(file, over);
  return mine;
}

function readNow(file: string): Uint8Array | undefined {
  try {
    return readFileSync(file);
  } catch (error) {
    return missing(file, error);
  }
}

function missing(file: string, error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
  throw unusable(file, error);
}

function unusable(file: string, error: unknown): Error {
  const code = (error as NodeJS.ErrnoException).code ?? String(error);
  return new Error(
    `the file of known peers ${file} can't be used (${code}): give a path that this program may read and write`,
    {
      cause: error,
    },
  );
}

/** What the file says. No file: nobody is known. @throws Error for one that is damaged. */
function known(file: string, bytes: Uint8Array | undefined): Map<string, string> {
  if (bytes === undefined) return new Map();
  try {
    return parse(decoder.decode(bytes));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(
      `the file of known peers ${file} is damaged: ${why}. Mend it, or, if nobody in it needs to be known again, remove it`,
      { cause: error },
    );
  }
}

function parse(text: string): Map<string, string> {
  checkShape(text); // of two entries of one name JSON.parse takes the last
  const found = parseJson(text);
  if (typeof found !== "object" || found === null || Array.isArray(found))
    throw new Error(`it must hold an object, { "name": "id:..." }`);
  return new Map(
    Object.entries(found).map(([name, key]) => [name, publicText(key, `the identity of ${JSON.stringify(name)}`)]),
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error("it is no JSON"); // whose own message would quote the file
  }
}

/** Whole or not at all: a new file, written to the disk, takes the place of the old one. */
async function write(file: string, peers: ReadonlyMap<string, string>): Promise<void> {
  const lines = [...peers].map(([name, key]) => `  ${JSON.stringify(name)}: ${JSON.stringify(key)}`);
  const next = `${file}.${process.pid}.new`;
  try {
    const handle = await open(next, "w", NEW_FILE_MODE);
    try {
      await handle.writeFile(`{\n${lines.join(",\n")}\n}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(next, file);
    await syncFolder(dirname(file));
  } catch (error) {
    throw unusable(file, error);
  }
}

/** A rename is lasting once its folder is written too. Not every system can do that. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r").catch(() => undefined);
  await handle?.sync().catch(() => {});
  await handle?.close();
}
