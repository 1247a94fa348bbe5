import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** What a test tells a member to do. */
export type Order =
  | {
      readonly do: "join";
      readonly name: string;
      readonly room: number;
      readonly line?: number;
      readonly file?: string;
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

const PROGRAM = fileURLToPath(new URL("member.ts", import.meta.url));

/** How a program of this repository runs from its sources. */
export const NODE_OPTIONS = ["--conditions=chatroom-source", "--import", "tsx"];

/** A user in a process of its own. */
export class Member {
  readonly exited: Promise<void>;
  readonly #process: ChildProcess;
  readonly #told: Told[] = [];
  #heard: (() => void)[] = [];

  constructor() {
    this.#process = fork(PROGRAM, [], { execArgv: NODE_OPTIONS, stdio: ["ignore", "inherit", "inherit", "ipc"] });
    this.exited = once(this.#process, "exit").then(() => {});
    this.#process.on("message", (told: Told) => {
      this.#told.push(told);
      for (const heard of this.#heard.splice(0)) heard();
    });
    this.#process.on("exit", () => {
      for (const heard of this.#heard.splice(0)) heard();
    });
  }

  order(order: Order): void {
    this.#process.send(order);
  }

  /** The next thing of that kind that it tells. Rejects when the process ends before. */
  async told<Is extends Told["is"]>(is: Is, id?: string): Promise<Told & { is: Is }> {
    for (;;) {
      const at = this.#told.findIndex(
        (told) => told.is === is && (id === undefined || ("id" in told && told.id === id)),
      );
      if (at >= 0) return this.#told.splice(at, 1)[0] as Told & { is: Is };
      if (this.#process.exitCode !== null || this.#process.signalCode !== null)
        throw new Error(`the process ended before it told "${is}"`);
      await new Promise<void>((heard) => this.#heard.push(heard));
    }
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

  signal(signal: "SIGSTOP" | "SIGCONT" | "SIGKILL"): void {
    this.#process.kill(signal);
  }

  /** Ends it, whatever it does, and resolves when the system has freed all that it had. */
  async kill(): Promise<void> {
    this.signal("SIGKILL");
    await this.exited;
  }
}
