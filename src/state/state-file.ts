import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import { SharedFile } from "./shared-file.ts";
import { MAX_STATE_BYTES, parseState, printState, type State } from "./state.ts";
import { StateError } from "./state-error.ts";

export interface StateFileOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** A file that is damaged is left as it is, and told as an error. Default: an update sets it aside. */
  readonly keepsDamaged?: boolean | undefined;
}

/** The file of the option `state`, which several programs may read and change. */
export class StateFile {
  readonly #file: SharedFile;
  readonly #options: StateFileOptions;
  /** Of the file that was read or written last. */
  #known: string | undefined;
  /** What that one holds; undefined: not known. To read 100,000 bans again takes more than a second, in which the program does nothing else. */
  #held: State | undefined;
  /** Of a file that made no sense when it was looked at before: perhaps half written, by who changes it in place. */
  #doubtful: string | undefined;

  constructor(path: string, options: StateFileOptions) {
    const { clock, random } = options;
    this.#file = new SharedFile(path, { clock, random, what: "the state file", mostBytes: MAX_STATE_BYTES });
    this.#options = options;
  }

  get path(): string {
    return this.#file.path;
  }

  /**
   * What the file holds; undefined when there is none.
   * @throws StateError that names the file when it makes no sense.
   * @throws Error that says what to do for one that can't be read.
   */
  async read(): Promise<State | undefined> {
    const version = await this.#file.version();
    if (version !== undefined && version === this.#known && this.#held !== undefined) return this.#held;
    this.#known = version;
    this.#held = undefined;
    try {
      const found = await this.#file.read();
      if (found === undefined) return undefined;
      this.#known = found.version;
      this.#held = parseState(found.text);
      return this.#held;
    } catch (error) {
      if (!(error instanceof StateError)) throw error;
      const advice =
        this.#options.keepsDamaged === true
          ? ". Mend it, or restart the Room: that keeps it under another name and begins a new one"
          : "";
      throw new StateError(`the state file ${this.path} is damaged: ${error.message}${advice}`);
    }
  }

  /**
   * What the file holds, if that is another one than at the last look. Undefined: it is the same, there is none, or it made no sense for the first time.
   * @throws as `read` does, a StateError once for each such file.
   */
  async changed(): Promise<State | undefined> {
    const now = await this.#file.version();
    if (now === undefined || now === this.#known) return undefined;
    try {
      return await this.read();
    } catch (error) {
      if (!(error instanceof StateError) || this.#doubtful === now) throw error;
      this.#doubtful = now;
      this.#known = undefined;
      return undefined;
    }
  }

  /**
   * Reads, changes and writes as one step, whoever else does. `change` gets undefined when there is no file, or when it was damaged and set aside; when it gives undefined, nothing
   * is written. What it throws ends the step, nothing written.
   * @throws Error that says what to do when that can't be done.
   */
  async update(change: (state: State | undefined) => State | undefined): Promise<void> {
    let next: State | undefined;
    const version = await this.#file.update(async () => {
      next = change(await this.#readOrSetAside());
      return next && this.#print(next);
    });
    if (version === undefined) return;
    this.#known = version;
    this.#held = next;
  }

  async #readOrSetAside(): Promise<State | undefined> {
    const { log, clock, keepsDamaged } = this.#options;
    try {
      return await this.read();
    } catch (error) {
      if (!(error instanceof StateError) || keepsDamaged === true) throw error;
      const aside = await this.#file.setAside(`.damaged-${new Date(clock.date()).toISOString().replaceAll(":", "-")}`);
      log.error({ file: this.path, aside }, `${error.message}; it is kept as ${aside}, and a new one begun`);
      return undefined;
    }
  }

  #print(state: State): string {
    try {
      return printState(state, this.#options.clock.date());
    } catch (error) {
      throw error instanceof StateError ? new Error(`the state file ${this.path}: ${error.message}`) : error;
    }
  }
}
