import type { Timer } from "../base/clock.ts";
import { TokenBucket } from "../base/token-bucket.ts";
import { type Logger, quoted } from "../base/log.ts";
import { showAddress } from "../pipe/tcp-errors.ts";
import type { AuditLog } from "../link/audit.ts";
import { dialLink } from "../link/dial.ts";
import type { Environment } from "../link/environment.ts";
import type { IdentityRules } from "../link/identity.ts";
import type { Link } from "../link/link.ts";
import type { PeerTable } from "../node/peer-table.ts";
import type { Candidate, Ticket } from "../wire/room-messages.ts";
import { safeCandidates } from "./dial-safety.ts";
import type { RoomConnection } from "./room-connection.ts";
import type { Roster } from "./roster.ts";
import type { Tickets } from "./tickets.ts";

export interface IntroducerOptions {
  readonly environment: Environment;
  readonly log: Logger;
  readonly audit: AuditLog;
  readonly name: string;
  readonly encryption: boolean;
  readonly identities: IdentityRules;
  readonly tickets: Tickets;
  readonly room: RoomConnection;
  readonly roster: Roster;
  readonly table: PeerTable;
  readonly mayTalk: (peer: string) => boolean;
  /** One clause about why a peer can't be reached now. */
  readonly absence: (peer: string) => string;
  readonly proven: (link: Link, listener: Candidate) => void;
}

/** How long the one that answers waits for the other's dial before it dials too. */
const SECOND_MS = 250;

/** How long calls wait for a peer before the log tells. */
const PATIENCE_MS = 3_000;

interface Round {
  readonly timer: Timer;
  readonly dials: AbortController;
}

/** Gets links to other users: asks the Room to introduce, dials what it names, and tries again while calls wait. */
export class Introducer {
  /** Whether this program reached its Room over loopback; only then loopback addresses are dialled. */
  overLoopback = false;
  readonly #options: IntroducerOptions;
  /** Introductions under way, one per peer. */
  readonly #rounds = new Map<string, Round>();
  /** Per peer: rounds in a row that led nowhere, and why the last one did. */
  readonly #failures = new Map<string, { count: number; why: string }>();
  /** Peers where an identity was refused, this side's or theirs, and how often in a row. */
  readonly #refusals = new Map<string, number>();
  /** Peers that calls began to wait for a moment ago. */
  readonly #waits = new Map<string, Timer>();
  /** How often others may make this program dial. */
  readonly #unasked: TokenBucket;
  #closed = false;

  constructor(options: IntroducerOptions) {
    const { clock, limits } = options.environment;
    this.#options = options;
    this.#unasked = new TokenBucket(limits.user.unaskedPerSecond, limits.user.unaskedBurst, clock.now());
  }

  /** Why a peer that is here can't be reached. */
  trouble(peer: string): string | undefined {
    return this.#failures.get(peer)?.why;
  }

