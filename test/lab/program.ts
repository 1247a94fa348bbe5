import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { ended, Tail } from "./child.ts";
import { PATH } from "./command.ts";
import type { FromProgram, Orders, ToProgram } from "./inside.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

interface Waiting {
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
}

/** A program of its own that runs inside a namespace of the lab and does what a test orders. `O` is the type of the orders it takes. */
export class Program<O extends Orders> {
  readonly #child: ChildProcess;
  readonly #script: string;
  readonly #ended: Promise<void>;
  readonly #output: Tail;
  readonly #errors: Tail;
  readonly #ready: Promise<void>;
  readonly #waiting = new Map<number, Waiting>();
  #orders = 0;

  private constructor(namespace: string, script: string, args: readonly string[]) {
    const node = [process.execPath, "--import", "tsx", script, ...args];
    this.#script = script;
    this.#child = spawn("ip", ["netns", "exec", namespace, ...node], {
      cwd: ROOT,
      env: { ...process.env, PATH, NODE_OPTIONS: "" },
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      serialization: "advanced",
    });
    this.#ended = ended(this.#child);
    this.#output = new Tail(this.#child.stdout as NodeJS.ReadableStream);
    this.#errors = new Tail(this.#child.stderr as NodeJS.ReadableStream);
    this.#ready = new Promise((resolve, reject) => {
      this.#waiting.set(0, { resolve, reject });
    });
    this.#child.on("message", (message: FromProgram) => this.#hear(message));
    void this.#ended.then(() => {
      for (const { reject } of this.#waiting.values()) reject(this.#gone());
      this.#waiting.clear();
    });
  }

  /** Resolves when the program takes orders. `script` is a path from the project's root. @throws Error when it ends before */
  static async start<O extends Orders>(
    namespace: string,
    script: string,
    args: readonly string[],
    known: (program: Program<O>) => void,
  ): Promise<Program<O>> {
    const program = new Program<O>(namespace, script, args);
    known(program);
    await program.#ready;
    return program;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** What it wrote to stdout so far, and to stderr: the last of it. */
  get output(): string {
    return this.#output.text;
  }

  get errors(): string {
    return this.#errors.text;
  }

  /** Gives an order and waits for its answer. @throws Error that the program threw, with its code; Error when the program ended */
  ask<K extends keyof O & string>(order: K, input: Parameters<O[K]>[0]): Promise<Awaited<ReturnType<O[K]>>> {
    return new Promise((resolve, reject) => {
      if (!this.#child.connected) return reject(this.#gone());
      const id = ++this.#orders;
      this.#waiting.set(id, { resolve, reject });
      this.#child.send({ id, order, input } satisfies ToProgram);
    });
  }

  /** Sends a signal: SIGSTOP and SIGCONT freeze and wake it. */
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Kills it at once and waits until it is gone. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#ended;
  }

  #hear(message: FromProgram): void {
    const id = "id" in message ? message.id : 0;
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if ("error" in message) {
      const { message: text, code, stack } = message.error;
      waiting?.reject(Object.assign(new Error(text), { code, stack }));
    } else waiting?.resolve(("value" in message ? message.value : undefined) as never);
  }

  #gone(): Error {
    return new Error(`the program ${this.#script} has ended:\n${this.#errors.text.slice(-4_000)}`);
  }
}
