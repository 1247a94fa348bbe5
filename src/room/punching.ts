import type { Clock, Timer } from "../base/clock.ts";
import { DEFAULT_LIMITS, type Limits } from "../base/limits.ts";
import { isLoopback } from "../link/defaults.ts";
import type { RelayAnswer } from "../link/listener.ts";
import { FIRST_DIALLED_PORT, NEVER_DIALLED } from "../link/never-dialled.ts";
import type { Address, Pipe } from "../pipe/pipe.ts";
import type { NoGo } from "../wire/room-messages.ts";
import type { RoomMember } from "./member.ts";
import type { Passes } from "./passes.ts";

export interface PunchingOptions {
  readonly clock: Clock;
  readonly passes: Passes;
  /** The Room's second port; 0: it has none. */
  readonly probePort: number;
  readonly limits?: Limits["room"] | undefined;
}

/** One of the two. */
interface Side {
  readonly member: RoomMember;
  passes: readonly [Uint8Array, Uint8Array] | undefined;
  /** Where the connections to the Room's own port and to the second one came from. */
  readonly seen: [Address | undefined, Address | undefined];
  readonly pipes: Pipe[];
  rttMs: number;
}

interface Round {
  readonly ticketId: Uint8Array;
  readonly sides: readonly [Side, Side];
  readonly since: number;
  timer: Timer;
  isDecided: boolean;
}

/**
 * Leads two members that want a hole through their routers: both show themselves at two ports of the Room, from one port of theirs, and where that port has the same
 * address from outside for both, the other one is told to dial it, both at the same time. What a member says falsely spoils its own hole alone. (Ford et al. 2005.)
 */
export class Punching {
  readonly #options: PunchingOptions;
  readonly #limits: Limits["room"];
  readonly #rounds = new Map<RoomMember, Set<Round>>();

  constructor(options: PunchingOptions) {
    this.#options = options;
    this.#limits = options.limits ?? DEFAULT_LIMITS.room;
  }

  /** Members that are in a round, or were a moment ago. */
  get size(): number {
    return this.#rounds.size;
  }