  /** Calls wait for a peer: asks the Room for an introduction, unless one is under way or the peer is not here. */
  reach(peer: string): void {
    const { roster, room, mayTalk } = this.#options;
    if (this.#closed) return;
    this.#waitFor(peer);
    if (this.#rounds.has(peer) || !roster.has(peer) || room.link === undefined) return;
    if (!mayTalk(peer)) return this.#fail(peer, `${peer} is not among those that this user may talk to`);
    this.#begin(peer);
    room.send({ type: "introduce", name: peer });
  }

  /** Says in the log, once for each wait, that calls wait and why. */
  #waitFor(peer: string): void {
    if (this.#waits.has(peer)) return;
    const { environment, log, table, absence } = this.#options;
    const tell = (): void => {
      this.#waits.delete(peer);
      if (!table.isLinked(peer) && table.isWanted(peer))
        log.warn({}, `calls wait for ${quoted(peer)}: ${absence(peer)}`);
    };
    this.#waits.set(peer, environment.clock.after(PATIENCE_MS, tell, { hold: false }));
  }

  /** An identity was refused, the peer's or this side's: the next introductions come later and later. */
  refused(peer: string, why: string): void {
    if (this.#closed) return;
    const count = (this.#refusals.get(peer) ?? 0) + 1;
    this.#refusals.set(peer, count);
    this.#failures.set(peer, { count, why });
    this.#end(peer);
    this.#begin(peer);
  }

  /** A user is here, perhaps again: if calls wait for it, it is reached now. */
  here(peer: string): void {
    this.#failures.delete(peer);
    this.#refusals.delete(peer);
    if (!this.#options.table.isLinked(peer) && this.#options.table.isWanted(peer)) {
      this.#end(peer);
      this.reach(peer);
    }
  }

  /** The Room can't introduce: the round goes on as a wait before the next one. */
  absent(peer: string, why: string): void {
    this.#fail(peer, why);
  }

  /** The Room introduces a peer: this side dials at once, or answers and dials only if nobody comes. */
  ticket(ticket: Ticket): void {
    const { tickets, room, table, environment } = this.#options;
    if (this.#closed) return;
    tickets.add(ticket);
    this.#end(ticket.name);
    const round = this.#begin(ticket.name);
    const mayDial = table.isWanted(ticket.name) || this.#unasked.take(environment.clock.now());
    if (ticket.first) return mayDial ? void this.#dialAll(ticket, round) : undefined;
    room.send({ type: "ready", ticketId: ticket.ticketId });
    if (!mayDial) return;
    const timer = environment.clock.after(SECOND_MS, () => void this.#dialAll(ticket, round), { hold: false });
    round.dials.signal.addEventListener("abort", () => timer.cancel(), { once: true });
  }

  /** A session with a peer began: the round has led somewhere. The next one begins a while later: a peer that ends every session at once would keep everybody busy. */
  began(peer: string): void {
    this.#end(peer);
    this.#failures.delete(peer);
    if (!this.#closed) this.#begin(peer);
    this.#waits.get(peer)?.cancel();
    this.#waits.delete(peer);
  }

  /** That peer is barred: what was begun with it comes to nothing. */
  barred(peer: string): void {
    this.#options.tickets.forget(peer);
    this.#end(peer);
    this.#failures.delete(peer);
    this.#refusals.delete(peer);
  }

  #begin(peer: string): Round {
    const count = this.#failures.get(peer)?.count ?? 0;
    const { clock, limits } = this.#options.environment;
    const wait = Math.min(limits.user.longestRoundMs, limits.user.roundMs * 2 ** Math.min(count, 10));
    const timer = clock.after(wait, () => this.#over(peer), { hold: false });
    const round = { timer, dials: new AbortController() };
    this.#rounds.set(peer, round);
    return round;
  }

  #over(peer: string): void {
    this.#end(peer);
    const { table } = this.#options;
    if (table.isLinked(peer) || !table.isWanted(peer)) {
      this.#failures.delete(peer);
      this.#refusals.delete(peer);
      return;
    }
    const failure = this.#failures.get(peer);
    this.#failures.set(peer, {
      count: (failure?.count ?? 0) + 1,
      why: failure?.why ?? `${peer} is here but no link to it could be made`,
    });
    this.reach(peer);
  }

  #end(peer: string): void {
    const round = this.#rounds.get(peer);
    if (round === undefined) return;
    this.#rounds.delete(peer);
    round.timer.cancel();
    round.dials.abort(new Error("another link was proven, or the round is over"));
  }

  #fail(peer: string, why: string): void {
    this.#failures.set(peer, { count: this.#failures.get(peer)?.count ?? 0, why });
  }

  /** Dials every candidate at the same time; the first proven link wins, the others hang up. */
  async #dialAll(ticket: Ticket, round: Round): Promise<void> {
    const { log, table } = this.#options;
    if (table.isLinked(ticket.name) || round.dials.signal.aborted) return;
    const candidates = safeCandidates(ticket.candidates, this.overLoopback);
    if (candidates.length === 0)
      return this.#fail(ticket.name, `the Room names no address of ${ticket.name} that may be dialled`);
    const failures: string[] = [];
    await Promise.all(
      candidates.map(async (candidate) => {
        try {
          await this.#dial(ticket, candidate, round.dials.signal);
        } catch (error) {
          if (!round.dials.signal.aborted)
            failures.push(
              `${showAddress(candidate.host, candidate.port)}: ${error instanceof Error ? error.message : String(error)}`,
            );
        }
      }),
    );
    if (failures.length < candidates.length || round.dials.signal.aborted) return;
    this.#fail(ticket.name, `${ticket.name} is here but can't be reached: ${failures.join("; ")}`);
    log.info({ peer: ticket.name }, `${quoted(ticket.name)} can't be reached: ${failures.join("; ")}`);
  }

  async #dial(ticket: Ticket, { host, port }: Candidate, over: AbortSignal): Promise<void> {
    const { environment, log, audit, name, encryption, identities, tickets, table } = this.#options;
    const { clock, engine, random, limits } = environment;
    const late = new AbortController();
    const { dialMs } = limits.user;
    const timer = clock.after(dialMs, () => late.abort(new Error(`no answer within ${dialMs / 1_000} s`)), {
      hold: false,
    });
    const signal = AbortSignal.any([over, late.signal]);
    try {
      if (await this.#resumed(ticket.name, { host, port }, signal)) return;
      const pipe = await environment.dial({ host, port, signal });
      const secret = tickets.forDial(ticket.ticketId);
      if (secret === undefined) return pipe.destroy();
      const link = await dialLink(pipe, {
        clock,
        log,
        audit,
        limits,
        signal,
        identity: identities,
        handshake: {
          engine,
          random,
          purpose: 3,
          name,
          peerName: ticket.name,
          encryption,
          secret,
          ticketId: ticket.ticketId,
          end: table.endFor(ticket.name),
          suites: engine.suites(),
        },
      });
      if (tickets.spend(ticket.ticketId, "initiator")) this.#options.proven(link, { host, port });
      else link.close(0, "another address was faster");
    } finally {
      timer.cancel();
    }
  }

  /**
   * An introduction may not join a session that is there, since the Room knows its ticket: that takes the session's own key.
   * False: the peer knows no such session, so its program is another one by now.
   */
  async #resumed(peer: string, address: Candidate, signal: AbortSignal): Promise<boolean> {
    const { table } = this.#options;
    if (!table.needsLink(peer)) return false;
    const error = await table.resume(peer, address, signal);
    if (error !== undefined && error.code !== "ERR_TICKET") throw error;
    return error === undefined;
  }

  close(): void {
    this.#closed = true;
    for (const timer of this.#waits.values()) timer.cancel();
    this.#waits.clear();
    for (const peer of this.#rounds.keys()) this.#end(peer);
  }
}
