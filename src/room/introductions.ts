import { hex } from "../base/bytes.ts";
import type { Clock, Timer } from "../base/clock.ts";
import { DEFAULT_LIMITS, type Limits } from "../base/limits.ts";
import { TokenBucket } from "../base/token-bucket.ts";
import type { AddressSet } from "../link/address-set.ts";
import type { Answer, Candidate, Introduce, Punch } from "../wire/room-messages.ts";
import type { RoomMember } from "./member.ts";
import { pairKey } from "./pair-key.ts";
import type { RelayOffer } from "./relay.ts";

/** How often others are told that a member may be reached elsewhere: it may move all the time, and be introduced to everybody. */
const LEARNED_EACH_MS = 1_000;

/** Pairs whose pace is remembered. */
const MOST_PACES = 65_536;

/** Of the secrets that it passes on the Room keeps none. */
interface Introduction {
  readonly key: string;
  readonly ticketId: Uint8Array;
  readonly pair: string;
  readonly asker: RoomMember;
  readonly other: RoomMember;
  /** A HELLO came along, and is to be answered. */
  readonly hasHello: boolean;
  readonly relay: RelayOffer | undefined;
  readonly since: number;
  isAnswered: boolean;
  hasPunched: boolean;
}

export interface IntroductionsOptions {
  readonly clock: Clock;
  /** The subnets of the Room's own machine. */
  readonly subnets: AddressSet;
  readonly limits?: Limits["room"] | undefined;
  /** Which addresses nobody is introduced from, or sent to. */
  readonly isBarred?: ((host: string) => boolean) | undefined;
  /** Passes for connections that the Room splices; undefined: it does not. */
  readonly relay?: ((asker: RoomMember, other: RoomMember) => RelayOffer | undefined) | undefined;
  /** Two want a hole. */
  readonly punch?: ((ticketId: Uint8Array, one: RoomMember, other: RoomMember) => void) | undefined;
}

/** Tells two members of each other: passes on the ticket of the one that asks, says where each may be reached, and carries the answer back. */
export class Introductions {
  readonly #clock: Clock;
  readonly #limits: Limits["room"];
  readonly #options: IntroductionsOptions;
  /** By ticket id in hex; all live equally long, so the oldest comes first. */
  readonly #live = new Map<string, Introduction>();
  readonly #ofMember = new Map<RoomMember, Set<Introduction>>();
  /** The last one of each pair. */
  readonly #ofPair = new Map<string, Introduction>();
  /** How often pairs are introduced, by their names; the one whose turn is longest ago is forgotten first. */
  readonly #paces = new Map<string, TokenBucket>();
  /** Members of whom others were told a moment ago, and whether there is more to tell since. */
  readonly #told = new Map<RoomMember, { timer: Timer; hasMore: boolean }>();
  #timer: Timer | undefined;

  constructor(options: IntroductionsOptions) {
    this.#clock = options.clock;
    this.#limits = options.limits ?? DEFAULT_LIMITS.room;
    this.#options = options;
  }

  get size(): number {
    return this.#live.size;
  }

