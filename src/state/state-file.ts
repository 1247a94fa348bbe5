import { constants } from "node:fs";
import { type FileHandle, link, open, rename, stat, unlink } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { hex } from "../base/bytes.ts";
import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import { MAX_STATE_BYTES, parseState, printState, type State } from "./state.ts";
import { StateError } from "./state-error.ts";

export interface StateFileOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** A file that is damaged is left as it is, and told as an error. Default: an update sets it aside. */
  readonly keepsDamaged?: boolean | undefined;
}

/** Who holds the lock longer than this has died with it. */
const STALE_MS = 10_000;

/** Nobody goes on with a lock that it holds longer than this: it may be taken from it soon. */
const HOLD_MS = 5_000;

const LOCK_WAIT_MS = 20_000;
const LOCK_STEP_MS = 20;

const NEW_FILE_MODE = 0o600;
const MODE_BITS = 0o777;

const decoder = new TextDecoder("utf-8", { fatal: true });

/**
 * A state file on disk, which several programs may read and change: the only door to node:fs. Each change is a new file beside it, written to the disk whole and then renamed
 * over it. That new file is the lock too: only one program can make it at a time.
 */
export class StateFile {
  readonly path: string;
  readonly #options: StateFileOptions;
  /** Of the file that was read or written last. */
  #known: string | undefined;
  /** Of a file that made no sense when it was looked at before: perhaps half written, by who changes it in place. */
  #doubtful: string | undefined;

  constructor(path: string, options: StateFileOptions) {
    this.path = resolve(path);
    this.#options = options;
  }

  /**
   * What the file holds; undefined when there is none.
   * @throws StateError for a file that makes no sense.
   * @throws Error that says what to do for one that can't be read.
   */
  async read(): Promise<State | undefined> {
    const found = await this.#read();
    if (found === undefined) return undefined;
    this.#known = found.version;
    return parseState(found.text);
  }

  /**
   * What the file holds, if that is another one than at the last look. Undefined: it is the same, there is none, or it made no sense for the first time.
   * @throws as `read` does, a StateError once for each such file.
   */
  async changed(): Promise<State | undefined> {
    const now = await this.#do(() => versionOf(this.path));
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
    try {
      await this.#update(change);
    } catch (error) {
      throw error instanceof StateError ? new Error(`the state file ${this.path}: ${error.message}`) : error;
    }
  }

  async #update(change: (state: State | undefined) => State | undefined): Promise<void> {
    const { clock } = this.#options;
    const waitUntil = clock.now() + LOCK_WAIT_MS;
    for (;;) {
      const since = clock.now();
      const lock = await this.#do(() => openNew(this.#lock));
      if (lock !== undefined) {
        if (await this.#do(() => this.#updateWith(lock, since, change))) return;
      } else {
        await this.#do(() => this.#breakStale());
        if (clock.now() > waitUntil)
          throw new Error(`the state file ${this.path} is held by another program: if none runs, remove ${this.#lock}`);
      }
      await new Promise<void>((done) => clock.after(LOCK_STEP_MS, done));
    }
  }

