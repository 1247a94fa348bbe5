import { type ChildProcess, execFileSync, fork } from "node:child_process";
import type { Commands } from "./worker.ts";

type Answer<Name extends keyof Commands> = Awaited<ReturnType<Commands[Name]>>;

/** A process of one system. It is asked one thing at a time. */
export class Worker {
  readonly #process: ChildProcess;
  #settle: { resolve(result: unknown): void; reject(error: unknown): void } | undefined;

  private constructor(process: ChildProcess) {
    this.#process = process;
    process.on("message", ({ result, error }: { result?: unknown; error?: string }) => {
      if (error === undefined) this.#settle?.resolve(result);
      else this.#settle?.reject(new Error(error));
    });
    process.on("exit", (code) => this.#settle?.reject(new Error(`a worker ended with ${code}`)));
  }

  static async start(system: string): Promise<Worker> {
    const child = fork(new URL("./worker.js", import.meta.url), [system], { execArgv: ["--expose-gc"] });
    const worker = new Worker(child);
    await worker.#answer();
    return worker;
  }

  async ask<Name extends keyof Commands>(command: Name, ...args: Parameters<Commands[Name]>): Promise<Answer<Name>> {
    const answer = this.#answer();
    this.#process.send({ command, args });
    return (await answer) as Answer<Name>;
  }

  /** Keeps the process to these CPUs, e.g. "0" or "0-1"; false where the system has no taskset. */
  pin(cpus: string): boolean {
    try {
      execFileSync("taskset", ["-acp", cpus, String(this.#process.pid)], { stdio: "ignore" });
      return true;
    } catch {
      return false;
    }
  }

  stop(): void {
    this.#process.kill();
  }

  #answer(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
  }
}

/** Server and client of one system, connected. */
export class Pair {
  readonly system: string;
  readonly server: Worker;
  readonly client: Worker;
  /** Where bare connections go. */
  readonly touchPort: number;

  private constructor(system: string, server: Worker, client: Worker, touchPort: number) {
    this.system = system;
    this.server = server;
    this.client = client;
    this.touchPort = touchPort;
  }

  static async start(system: string): Promise<Pair> {
    const [server, client] = await Promise.all([Worker.start(system), Worker.start(system)]);
    const { port } = await server.ask("serve");
    const touchPort = (await server.ask("accept"))?.port ?? port;
    await client.ask("connect", port);
    return new Pair(system, server, client, touchPort);
  }

  /** Runs something and adds the CPU that both processes used for it, in microseconds. */
  async cpuOf<Result>(work: () => Promise<Result>): Promise<{ result: Result; cpuUs: number }> {
    const before = await this.#cpuUs();
    const result = await work();
    return { result, cpuUs: (await this.#cpuUs()) - before };
  }

  pin(cpus: string): boolean {
    return this.server.pin(cpus) && this.client.pin(cpus);
  }

  stop(): void {
    this.client.stop();
    this.server.stop();
  }

  async #cpuUs(): Promise<number> {
    return (await this.server.ask("cpuUs")) + (await this.client.ask("cpuUs"));
  }
}
