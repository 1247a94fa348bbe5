import { type FileHandle, link, rename, unlink } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { hex } from "../base/bytes.ts";
import type { Clock } from "../base/clock.ts";
import type { Random } from "../base/random.ts";
import {
  diskError,
  ignoreMissing,
  openNew,
  openOld,
  readNow,
  statOf,
  syncFolder,
  targetOf,
  versionIn,
} from "./disk.ts";
import { StateError } from "./state-error.ts";

export interface SharedFileOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** What it is, for messages: "the state file". */
  readonly what: string;
  /** A longer one makes no sense. */
  readonly mostBytes: number;
}

export interface Found {
  readonly text: string;
  /** Tells this file from the next one of its path. */
  readonly version: string;
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
 * A small file that several programs may read and change. Each change is a new file beside it, written to the disk whole and then renamed over it. That new file is the lock
 * too: only one program can make it at a time. A link stays one: what it leads to is changed.
 */
export class SharedFile {
  readonly path: string;
  readonly #options: SharedFileOptions;
  /** The file itself, where the path is a link. */
  #target: string;

  constructor(path: string, options: SharedFileOptions) {
    this.path = this.#target = resolve(path);
    this.#options = options;
  }

  /**
   * What the file holds; undefined when there is none.
   * @throws StateError for one that is too long or no UTF-8.
   * @throws Error that says what to do for one that can't be read.
   */
  async read(): Promise<Found | undefined> {
    return this.#do(async () => {
      const file = await openOld(this.path);
      if (file === undefined) return undefined;
      try {
        const found = await file.stat({ bigint: true });
        if (!found.isFile()) throw Object.assign(new Error("it is no file"), { code: "EISDIR" });
        if (found.size > this.#options.mostBytes) throw this.#tooLong();
        return { text: textOf(await file.readFile()), version: versionIn(found) };
      } finally {
        await file.close();
      }
    });
  }

  /** As `read`, before anything else goes on. @throws as `read` does */
  readNow(): string | undefined {
    const bytes = this.#doNow(() => readNow(this.path));
    if (bytes !== undefined && bytes.length > this.#options.mostBytes) throw this.#tooLong();
    return bytes && textOf(bytes);
  }

  /** Of the file that is there now; undefined when there is none. @throws Error that says what to do. */
  async version(): Promise<string | undefined> {
    const found = await this.#do(() => statOf(this.path));
    return found && versionIn(found);
  }

  /** Moves the file out of the way, to its name and that ending. @returns where it is then. @throws Error that says what to do. */
  async setAside(ending: string): Promise<string> {
    return this.#do(async () => {
      const target = await targetOf(this.path);
      await rename(target, `${target}${ending}`);
      return `${target}${ending}`;
    });
  }

  /**
   * Puts a text in place of the file, as one step with what `change` reads before it, whoever else does. When that gives undefined, nothing is written; what it throws ends the
   * step. Called again when the lock was lost on the way. The file keeps its mode and its owner; a new one is readable by its owner alone.
   * @returns the version that was written
   * @throws Error that says what to do when that can't be done.
   */
  async update(change: () => Promise<string | undefined>): Promise<string | undefined> {
    const { clock, what } = this.#options;
    const waitUntil = clock.now() + LOCK_WAIT_MS;
    for (;;) {
      const since = clock.now();
      this.#target = await this.#do(() => targetOf(this.path));
      const lock = await this.#do(() => openNew(this.#lock, NEW_FILE_MODE));
      if (lock !== undefined) {
        const done = await this.#do(() => this.#updateWith(lock, since, change));
        if (done !== undefined) return done.version;
      } else {
        await this.#do(() => this.#breakStale());
        if (clock.now() > waitUntil)
          throw new Error(`${what} ${this.path} is held by another program: if none runs, remove ${this.#lock}`);
      }
      await new Promise<void>((done) => clock.after(LOCK_STEP_MS, done));
    }
  }

  get #lock(): string {
    return `${this.#target}.lock`;
  }

  /** Undefined: the lock was lost on the way, and nothing was written. */
  async #updateWith(
    lock: FileHandle,
    since: number,
    change: () => Promise<string | undefined>,
  ): Promise<{ version: string | undefined } | undefined> {
    const { clock } = this.#options;
    let isOurs = true;
    try {
      const text = await change();
      if (text === undefined) return { version: undefined };
      await lock.writeFile(text);
      await this.#likeOld(lock);
      await lock.sync();
      const version = versionIn(await lock.stat({ bigint: true }));
      isOurs = clock.now() - since < HOLD_MS && (await this.#holds(lock));
      if (!isOurs) return undefined;
      await rename(this.#lock, this.#target);
      isOurs = false;
      await syncFolder(dirname(this.#target));
      return { version };
    } finally {
      if (isOurs && (await this.#holds(lock))) await unlink(this.#lock).catch(() => {});
      await lock.close();
    }
  }

  /** Whoever could use the old file can use the new one, as far as this program may say so. */
  async #likeOld(lock: FileHandle): Promise<void> {
    const old = await statOf(this.path);
    if (old !== undefined) await lock.chown(Number(old.uid), Number(old.gid)).catch(ignoreDenied);
    await lock.chmod(old === undefined ? NEW_FILE_MODE : Number(old.mode) & MODE_BITS);
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

  #tooLong(): StateError {
    return new StateError(`it is longer than ${this.#options.mostBytes} bytes`);
  }

  /** Runs what touches the disk, and says of its errors what to do. */
  async #do<Result>(run: () => Promise<Result>): Promise<Result> {
    try {
      return await run();
    } catch (error) {
      throw diskError(this.#options.what, this.path, error);
    }
  }

  #doNow<Result>(run: () => Result): Result {
    try {
      return run();
    } catch (error) {
      throw diskError(this.#options.what, this.path, error);
    }
  }
}

function textOf(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new StateError("it is no UTF-8");
  }
}

function ignoreDenied(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPERM" && error.code !== "EINVAL") throw error;
}
