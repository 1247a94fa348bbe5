import type { Clock, Timer } from "../base/clock.ts";
import { DEFAULT_LIMITS, type Limits } from "../base/limits.ts";
import { quoted } from "../base/log.ts";
import type { AuditLog, AuditReasons } from "../link/audit.ts";
import { encodeRefuse } from "../link/handshake-frames.ts";
import { CODE } from "../link/handshake-refuse.ts";
import type { RelayAnswer } from "../link/listener.ts";
import type { Pipe } from "../pipe/pipe.ts";
import { showAddress } from "../pipe/tcp-errors.ts";
import { ByteBudget } from "./byte-budget.ts";
import type { RoomMember } from "./member.ts";
import { pairKey } from "./pair-key.ts";
import type { Passes } from "./passes.ts";
import { Splice } from "./splice.ts";

/** The passes of two members whose connections will be spliced. */
export interface RelayOffer {
  /** Of the one that asked, and of the other. */
  readonly passes: readonly [Uint8Array, Uint8Array];
  /** The introduction is over. Nothing happens to what is spliced already. */
  end(): void;
}

/** Two members that are spliced now. */
export interface RelayedPair {
  readonly between: readonly [string, string];
  readonly bytes: number;
  readonly since: Date;
}

interface WaitingLeg {
  readonly pipe: Pipe;
  readonly held: Uint8Array[];
}

interface Pair {
  readonly members: readonly [RoomMember, RoomMember];
  passes: readonly Uint8Array[];
  readonly legs: [WaitingLeg | undefined, WaitingLeg | undefined];
  /** For the second leg. */
  timer: Timer | undefined;
  splice: Splice | undefined;
  since: Date;
  isOver: boolean;
}

export interface RelayOptions {
  readonly clock: Clock;
  readonly limits: Limits["relay"];
  readonly passes: Passes;
  readonly audit?: AuditLog | undefined;
}

/**
 * Splices connections of two members that can't reach each other otherwise, or not yet. Each shows a pass; the first one waits for the second. What they say is theirs:
 * the Room passes on bytes, and learns how many.
 */
export class Relay {
  readonly #options: RelayOptions;
  /** Pairs of which at least one connection is there. */
  readonly #live = new Set<Pair>();
  /** How many connections a user has, waiting or spliced, by its name: it may have left, and be back. */
  readonly #counts = new Map<string, number>();
  /** What is spliced, by the names of the two; the oldest first. */
  readonly #spliced = new Map<string, Set<Pair>>();
  readonly #budgets = new Map<string, ByteBudget>();
  #isClosed = false;

  constructor(options: RelayOptions) {
    this.#options = options;
  }

  /** Pairs of which at least one connection is there. */
  get size(): number {
    return this.#live.size;
  }

