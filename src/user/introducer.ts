import { hex } from "../base/bytes.ts";
import type { Timer } from "../base/clock.ts";
import { type Logger, quoted } from "../base/log.ts";
import { TokenBucket } from "../base/token-bucket.ts";
import type { Link } from "../link/link.ts";
import type { ResumeKey } from "../node/resume-keys.ts";
import type { Path } from "../schema/peer-types.ts";
import type { Arrival } from "../node/peer-table.ts";
import {
  type Answer,
  type Candidates,
  type Go,
  ID_BYTES,
  type Introduced,
  type NoGo,
  type Probe,
  SECRET_BYTES,
  type Ticket,
} from "../wire/room-messages.ts";
import { Introduction, type IntroductionContext } from "./introduction.ts";
import type { Roster } from "./roster.ts";

export interface IntroducerOptions extends Omit<IntroductionContext, "failed" | "overLoopback"> {
  readonly log: Logger;
  readonly roster: Roster;
  readonly mayTalk: (peer: string) => boolean;
  /** Whoever is here is reached, before anybody calls. */
  readonly isEager: boolean;
  /** One clause about why a peer can't be reached now. */
  readonly absence: (peer: string) => string;
  /** A link was proven. */
  readonly proven: (link: Link, arrival: Arrival) => void;
  /** The Room said of an introduction to that peer whether there can be a hole. */
  readonly judged: (peer: string, verdict: Go | NoGo) => void;
}

/** How long calls wait for a peer before the log tells. */
const PATIENCE_MS = 3_000;

/** A link that was lost is mostly back by a dial of the same address; only then the Room is asked. */
const LOST_MS = 100;

/** Gets links to other users: asks the Room to introduce, and again while calls wait. One introduction that this side asked for, and one that the peer did, at a time. */
export class Introducer {
  /** Whether this program reached its Room over loopback; only then loopback addresses are dialled. */
  overLoopback = false;
  readonly #options: IntroducerOptions;
  readonly #context: IntroductionContext;
  /** Per peer: no introduction is asked for before the timer fires. */
  readonly #rounds = new Map<string, Timer>();
  readonly #asked = new Map<string, Introduction>();
  readonly #answered = new Map<string, Introduction>();
  readonly #byTicket = new Map<string, Introduction>();
  /** Per peer: rounds in a row that led nowhere, and why the last one did. */
  readonly #failures = new Map<string, { count: number; why: string }>();
  /** Peers where an identity was refused, this side's or theirs, and how often in a row. */
  readonly #refusals = new Map<string, number>();
  /** Peers that calls began to wait for a moment ago. */
  readonly #waits = new Map<string, Timer>();
  /** Peers whose session has just lost its link. */
  readonly #lost = new Map<string, Timer>();
  /** How often others may make this program dial. */
  readonly #unasked: TokenBucket;
  #closed = false;

