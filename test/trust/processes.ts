import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { SenderOrder, SenderTold } from "./sender.ts";

/** What a test tells a member to do. */
export type Order =
  | {
      readonly do: "join";
      readonly name: string;
      readonly room: number;
      readonly line?: number;
      readonly file?: string;
      readonly host?: string;
      readonly password?: string;
    }
  | { readonly do: "load"; readonly to: string; readonly inFlight: number; readonly prefix: string }
  | { readonly do: "call"; readonly to: string; readonly method: string; readonly id: string }
  | { readonly do: "release" }
  | { readonly do: "block"; readonly ms: number }
  | { readonly do: "events" };

/** What a member tells. */
export type Told =
  | { readonly is: "ready" | "in" }
  | { readonly is: "settled"; readonly id: string; readonly value: unknown; readonly error?: string }
  | { readonly is: "events"; readonly events: readonly string[] };

/** How a program of this repository runs from its sources. */
export const NODE_OPTIONS = ["--conditions=chatroom-source", "--import", "tsx"];

/** A program of this folder in a process of its own, that takes orders and tells what it does. */
class Program<Orders, Tells extends { readonly is: string }> {
  readonly exited: Promise<void>;
  readonly #process: ChildProcess;
  readonly #told: Tells[] = [];
  #heard: (() => void)[] = [];

  /** @param within a command that runs the one behind it, somewhere else */
  constructor(file: string, options: readonly string[] = [], within: readonly string[] = []) {
    const path = fileURLToPath(new URL(file, import.meta.url));
    const run = [...within, process.execPath, ...NODE_OPTIONS, ...options, path];
    this.#process = spawn(run[0] as string, run.slice(1), { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    this.exited = once(this.#process, "exit").then(() => {});
    this.#process.on("message", (told: Tells) => {
      this.#told.push(told);
      for (const heard of this.#heard.splice(0)) heard();
    });
    this.#process.on("exit", () => {
      for (const heard of this.#heard.splice(0)) heard();
    });
  }

  order(order: Orders): void {
    this.#process.send(order as object);
  }

  /** The next thing of that kind that it tells. Rejects when the process ends before. */
  async told<Is extends Tells["is"]>(is: Is, id?: string): Promise<Tells & { is: Is }> {
    for (;;) {
      const at = this.#told.findIndex(
        (told) => told.is === is && (id === undefined || ("id" in told && told.id === id)),
      );
      if (at >= 0) return this.#told.splice(at, 1)[0] as Tells & { is: Is };
      if (this.#process.exitCode !== null || this.#process.signalCode !== null)
        throw new Error(`the process ended before it told "${is}"`);
      await new Promise<void>((heard) => this.#heard.push(heard));
    }
  }

  signal(signal: "SIGSTOP" | "SIGCONT" | "SIGKILL"): void {
    this.#process.kill(signal);
  }

  /** Ends it, whatever it does, and resolves when the system has freed all that it had. */
  async kill(): Promise<void> {
    this.signal("SIGKILL");
    await this.exited;
  }
}

/** A user in a process of its own. */
export class Member extends Program<Order, Told> {
  constructor(within: readonly string[] = []) {
    super("member.ts", [], within);
  }

  async join(options: Omit<Order & { do: "join" }, "do">): Promise<void> {
    await this.told("ready");
    this.order({ do: "join", ...options });
    await this.told("in");
  }

  /** Calls from there, and gives the answer or the error's code and outcome. */
  async call(to: string, method: string, id: string): Promise<{ value: unknown; error?: string }> {
    this.order({ do: "call", to, method, id });
    return this.told("settled", id);
  }
}

/** A user in a process of its own that sends much. */
export class Sender extends Program<SenderOrder, SenderTold> {
  constructor() {
    super("sender.ts", ["--expose-gc"]);
  }

  async join(room: number, line: number | undefined): Promise<void> {
    await this.told("ready");
    this.order({ do: "join", room, ...(line === undefined ? {} : { line }) });
    await this.told("in");
  }

  async measure(): Promise<SenderTold & { is: "measured" }> {
    this.order({ do: "measure" });
    return this.told("measured");
  }
}
