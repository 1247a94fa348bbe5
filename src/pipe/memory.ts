import { LinkError } from "../base/errors.ts";
import { DEFAULT_LIMITS } from "../base/limits.ts";
import { MemoryPipe } from "./memory-pipe.ts";
import type { Address, Pipe, PipeListener } from "./pipe.ts";
import { checkAddress, listenError, showAddress } from "./tcp-errors.ts";

/** What travels on a wire: a dial and its answers, bytes, and how they end. */
export type Freight = "dial" | "open" | "refused" | "bytes" | "end" | "reset";

/** One direction of a pipe. */
export interface MemoryWire {
  /** Calls `arrive` when that reaches the other end: later, never at once, and in the order in which it was sent. `bytes`: 0 for all but bytes. */
  carry(what: Freight, bytes: number, arrive: () => void): void;
}

export interface MemoryNetworkOptions {
  /** Runs a delivery later, never at once. Default: setImmediate. With a manual clock: `(run) => clock.after(1, run)`. */
  readonly later?: (run: () => void) => void;
  /** Numbers in [0, 1) that choose where chunks are cut. Absent: what waits arrives in one piece. */
  readonly chance?: () => number;
  /** Bytes that a pipe takes before `write` asks to wait. Default: as for TCP. */
  readonly highWaterBytes?: number;
  /** The two directions of a pipe that is being dialled, forth and back. Default: wires on which everything arrives after one `later`. */
  readonly wires?: (from: Address, to: Address) => readonly [MemoryWire, MemoryWire];
}

export interface MemoryDialOptions {
  readonly host: string;
  readonly port: number;
  /** Where the dial comes from. Default "127.0.0.1". */
  readonly localHost?: string | undefined;
  /** Absent or 0: any free one. */
  readonly localPort?: number | undefined;
  /** Gives up: rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
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
const FREE_PORTS = 65_536 - FIRST_FREE_PORT;
const LARGEST_CHUNK_BYTES = 65_536;

/** Pipes inside one process that behave like TCP: ordered, asynchronous, cut anywhere, and broken at will. */
export class MemoryNetwork {
  readonly #listeners = new Map<string, { host: string; accept: (pipe: Pipe) => void }>();
  readonly #pipes = new Set<MemoryPipe>();
  readonly #medium: MemoryMedium;
  readonly #wires: (from: Address, to: Address) => readonly [MemoryWire, MemoryWire];
  #isFrozen = false;
  #portsTaken = 0;

  constructor(options: MemoryNetworkOptions = {}) {
    const { chance } = options;
    const isFrozen = (): boolean => this.#isFrozen;
    const later = options.later ?? ((run) => void setImmediate(run));
    this.#medium = {
      highWaterBytes: options.highWaterBytes ?? DEFAULT_LIMITS.pipe.highWaterBytes,
      get isFrozen() {
        return isFrozen();
      },
      later,
      cut: (bytes) => {
        const most = Math.min(bytes, LARGEST_CHUNK_BYTES);
        return chance === undefined || chance() < 0.5 ? most : 1 + Math.floor(chance() * most);
      },
      forget: (pipe) => void this.#pipes.delete(pipe),
    };
    const wire: MemoryWire = { carry: (_what, _bytes, arrive) => later(arrive) };
    this.#wires = options.wires ?? (() => [wire, wire]);
  }

