import type { Clock } from "../base/clock.ts";
import type { Limits } from "../base/limits.ts";
import type { AddressSet } from "./address-set.ts";
import type { Refusal } from "./handshake.ts";
import { CODE } from "./handshake-refuse.ts";
import { type Source, Sources } from "./sources.ts";
import { TokenBucket } from "../base/token-bucket.ts";
import { UserFailures } from "./user-failures.ts";

/** Which addresses are meant; it may change at any time. */
export interface Addresses {
  has(host: string): boolean;
}

export interface AdmissionConfig {
  readonly clock: Clock;
  readonly limits: Pick<Limits, "admission" | "penalty">;
  /** Numbers in [0, 1) for the early drop. */
  readonly chance: () => number;
  /** Whether the curve work is done by the slow, portable engine. */
  readonly isPortable: boolean;
  readonly blacklist?: AddressSet | undefined;
  readonly bans?: Addresses | undefined;
  readonly allowlist?: AddressSet | undefined;
}

/** What a failure costs its source. */
export type Failure = keyof Pick<Limits["penalty"], "wrongSecret" | "noHello" | "deadline" | "malformed">;

/** Why a HELLO is not looked at. */
export interface Denial extends Refusal {
  readonly reason: "blacklisted" | "banned" | "penalty" | "busy";
}

/** What the one at a barred address is told. */
export const BARRED = "this address is barred";

/** When it may ask again whether it still is: a ban may be lifted at any time. */
const BARRED_RETRY_S = 60;

/** The chance with which a newcomer is dropped when early drop begins. At the cap it is 1. */
const FIRST_DROP_CHANCE = 0.3;

/** One connection on its way to a link. Ends by exactly one of `prove` and `leave`. */
export class Visit {
  readonly host: string;
  readonly sources: readonly Source[];
  /** The address's own source, not the wider net around it. */
  readonly source: Source;
  /** Called when the connection has to make room for another one: it ends, and the visit with it. */
  readonly evicted: () => void;
  hasToken = false;
  /** The user name that a failure is counted of, until it is proven. */
  charged: string | undefined;

  constructor(host: string, sources: readonly Source[], evicted: () => void) {
    this.host = host;
    this.sources = sources;
    this.source = sources[0] as Source;
    this.evicted = evicted;
  }
}

/** Who may come in, and how often: the limits and penalties of PROTOCOL §4 for everyone who listens. Live links are never touched. */
export class Admission {
  readonly #config: AdmissionConfig;
  readonly #sources: Sources;
  readonly #hellos: TokenBucket;
  readonly #guesses: TokenBucket;
  readonly #userFailures: UserFailures;
  readonly #visits = new Set<Visit>();
  /** Those that left `#visits` for the user stage. */
  readonly #userStages = new Set<Visit>();
  #links = 0;

  constructor(config: AdmissionConfig) {
    const { clock, isPortable, limits } = config;
    const { helloTotal, helloTotalPortable, guessesTotal, guessBurst } = limits.admission;
    const perSecond = isPortable ? helloTotalPortable : helloTotal;
    this.#config = config;
    this.#hellos = new TokenBucket(perSecond, perSecond, clock.now());
    this.#guesses = new TokenBucket(guessesTotal, guessBurst, clock.now());
    this.#sources = new Sources(config.limits.admission);
    this.#userFailures = new UserFailures(config.limits);
  }

