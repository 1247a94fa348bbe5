import type { Random } from "../base/random.ts";
import { utf8 } from "../crypto/bytes.ts";
import type { Engine } from "../crypto/engine.ts";
import { costOf, DEFAULT_COST, settingOf } from "../crypto/passwords-setting.ts";
import { parseEntry, type UserEntry } from "../crypto/verifier.ts";
import { problemOfName } from "./names.ts";

/** Names with verifiers of `hashPasswords`, or with bcrypt hashes ($2a$, $2b$, $2y$; cost 4 to 16) as text or bytes. */
export type Users = Readonly<Record<string, string | Uint8Array>>;

const MIN_SECRET_BYTES = 16;
/** What a fake entry has in place of a public key: nothing is ever verified under it, and nothing could be. */
const NO_KEY = new Uint8Array(32);

/**
 * The users that may come in, and how each proves itself. A name that it does not have gets an entry that nobody has the
 * password of, the same for as long as the secret is, so that nobody learns whose names it has.
 */
export class UserTable {
  readonly #engine: Engine;
  readonly #random: Random;
  readonly #secret: Uint8Array;
  readonly #entries = new Map<string, UserEntry>();
  readonly #cost: number;

  /**
   * @param secret what the fake entries are made of, at least 16 characters or bytes; never made of the table. Absent: random,
   * so that after a restart the fake entries are others, by which a member can tell them.
   * @throws TypeError for a table that is none, a name or entry that can't be one, and for a short secret.
   */
  constructor(users: Users, secret: string | Uint8Array | undefined, engine: Engine, random: Random) {
    this.#engine = engine;
    this.#random = random;
    this.#secret = secretOf(secret) ?? random(32);
    if (!isTable(users)) throw new TypeError("users must be an object with names, as hashPasswords gives it");
    for (const [name, given] of Object.entries(users)) {
      const problem = problemOfName(name);
      if (problem !== undefined) throw new TypeError(`users: the name ${JSON.stringify(name)} ${problem}`);
      const entry = parseEntry(engine, textOf(given));
      if (entry === undefined)
        throw new TypeError(
          `users: what ${JSON.stringify(name)} has is neither a verifier nor a bcrypt hash of a cost from 4 to 16; make a table with hashPasswords or npx chatroom hash`,
        );
      this.#entries.set(name, entry);
    }
    this.#cost = commonCost([...this.#entries.values()]);
  }

  /** What is known of a name, or made up for it. The work is the same for both. */
  entryFor(name: string): UserEntry {
    const fake = this.#fakeOf(name);
    return this.#entries.get(name) ?? fake;
  }

  #fakeOf(name: string): UserEntry {
    const salt = this.#engine.hmacSha512(this.#secret, utf8("CRP1 fake salt"), utf8(name)).subarray(0, 16);
    return { setting: settingOf(this.#cost, salt), prsU: this.#random(32), P: NO_KEY };
  }
}

/** Of a Map or list nothing would be found in it, and nobody could join. */
function isTable(users: unknown): boolean {
  return typeof users === "object" && users !== null && !Array.isArray(users) && !(users instanceof Map);
}

/** The cost that most entries have, the lowest of several. */
function commonCost(entries: readonly UserEntry[]): number {
  const counts = new Map<number, number>();
  for (const { setting } of entries) counts.set(costOf(setting), (counts.get(costOf(setting)) ?? 0) + 1);
  const most = Math.max(...counts.values());
  const common = [...counts].filter(([, count]) => count === most).map(([cost]) => cost);
  return common.length === 0 ? DEFAULT_COST : Math.min(...common);
}

function textOf(entry: unknown): string {
  if (entry instanceof Uint8Array) return String.fromCharCode(...entry.subarray(0, 200));
  return typeof entry === "string" ? entry : "";
}

function secretOf(secret: string | Uint8Array | undefined): Uint8Array | undefined {
  if (secret === undefined) return undefined;
  const bytes = typeof secret === "string" ? utf8(secret) : Uint8Array.from(secret);
  if (bytes.length < MIN_SECRET_BYTES)
    throw new TypeError(`secret must be at least ${MIN_SECRET_BYTES} characters or bytes, not ${bytes.length}`);
  return bytes;
}
