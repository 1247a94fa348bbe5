// The only door to bcryptjs. It runs on a thread of its own: one hash keeps a core busy for 70 ms to 5 s, and the program's
// event loop goes on meanwhile.
import { Worker } from "node:worker_threads";

export interface BcryptJob {
  /** Prepared, at most 72 bytes. */
  readonly password: string;
  readonly setting: string;
}

/** Threads at once, in a program that joins as many users: each takes a core and some MB. */
const MAX_THREADS = 4;

const waiting: (() => void)[] = [];
let running = 0;

/**
 * The bcrypt hashes of some passwords, 60 characters each, in the order of the jobs. The thread lives as long as the work does,
 * and keeps the process alive for that long.
 * @param signal ends the work; the promise rejects with its reason.
 */
export async function bcrypt(jobs: readonly BcryptJob[], signal?: AbortSignal): Promise<string[]> {
  await turn(signal);
  try {
    return await runThread(jobs, signal);
  } finally {
    running--;
    waiting.shift()?.();
  }
}

/** Waits until a thread may run, and takes its place. */
function turn(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const go = (): void => {
      signal?.removeEventListener("abort", abort);
      running++;
      resolve();
    };
    const abort = (): void => {
      const at = waiting.indexOf(go);
      if (at >= 0) waiting.splice(at, 1);
      reject(reasonOf(signal));
    };
    if (signal?.aborted === true) return abort();
    if (running < MAX_THREADS) return go();
    signal?.addEventListener("abort", abort, { once: true });
    waiting.push(go);
  });
}

function runThread(jobs: readonly BcryptJob[], signal: AbortSignal | undefined): Promise<string[]> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(reasonOf(signal));
    // Nothing of what the program was started with: a loader of TypeScript would only make the thread slow.
    const worker = new Worker(new URL("./passwords-worker.mjs", import.meta.url), {
      workerData: jobs,
      execArgv: [],
      env: {},
    });
    const settle = (end: () => void): void => {
      signal?.removeEventListener("abort", abort);
      end();
      void worker.terminate();
    };
    const abort = (): void => settle(() => reject(reasonOf(signal)));
    worker.once("message", (hashes: string[]) => settle(() => resolve(hashes)));
    worker.once("error", (error) => settle(() => reject(error)));
    worker.once("exit", () => settle(() => reject(new Error("the thread that hashes passwords ended early"))));
    signal?.addEventListener("abort", abort, { once: true });
  });
}

function reasonOf(signal: AbortSignal | undefined): Error {
  const reason: unknown = signal?.reason;
  return reason instanceof Error ? reason : new Error(String(reason));
}