  /** A connection came. Undefined: drop it without a word. */
  enter(host: string, evicted: () => void): Visit | undefined {
    const { unproven } = this.#config.limits.admission;
    const visit = new Visit(host, this.#sources.of(host, this.#now()), evicted);
    if (visit.sources.some((source) => source.unproven >= this.#places(source))) return undefined;
    // A source that has nothing on the way yet is never dropped for others: one connection of the greediest source goes in its place.
    if (visit.source.unproven > 0 && this.#isDropped()) return undefined;
    if (this.#visits.size >= unproven) this.#evict();
    this.#visits.add(visit);
    for (const source of visit.sources) source.unproven++;
    return visit;
  }

  /** Why nothing that comes from there is looked at, whatever it shows. */
  bar({ host }: Visit): Denial | undefined {
    if (this.#config.blacklist?.has(host) === true) return barred("blacklisted");
    return this.#config.bans?.has(host) === true ? barred("banned") : undefined;
  }

  /** HELLO came: takes a token, or says why it is refused. */
  admit(visit: Visit): Denial | undefined {
    const now = this.#now();
    const { links, linksPerSource } = this.#config.limits.admission;
    const bar = this.bar(visit);
    if (bar !== undefined) return bar;
    const refusedForS = this.refusedForS(visit, now);
    if (refusedForS > 0)
      return {
        reason: "penalty",
        code: CODE.penalty,
        retryAfter: refusedForS,
        text: "too many failures from this address",
      };
    if (this.#links >= links) return busy(10, "it has as many links as it takes");
    if (visit.sources.some((source) => source.links >= linksPerSource * source.factor))
      return busy(10, "there are too many links from this address");
    const isStranger = visit.sources.every((source) => !source.hasProved);
    if (isStranger && !this.#guesses.hasToken(now)) return busy(1, "too many strangers fail to prove themselves");
    return this.#takeToken(visit, now);
  }

  /**
   * The password is proven and the user stage begins: the HELLO was no guess, and the connection no longer stands in the way of those
   * that have proved nothing. Where too many are in that stage it goes on counting as unproven; false: too many do already, drop it.
   */
  confirm(visit: Visit): boolean {
    this.giveBack(visit);
    const { userStages, userStagesPerSource, unprovenPerSource } = this.#config.limits.admission;
    const isFull =
      this.#userStages.size >= userStages ||
      visit.sources.some((source) => source.userStages >= userStagesPerSource * source.factor);
    if (isFull) return visit.sources.every((source) => source.unproven <= unprovenPerSource * source.factor);
    if (!this.#remove(visit)) return false;
    this.#userStages.add(visit);
    for (const source of visit.sources) source.userStages++;
    return true;
  }

  /** The link is proven. False: there are too many by now, close it. Else call `release` when it is gone. */
  prove(visit: Visit): boolean {
    this.giveBack(visit);
    this.#takeBack(visit);
    this.#remove(visit);
    const { links, linksPerSource } = this.#config.limits.admission;
    if (this.#links >= links) return false;
    if (visit.sources.some((source) => source.links >= linksPerSource * source.factor)) return false;
    this.#links++;
    for (const source of visit.sources) {
      source.links++;
      source.hasProved = true;
    }
    return true;
  }

  /** A link that was proven is gone. Once per link. */
  release({ sources }: Pick<Visit, "sources">): void {
    this.#links--;
    for (const source of sources) source.links--;
  }

  /** The connection ends without a link, for that reason; undefined: through no fault of its own. */
  leave(visit: Visit, failure?: Failure): void {
    const isUnproven = this.#remove(visit);
    if (visit.charged !== undefined) this.#penalise(visit.host, visit.sources, this.#config.limits.penalty.wrongSecret);
    if (!isUnproven || failure === undefined) return;
    if (failure === "wrongSecret") this.#guesses.charge(this.#now());
    this.#penalise(visit.host, visit.sources, this.#config.limits.penalty[failure]);
  }

  /** Gives the HELLO token back: what it paid for was no failure. */
  giveBack(visit: Visit): void {
    if (!visit.hasToken) return;
    visit.hasToken = false;
    this.#hellos.giveBack();
    for (const source of visit.sources) source.hellos.giveBack();
  }

  /** How long to wait before a user of that name is asked for its password, in ms. */
  userDelayMs(visit: Visit, name: string): number {
    return this.#userFailures.delayMs(visit.source.key, name, this.#now());
  }

  /**
   * A user is about to learn whether its guess was right: that counts as a failure of its name from now on, until `prove` takes
   * it back. The penalty of the source falls due when the connection ends without that; were it due at once, programs of one
   * machine that start together would keep each other out for as long as their proofs are on the way.
   */
  chargeUser(visit: Visit, name: string): void {
    if (this.#config.allowlist?.has(visit.host) === true) return;
    visit.charged = name;
    this.#guesses.charge(this.#now());
    this.#userFailures.failed(visit.source.key, name, this.#now());
  }

  /** Seconds until the source of that visit is let in again; 0 when it is now. */
  refusedForS(visit: Visit, now = this.#now()): number {
    return Math.max(...visit.sources.map((source) => source.refusedForS(this.#config.limits.penalty, now)));
  }

  /** Sources that are remembered. */
  get sourceCount(): number {
    return this.#sources.size;
  }

  /** Connections that have not proved themselves, those in the user stage among them, and links that live. */
  get unproven(): number {
    return this.#visits.size + this.#userStages.size;
  }

  get links(): number {
    return this.#links;
  }

  #takeBack(visit: Visit): void {
    if (visit.charged === undefined) return;
    this.#userFailures.proven(visit.source.key, visit.charged);
    this.#guesses.giveBack();
    visit.charged = undefined;
  }

  #now(): number {
    return this.#config.clock.now();
  }

  #penalise(host: string, sources: readonly Source[], seconds: number): void {
    if (this.#config.allowlist?.has(host) === true) return;
    for (const source of sources) source.penalise(seconds, this.#config.limits.penalty.most, this.#now());
  }

  #takeToken(visit: Visit, now: number): Denial | undefined {
    const empty = [...visit.sources.map((source) => source.hellos), this.#hellos].find(
      (bucket) => !bucket.hasToken(now),
    );
    if (empty !== undefined) return busy(empty.waitS(now), "too many attempts at once");
    this.#hellos.take(now);
    for (const source of visit.sources) source.hellos.take(now);
    visit.hasToken = true;
    return undefined;
  }

  /** How many connections of a source may be on their way. */
  #places({ links, factor }: Source): number {
    const { unprovenPerSource, unprovenOfMembers } = this.#config.limits.admission;
    const most = Math.max(unprovenPerSource, unprovenOfMembers) * factor;
    return Math.min(most, unprovenPerSource * factor + links);
  }

  #isDropped(): boolean {
    const { unproven, earlyDropFrom } = this.#config.limits.admission;
    const beyond = this.#visits.size - earlyDropFrom;
    if (beyond < 0) return false;
    const share = unproven > earlyDropFrom ? beyond / (unproven - earlyDropFrom) : 1;
    return this.#config.chance() < FIRST_DROP_CHANCE + (1 - FIRST_DROP_CHANCE) * share;
  }

  /** Ends a visit, by chance one of those whose source has most of them. */
  #evict(): void {
    let most = 0;
    for (const visit of this.#visits) most = Math.max(most, visit.source.unproven);
    const greedy = [...this.#visits].filter((visit) => visit.source.unproven === most);
    const victim = greedy[Math.min(greedy.length - 1, Math.floor(this.#config.chance() * greedy.length))];
    if (victim === undefined) return;
    victim.evicted(); // it leaves like any other: whoever fills this side up to get rid of its own guesses pays for them
    this.#remove(victim);
  }

  /** False: its visit is over already. */
  #remove(visit: Visit): boolean {
    if (this.#visits.delete(visit)) {
      for (const source of visit.sources) source.unproven--;
      return true;
    }
    if (!this.#userStages.delete(visit)) return false;
    for (const source of visit.sources) source.userStages--;
    return true;
  }
}

function barred(reason: "blacklisted" | "banned"): Denial {
  return { reason, code: CODE.penalty, retryAfter: BARRED_RETRY_S, text: BARRED };
}

function busy(retryAfter: number, text: string): Denial {
  return { reason: "busy", code: CODE.busy, retryAfter: Math.ceil(retryAfter), text };
}
