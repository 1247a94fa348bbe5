import type { Clock } from "../base/clock.ts";
import type { Limits } from "../base/limits.ts";
import type { Logger } from "../base/log.ts";
import type { Pipe } from "../pipe/pipe.ts";
import type { InitiatorConfig } from "./handshake.ts";
import type { Link } from "./link.ts";

/** What every link is made with. */
export interface LinkContext {
  readonly clock: Clock;
  readonly log: Logger;
  /** Absent: the defaults. */
  readonly limits?: Limits | undefined;
}

export interface DialConfig extends LinkContext {
  readonly handshake: InitiatorConfig;
  /** For a pipe to the Room that it shall splice (purpose 4): the 16 bytes it gave. The preface goes out before HELLO. */
  readonly relayId?: Uint8Array | undefined;
  /** The address as the user wrote it, for messages; absent: the pipe's. */
  readonly address?: string | undefined;
  /** Gives up; the pipe is destroyed and the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Makes a link as the initiator. Takes the pipe over: on failure it is gone, and a LinkError is thrown whose message a user
 * understands.
 */
export function dialLink(pipe: Pipe, config: DialConfig): Promise<Link> {
  return Promise.reject(new Error(`not yet ${pipe.remote.port} ${config.address}`));
}
