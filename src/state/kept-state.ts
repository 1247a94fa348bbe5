import type { Timer } from "../base/clock.ts";
import type { Logger } from "../base/log.ts";
import type { AuditLog } from "../link/audit.ts";
import type { Environment } from "../link/environment.ts";
import type { Ban } from "../schema/ban-types.ts";
import { BanList } from "./ban-list.ts";
import { SECRET_BYTES, type State } from "./state.ts";
import { StateFile } from "./state-file.ts";

/** How often the file is looked at. Watching it by the system's means would miss changes on some file systems. */
const LOOK_MS = 1_000;

export interface KeptStateOptions {
  /** The option `state`: undefined keeps nothing. */
  readonly path: string | undefined;
  /** The option `secret`: it wins over the file's, and none is made. */
  readonly secret: string | Uint8Array | undefined;
  readonly environment: Pick<Environment, "clock" | "random">;
  readonly log: Logger;
  readonly audit: Pick<AuditLog, "note">;
}

/** What a Room or server keeps: its secret and its bans, in a file or in memory alone. */
export class KeptState {
  readonly bans: BanList;
  readonly #options: KeptStateOptions;
  readonly #file: StateFile | undefined;
  #secret: Uint8Array | undefined;
  #timer: Timer | undefined;
  #looking: Promise<void> | undefined;
  #lastTrouble: string | undefined;
  #closed = false;

  /** @throws TypeError for a path that is none. */
  constructor(options: KeptStateOptions) {
    const { path, environment, log, audit } = options;
    if (path !== undefined && (typeof path !== "string" || path === ""))
      throw new TypeError(`state must be the path of a file, not ${JSON.stringify(path)}`);
    this.#options = options;
    this.#file = path === undefined ? undefined : new StateFile(path, { ...environment, log });
    this.bans = new BanList({
      clock: environment.clock,
      note: (reason, { address, until, reason: why }) =>
        audit.note("banned", reason, { address, until: until?.toISOString(), why }, `the ban of ${address}: ${reason}`),
      keep: (change) => this.#keep(change),
    });
  }

  /** What made-up salts are made of. Undefined: nothing that lasts, neither given nor kept. */
  get secret(): string | Uint8Array | undefined {
    return this.#options.secret ?? this.#secret;
  }

  /** Looks at the file no more. Resolves when nothing is being written or read. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    await this.bans.settled();
    await this.#looking;
  }

  /**
   * Reads the file, or begins a new one. One that is damaged is set aside, with an error in the log. To be called once, before anything else is asked of it.
   * @throws Error that says what to do when the file can't be read or written.
   */
  async begin(): Promise<void> {
    if (this.#file === undefined) return;
    const { secret, environment } = this.#options;
    let found: State | undefined;
    await this.#file.update((state) => {
      const own = state?.secret ?? (secret === undefined ? environment.random(SECRET_BYTES) : undefined);
      found = { secret: own, bans: state?.bans ?? [] };
      return state === undefined || state.secret !== own ? found : undefined;
    });
    this.#secret = found?.secret;
    this.bans.take(found?.bans ?? []);
    this.#lookLater();
  }

  async #keep(change: (bans: readonly Ban[] | undefined) => readonly Ban[]): Promise<readonly Ban[]> {
    if (this.#file === undefined) return change(undefined);
    await this.#looking;
    let bans: readonly Ban[] = [];
    await this.#file.update((state) => {
      bans = change(state?.bans);
      return { secret: state?.secret ?? this.#secret, bans };
    });
    return bans;
  }

  #lookLater(): void {
    if (this.#closed) return;
    this.#timer = this.#options.environment.clock.after(
      LOOK_MS,
      () => {
        this.#looking = this.#look().finally(() => {
          this.#looking = undefined;
          this.#lookLater();
        });
      },
      { hold: false },
    );
  }

  /** Somebody else may have changed the file. */
  async #look(): Promise<void> {
    const { log } = this.#options;
    if (this.bans.isWriting) return; // the list that it read would be an old one by then
    try {
      const state = await this.#file?.changed();
      if (this.#closed) return;
      if (state !== undefined) this.bans.take(state.bans);
      this.#lastTrouble = undefined;
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      if (text === this.#lastTrouble) return;
      this.#lastTrouble = text;
      log.error({ file: this.#file?.path }, `${text}; the bans that were known go on`);
    }
  }
}
