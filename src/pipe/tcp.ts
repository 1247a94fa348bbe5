import { connect, createServer, type Server, type Socket, type TcpNetConnectOpts } from "node:net";

import { type Clock, systemClock, type Timer } from "../base/clock.ts";
import { discard } from "../base/discard.ts";
import { LinkError } from "../base/errors.ts";
import { DEFAULT_LIMITS, type Limits } from "../base/limits.ts";
import type { Address, Pipe, PipeEvents, PipeListener } from "./pipe.ts";
import { checkAddress, dialError, listenError, showAddress } from "./tcp-errors.ts";

/** How long one address of a name with several is tried before the next one. Node's own 250 ms fails on slow routes. */
const ATTEMPT_MS = 1_000;

export interface TcpDialOptions {
  /** A name or an address. */
  readonly host: string;
  readonly port: number;
  /** Gives up: rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Default `limits.pipe.connectMs`. */
  readonly timeoutMs?: number | undefined;
  /** Where to dial from, for punching holes. */
  readonly localHost?: string | undefined;
  readonly localPort?: number | undefined;
  readonly clock?: Clock | undefined;
  readonly limits?: Limits["pipe"] | undefined;
}

export interface TcpListenOptions {
  /** The address to listen on; "::" is all of IPv6 and IPv4, "0.0.0.0" all of IPv4. */
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Gets every pipe that is opened to this port. */
  accept(pipe: Pipe): void;
  readonly clock?: Clock | undefined;
  readonly limits?: Limits["pipe"] | undefined;
}

/** Opens a TCP connection. @throws LinkError ERR_UNREACHABLE, ERR_PARAM for a port that can't be. */
export async function dialTcp(options: TcpDialOptions): Promise<Pipe> {
  const { host, port, signal } = options;
  const clock = options.clock ?? systemClock;
  const limits = options.limits ?? DEFAULT_LIMITS.pipe;
  checkAddress(host, port, 1);
  signal?.throwIfAborted();
  const timeoutMs = options.timeoutMs ?? limits.connectMs;
  const socketOptions: TcpNetConnectOpts & { writableHighWaterMark: number } = {
    host,
    port,
    noDelay: true,
    autoSelectFamilyAttemptTimeout: ATTEMPT_MS,
    writableHighWaterMark: limits.highWaterBytes,
    ...(options.localHost === undefined ? {} : { localAddress: options.localHost }),
    ...(options.localPort === undefined ? {} : { localPort: options.localPort }),
  };
  return new Promise((resolve, reject) => {
    const socket = connect(socketOptions);
    socket.pause(); // nothing is read before `start`
    const settle = (): void => {
      timer.cancel();
      signal?.removeEventListener("abort", abort);
      socket.removeListener("error", fail);
    };
    const giveUp = (reason: unknown): void => {
      settle();
      socket.on("error", ignore);
      socket.destroy();
      reject(reason);
    };
    const fail = (error: Error): void => giveUp(dialError(error, host, port));
    const abort = (): void => giveUp(signal?.reason);
    const timer = clock.after(timeoutMs, () =>
      giveUp(
        new LinkError(
          "ERR_UNREACHABLE",
          `${showAddress(host, port)} did not answer within ${timeoutMs / 1000} s: wrong address, or a firewall drops what is sent there`,
        ),
      ),
    );
    signal?.addEventListener("abort", abort, { once: true });
    socket.once("error", fail);
    socket.once("connect", () => {
      settle();
      resolve(new TcpPipe(socket, clock, limits));
    });
  });
}

/** Listens on a TCP port. @throws LinkError ERR_UNREACHABLE when the port is taken or not ours to use, ERR_PARAM for a port that can't be. */
export async function listenTcp(options: TcpListenOptions): Promise<PipeListener> {
  const { host, port } = options;
  const clock = options.clock ?? systemClock;
  const limits = options.limits ?? DEFAULT_LIMITS.pipe;
  checkAddress(host, port, 0);
  // Paused: a stranger's bytes stay in the system until `start`.
  const server = createServer({ noDelay: true, pauseOnConnect: true, highWaterMark: limits.highWaterBytes });
  server.on("connection", (socket) => options.accept(new TcpPipe(socket, clock, limits)));
  await new Promise<void>((resolve, reject) => {
    const fail = (error: Error): void => reject(listenError(error, host, port));
    server.once("error", fail);
    server.listen({ host, port }, () => {
      server.removeListener("error", fail);
      server.on("error", ignore); // a connection that could not be accepted is the other side's to notice
      resolve();
    });
  });
  return { address: addressOf(server, host), close: () => closeServer(server) };
}

/** The system closes the port in the call itself; the server's own "close" event would wait for all its connections. */
function closeServer(server: Server): Promise<void> {
  if (server.listening) server.close();
  return Promise.resolve();
}

function addressOf(server: Server, host: string): Address {
  const address = server.address();
  return address === null || typeof address === "string"
    ? { host, port: 0 }
    : { host: address.address, port: address.port };
}

