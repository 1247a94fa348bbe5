import type { Clock } from "../base/clock.ts";
import { LinkError } from "../base/errors.ts";
import type { AttemptFailure, PathAttempt } from "../schema/status-types.ts";
import type { Path } from "../schema/peer-types.ts";

/** Attempts that are kept for each peer, and peers for which any are. */
const KEPT = 24;
const PEERS = 1_024;

type Outcome = PathAttempt["outcome"];

interface Entry {
  readonly path: Path;
  readonly address: string | undefined;
  readonly startedAt: number;
  outcome: Outcome;
  why: string | undefined;
  reason: AttemptFailure | undefined;
  endedAt: number | undefined;
}

/** What was tried lately to reach each peer, for `status` and for messages. */
export class PathLog {
  readonly #clock: Clock;
  /** The peer of the latest attempt last. */
  readonly #peers = new Map<string, Entry[]>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** An attempt begins. To be called once with how it ended. */
  begin(peer: string, path: Path, address?: string): (outcome: Exclude<Outcome, "trying">, error?: unknown) => void {
    const entries = this.#peers.get(peer) ?? [];
    this.#peers.delete(peer);
    this.#peers.set(peer, entries);
    const [oldest] = this.#peers.keys();
    if (this.#peers.size > PEERS && oldest !== undefined) this.#peers.delete(oldest);
    const entry: Entry = {
      path,
      address,
      startedAt: this.#clock.now(),
      outcome: "trying",
      why: undefined,
      reason: undefined,
      endedAt: undefined,
    };
    entries.push(entry);
    if (entries.length > KEPT) entries.shift();
    return (outcome, error) => {
      entry.outcome = outcome;
      if (error !== undefined) {
        entry.why = error instanceof Error ? error.message : "an unknown error";
        entry.reason = reasonOf(error);
      }
      entry.endedAt = this.#clock.now();
    };
  }

  /** The latest attempts, the oldest first. */
  of(peer: string): PathAttempt[] {
    const now = this.#clock.now();
    return (this.#peers.get(peer) ?? []).map(({ path, address, startedAt, outcome, why, reason, endedAt }) => ({
      path,
      address,
      outcome,
      why,
      reason,
      agoMs: Math.round(now - startedAt),
      tookMs: endedAt === undefined ? undefined : Math.round(endedAt - startedAt),
    }));
  }
}

/** An attempt failed, for a reason that is known. */
export class PathError extends Error {
  override readonly name = "PathError";
  readonly reason: AttemptFailure;

  constructor(reason: AttemptFailure, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** What somebody says who is not the peer, or does not know this introduction. */
const STRANGERS = new Set(["ERR_AUTH", "ERR_TICKET", "ERR_NAME", "ERR_MALFORMED", "ERR_VERSION", "ERR_IDENTITY"]);

function reasonOf(error: unknown): AttemptFailure {
  if (error instanceof PathError) return error.reason;
  if (!(error instanceof LinkError)) return "other";
  if (error.cause instanceof PathError) return error.cause.reason;
  const code = (error.cause as { code?: unknown } | undefined)?.code;
  if (code === "ECONNREFUSED" || code === "ECONNRESET") return "refused";
  if (typeof code === "string" && /^(EHOST|ENET)UNREACH|^EADDRNOTAVAIL/.test(code)) return "unreachable";
  if (error.code === "ERR_UNREACHABLE" || error.code === "ERR_TIMEOUT") return "silent";
  return STRANGERS.has(error.code) ? "stranger" : "other";
}
