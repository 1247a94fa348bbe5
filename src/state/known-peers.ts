import { systemClock } from "../base/clock.ts";
import { systemRandom } from "../base/random.ts";
import { publicText } from "../crypto/identity.ts";
import { checkShape } from "./json-shape.ts";
import { SharedFile } from "./shared-file.ts";
import { StateError } from "./state-error.ts";

/** So many peers are known at the most: names are others' to choose. */
const MOST_NAMES = 10_000;

/** As long as its longest entry: a name of 64 bytes, escaped, with a key. */
const MOST_BYTES = 512 * MOST_NAMES;

/** The last use of each file: one at a time. */
const uses = new Map<string, Promise<unknown>>();

/**
 * A function for the option `pins`: takes whatever identity a peer shows at first and keeps it in a file, as ssh keeps its known_hosts; later that one alone is taken. Who shows
 * none is refused, and so is who shows another one: then the log says what to do. The file is JSON, `{ "Bar": "id:..." }`, made when it is first needed, readable by its owner
 * alone, and may be edited at any time. It is looked at anew for each peer. Several programs may share it.
 *
 * The first use is the weak moment: who sits in between then is taken for the peer.
 * @param path of the file; its folder must exist
 * @throws TypeError for a path that is none.
 * @throws Error that names the file when it can't be read, or is damaged; it is never begun anew by itself.
 */
export function trustOnFirstUse(path: string): (peer: string, key: string | undefined) => Promise<boolean> {
  if (typeof path !== "string" || path === "")
    throw new TypeError(`trustOnFirstUse: the path of a file is needed, not ${JSON.stringify(path)}`);
  const file = new SharedFile(path, {
    clock: systemClock,
    random: systemRandom,
    what: "the file of known peers",
    mostBytes: MOST_BYTES,
  });
  try {
    parse(file.readNow());
  } catch (error) {
    throw told(file, error);
  }
  return (peer, key) => inTurn(file.path, () => check(file, peer, key));
}

async function check(file: SharedFile, peer: string, key: string | undefined): Promise<boolean> {
  const peers = await read(file);
  if (key === undefined)
    throw new Error(
      `${peers.get(peer) ?? "an identity"} is wanted, by ${file.path}: give that program the option identity`,
    );
  if (isKnown(file, peers, peer, key)) return true;
  await file.update(async () => {
    const now = await read(file); // another program may have been faster
    return isKnown(file, now, peer, key) ? undefined : print(now.set(peer, key));
  });
  return true;
}

/** False: it is to be kept. @throws Error that says what to do about a peer that is not to be let in. */
function isKnown({ path }: SharedFile, peers: ReadonlyMap<string, string>, peer: string, key: string): boolean {
  const before = peers.get(peer);
  if (before === key) return true;
  const who = JSON.stringify(peer);
  if (before !== undefined) {
    throw new Error(
      `${path} knows it by another one, ${before}: somebody may be posing as it. If it really has a new identity, remove the line of ${who} from that file`,
    );
  }
  if (peers.size >= MOST_NAMES)
    throw new Error(`${path} knows ${MOST_NAMES} peers, which is the most: remove those that are gone`);
  return false;
}

/** One after the other, per file: the lock keeps other programs out, and asking for it again and again is work. */
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

async function read(file: SharedFile): Promise<Map<string, string>> {
  try {
    return parse((await file.read())?.text);
  } catch (error) {
    throw told(file, error);
  }
}

function told({ path }: SharedFile, error: unknown): unknown {
  if (!(error instanceof StateError)) return error;
  return new Error(
    `the file of known peers ${path} is damaged: ${error.message}. Mend it, or, if nobody in it needs to be known again, remove it`,
    { cause: error },
  );
}

/** What the file says. No file: nobody is known. @throws StateError for a text that makes no sense. */
function parse(text: string | undefined): Map<string, string> {
  if (text === undefined) return new Map();
  checkShape(text); // of two entries of one name JSON.parse takes the last
  const found = parseJson(text);
  if (typeof found !== "object" || found === null || Array.isArray(found))
    throw new StateError(`it must hold an object, { "name": "id:..." }`);
  return new Map(Object.entries(found).map(([name, key]) => [name, keyOf(name, key)]));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new StateError("it is no JSON"); // whose own message would quote the file
  }
}

function keyOf(name: string, key: unknown): string {
  try {
    return publicText(key, `the identity of ${JSON.stringify(name)}`);
  } catch (error) {
    throw new StateError((error as Error).message);
  }
}

function print(peers: ReadonlyMap<string, string>): string {
  const lines = [...peers].map(([name, key]) => `  ${JSON.stringify(name)}: ${JSON.stringify(key)}`);
  return `{\n${lines.join(",\n")}\n}\n`;
}
