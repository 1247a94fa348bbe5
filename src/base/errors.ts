/** What became of a call's handler: it certainly did not run, it ran, or nobody can tell from here. */
export type Outcome = "did not run" | "ran" | "may have run";

/** The codes of a call that failed for a reason of ours; declared errors have their own, PascalCase. */
export type CallErrorCode =
  | "TIMEOUT" // its deadline passed
  | "CANCELLED" // the caller's signal fired
  | "NOT_FOUND" // the peer has no method of that name
  | "REFUSED" // the peer does not let this caller call it
  | "INVALID_INPUT" // the peer's schema refused the input
  | "INVALID_OUTPUT" // the answer does not fit the schema
  | "FAILED" // the handler threw
  | "DISCONNECTED" // the session ended before an answer came
  | "CLOSED" // this side, or the peer, is closing
  | "TOO_LARGE" // the message is over a limit
  | "BUSY"; // a queue is full

/** A call that failed. `code` says why, `outcome` what that means for the handler. */
export class PeerError extends Error {
  override readonly name: string = "PeerError";
  readonly code: string;
  /** What a declared error carries; undefined for the codes of {@link CallErrorCode}. */
  readonly data: unknown;
  readonly outcome: Outcome;
  /** The method as `Kind.method`, or the bare name in untyped calls. */
  readonly method: string;
  /** The name of the peer that was called. */
  readonly peer: string;

  constructor(
    code: string,
    message: string,
    about: { outcome: Outcome; method: string; peer: string; data?: unknown; cause?: unknown },
  ) {
    super(message, about.cause === undefined ? undefined : { cause: about.cause });
    this.code = code;
    this.data = about.data;
    this.outcome = about.outcome;
    this.method = about.method;
    this.peer = about.peer;
  }
}

/** Why a link could not be made, or ended. PROTOCOL: codes of REFUSE and close, and the local errors. */
export type LinkErrorCode =
  | "ERR_AUTH"
  | "ERR_ENCRYPTION_MISMATCH"
  | "ERR_VERSION"
  | "ERR_IDENTITY"
  | "ERR_PARAM"
  | "ERR_TICKET"
  | "ERR_NAME"
  | "ERR_BUSY"
  | "ERR_TIMEOUT"
  | "ERR_MALFORMED"
  | "ERR_TRUNCATED"
  | "ERR_RECORD"
  | "ERR_DEAD"
  | "ERR_SLOW_CONSUMER"
  | "ERR_REFUSED"
  | "ERR_INTERNAL" // a receiver on this side threw
  | "ERR_UNREACHABLE"; // no pipe could be opened: refused, no route, unknown host

/** A link that could not be made, or that ended other than by an orderly close. */
export class LinkError extends Error {
  override readonly name: string = "LinkError";
  readonly code: LinkErrorCode;
  /** Seconds after which the other side says a retry may succeed (ERR_BUSY, ERR_REFUSED). */
  declare readonly retryAfter: number | undefined;
  /** The number that came in a REFUSE frame or a close record, when one did. */
  declare readonly received: number | undefined;

  constructor(
    code: LinkErrorCode,
    message: string,
    about: { retryAfter?: number | undefined; received?: number | undefined; cause?: unknown } = {},
  ) {
    super(message, about.cause === undefined ? undefined : { cause: about.cause });
    this.code = code;
    // Only what is known shows when the error is printed.
    if (about.retryAfter !== undefined) this.retryAfter = about.retryAfter;
    if (about.received !== undefined) this.received = about.received;
  }
}

/** What something that was thrown says of itself. Functions of users may throw anything, also what can't be made a text. */
export function messageOf(thrown: unknown): string {
  try {
    return String(thrown instanceof Error ? thrown.message : thrown);
  } catch {
    return "what was thrown is no error";
  }
}
