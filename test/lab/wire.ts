import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { ended, Tail } from "./child.ts";
import { PATH } from "./command.ts";
import type { LineName } from "./layout.ts";

/** How bad a line is, the same in each direction. */
export interface LineSettings {
  /** One way, in ms. */
  readonly delayMs: number;
  /** The part of the packets that is lost: 0 to 1. */
  readonly loss: number;
  /** 0: as fast as it goes. */
  readonly rateMbit: number;
}

/** One who waits for an answer. */
interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

const SCRIPT = new URL("wire.py", import.meta.url).pathname;

/** The process that carries the frames of bad lines. */
export class Wire {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #ended: Promise<void>;
  readonly #errors: Tail;
  readonly #waiting: Waiting[] = [];

  constructor(namespace: string, seed: number) {
    this.#child = spawn("ip", ["netns", "exec", namespace, "python3", SCRIPT, String(seed)], {
      stdio: ["pipe", "pipe", "pipe"],
      env: { ...process.env, PATH },
    });
    this.#ended = ended(this.#child);
    this.#errors = new Tail(this.#child.stderr);
    this.#child.stdin.on("error", () => {}); // its end tells
    this.#child.stdout.on("data", (answers: Buffer) => {
      for (const byte of answers) if (byte === 0x0a) this.#waiting.shift()?.resolve();
    });
    void this.#ended.then(() => {
      for (const one of this.#waiting.splice(0)) one.reject(new Error(`the wire ended: ${this.#errors.text}`));
    });
  }

  /** Resolves when frames are treated like this. From the first order for a line on, its devices are there. */
  set(line: LineName, settings: LineSettings): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#child.exitCode !== null) return reject(new Error(`the wire ended: ${this.#errors.text}`));
      this.#waiting.push({ resolve, reject });
      this.#child.stdin.write(`${JSON.stringify({ line, ...settings })}\n`);
    });
  }

  async close(): Promise<void> {
    this.#child.stdin.end();
    await this.#ended;
  }
}