  /** Asks both for their probes. */
  begin(ticketId: Uint8Array, one: RoomMember, other: RoomMember): void {
    const { clock, probePort: port } = this.#options;
    const round: Round = {
      ticketId,
      sides: [sideOf(one), sideOf(other)],
      since: clock.now(),
      timer: clock.after(this.#limits.probeMs, () => this.#late(round), { hold: false }),
      isDecided: false,
    };
    for (const side of round.sides) {
      side.passes = this.#passes(round, side);
      this.#rounds.set(side.member, (this.#rounds.get(side.member) ?? new Set()).add(round));
    }
    if (round.sides.some(({ passes }) => passes === undefined)) return this.#end(round);
    for (const { member, passes } of round.sides)
      if (passes !== undefined) member.tellSealed({ type: "probe", ticketId, passes, port });
  }

  /** A member left: the other one of a round need not wait for it. */
  forget(member: RoomMember): void {
    for (const round of this.#rounds.get(member) ?? []) {
      const { ticketId, sides, isDecided } = round;
      this.#end(round);
      if (isDecided) continue;
      for (const side of sides)
        if (side.member !== member) side.member.tell({ type: "noGo", ticketId, why: "its probe" });
    }
  }

  close(): void {
    for (const rounds of this.#rounds.values()) for (const round of rounds) this.#end(round);
  }

  #passes(round: Round, side: Side): readonly [Uint8Array, Uint8Array] | undefined {
    const issue = (at: 0 | 1): Uint8Array | undefined =>
      this.#options.passes.issue({ member: side.member, connected: () => this.#seen(round, side, at) });
    const [first, second] = [issue(0), issue(1)];
    if (first !== undefined && second !== undefined) return [first, second];
    for (const pass of [first, second]) if (pass !== undefined) this.#options.passes.revoke(pass);
    return undefined;
  }

  #seen(round: Round, side: Side, at: 0 | 1): RelayAnswer {
    return (pipe) => {
      side.pipes.push(pipe);
      // Nothing more is to come on it.
      pipe.start({ data: () => pipe.destroy(), drain() {}, end() {} });
      if (side.seen.every((address) => address === undefined))
        side.rttMs = (this.#options.clock.now() - round.since) / 2;
      side.seen[at] = pipe.remote;
      this.#judge(round);
    };
  }

  #judge(round: Round): void {
    const [one, other] = round.sides;
    if (round.isDecided) return;
    if (!this.#isStable(one)) return this.#noGo(round, "my mapping", "its mapping");
    if (!this.#isStable(other)) return this.#noGo(round, "its mapping", "my mapping");
    if (this.#isComplete(one) && this.#isComplete(other)) this.#go(round);
  }

  #go(round: Round): void {
    const [one, other] = round.sides;
    if (!this.#mayBeTold(one)) return this.#noGo(round, "my mapping", "its mapping");
    if (!this.#mayBeTold(other)) return this.#noGo(round, "its mapping", "my mapping");
    const longestMs = Math.max(one.rttMs, other.rttMs);
    this.#decided(round, this.#limits.probeKeepMs);
    for (const [side, its] of [
      [one, other],
      [other, one],
    ] as const) {
      const { host, port } = its.seen[0] as Address;
      // What is said arrives half a round trip later.
      const afterMs = Math.round((longestMs - side.rttMs) / 2);
      side.member.tell({ type: "go", ticketId: round.ticketId, host, port, afterMs });
    }
  }

  /** Nothing that came so far says that the router of that side gives a port another address for each destination. */
  #isStable({ seen: [first, second] }: Side): boolean {
    return first === undefined || second === undefined || (first.host === second.host && first.port === second.port);
  }

  #isComplete({ seen: [first, second] }: Side): boolean {
    return first !== undefined && (second !== undefined || this.#options.probePort === 0);
  }

  /** PROTOCOL §3.6: only where the Room sees that member itself. That may be a private address, where a Room serves networks that know each other's. */
  #mayBeTold({ member, seen: [first] }: Side): boolean {
    if (first === undefined || first.host !== member.link.remote.host) return false;
    const { host, port } = first;
    return port >= FIRST_DIALLED_PORT && !isLoopback(host) && !NEVER_DIALLED.has(host);
  }

  #late(round: Round): void {
    const [one, other] = round.sides;
    const [isOneMissing, isOtherMissing] = [one, other].map(({ seen: [first] }) => first === undefined);
    // The second port may be closed to the world: one probe of each tells less, but nothing against a hole.
    if (isOneMissing === false && isOtherMissing === false) return this.#go(round);
    this.#noGo(round, isOneMissing ? "my probe" : "its probe", isOtherMissing ? "my probe" : "its probe");
  }

  #noGo(round: Round, forOne: NoGo["why"], forOther: NoGo["why"]): void {
    const { ticketId, sides } = round;
    this.#decided(round, 0);
    sides[0].member.tell({ type: "noGo", ticketId, why: forOne });
    sides[1].member.tell({ type: "noGo", ticketId, why: forOther });
  }

  #decided(round: Round, keepMs: number): void {
    round.isDecided = true;
    round.timer.cancel();
    if (keepMs === 0) return this.#end(round);
    round.timer = this.#options.clock.after(keepMs, () => this.#end(round), { hold: false });
  }

  #end(round: Round): void {
    round.isDecided = true;
    round.timer.cancel();
    for (const { member, passes, pipes } of round.sides) {
      for (const pass of passes ?? []) this.#options.passes.revoke(pass);
      for (const pipe of pipes) pipe.destroy();
      const its = this.#rounds.get(member);
      if (its?.delete(round) === true && its.size === 0) this.#rounds.delete(member);
    }
  }
}

function sideOf(member: RoomMember): Side {
  return { member, passes: undefined, seen: [undefined, undefined], pipes: [], rttMs: 0 };
}
