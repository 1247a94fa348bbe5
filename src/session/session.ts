import type { Clock } from "../base/clock.ts";
import type { End } from "./bind.ts";
import type { SessionLimits } from "./limits.ts";
import type { Outbox } from "./outbox.ts";

/**
 * Why a session ended. `done`: one side closed in order. `protocol`: one side broke the rules. `superseded`: the peer's program is another one by now.
 * `lost`: no link came back in time. `failed`: a handler of {@link SessionEvents} threw.
 */
export type EndReason = "done" | "protocol" | "superseded" | "lost" | "failed";

export interface SessionEnd {
  readonly reason: EndReason;
  /** For people: what exactly. */
  readonly text: string;
  /** True when the peer said so, false when this side did. */
  readonly byPeer: boolean;
  /** How much of this side's stream the peer had taken when it ended, when it told: a message whose `endOffset` lies beyond was not handled. */
  readonly peerReceived: number | undefined;
  readonly cause?: unknown;
}

export interface SessionEvents {
  /** One whole message, in the order of its channel. The payload may be a view into a larger buffer: keep a copy, not the view, if it is kept long. */
  message(kind: number, channel: number, payload: Uint8Array): void;
  /** Once, the last event. The outbox is already free for the next session: its uncommitted messages are `queued` again. */
  ended(end: SessionEnd): void;
}

/** What a session needs of a link; `Link` of link/ fits. */
export interface SessionLink {
  readonly writable: boolean;
  readonly rttMs: number | undefined;
  start(events: {
    data(payload: Uint8Array): void;
    sealed(payload: Uint8Array): void;
    drain(): void;
    closed(error: Error | undefined): void;
  }): void;
  send(parts: readonly Uint8Array[]): void;
  close(code: number, text: string): void;
  destroy(): void;
}

export interface SessionOptions {
  readonly local: End;
  readonly remote: End;
  /** Free of any other session; bound to this one until `ended`. */
  readonly outbox: Outbox;
  readonly events: SessionEvents;
  readonly clock: Clock;
  /** Whether this side closes superseded links: the lower name, or the client of a server. */
  readonly closesLinks: boolean;
  readonly limits?: Partial<SessionLimits>;
  /** How long it lives without a link. Default 0: it ends with its last link. */
  readonly resumeWindowMs?: number;
  /** Runs a function at the end of this tick. For tests. */
  readonly defer?: (run: () => void) => void;
}

/** The numbered conversation between two ends. Messages go in through its outbox and come out of its events. */
export class Session {
  readonly local: End;
  readonly remote: End;

  constructor(options: SessionOptions) {
    this.local = options.local;
    this.remote = options.remote;
  }

  /** Takes a proven link over and carries the session on it. `rank`: its class of path, 0 the best. On an ended session the link is destroyed. */
  attach(link: SessionLink, rank = 0): void {
    void link;
    void rank;
  }

  /** Ends the session: commits what the window takes, tells the peer, closes the links in order. `ended` follows before it returns. No-op once ended. */
  end(reason: EndReason = "done", text = ""): void {
    void reason;
    void text;
  }

  /** Whether it has ended. */
  get isEnded(): boolean {
    return false;
  }

  /** The link that carries this side's data now. */
  get link(): SessionLink | undefined {
    return undefined;
  }

  /** Nothing is queued, and the peer acknowledged everything. */
  get idle(): boolean {
    return true;
  }

  /** Bytes of this side's stream that the peer acknowledged. */
  get acked(): number {
    return 0;
  }
}