  get #lock(): string {
    return `${this.path}.lock`;
  }

  /** False: the lock was lost on the way, and nothing was written. */
  async #updateWith(
    lock: FileHandle,
    since: number,
    change: (state: State | undefined) => State | undefined,
  ): Promise<boolean> {
    const { clock } = this.#options;
    let isOurs = true;
    try {
      const next = change(await this.#readOrSetAside());
      if (next === undefined) return true;
      await lock.writeFile(printState(next, clock.date()));
      const old = await statOf(this.path);
      await lock.chmod(old === undefined ? NEW_FILE_MODE : Number(old.mode) & MODE_BITS);
      await lock.sync();
      const version = versionIn(await lock.stat({ bigint: true }));
      isOurs = clock.now() - since < HOLD_MS && (await this.#holds(lock));
      if (!isOurs) return false;
      await rename(this.#lock, this.path);
      isOurs = false;
      this.#known = version;
      await syncFolder(dirname(this.path));
      return true;
    } finally {
      if (isOurs && (await this.#holds(lock))) await unlink(this.#lock).catch(() => {});
      await lock.close();
    }
  }

  async #holds(lock: FileHandle): Promise<boolean> {
    const [mine, there] = await Promise.all([lock.stat({ bigint: true }), statOf(this.#lock)]);
    return there !== undefined && there.ino === mine.ino && there.dev === mine.dev;
  }

  /** Takes away the lock of a program that died. One that was made in this very moment by another program is put back. */
  async #breakStale(): Promise<void> {
    const { clock, random } = this.#options;
    const seen = await statOf(this.#lock);
    if (seen === undefined || clock.date() - Number(seen.mtimeMs) < STALE_MS) return;
    const aside = `${this.#lock}-${hex(random(6))}`;
    await rename(this.#lock, aside).catch(ignoreMissing);
    const taken = await statOf(aside);
    if (taken === undefined) return;
    if (versionIn(taken) !== versionIn(seen)) await link(aside, this.#lock).catch(() => {});
    await unlink(aside);
  }

  async #readOrSetAside(): Promise<State | undefined> {
    const { log, clock, keepsDamaged } = this.#options;
    try {
      return await this.read();
    } catch (error) {
      if (!(error instanceof StateError) || keepsDamaged === true) throw error;
      const aside = `${this.path}.damaged-${new Date(clock.date()).toISOString().replaceAll(":", "-")}`;
      await rename(this.path, aside);
      log.error(
        { file: this.path, aside },
        `the state file ${this.path} is damaged: ${error.message}; it is kept as ${aside}, and a new one begun`,
      );
      return undefined;
    }
  }

  async #read(): Promise<{ readonly text: string; readonly version: string } | undefined> {
    return this.#do(async () => {
      const file = await openOld(this.path);
      if (file === undefined) return undefined;
      try {
        const found = await file.stat({ bigint: true });
        const version = versionIn(found);
        this.#known = version;
        if (!found.isFile()) throw Object.assign(new Error("it is no file"), { code: "EISDIR" });
        if (found.size > MAX_STATE_BYTES) throw new StateError(`it is longer than ${MAX_STATE_BYTES} bytes`);
        return { text: textOf(await file.readFile()), version };
      } finally {
        await file.close();
      }
    });
  }

  /** Runs what touches the disk, and says of its errors what to do. */
  async #do<Result>(run: () => Promise<Result>): Promise<Result> {
    try {
      return await run();
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === undefined) throw error;
      throw new Error(`the state file ${this.path} can't be used (${code}): ${advice(code, dirname(this.path))}`, {
        cause: error,
      });
    }
  }
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

/** What tells a file from the next one of that path. */
function versionIn(file: { ino: bigint; mtimeNs: bigint; size: bigint }): string {
  return `${file.ino} ${file.mtimeNs} ${file.size}`;
}

async function versionOf(path: string): Promise<string | undefined> {
  const found = await statOf(path);
  return found === undefined ? undefined : versionIn(found);
}

async function statOf(path: string) {
  return stat(path, { bigint: true }).catch(ignoreMissing);
}

async function openOld(path: string): Promise<FileHandle | undefined> {
  // Not blocking, should it be a named pipe.
  return open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch(ignoreMissing);
}

/** Undefined: it is there already. */
async function openNew(path: string): Promise<FileHandle | undefined> {
  return open(path, "wx", NEW_FILE_MODE).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
    return undefined;
  });
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
  return undefined;
}

/** A rename is lasting once its folder is written too. Not every system can do that. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r").catch(() => undefined);
  await handle?.sync().catch(() => {});
  await handle?.close();
}

function textOf(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new StateError("it is no UTF-8");
  }
}
