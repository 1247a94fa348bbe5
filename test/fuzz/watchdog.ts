import { Worker } from "node:worker_threads";

/** The longest that one input may take before it counts as hung. */
const HUNG_MS = 10_000;
const MAX_NOTED_BYTES = 65_536;

/** Runs beside: says which input hangs, and ends the program, which can't any more by itself. */
const SCRIPT = `
const { workerData } = require("node:worker_threads");
const { writeSync } = require("node:fs");
const counts = new Int32Array(workerData.shared, 0, 2);
let last = -1;
setInterval(() => {
  const now = Atomics.load(counts, 0);
  if (now === last && now > 0) {
    const bytes = Buffer.from(workerData.shared, 8, Atomics.load(counts, 1));
    writeSync(2, "an input hangs: INPUT=" + bytes.toString("hex") + "\\n");
    process.kill(process.pid, "SIGKILL");
  }
  last = now;
}, workerData.ms);
`;

/** Watches a program that runs one input after the other, from another thread of it. */
export class Watchdog {
  readonly #shared = new SharedArrayBuffer(8 + MAX_NOTED_BYTES);
  readonly #counts = new Int32Array(this.#shared, 0, 2);
  readonly #input = new Uint8Array(this.#shared, 8);
  readonly #worker: Worker;

  constructor(ms = HUNG_MS) {
    this.#worker = new Worker(SCRIPT, { eval: true, execArgv: [], workerData: { shared: this.#shared, ms } });
    this.#worker.unref();
  }

  /** The next input begins. */
  begin(input: Uint8Array): void {
    const noted = input.subarray(0, MAX_NOTED_BYTES);
    this.#input.set(noted);
    Atomics.store(this.#counts, 1, noted.length);
    Atomics.add(this.#counts, 0, 1);
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }
}