function ignore(): void {}

/** An IPv4 address that an IPv6 socket shows as `::ffff:1.2.3.4`, as IPv4. */
function plainHost(host: string | undefined): string {
  if (host === undefined) return "";
  return host.startsWith("::ffff:") && host.includes(".") ? host.slice(7) : host;
}

/** Open: both ways. Ended: the other side sent its FIN. Closing: this side ended, what comes is dropped. Gone: freed. */
type State = "open" | "ended" | "closing" | "gone";

class TcpPipe implements Pipe {
  readonly remote: Address;
  readonly local: Address;
  readonly #socket: Socket;
  readonly #clock: Clock;
  readonly #limits: Limits["pipe"];
  #state: State = "open";
  #events: PipeEvents | undefined;
  #isFull = false;
  #linger: Timer | undefined;
  /** What was given to `write` and may be on its way to the system. */
  readonly #given: Uint8Array[] = [];
  /** Set when the end came before an owner did. */
  #end: { error: Error | undefined } | undefined;

  constructor(socket: Socket, clock: Clock, limits: Limits["pipe"]) {
    this.#socket = socket;
    this.#clock = clock;
    this.#limits = limits;
    this.remote = { host: plainHost(socket.remoteAddress), port: socket.remotePort ?? 0 };
    this.local = { host: plainHost(socket.localAddress), port: socket.localPort ?? 0 };
    // As a Uint8Array: a Buffer's `slice` does not copy, and what is handed up here may end in a handler's hands.
    socket.on("data", (chunk: Buffer) =>
      this.#events?.data(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length)),
    );
    socket.on("drain", () => this.#drained());
    socket.on("end", () => this.#ended("ended", undefined));
    socket.on("error", (error) => this.#ended("gone", error));
    socket.on("close", () => {
      this.#linger?.cancel();
      this.#linger = undefined;
      this.#ended("gone", undefined);
    });
  }

  start(events: PipeEvents): void {
    if (this.#state === "closing") return;
    this.#events = events;
    if (this.#end !== undefined) this.#deliverEnd(events, this.#end.error);
    else if (this.#state === "open") this.#socket.resume();
  }

  write(parts: readonly Uint8Array[], isGiven = false): boolean {
    if (this.#state !== "open") return true;
    const socket = this.#socket;
    if (parts.length === 1) {
      socket.write(parts[0] as Uint8Array);
    } else {
      socket.cork();
      for (const part of parts) socket.write(part);
      socket.uncork();
    }
    if (isGiven) this.#given.push(...parts);
    if (socket.writableLength === 0) this.#discardGiven();
    // Not what `socket.write` returned: that is decided before the system takes the bytes, so any large write would wait.
    if (socket.writableLength < this.#limits.highWaterBytes) return true;
    this.#isFull = true;
    return false;
  }

  get buffered(): number {
    return this.#socket.writableLength;
  }

  pause(): void {
    if (this.#state === "open") this.#socket.pause();
  }

  resume(): void {
    if (this.#state === "open" && this.#events !== undefined) this.#socket.resume();
  }

  close(lingerMs: number = this.#limits.lingerMs): void {
    if (this.#state === "gone" || this.#state === "closing") return;
    const hadEnded = this.#state === "ended";
    this.#state = "closing";
    this.#events = undefined;
    if (lingerMs === 0) {
      this.#startLinger(this.#limits.lingerMs);
      this.#socket.destroySoon();
      return;
    }
    if (!hadEnded) this.#startLinger(lingerMs);
    this.#socket.end();
    this.#socket.resume();
  }

  destroy(): void {
    this.#state = "gone";
    this.#events = undefined;
    this.#end = undefined;
    this.#socket.destroy();
  }

  /** The system has all bytes. */
  #discardGiven(): void {
    for (const { buffer } of this.#given) discard(buffer);
    this.#given.length = 0;
  }

  #drained(): void {
    if (this.#socket.writableLength === 0) this.#discardGiven();
    if (!this.#isFull) return;
    this.#isFull = false;
    this.#events?.drain();
  }

  #startLinger(ms: number): void {
    this.#linger?.cancel();
    this.#linger = this.#clock.after(ms, () => this.#socket.destroy(), { hold: false });
  }

  #ended(state: "ended" | "gone", error: Error | undefined): void {
    const before = this.#state;
    if (before !== "closing" || state === "gone") this.#state = state;
    if (before !== "open") return;
    // What is still buffered goes out if the other side takes it; the socket ends itself after that.
    if (state === "ended") this.#startLinger(this.#limits.lingerMs);
    const events = this.#events;
    if (events === undefined) this.#end = { error };
    else this.#deliverEnd(events, error);
  }

  #deliverEnd(events: PipeEvents, error: Error | undefined): void {
    this.#end = undefined;
    this.#events = undefined;
    events.end(error);
  }
}
