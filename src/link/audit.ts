import type { Clock } from "../base/clock.ts";
import { FloodGuard } from "../base/flood-guard.ts";
import type { Limits } from "../base/limits.ts";
import type { Logger } from "../base/log.ts";
import type { Failure } from "./admission.ts";
import { showAddress } from "../pipe/tcp-errors.ts";
import type { RefusalReason } from "./answering.ts";
import type { Link } from "./link.ts";
import type { PenalisedEvent, RefusedEvent } from "./listener.ts";

/** The events of docs/audit.md, each with the reasons that it may have. Both are stable: programs may search logs for them. */
export interface AuditReasons {
  /** A connection, or a link that was just proven, was not let in. */
  refused: RefusalReason | "not allowed" | "own name";
  /** Failures of a source have added up: it is refused from now on, for a while. */
  penalised: Failure | "wrongUserPassword";
  /** Two programs claimed one name. "in use": the newcomer was refused; else it has the name now, for that reason. */
  "name taken": "in use" | "user password" | "silence" | "name token";
  /** A program came into the Room. */
  joined: "new";
  /** A program is out of the Room. */
  left: "closed" | "lost" | "replaced" | "silent" | "protocol" | "barred";
  /** A proven link said what makes no sense, and was closed. */
  "protocol broken": "malformed message" | "unexpected message" | "unexpected box" | "no join" | "too many messages";
  /** A member's connection was not spliced with another one's, or none is offered: the pair goes without. */
  "not relayed": "quota" | "no place" | "no other leg" | "too much at once" | "gave way";
  /** A session with a peer began; it ended. */
  connected: "new";
  disconnected: "done" | "lost" | "failed" | "superseded" | "protocol";
  /** A peer broke the rules of its session, which ended. */
  "session violation": "protocol";
  /** A peer did not show the identity that is asked of it. */
  "identity refused": "none shown" | "another one" | "malformed" | "not approved";
  /** The list of bans changed. */
  banned: "added" | "lifted" | "expired";
}

export type AuditEvent = keyof AuditReasons;

/** Beside `event` and `reason`. Secrets have no place here. */
export interface AuditFields {
  /** Where it came from: host and port. */
  readonly from?: string | undefined;
  /** Whom it is about. */
  readonly name?: string | undefined;
  /** True where the name was only claimed; absent where it was proven, by whatever proves names there. */
  readonly claimed?: true | undefined;
  readonly [field: string]: unknown;
}

/** Nobody's fault: two ends dialled at once and one was enough, or this side is leaving. */
const QUIET: ReadonlySet<RefusalReason> = new Set(["hung up", "closing"]);

interface Kind {
  readonly event: AuditEvent;
  readonly reason: string;
}

/**
 * Who was refused, who came and went, and why, as log lines with the stable fields `event` and `reason`. Strangers cause some of them, so each event and reason has its own
 * {@link FloodGuard}'s share.
 */
export class AuditLog {
  readonly #log: Logger;
  /** By event and reason: those are ours, and few. */
  readonly #floods: FloodGuard<Kind>;

  constructor(log: Logger, clock: Clock, limits: Limits["audit"]) {
    this.#log = log;
    this.#floods = new FloodGuard(clock, limits, ({ event, reason }, suppressed) =>
      log.info({ event, reason, suppressed }, `${suppressed} more: ${event} (${reason})`),
    );
  }

  /**
   * Writes an event, unless too many of its kind came.
   * @param message for people; names and texts of others in it are to be `quoted`
   */
  note<Event extends AuditEvent>(
    event: Event,
    reason: AuditReasons[Event],
    about: AuditFields,
    message: string,
    level: "debug" | "info" | "warn" = "info",
  ): void {
    const suppressed = this.#floods.take(`${event}: ${reason}`, { event, reason });
    if (suppressed === undefined) return;
    const fields = { event, reason, ...about, suppressed: suppressed > 0 ? suppressed : undefined };
    this.#log[level](Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)), message);
  }

  /** What a listener tells. */
  readonly onRefused = (event: RefusedEvent): void => {
    const { reason, host, port, name, error, refusedForS } = event;
    const claimed = name === undefined ? undefined : (true as const);
    const about = { from: showAddress(host, port), name, claimed, code: error.code };
    const rest = refusedForS > 0 ? { refusedForS: Math.ceil(refusedForS) } : {};
    this.note("refused", reason, { ...about, ...rest }, error.message, QUIET.has(reason) ? "debug" : "info");
  };

  readonly onPenalised = ({ reason, host, port, refusedForS }: PenalisedEvent): void => {
    const seconds = Math.ceil(refusedForS);
    const text = `${host} failed too often: it is refused for ${seconds} s`;
    this.note("penalised", reason, { from: showAddress(host, port), refusedForS: seconds }, text, "warn");
  };

  /** Writes what was left out so far. */
  close(): void {
    this.#floods.close();
  }
}

/** What is known of a link: where it comes from, and the name that it holds, or only claims. */
export function aboutLink(link: Pick<Link, "remote" | "remoteName">, isClaimed = false): AuditFields {
  const { remote, remoteName: name } = link;
  return { from: showAddress(remote.host, remote.port), name, ...(isClaimed ? { claimed: true } : {}) };
}
