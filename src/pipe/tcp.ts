import type { Clock } from "../base/clock.ts";
import type { Limits } from "../base/limits.ts";
import type { Pipe, PipeListener } from "./pipe.ts";

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
export function dialTcp(options: TcpDialOptions): Promise<Pipe> {
  return Promise.reject(new Error(`not yet ${options.port}`));
}

/** Listens on a TCP port. @throws LinkError ERR_UNREACHABLE when the port is taken or not ours to use, ERR_PARAM for a port that can't be. */
export function listenTcp(options: TcpListenOptions): Promise<PipeListener> {
  return Promise.reject(new Error(`not yet ${options.port}`));
}
