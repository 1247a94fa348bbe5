import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Commands } from "./answer.ts";

/** How a program of this repository runs from its sources. */
const NODE_OPTIONS = ["--conditions=chatroom-source", "--import", "tsx", "--expose-gc"];

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/** A program of this folder in a process of its own, that is asked for things by name; many at once. */
export class Child<Its extends Commands> {
  readonly exited: Promise<void>;
  readonly #process: ChildProcess;
  readonly #file: string;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;

  /** What it writes to standard error goes nowhere: it is the log of a default level. */
  constructor(file: string, options: readonly string[] = []) {
    const path = fileURLToPath(new URL(file, import.meta.url));
    this.#file = file;
    this.#process = spawn(process.execPath, [...NODE_OPTIONS, ...options, path], {
      stdio: ["ignore", "inherit", process.env["SCALE_LOG"] === undefined ? "ignore" : "inherit", "ipc"],
    });
    this.exited = once(this.#process, "exit").then(() => {
      for (const waiting of this.#waiting.values()) waiting.reject(new Error(`${file} ended`));
      this.#waiting.clear();
    });
    this.#process.on("message", ({ id, result, error }: { id: number; result?: unknown; error?: string }) => {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) waiting?.resolve(result);
      else waiting?.reject(new Error(`${file}: ${error}`));
    });
  }

  ask<Name extends keyof Its & string>(
    name: Name,
    ...input: Parameters<Its[Name]>
  ): Promise<Awaited<ReturnType<Its[Name]>>> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      if (this.#process.exitCode !== null || this.#process.signalCode !== null)
        return reject(new Error(`${this.#file} has ended`));
      this.#waiting.set(id, { resolve, reject });
      this.#process.send({ id, name, input });
    });
  }

  /** Ends it at once, as `kill -9` does, and resolves when the system has freed all that it had. */
  async kill(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.exited;
  }
}