  /** Undefined: there is no place for another pair, of these two or at all. */
  offer(asker: RoomMember, other: RoomMember): RelayOffer | undefined {
    if (this.#isClosed) return undefined;
    for (const member of [asker, other]) {
      const why = this.#whyNot(member, true);
      if (why !== undefined) {
        this.#note(member, why);
        return undefined;
      }
    }
    const { passes } = this.#options;
    const pair: Pair = {
      members: [asker, other],
      passes: [],
      legs: [undefined, undefined],
      timer: undefined,
      splice: undefined,
      since: new Date(0),
      isOver: false,
    };
    const one = passes.issue({ member: asker, connected: () => this.#connected(pair, 0) });
    const two = passes.issue({ member: other, connected: () => this.#connected(pair, 1) });
    pair.passes = [one, two].filter((pass) => pass !== undefined);
    if (one === undefined || two === undefined) {
      this.#revoke(pair);
      this.#note(asker, "no place");
      return undefined;
    }
    const end = (): void => {
      this.#revoke(pair);
      if (pair.splice === undefined) this.#fail(pair, CODE.timeout, "the introduction is over");
    };
    return { passes: [one, two], end };
  }

  /** Who is spliced now. */
  pairs(): RelayedPair[] {
    const pairs: RelayedPair[] = [];
    for (const { members, splice, since } of this.#live)
      if (splice !== undefined) pairs.push({ between: [members[0].name, members[1].name], bytes: splice.bytes, since });
    return pairs;
  }

  /** Addresses were barred: what is spliced or waits with them ends. */
  bar(isBarred: (host: string) => boolean): void {
    for (const pair of this.#live) {
      const hosts = pair.legs.map((leg) => leg?.pipe.remote.host);
      if (hosts.some((host) => host !== undefined && isBarred(host))) this.#fail(pair, CODE.penalty, "barred");
    }
  }

  /** Ends everything. */
  close(): void {
    this.#isClosed = true;
    for (const pair of this.#live) this.#fail(pair, CODE.shuttingDown, "the Room is closing");
  }

  /** Why a member can't have one more connection. */
  #whyNot({ name }: RoomMember, isFirst: boolean): AuditReasons["not relayed"] | undefined {
    const { splices, splicesPerUser } = this.#options.limits;
    if (isFirst && this.#live.size >= splices) return "no place";
    return (this.#counts.get(name) ?? 0) >= splicesPerUser ? "quota" : undefined;
  }

  /** A connection has shown a pass of that pair. */
  #connected(pair: Pair, side: 0 | 1): RelayAnswer {
    if (pair.isOver) return { code: CODE.timeout, text: "the other one went away" };
    const why = this.#whyNot(pair.members[side], pair.legs[1 - side] === undefined);
    if (why === undefined) return (pipe, early) => this.#arrived(pair, side, pipe, early);
    this.#note(pair.members[side], why);
    this.#fail(pair, CODE.timeout, "the other one is not relayed");
    return { code: CODE.busy, text: why };
  }

  #arrived(pair: Pair, side: 0 | 1, pipe: Pipe, early: Uint8Array): void {
    const { clock, limits } = this.#options;
    const { name } = pair.members[side];
    const leg: WaitingLeg = { pipe, held: [] };
    pair.legs[side] = leg;
    this.#live.add(pair);
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
    let heldBytes = 0;
    const hold = (chunk: Uint8Array): void => {
      heldBytes += chunk.length;
      if (heldBytes > DEFAULT_LIMITS.wire.earlyBytes) return this.#tooMuch(pair, side);
      leg.held.push(chunk.slice());
    };
    if (early.length > 0) hold(early);
    if (!this.#live.has(pair)) return;
    if (pair.legs[1 - side] !== undefined) return this.#join(pair);
    pair.timer = clock.after(
      limits.waitMs,
      () => {
        this.#note(pair.members[side], "no other leg", pipe);
        this.#fail(pair, CODE.timeout, "the other one did not come");
      },
      { hold: false },
    );
    pipe.start({ data: hold, drain() {}, end: () => this.#fail(pair, CODE.timeout, "the other one went away") });
  }

  /** More came than is held. */
  #tooMuch(pair: Pair, side: 0 | 1): void {
    const { pipe } = pair.legs[side] as WaitingLeg;
    this.#note(pair.members[side], "too much at once", pipe);
    refuse(pipe, CODE.malformed, `more than ${DEFAULT_LIMITS.wire.earlyBytes} bytes before the splice`);
    this.#fail(pair, CODE.timeout, "the other one was refused", pipe);
  }

  #join(pair: Pair): void {
    const { clock, limits } = this.#options;
    const [one, other] = pair.legs as [WaitingLeg, WaitingLeg];
    pair.timer?.cancel();
    pair.since = new Date(clock.date());
    const key = pairKey(...pair.members);
    const same = this.#spliced.get(key) ?? new Set();
    this.#spliced.set(key, same.add(pair));
    const [oldest] = same;
    if (same.size > limits.splicesPerPair && oldest !== undefined) this.#fail(oldest, CODE.timeout, "replaced");
    const [mine, its] = pair.members.map((member) => this.#budgetOf(member));
    pair.splice = new Splice(
      { ...one, budget: mine },
      { ...other, budget: its },
      {
        clock,
        idleMs: limits.idleMs,
        bytesPerTurn: limits.bytesPerTurn,
        over: () => this.#fail(pair, CODE.timeout, ""),
      },
    );
  }

  /** What a user may send in all, over all that it has spliced. */
  #budgetOf({ name }: RoomMember): ByteBudget | undefined {
    const { clock, limits } = this.#options;
    if (limits.bytesPerSecond === 0) return undefined;
    const budget = this.#budgets.get(name) ?? new ByteBudget(clock, limits.bytesPerSecond);
    this.#budgets.set(name, budget);
    return budget;
  }

  /** The pair is over: spliced legs are closed, waiting ones hear why, and so does one that comes yet. May be called again. */
  #fail(pair: Pair, code: number, text: string, refused?: Pipe): void {
    pair.isOver = true;
    if (!this.#live.delete(pair)) return;
    pair.timer?.cancel();
    for (const [side, leg] of pair.legs.entries()) {
      if (leg === undefined) continue;
      this.#release((pair.members[side] as RoomMember).name);
      if (pair.splice === undefined && leg.pipe !== refused) refuse(leg.pipe, code, text);
    }
    const key = pairKey(...pair.members);
    const same = this.#spliced.get(key);
    if (same?.delete(pair) === true && same.size === 0) this.#spliced.delete(key);
    pair.splice?.close();
  }

  #release(name: string): void {
    const left = (this.#counts.get(name) ?? 0) - 1;
    if (left > 0) return void this.#counts.set(name, left);
    this.#counts.delete(name);
    this.#budgets.delete(name);
  }

  #revoke(pair: Pair): void {
    for (const pass of pair.passes) this.#options.passes.revoke(pass);
  }

  #note(
    { name, link }: RoomMember,
    reason: AuditReasons["not relayed"],
    { remote }: Pick<Pipe, "remote"> = link,
  ): void {
    const from = showAddress(remote.host, remote.port);
    this.#options.audit?.note("not relayed", reason, { from, name }, `${quoted(name)} is not relayed: ${reason}`);
  }
}

function refuse(pipe: Pipe, code: number, text: string): void {
  pipe.write([encodeRefuse(code, 0, text)]);
  pipe.close(0);
}
