import { LinkError } from "../base/errors.ts";
import { DEFAULT_LIMITS } from "../base/limits.ts";
import { MemoryPipe } from "./memory-pipe.ts";
import type { Address, Pipe, PipeListener } from "./pipe.ts";
import { checkAddress, listenError, showAddress } from "./tcp-errors.ts";

export interface MemoryNetworkOptions {
  /** Runs a delivery later, never at once. Default: setImmediate. With a manual clock: `(run) => clock.after(1, run)`. */
  readonly later?: (run: () => void) => void;
  /** Numbers in [0, 1) that choose where chunks are cut. Absent: what waits arrives in one piece. */
  readonly chance?: () => number;
  /** Bytes that a pipe takes before `write` asks to wait. Default: as for TCP. */
  readonly highWaterBytes?: number;
}

/** What a pipe of a memory network needs of it. */
export interface MemoryMedium {
  readonly highWaterBytes: number;
  readonly isFrozen: boolean;
  later(run: () => void): void;
  /** How many of `bytes` waiting bytes arrive next. */
  cut(bytes: number): number;
  forget(pipe: MemoryPipe): void;
}

const FIRST_FREE_PORT = 49_152;
const LARGEST_CHUNK_BYTES = 65_536;

/** Pipes inside one process that behave like TCP: ordered, asynchronous, cut anywhere, and broken at will. */
export class MemoryNetwork {
  readonly #listeners = new Map<string, (pipe: Pipe) => void>();
  readonly #pipes = new Set<MemoryPipe>();
  readonly #medium: MemoryMedium;
  #isFrozen = false;
  #nextPort = FIRST_FREE_PORT;

  constructor(options: MemoryNetworkOptions = {}) {
    const { chance } = options;
    const isFrozen = (): boolean => this.#isFrozen;
    this.#medium = {
      highWaterBytes: options.highWaterBytes ?? DEFAULT_LIMITS.pipe.highWaterBytes,
      get isFrozen() {
        return isFrozen();
      },
      later: options.later ?? ((run) => void setImmediate(run)),
      cut: (bytes) => {
        const most = Math.min(bytes, LARGEST_CHUNK_BYTES);
        return chance === undefined || chance() < 0.5 ? most : 1 + Math.floor(chance() * most);
      },
      forget: (pipe) => void this.#pipes.delete(pipe),
    };
  }

  /** Listens at a made-up address; "0.0.0.0" and "::" answer for every host. Port 0: any free one. @throws LinkError as `listenTcp` does. */
  async listen(options: { host: string; port: number; accept(pipe: Pipe): void }): Promise<PipeListener> {
    checkAddress(options.host, options.port, 0);
    const address: Address = { host: options.host, port: options.port === 0 ? this.#nextPort++ : options.port };
    const key = showAddress(address.host, address.port);
    if (this.#listeners.has(key)) {
      const cause = Object.assign(new Error("address in use"), { code: "EADDRINUSE" });
      throw listenError(cause, address.host, address.port);
    }
    const accept = (pipe: Pipe): void => options.accept(pipe);
    this.#listeners.set(key, accept);
    const close = async (): Promise<void> => {
      if (this.#listeners.get(key) === accept) this.#listeners.delete(key);
    };
    return { address, close };
  }

  /** Opens a pipe to a listener. @throws LinkError ERR_UNREACHABLE when nobody listens there. */
  async dial(options: { host: string; port: number; localHost?: string; signal?: AbortSignal }): Promise<Pipe> {
    const { host, port, localHost = "127.0.0.1", signal } = options;
    checkAddress(host, port, 1);
    await new Promise<void>((resolve) => this.#medium.later(resolve));
    signal?.throwIfAborted();
    const accept = [host, "0.0.0.0", "::"].map((at) => this.#listeners.get(showAddress(at, port))).find(Boolean);
    if (accept === undefined || this.#isFrozen) {
      const why = this.#isFrozen ? "does not answer" : "has nobody who listens (connection refused)";
      throw new LinkError("ERR_UNREACHABLE", `${showAddress(host, port)} ${why}`);
    }
    const [near, far] = this.#connect({ host: localHost, port: this.#nextPort++ }, { host, port });
    accept(far);
    return near;
  }

  /** Two ends of one pipe, without a listener. */
  pair(): [Pipe, Pipe] {
    return this.#connect({ host: "127.0.0.1", port: this.#nextPort++ }, { host: "127.0.0.1", port: this.#nextPort++ });
  }

  /** Breaks every pipe that is open now: both ends get an error, what was on the way is lost. */
  cut(): void {
    for (const pipe of this.#pipes) pipe.reset();
  }

  /** Nothing arrives any more, and nobody is told: a black hole, until `thaw`. */
  freeze(): void {
    this.#isFrozen = true;
  }

  /** Lets everything on the way arrive. */
  thaw(): void {
    this.#isFrozen = false;
    for (const pipe of this.#pipes) pipe.wake();
  }

  /** Pipe ends that are not freed yet. */
  get openPipes(): number {
    return this.#pipes.size;
  }

  #connect(a: Address, b: Address): [MemoryPipe, MemoryPipe] {
    const near = new MemoryPipe(this.#medium, a, b);
    const far = new MemoryPipe(this.#medium, b, a);
    near.join(far);
    far.join(near);
    this.#pipes.add(near).add(far);
    return [near, far];
  }
}
