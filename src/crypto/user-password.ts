import type { Engine } from "./engine.ts";
import { prepareUserPassword } from "./passwords.ts";
import { type UserKeys, userKeys } from "./verifier.ts";

/** Settings whose keys are kept: a user has one per place where it logs in, and it is the other side that names them. */
const MAX_KEPT = 8;

/** A user's own password. It never leaves the program, nor does its hash. */
export class UserPassword {
  readonly #password: string;
  readonly #engine: Engine;
  /** By setting, for reconnects: bcrypt is made to be slow. */
  readonly #kept = new Map<string, UserKeys>();

  /** @throws LinkError ERR_PARAM for a password that can't be one, also for more than 72 bytes. */
  constructor(password: string, engine: Engine) {
    this.#password = prepareUserPassword(password);
    this.#engine = engine;
  }

  /**
   * The keys for that setting; bcrypt runs where they are not known yet.
   * @param setting a valid one.
   * @param signal gives up; the promise rejects with its reason.
   */
  async keysFor(setting: string, signal?: AbortSignal): Promise<UserKeys> {
    const kept = this.#kept.get(setting);
    if (kept !== undefined) return kept;
    const [h = ""] = await this.#engine.bcrypt([{ password: this.#password, setting }], signal);
    const keys = userKeys(this.#engine, h);
    this.#kept.set(setting, keys);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > MAX_KEPT && oldest !== undefined) this.#kept.delete(oldest);
    return keys;
  }
}