  /** Listens at a made-up address; "0.0.0.0" and "::" answer for every host. Port 0: any free one. @throws LinkError as `listenTcp` does. */
  async listen(options: { host: string; port: number; accept(pipe: Pipe): void }): Promise<PipeListener> {
    const { host } = options;
    checkAddress(host, options.port, 0);
    const address: Address = { host, port: options.port === 0 ? this.#freePort(host) : options.port };
    const key = showAddress(host, address.port);
    if (this.#listeners.has(key)) {
      const cause = Object.assign(new Error("address in use"), { code: "EADDRINUSE" });
      throw listenError(cause, host, address.port);
    }
    const listener = { host, accept: (pipe: Pipe): void => options.accept(pipe) };
    this.#listeners.set(key, listener);
    const close = async (): Promise<void> => {
      if (this.#listeners.get(key) === listener) this.#listeners.delete(key);
    };
    return { address, close };
  }

  /** Opens a pipe to a listener. @throws LinkError ERR_UNREACHABLE when nobody listens there. */
  async dial(options: MemoryDialOptions): Promise<Pipe> {
    const { host, port, localHost = "127.0.0.1", localPort = 0, signal } = options;
    checkAddress(host, port, 1);
    signal?.throwIfAborted();
    const local = { host: localHost, port: localPort === 0 ? this.#freePort(localHost) : localPort };
    const wires = this.#wires(local, { host, port });
    return new Promise((resolve, reject) => {
      let near: MemoryPipe | undefined;
      let isOver = false;
      const settle = (run: () => void): void => {
        if (isOver) return;
        isOver = true;
        signal?.removeEventListener("abort", abort);
        run();
      };
      const abort = (): void =>
        settle(() => {
          near?.destroy();
          reject(signal?.reason);
        });
      signal?.addEventListener("abort", abort, { once: true });
      wires[0].carry("dial", 0, () => {
        if (isOver) return;
        const found = [host, "0.0.0.0", "::"].map((at) => this.#listeners.get(showAddress(at, port))).find(Boolean);
        if (found === undefined || this.#isFrozen) {
          const why = this.#isFrozen ? "does not answer" : "has nobody who listens (connection refused)";
          const error = new LinkError("ERR_UNREACHABLE", `${showAddress(host, port)} ${why}`);
          return wires[1].carry("refused", 0, () => settle(() => reject(error)));
        }
        const ends = this.#connect(local, { host, port }, wires);
        near = ends[0];
        wires[1].carry("open", 0, () => settle(() => resolve(ends[0])));
        found.accept(ends[1]);
      });
    });
  }

  /** Two ends of one pipe, without a listener. */
  pair(): [Pipe, Pipe] {
    const host = "127.0.0.1";
    const [a, b] = [
      { host, port: this.#freePort(host) },
      { host, port: this.#freePort(host) },
    ];
    return this.#connect(a, b, this.#wires(a, b));
  }

  /** Breaks the pipes that are open now, all or those between two hosts: both ends get an error, what was on the way is lost. */
  cut(between?: readonly [string, string]): void {
    const [one, other] = between ?? [];
    for (const pipe of this.#pipes) {
      const [local, remote] = [pipe.local.host, pipe.remote.host];
      if (between === undefined || (local === one && remote === other) || (local === other && remote === one))
        pipe.reset();
    }
  }

  /**
   * The program at a host is gone: nobody listens there, its own ends of pipes are freed without an event. The other ends get a reset,
   * or, when it went silently, nothing until they write to it.
   */
  crash(host: string, isSilent = false): void {
    for (const [key, listener] of this.#listeners) if (listener.host === host) this.#listeners.delete(key);
    for (const pipe of this.#pipes) if (pipe.local.host === host) pipe.crash(isSilent);
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

  #connect(a: Address, b: Address, [there, back]: readonly [MemoryWire, MemoryWire]): [MemoryPipe, MemoryPipe] {
    const near = new MemoryPipe(this.#medium, there, a, b);
    const far = new MemoryPipe(this.#medium, back, b, a);
    near.join(far);
    far.join(near);
    this.#pipes.add(near).add(far);
    return [near, far];
  }

  /** In turn, as systems do; after the last one from the first again. */
  #freePort(host: string): number {
    for (;;) {
      const port = FIRST_FREE_PORT + (this.#portsTaken++ % FREE_PORTS);
      if (!this.#listeners.has(showAddress(host, port))) return port;
    }
  }
}
