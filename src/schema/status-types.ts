import type { Path } from "./peer-types.ts";

/**
 * Why an attempt failed. "refused": nobody listens there. "silent": nothing came back in time. "unreachable": the system knows no way there. "stranger": somebody answers
 * who is not the peer. "my mapping", "its mapping": that side's router gives a port another address for each destination. "my probe", "its probe": that side could not
 * show itself to both ports of the Room. "no relay": the Room does not relay, or not for this pair now. "other": see `why`.
 */
export type AttemptFailure =
  | "refused"
  | "silent"
  | "unreachable"
  | "stranger"
  | "my mapping"
  | "its mapping"
  | "my probe"
  | "its probe"
  | "no relay"
  | "other";

/** One attempt to reach a peer over one path. */
export interface PathAttempt {
  readonly path: Path;
  /** What was dialled, `host:port`; undefined through the Room, and for a hole whose place is not known yet. */
  readonly address: string | undefined;
  /** "linked": it led to a link. "failed": `why` says what happened. "dropped": a better path was there first. */
  readonly outcome: "trying" | "linked" | "failed" | "dropped";
  readonly why: string | undefined;
  /** The same for programs, where it failed. */
  readonly reason: AttemptFailure | undefined;
  /** Milliseconds since it began. */
  readonly agoMs: number;
  /** Milliseconds that it took; undefined while it goes on. */
  readonly tookMs: number | undefined;
}

/** How a user stands with one other. */
export interface PeerStatus {
  readonly name: string;
  readonly kind: string | undefined;
  /** Whether the Room says that it is there. */
  readonly here: boolean;
  /** How it is reached right now; undefined while it is not. */
  readonly path: Path | undefined;
  /** The round trip on that path as it was measured last, in ms. */
  readonly rttMs: number | undefined;
  /** Why it can't be reached, where that is known. */
  readonly trouble: string | undefined;
  /** What was tried lately, the oldest first. */
  readonly attempts: readonly PathAttempt[];
}

/** How a user stands with its Room and with the others. */
export interface UserStatus {
  readonly name: string;
  readonly room: {
    /** As in the options, `host:port`. */
    readonly address: string;
    /** Whether this user is in now. */
    readonly joined: boolean;
    /** The address that the Room sees this user at; undefined before the first join. */
    readonly seenAs: string | undefined;
    /** Whether the Room could dial this user's port from outside; undefined: that is not known yet, or the Room does not try, for it sees an address that nobody outside can reach. */
    readonly reachable: boolean | undefined;
    /** The round trip as it was measured last, in ms. */
    readonly rttMs: number | undefined;
  };
  /** The port on which this user listens for others; 0 before the first join. */
  readonly port: number;
  /** The addresses of this machine, as others in its networks may reach it. */
  readonly addresses: readonly string[];
  readonly peers: readonly PeerStatus[];
}
