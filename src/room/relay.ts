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
import { type Claim, sourceOf, yielding } from "./share.ts";
import { Splice } from "./splice.ts";

/** The share of all pairs. */
const EVERYBODY = "everybody";

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

/** One of the places that a pair needs. */
interface Place {
  /** Of the share that it is in. */
  readonly key: string;
  /** Places in that share. */
  readonly most: number;
  /** Whom it is kept from when there is none, and on whose account it is. */
  readonly member: RoomMember;
  readonly claim: Claim;
}

interface Pair {
  /** The one that asked, and the other. */
  readonly members: readonly [RoomMember, RoomMember];
  readonly places: readonly Place[];
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
  /** Who has the places of each share. */
  readonly #shares = new Map<string, Map<Pair, Claim>>();
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
    const places = this.#placesFor(asker, other);
    if (!this.#isRoomFor(places)) return undefined;
    const { passes } = this.#options;
    const pair: Pair = {
      members: [asker, other],
      places,
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

  /** In all, of what the one asked for, and of what others asked of the other; the shares of users go by name, for they may leave and be back. */
  #placesFor(asker: RoomMember, other: RoomMember): Place[] {
    const { splices, splicesPerUser } = this.#options.limits;
    return [
      { key: EVERYBODY, most: splices, member: asker, claim: claimOf(asker) },
      { key: `asked by ${asker.name}`, most: splicesPerUser, member: asker, claim: claimOf(other) },
      { key: `asked of ${other.name}`, most: splicesPerUser, member: other, claim: claimOf(asker) },
    ];
  }

  #yielding({ key, most, claim }: Place): Pair | "nothing" | "full" {
    return yielding(this.#shares.get(key) ?? new Map<Pair, Claim>(), most, claim);
  }

  /** Whether there is each of these places, or somebody that gives it up. */
  #isRoomFor(places: readonly Place[]): boolean {
    const full = places.find((place) => this.#yielding(place) === "full");
    if (full !== undefined) this.#note(full.member, full.key === EVERYBODY ? "no place" : "quota");
    return full === undefined;
  }

  /** A connection has shown a pass of that pair. Who has a partner waiting has its places. */
  #connected(pair: Pair, side: 0 | 1): RelayAnswer {
    if (pair.isOver) return { code: CODE.timeout, text: "the other one went away" };
    if (this.#live.has(pair) || this.#isRoomFor(pair.places))
      return (pipe, early) => this.#arrived(pair, side, pipe, early);
    this.#fail(pair, CODE.timeout, "the other one is not relayed");
    return { code: CODE.busy, text: "no place" };
  }

  #arrived(pair: Pair, side: 0 | 1, pipe: Pipe, early: Uint8Array): void {
    const { clock, limits } = this.#options;
    const leg: WaitingLeg = { pipe, held: [] };
    pair.legs[side] = leg;
    if (!this.#live.has(pair)) this.#begin(pair);
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

  /** Takes its places; who has to gives way. */
  #begin(pair: Pair): void {
    for (const place of pair.places) {
      const greedy = this.#yielding(place);
      if (typeof greedy === "string") continue;
      this.#note(greedy.members[0], "gave way");
      this.#fail(greedy, CODE.timeout, "others have fewer");
    }
    this.#live.add(pair);
    for (const { key, claim } of pair.places)
      this.#shares.set(key, (this.#shares.get(key) ?? new Map<Pair, Claim>()).set(pair, claim));
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
    for (const { key } of pair.places) {
      const share = this.#shares.get(key);
      if (share?.delete(pair) === true && share.size === 0) this.#shares.delete(key);
    }
    for (const leg of pair.legs)
      if (leg !== undefined && pair.splice === undefined && leg.pipe !== refused) refuse(leg.pipe, code, text);
    const key = pairKey(...pair.members);
    const same = this.#spliced.get(key);
    if (same?.delete(pair) === true && same.size === 0) this.#spliced.delete(key);
    pair.splice?.close();
    for (const { name } of pair.members) if (!this.#isRelayed(name)) this.#budgets.delete(name);
  }

  #isRelayed(name: string): boolean {
    return this.#shares.has(`asked by ${name}`) || this.#shares.has(`asked of ${name}`);
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

function claimOf({ name, link }: RoomMember): Claim {
  return { name, source: sourceOf(link.remote.host) };
}

function refuse(pipe: Pipe, code: number, text: string): void {
  pipe.write([encodeRefuse(code, 0, text)]);
  pipe.close(0);
}
