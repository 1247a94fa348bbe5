import type { Pipe, PipeListener } from "./pipe.ts";

export interface MemoryNetworkOptions {
  /** Runs a delivery later, never at once. Default: setImmediate. With a manual clock: `(run) => clock.after(1, run)`. */
  later?(run: () => void): void;
  /** Numbers in [0, 1) that choose where chunks are cut. Absent: chunks arrive as they were written, joined while they wait. */
  chance?(): number;
  /** Bytes that a pipe takes before `write` asks to wait. */
  highWaterBytes?: number;
}

/** Pipes inside one process that behave like TCP: ordered, asynchronous, cut anywhere. */
export class MemoryNetwork {
  constructor(options: MemoryNetworkOptions = {}) {
    void options;
  }

  /** Listens at a made-up address. Port 0: any free one. */
  listen(options: { host: string; port: number; accept(pipe: Pipe): void }): Promise<PipeListener> {
    return Promise.reject(new Error(`not yet ${options.host}`));
  }

  /** Opens a pipe to a listener. @throws LinkError ERR_UNREACHABLE when nobody listens there. */
  dial(options: { host: string; port: number; localHost?: string }): Promise<Pipe> {
    return Promise.reject(new Error(`not yet ${options.host}`));
  }

  /** Two ends of one pipe, without a listener. */
  pair(): [Pipe, Pipe] {
    throw new Error("not yet");
  }
}
