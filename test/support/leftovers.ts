import type { ChildProcess } from "node:child_process";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { Server, Socket } from "node:net";
import type { Worker } from "node:worker_threads";

/** Something that has to be closed, stopped or waited for. */
interface Opened {
  readonly what: () => string;
  readonly isLeft: () => boolean;
}

/** Node marks a timer that has fired or was cleared, in whichever way that was done. */
const GONE = "_destroyed";

type Timing = "setTimeout" | "setInterval" | "setImmediate";

/** How many things are noted before those that are gone are forgotten. */
const LEAST_NOTED = 1_024;

/**
 * Notes every timer, socket, server, child process and worker that this program opens from `start` on, and tells which of them are still there: also those
 * that hold no process alive, which Node's own list of active resources leaves out. What else that list has more of than at the start is told too.
 */
export class Leftovers {
  #noted: Opened[] = [];
  #forgetAt = LEAST_NOTED;
  #before = new Map<string, number>();
  #undo: (() => void)[] = [];

  start(): void {
    this.#before = activeResources();
    for (const name of ["setTimeout", "setInterval", "setImmediate"] as const) this.#watchTimers(name);
    this.#watch(["net.client.socket", "net.server.socket"], ({ socket }: { socket: Socket }) => ({
      what: () => `a socket, ${showSocket(socket)}`,
      isLeft: () => !socket.closed,
    }));
    this.#watch(["tracing:net.server.listen:asyncStart"], ({ server }: { server: Server }) => ({
      what: () => `a server, listening at ${JSON.stringify(server.address())}`,
      isLeft: () => server.listening,
    }));
    this.#watch(["child_process"], ({ process: child }: { process: ChildProcess }) => ({
      what: () => `the process ${child.pid}: ${child.spawnargs.join(" ")}`,
      isLeft: () => child.pid !== undefined && child.exitCode === null && child.signalCode === null,
    }));
    this.#watch(["worker_threads"], ({ worker }: { worker: Worker }) => ({
      what: () => `a worker, thread ${worker.threadId}`,
      // Node's own one, for a loader of modules, lives as long as the process.
      isLeft: () => worker.threadId >= 0 && worker.constructor.name !== "InternalWorker",
    }));
  }

  stop(): void {
    for (const undo of this.#undo.splice(0)) undo();
  }

  /** What is left, one line for each. */
  list(): string[] {
    this.#noted = this.#noted.filter((opened) => opened.isLeft());
    const lines = this.#noted.map((opened) => opened.what());
    const known = /^(Timeout|Immediate|TCPSocketWrap|TCPServerWrap)$/;
    for (const [kind, count] of activeResources()) {
      const more = count - (this.#before.get(kind) ?? 0);
      if (more > 0 && !known.test(kind)) lines.push(`${more} more of ${kind}`);
    }
    return lines;
  }

  #note(opened: Opened): void {
    this.#noted.push(opened);
    if (this.#noted.length < this.#forgetAt) return;
    this.#noted = this.#noted.filter((one) => one.isLeft());
    this.#forgetAt = Math.max(LEAST_NOTED, 2 * this.#noted.length);
  }

  #watch(channels: readonly string[], open: (message: never) => Opened): void {
    const heard = (message: unknown): void => this.#note(open(message as never));
    for (const channel of channels) {
      subscribe(channel, heard);
      this.#undo.push(() => unsubscribe(channel, heard));
    }
  }

  #watchTimers(name: Timing): void {
    const original = globalThis[name] as (run: unknown, ms?: unknown, ...rest: unknown[]) => object;
    const watched = (run: unknown, ms?: unknown, ...rest: unknown[]): object => {
      const timer = original(run, ms, ...rest) as { readonly [GONE]: boolean };
      // Where it was made, as one line of a stack: the caller's caller is here or in the clock.
      const at = name === "setImmediate" ? undefined : new Error("here");
      this.#note({
        what: () =>
          `a timer of ${name}${typeof ms === "number" ? `, ${ms} ms,` : ""}${at === undefined ? "" : ` made ${place(at)}`}`,
        isLeft: () => !timer[GONE],
      });
      return timer;
    };
    // With the form of it that gives a promise.
    Object.defineProperties(watched, Object.getOwnPropertyDescriptors(original));
    Object.assign(globalThis, { [name]: watched });
    this.#undo.push(() => Object.assign(globalThis, { [name]: original }));
  }
}

function activeResources(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}

function showSocket({ localPort, remoteAddress, remotePort, destroyed }: Socket): string {
  return `${localPort ?? "?"} to ${remoteAddress ?? "?"}:${remotePort ?? "?"}${destroyed ? ", destroyed" : ""}`;
}

/** The frames of a stack that are ours, without the first ones, which are this file's. */
function place(error: Error): string {
  const frames = (error.stack ?? "")
    .split("\n")
    .filter((frame) => /\/(src|test)\//.test(frame) && !frame.includes("leftovers.ts"));
  return frames
    .slice(0, 3)
    .map((frame) => frame.trim())
    .join(" ");
}

/** The check after this file, once it stands. */
let isChecked = false;

/** To be called by the check that stands after every file. */
export function checkStands(): void {
  isChecked = true;
}

/** Says at the head of a file that it opens what has to be closed. The check itself is nothing-left.ts and stands after every file. @throws when it does not */
export function expectNothingLeft(): void {
  if (!isChecked) throw new Error("run with test/vitest.config.ts: nothing would be checked");
}
