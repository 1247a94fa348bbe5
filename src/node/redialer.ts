import { LinkError } from "../base/errors.ts";
import { type Logger, quoted } from "../base/log.ts";
import { AgainPace, retryWaitMs } from "../base/retry.ts";
import { pause } from "../base/waits.ts";
import type { AuditLog } from "../link/audit.ts";
import { dialLink } from "../link/dial.ts";
import type { Environment } from "../link/environment.ts";
import type { IdentityRules } from "../link/identity.ts";
import type { Link } from "../link/link.ts";
import type { Listener } from "./peer-entries.ts";
import type { ResumeKey } from "./resume-keys.ts";

export interface RedialerOptions {
  readonly environment: Environment;
  readonly log: Logger;
  readonly audit: AuditLog;
  readonly encryption: boolean;
  readonly identitiesFor?: ((peer: string) => IdentityRules) | undefined;
  /** Whether the session with a peer is there and has no link that is well. */
  readonly needsLink: (peer: string) => boolean;
  /** Where the peer's own listener was reached, or would be; undefined: nowhere that this side knows of. */
  readonly listenerOf: (peer: string) => Listener | undefined;
  readonly keysOf: (peer: string) => readonly ResumeKey[];
  /** Links on which the peer was heard: while they grow, dialling leads somewhere. */
  readonly progressOf: (peer: string) => number;
  readonly endFor: (peer: string) => Uint8Array;
  readonly proven: (peer: string, link: Link, listener: Listener) => void;
  /** Nobody listens any more where the peer did, and no link is left: its program has ended. */
  readonly gone: (peer: string, error: LinkError) => void;
  /** Dialling did not help; the next try follows after a wait. Absent: there is nothing to do then, and none to dial whose address is not known. */
  readonly notResumed?: ((peer: string, error: LinkError) => void) | undefined;
}

/** The end that was dialled lets the other one try first: one new link is enough. */
const SECOND_MS = 250;

/** How dialling a peer went so far, in all runs of one session. */
interface Course {
  readonly pace: AgainPace;
  /** Dials in a row that led nowhere. */
  tries: number;
  /** What `progressOf` said when they began. */
  progress: number;
}

interface Run {
  readonly stop: AbortController;
  readonly course: Course;
}

/** Brings sessions new links by their own keys (purpose 5), as long as they need one: no Room and no password is asked. */
export class Redialer {
  readonly #options: RedialerOptions;
  readonly #runs = new Map<string, Run>();
  readonly #courses = new Map<string, Course>();
  #closed = false;

  constructor(options: RedialerOptions) {
    this.#options = options;
  }

  /** The session with a peer needs a link. `first`: this end dialled the last one. Nothing happens while a run is under way. */
  need(peer: string, first: boolean): void {
    if (this.#closed || this.#runs.has(peer)) return;
    const { environment, progressOf, listenerOf, notResumed } = this.#options;
    if (notResumed === undefined && listenerOf(peer) === undefined) return; // it comes back by itself
    const progress = progressOf(peer);
    const { linksPerSecond, linksBurst } = environment.limits.peers;
    const course = this.#courses.get(peer) ?? {
      pace: new AgainPace(linksPerSecond, linksBurst),
      tries: 0,
      progress,
    };
    this.#courses.set(peer, course);
    if (course.progress !== progress) Object.assign(course, { tries: 0, progress });
    const run = { stop: new AbortController(), course };
    this.#runs.set(peer, run);
    const waitMs = course.tries === 0 ? Number(!first) * SECOND_MS : retryWaitMs(course.tries, environment.chance());
    void this.#run(peer, run, Math.max(waitMs, course.pace.waitMs(environment.clock.now())));
  }

  /** A link came about, or the session ended: no need to dial. */
  settle(peer: string): void {
    const run = this.#runs.get(peer);
    if (run === undefined) return;
    this.#runs.delete(peer);
    run.stop.abort(new Error("no link is needed any more"));
  }

  /** The session with that peer is over: what its dials led to says nothing about the next one. */
  forget(peer: string): void {
    this.settle(peer);
    this.#courses.delete(peer);
  }

  close(): void {
    this.#closed = true;
    for (const peer of this.#runs.keys()) this.settle(peer);
  }

  async #run(peer: string, run: Run, afterMs: number): Promise<void> {
    const { environment, needsLink, listenerOf, notResumed } = this.#options;
    const { stop, course } = run;
    const { signal } = stop;
    let waitMs = afterMs;
    for (;;) {
      await pause(environment.clock, waitMs, signal);
      if (signal.aborted || !needsLink(peer)) break;
      course.tries++;
      const address = listenerOf(peer);
      const error =
        address === undefined
          ? new LinkError("ERR_UNREACHABLE", `no address of ${peer} is known`)
          : await this.dial(peer, address, signal);
      if (signal.aborted) break;
      if (error !== undefined && isRefused(error)) this.#options.gone(peer, error);
      if (signal.aborted || !needsLink(peer)) break;
      if (error !== undefined) notResumed?.(peer, error);
      waitMs = Math.max(retryWaitMs(course.tries, environment.chance()), (error?.retryAfter ?? 0) * 1_000);
    }
    if (this.#runs.get(peer) === run) this.settle(peer);
  }

  /** Dials an address, once per key until one is known there. Undefined: a link came about, or it is over. ERR_TICKET: whoever answers there knows no key. */
  async dial(peer: string, address: Listener, over: AbortSignal): Promise<LinkError | undefined> {
    const { environment, log, keysOf } = this.#options;
    const { redialMs } = environment.limits.peers;
    let failure = new LinkError("ERR_TICKET", `no key of a session with ${peer} is held`);
    for (const key of keysOf(peer)) {
      const late = new AbortController();
      const timer = environment.clock.after(
        redialMs,
        () => late.abort(new LinkError("ERR_TIMEOUT", `no answer within ${redialMs / 1_000} s`)),
        { hold: false },
      );
      try {
        await this.#dialWith(peer, address, key, AbortSignal.any([over, late.signal]));
        return undefined;
      } catch (error) {
        if (over.aborted) return undefined;
        failure = error instanceof LinkError ? error : new LinkError("ERR_INTERNAL", String(error), { cause: error });
      } finally {
        timer.cancel();
      }
      if (failure.code !== "ERR_TICKET") break;
    }
    log.debug({ peer, err: failure }, `no new link to ${quoted(peer)} yet`);
    return failure;
  }

  async #dialWith(peer: string, listener: Listener, key: ResumeKey, signal: AbortSignal): Promise<void> {
    const { environment, log, audit, encryption, identitiesFor, endFor, proven } = this.#options;
    const { clock, engine, random, limits } = environment;
    const { host, port } = listener;
    const pipe = await environment.dial({ host, port, signal });
    const link = await dialLink(pipe, {
      clock,
      log,
      audit,
      limits,
      signal,
      identity: identitiesFor?.(peer),
      handshake: {
        engine,
        random,
        purpose: 5,
        name: key.localName,
        peerName: key.remoteName,
        encryption,
        secret: key.secret(),
        ticketId: key.ticketId,
        end: endFor(peer),
        suites: engine.suites(),
      },
    });
    proven(peer, link, listener);
  }
}

/** The system says that nobody listens at that very address. */
function isRefused(error: LinkError): boolean {
  return (error.cause as { code?: unknown } | undefined)?.code === "ECONNREFUSED";
}