  /**
   * False when the two can't be introduced. One introduction of a pair at a time: a wish that crosses another one is the same one, and who wishes again has given its last one
   * up. A pair that wishes for more of them than its pace has to wish again later, as users do.
   */
  introduce(asker: RoomMember, other: RoomMember, wish: Omit<Introduce, "type" | "name">): boolean {
    if (this.#isBarred(asker.link.remote.host) || this.#isBarred(other.link.remote.host)) return false;
    const { ticketId, secret, hello } = wish;
    const key = hex(ticketId);
    const pair = pairKey(asker, other);
    const last = this.#ofPair.get(pair);
    if (this.#live.has(key) || (last?.asker !== asker && this.#isUnderWay(last, hello !== undefined))) return true;
    if (!this.#paceOf(pair).take(this.#clock.now())) return true;
    if (last?.asker === asker && !last.isAnswered) this.#end(last);
    this.#makeRoomFor(asker);
    const relay = hello === undefined ? undefined : this.#options.relay?.(asker, other);
    const introduction: Introduction = {
      key,
      ticketId,
      pair,
      asker,
      other,
      hasHello: relay !== undefined,
      relay,
      since: this.#clock.now(),
      isAnswered: false,
      hasPunched: false,
    };
    this.#live.set(key, introduction);
    this.#ofPair.set(pair, introduction);
    for (const member of [asker, other])
      this.#ofMember.set(member, (this.#ofMember.get(member) ?? new Set()).add(introduction));
    this.#arm();
    const [pass, itsPass] = relay?.passes ?? [];
    asker.tellSealed({ type: "introduced", ticketId, candidates: this.#candidates(other, asker), pass });
    other.tellSealed({
      type: "ticket",
      ticketId,
      secret,
      name: asker.name,
      kind: asker.kind,
      candidates: this.#candidates(asker, other),
      expiresMs: this.#limits.ticketMs,
      hello: relay === undefined ? undefined : hello,
      pass: itsPass,
    });
    return true;
  }

  /** The answer to the HELLO of the one that asked. */
  answer(member: RoomMember, { ticketId, frame }: Answer): void {
    const introduction = this.#live.get(hex(ticketId));
    if (introduction?.other !== member || introduction.relay === undefined || introduction.isAnswered) return;
    introduction.isAnswered = true;
    introduction.asker.tell({ type: "answer", ticketId, frame });
  }

  /** One of the two wants a hole. One round for each introduction. */
  punch(member: RoomMember, { ticketId }: Punch): void {
    const introduction = this.#live.get(hex(ticketId));
    if (introduction === undefined || introduction.hasPunched) return;
    const { asker, other } = introduction;
    if (member !== asker && member !== other) return;
    introduction.hasPunched = true;
    this.#options.punch?.(ticketId, asker, other);
  }

  /** More is known about where a member may be reached: whoever it is being introduced to is told, at once or when enough time has passed since the last time. */
  learned(member: RoomMember): void {
    const told = this.#told.get(member);
    if (told !== undefined) {
      told.hasMore = true;
      return;
    }
    const introductions = this.#ofMember.get(member);
    if (introductions === undefined) return;
    for (const { asker, other, ticketId } of introductions) {
      const to = asker === member ? other : asker;
      to.tell({ type: "candidates", ticketId, candidates: this.#candidates(member, to) });
    }
    const goOn = (): void => {
      const hasMore = this.#told.get(member)?.hasMore === true;
      this.#told.delete(member);
      if (hasMore) this.learned(member);
    };
    this.#told.set(member, { timer: this.#clock.after(LEARNED_EACH_MS, goOn, { hold: false }), hasMore: false });
  }

  /** A member left: its introductions come to nothing. */
  forget(member: RoomMember): void {
    for (const introduction of this.#ofMember.get(member) ?? []) this.#end(introduction);
    this.#told.get(member)?.timer.cancel();
    this.#told.delete(member);
  }

  close(): void {
    for (const introduction of this.#live.values()) this.#end(introduction);
    for (const { timer } of this.#told.values()) timer.cancel();
    this.#told.clear();
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #isBarred(host: string): boolean {
    return this.#options.isBarred?.(host) === true;
  }

  #candidates(of: RoomMember, to: RoomMember): Candidate[] {
    return of.candidatesFor(to, this.#options.subnets).filter(({ host }) => !this.#isBarred(host));
  }

  /** Whether a pair has been introduced a moment ago. A wish that brings a HELLO need not wait for one that brought none: calls may wait for it. */
  #isUnderWay(last: Introduction | undefined, bringsHello: boolean): boolean {
    if (last === undefined || last.isAnswered || (bringsHello && !last.hasHello)) return false;
    return this.#clock.now() - last.since < this.#limits.pairWaitMs;
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

  /** Where there are too many, the oldest goes: of the one that asks, if it has any. */
  #makeRoomFor(asker: RoomMember): void {
    if (this.#live.size < this.#limits.introductions) return;
    const [own] = this.#ofMember.get(asker) ?? [];
    const [oldest] = this.#live.values();
    const victim = own ?? oldest;
    if (victim !== undefined) this.#end(victim);
  }

  /** One timer, for the oldest. */
  #arm(): void {
    const [oldest] = this.#live.values();
    if (this.#timer !== undefined || oldest === undefined) return;
    const { ticketMs } = this.#limits;
    const expire = (): void => {
      this.#timer = undefined;
      for (const introduction of this.#live.values()) {
        if (introduction.since + ticketMs > this.#clock.now()) break;
        this.#end(introduction);
      }
      this.#arm();
    };
    this.#timer = this.#clock.after(Math.max(1, oldest.since + ticketMs - this.#clock.now()), expire, { hold: false });
  }

  #end(introduction: Introduction): void {
    const { key, pair, asker, other, relay } = introduction;
    if (!this.#live.delete(key)) return;
    if (this.#ofPair.get(pair) === introduction) this.#ofPair.delete(pair);
    for (const member of [asker, other]) {
      const its = this.#ofMember.get(member);
      if (its?.delete(introduction) === true && its.size === 0) this.#ofMember.delete(member);
    }
    relay?.end();
    if (this.#live.size > 0) return;
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