  constructor(options: IntroducerOptions) {
    const { clock, limits } = options.environment;
    this.#options = options;
    this.#unasked = new TokenBucket(limits.user.unaskedPerSecond, limits.user.unaskedBurst, clock.now());
    this.#context = {
      ...options,
      overLoopback: () => this.overLoopback,
      failed: (introduction, failures) => this.#failed(introduction, failures),
    };
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
    this.#ask(peer, { relay: true });
  }

  /** The session with a peer has no link that is well. */
  linkNeeded(peer: string): void {
    if (this.#closed || this.#lost.has(peer)) return;
    const look = (): void => {
      this.#lost.delete(peer);
      if (!this.#options.table.needsLink(peer)) return;
      this.#options.room.check(); // what cut the one link may have cut the other
      this.reach(peer);
    };
    this.#lost.set(peer, this.#options.environment.clock.after(LOST_MS, look, { hold: false }));
  }

  /**
   * Looks for a better path than the one over which a peer is reached. Undefined: the Room can't be asked now, paths are being tried still, or the peer is not reached: then any
   * path will do, and what was asked for to that end must not be replaced by this.
   */
  improve(peer: string): Introduction | undefined {
    const { roster, room, table } = this.#options;
    if (this.#closed || table.needsLink(peer) || !roster.has(peer) || room.link === undefined) return undefined;
    if ([this.#asked, this.#answered].some((introductions) => introductions.get(peer)?.isUnderWay === true))
      return undefined;
    return this.#ask(peer, { relay: false });
  }

  /** A link to a peer is wanted, by calls or by a program that is eager. */
  #isWanted(peer: string): boolean {
    const { table, roster, mayTalk, isEager } = this.#options;
    return table.isWanted(peer) || (isEager && roster.has(peer) && mayTalk(peer));
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

  #ask(peer: string, { relay, refused = [] }: { relay: boolean; refused?: Iterable<ResumeKey> }): Introduction {
    const { environment, tickets } = this.#options;
    const ticketId = environment.random(ID_BYTES);
    const secret = environment.random(SECRET_BYTES);
    tickets.add({ ticketId, secret, name: peer, expiresMs: environment.limits.room.ticketMs });
    const introduction = new Introduction(this.#context, peer, ticketId, true);
    this.#put(this.#asked, introduction);
    introduction.ask(secret, { relay, refused });
    return introduction;
  }

  /** An identity was refused, the peer's or this side's: the next introductions come later and later. */
  refused(peer: string, why: string): void {
    if (this.#closed) return;
    const count = (this.#refusals.get(peer) ?? 0) + 1;
    this.#refusals.set(peer, count);
    this.#failures.set(peer, { count, why });
    this.#drop(peer);
    this.#begin(peer);
  }

  /** A user is here, perhaps again: if a link to it is wanted, it is reached now. */
  here(peer: string): void {
    this.#failures.delete(peer);
    this.#refusals.delete(peer);
    if (this.#options.table.isLinked(peer) || !this.#isWanted(peer)) return;
    this.#endRound(peer);
    this.#end(this.#asked, peer); // the Room has forgotten it, or does now; what the peer asked for goes on
    this.reach(peer);
  }

  /** The Room can't introduce: the round goes on as a wait before the next one. */
  absent(peer: string, why: string): void {
    this.#asked.get(peer)?.absent();
    this.#fail(peer, why);
  }

  /** The Room introduces a peer to this side, which did not ask. */
  ticket(ticket: Ticket): void {
    const { tickets, environment } = this.#options;
    const { name: peer, ticketId, secret, expiresMs } = ticket;
    if (this.#closed || !tickets.add({ ticketId, secret, name: peer, expiresMs })) return;
    const introduction = new Introduction(this.#context, peer, ticketId, false);
    this.#put(this.#answered, introduction);
    if (!this.#rounds.has(peer)) this.#begin(peer);
    if (ticket.hello !== undefined) this.#options.table.doubt(peer);
    introduction.ticket(ticket, this.#isWanted(peer) || this.#unasked.take(environment.clock.now()));
  }

  introduced(message: Introduced): void {
    this.#of(message)?.introduced(message);
  }

  candidates(message: Candidates): void {
    this.#of(message)?.learned(message);
  }

  answer(message: Answer): void {
    this.#of(message)?.answered(message);
  }

  probe(message: Probe): void {
    const introduction = this.#of(message);
    // What this side asked for is at its own pace, and waits for nobody's.
    if (introduction?.isAsker === true || this.#unasked.take(this.#options.environment.clock.now()))
      introduction?.probe(message);
  }

  said(message: Go | NoGo): void {
    const introduction = this.#of(message);
    if (introduction === undefined) return;
    introduction.said(message);
    this.#options.judged(introduction.peer, message);
  }

  /** A session with a peer began. The next round begins a while later: a peer that ends every session at once would keep everybody busy. */
  began(peer: string): void {
    this.#failures.delete(peer);
    if (!this.#closed) this.#begin(peer);
    this.#waits.get(peer)?.cancel();
    this.#waits.delete(peer);
  }

  /** Those users left the Room: what was begun with them goes on with the tickets that are out, and no further. */
  gone(peers: readonly string[]): void {
    for (const peer of peers) if (!this.#isWanted(peer)) this.#drop(peer);
  }

  /** The peer is reached over that path now. */
  linked(peer: string, path: Path): void {
    this.#asked.get(peer)?.linked(path);
    this.#answered.get(peer)?.linked(path);
  }

  /** That peer is barred: what was begun with it comes to nothing. */
  barred(peer: string): void {
    this.#options.tickets.forget(peer);
    this.#drop(peer);
    this.#failures.delete(peer);
    this.#refusals.delete(peer);
  }

  #of({ ticketId }: { readonly ticketId: Uint8Array }): Introduction | undefined {
    return this.#byTicket.get(hex(ticketId));
  }

  /** In place of the one before. */
  #put(introductions: Map<string, Introduction>, introduction: Introduction): void {
    this.#end(introductions, introduction.peer);
    introductions.set(introduction.peer, introduction);
    this.#byTicket.set(hex(introduction.ticketId), introduction);
  }

  #end(introductions: Map<string, Introduction>, peer: string): void {
    const introduction = introductions.get(peer);
    if (introduction === undefined) return;
    introductions.delete(peer);
    this.#byTicket.delete(hex(introduction.ticketId));
    introduction.close();
  }

  #begin(peer: string): void {
    this.#rounds.get(peer)?.cancel();
    const count = this.#failures.get(peer)?.count ?? 0;
    const { clock, limits } = this.#options.environment;
    const wait = Math.min(limits.user.longestRoundMs, limits.user.roundMs * 2 ** Math.min(count, 10));
    this.#rounds.set(
      peer,
      clock.after(wait, () => this.#over(peer), { hold: false }),
    );
  }

  #over(peer: string): void {
    this.#rounds.delete(peer);
    if (this.#options.table.isLinked(peer) || !this.#isWanted(peer)) {
      this.#failures.delete(peer);
      this.#refusals.delete(peer);
      return;
    }
    const asked = this.#asked.get(peer);
    if (asked?.isUnderWay === true && asked.isForAny) return this.#begin(peer);
    const failure = this.#failures.get(peer);
    this.#failures.set(peer, {
      count: (failure?.count ?? 0) + 1,
      why: failure?.why ?? `${peer} is here but no link to it could be made`,
    });
    this.reach(peer);
  }

  /** What was begun with a peer ends, and its round. */
  #drop(peer: string): void {
    this.#endRound(peer);
    this.#end(this.#asked, peer);
    this.#end(this.#answered, peer);
  }

  #endRound(peer: string): void {
    this.#rounds.get(peer)?.cancel();
    this.#rounds.delete(peer);
  }

  #failed(introduction: Introduction, failures: readonly string[]): void {
    const { table, log } = this.#options;
    const { peer } = introduction;
    if (table.isLinked(peer)) return;
    if (introduction.isRefused && this.#asked.get(peer) === introduction) {
      // It may know another one. If it knows none, its program is another one by now, or has given the session up: then the ticket will do.
      this.#ask(peer, { relay: true, refused: introduction.refused });
      return;
    }
    if (failures.length === 0) return this.#fail(peer, `the Room names no address of ${peer} that may be dialled`);
    const text = failures.join("; ");
    this.#fail(peer, `${peer} is here but can't be reached: ${text}`);
    log.info({ peer }, `${quoted(peer)} can't be reached: ${text}`);
  }

  #fail(peer: string, why: string): void {
    this.#failures.set(peer, { count: this.#failures.get(peer)?.count ?? 0, why });
  }

  close(): void {
    this.#closed = true;
    for (const timers of [this.#waits, this.#rounds, this.#lost]) {
      for (const timer of timers.values()) timer.cancel();
      timers.clear();
    }
    for (const introductions of [this.#asked, this.#answered])
      for (const peer of introductions.keys()) this.#end(introductions, peer);
  }
}
