import { hex, isBefore } from "../base/bytes.ts";
import type { Clock, Timer } from "../base/clock.ts";
import { DEFAULT_LIMITS, type Limits } from "../base/limits.ts";
import type { Random } from "../base/random.ts";
import { TokenBucket } from "../base/token-bucket.ts";
import type { AddressSet } from "../link/address-set.ts";
import type { Candidate, Ticket } from "../wire/room-messages.ts";
import type { RoomMember } from "./member.ts";

/** Pairs whose pace is remembered. */
const MOST_PACES = 65_536;

interface Open {
  readonly pair: string;
  readonly dialler: RoomMember;
  readonly answerer: RoomMember;
  readonly forDialler: Ticket;
  readonly timer: Timer;
}

/**
 * Tells two members of each other: a ticket for the pair, and where each may be reached. The one with the bytewise smaller name dials,
 * if it can reach the other. The one that answers gets its ticket first and says `ready`; only then the dialler gets its own, so that
 * no dial comes before its ticket.
 */
export class Introductions {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #subnets: AddressSet;
  readonly #limits: Limits["room"];
  readonly #isBarred: (host: string) => boolean;
  /** Tickets whose answerer has not said `ready`, by ticket id in hex. */
  readonly #open = new Map<string, Open>();
  /** The same pairs, by their names. */
  readonly #pairs = new Set<string>();

  /** How often pairs are introduced, by their names; the one whose turn is longest ago is forgotten first. */
  readonly #paces = new Map<string, TokenBucket>();

  /** @param isBarred which addresses nobody is introduced from, or sent to */
  constructor(
    clock: Clock,
    random: Random,
    subnets: AddressSet,
    limits: Limits["room"] = DEFAULT_LIMITS.room,
    isBarred: (host: string) => boolean = () => false,
  ) {
    this.#clock = clock;
    this.#random = random;
    this.#subnets = subnets;
    this.#limits = limits;
    this.#isBarred = isBarred;
  }

  get size(): number {
    return this.#open.size;
  }

  /**
   * False when no path between the two is known. One introduction of a pair at a time: further wishes are the same one. A pair that wishes for
   * more of them than its pace has to wish again later, as users do.
   */
  introduce(one: RoomMember, other: RoomMember): boolean {
    const [smaller, greater] = isBefore(one.name, other.name) ? [one, other] : [other, one];
    const pair = JSON.stringify([smaller.name, greater.name]);
    if (this.#pairs.has(pair)) return true;
    if (this.#isBarred(one.link.remote.host) || this.#isBarred(other.link.remote.host)) return false;
    const pathsTo = (to: RoomMember, from: RoomMember): Candidate[] =>
      to.candidatesFor(from, this.#subnets).filter(({ host }) => !this.#isBarred(host));
    const toGreater = pathsTo(greater, smaller);
    const toSmaller = pathsTo(smaller, greater);
    if (toGreater.length === 0 && toSmaller.length === 0) return false;
    if (!this.#paceOf(pair).take(this.#clock.now())) return true;
    const [dialler, answerer] = toGreater.length > 0 ? [smaller, greater] : [greater, smaller];
    const shared = {
      type: "ticket",
      ticketId: this.#random(16),
      secret: this.#random(32),
      expiresMs: this.#limits.ticketMs,
    } as const;
    const ticketFor = (member: RoomMember): Ticket => {
      const [about, candidates] = member === smaller ? [greater, toGreater] : [smaller, toSmaller];
      return { ...shared, name: about.name, kind: about.kind, candidates, first: member === dialler };
    };
    const key = hex(shared.ticketId);
    const timer = this.#clock.after(this.#limits.ticketMs, () => this.#end(key), { hold: false });
    this.#open.set(key, { pair, dialler, answerer, forDialler: ticketFor(dialler), timer });
    this.#pairs.add(pair);
    answerer.tellSealed(ticketFor(answerer));
    return true;
  }

  /** The answerer has its ticket: the dialler gets its own. */
  ready(member: RoomMember, ticketId: Uint8Array): void {
    const key = hex(ticketId);
    const open = this.#open.get(key);
    if (open?.answerer !== member) return;
    this.#end(key);
    open.dialler.tellSealed(open.forDialler);
  }

  /** A member left: its introductions come to nothing. */
  forget(member: RoomMember): void {
    for (const [key, open] of this.#open) if (open.dialler === member || open.answerer === member) this.#end(key);
  }

  close(): void {
    for (const key of this.#open.keys()) this.#end(key);
  }

  #paceOf(pair: string): TokenBucket {
    const { pairBurst, pairPerSecond } = this.#limits;
    const pace = this.#paces.get(pair) ?? new TokenBucket(pairPerSecond, pairBurst, this.#clock.now());
    this.#paces.delete(pair);
    this.#paces.set(pair, pace);
    const [oldest] = this.#paces.keys();
    if (this.#paces.size > MOST_PACES && oldest !== undefined) this.#paces.delete(oldest);
    return pace;
  }

  #end(key: string): void {
    const open = this.#open.get(key);
    if (open === undefined) return;
    open.timer.cancel();
    this.#pairs.delete(open.pair);
    this.#open.delete(key);
  }
}
