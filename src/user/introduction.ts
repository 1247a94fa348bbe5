import { isBefore } from "../base/bytes.ts";
import type { Timer } from "../base/clock.ts";
import { LinkError } from "../base/errors.ts";
import { pause } from "../base/waits.ts";
import type { Environment } from "../link/environment.ts";
import type { Link } from "../link/link.ts";
import { RelayedPipe } from "../link/relayed-pipe.ts";
import type { Arrival, PeerTable } from "../node/peer-table.ts";
import { rankOf } from "../node/paths.ts";
import type { ResumeKey } from "../node/resume-keys.ts";
import { showAddress } from "../pipe/tcp-errors.ts";
import type { Path } from "../schema/peer-types.ts";
import {
  type Answer,
  type Candidate,
  type Candidates,
  type Go,
  type Introduced,
  MAX_ADDRESSES,
  type NoGo,
  type Probe,
  type Ticket,
} from "../wire/room-messages.ts";
import { safeCandidates } from "./dial-safety.ts";
import { punch } from "./hole.ts";
import type { LinkMaker } from "./link-maker.ts";
import { PathError, type PathLog } from "./path-log.ts";
import type { RoomConnection } from "./room-connection.ts";
import type { Tickets } from "./tickets.ts";

/** Direct dials have so much of a head start before this side opens its connection for a relay. */
const HEAD_START_MS = 50;

/** How long the one that asked waits for a sign that the other one has its ticket, before it dials. */
const SECOND_MS = 250;

/** From the dials to the wish for a hole, unless a direct link is there by then. */
const PUNCH_AFTER_MS = 250;

/** A peer that does not know a session yet is asked again after so long. */
const AGAIN_MS = 100;

/** Addresses that one introduction has dialled, each once: those that the peer had first, and as many that it came to have meanwhile. */
const MOST_DIALLED = 2 * MAX_ADDRESSES;

/** What this side answers goes on for so long beside a link that is no worse: the dialler may have proven it, and let go of that one. */
const CROSSING_MS = 1_000;

/** Attempts of one introduction end by then at the latest. */
const LONGEST_MS = 10_000;

export interface IntroductionContext {
  readonly environment: Environment;
  readonly name: string;
  readonly links: LinkMaker;
  readonly tickets: Tickets;
  readonly table: PeerTable;
  readonly room: RoomConnection;
  readonly paths: PathLog;
  /** Whether this program reached its Room over loopback; only then loopback addresses are dialled. */
  readonly overLoopback: () => boolean;
  readonly proven: (link: Link, arrival: Arrival) => void;
  /** Every attempt failed, each with a clause that says how; or the peer refused the key (`isRefused`). */
  readonly failed: (introduction: Introduction, failures: readonly string[]) => void;
}

interface Attempt {
  readonly rank: number;
  /** Whether the other one dials: it has its link before this side does. */
  readonly isAnswer: boolean;
  readonly over: AbortController;
}

/** A link through the Room that is on its way. */
interface Relayed {
  readonly pipe: RelayedPipe;
  readonly signal: AbortSignal;
}

/** What an attempt led to: a link that is proven; none, because another path was faster; or one that has joined its session already. */
type Made = { readonly link: Link | undefined; readonly listener?: Candidate } | "resumed";

/** An attempt ended because a better path was there first. */
class Dropped extends Error {}

/**
 * One introduction to one peer: every path that it offers is tried, and a link that is proven ends the attempts at paths that are no better. The one that asked for it
 * made the ticket, and sends the HELLO of a relayed link along; the other one answers.
 */
export class Introduction {
  readonly peer: string;
  readonly ticketId: Uint8Array;
  readonly isAsker: boolean;
  /** Keys of the session that this side has, each of which the peer did not know: tried by this introduction and by those that it followed on. */
  readonly refused = new Set<ResumeKey>();
  /** The peer did not know the key that this introduction came with. */
  isRefused = false;
  /** It was asked for to reach the peer at all, through the Room too: not for a better path than there is. */
  isForAny = false;
  readonly #context: IntroductionContext;
  readonly #attempts = new Set<Attempt>();
  readonly #timers = new Set<Timer>();
  readonly #failures: string[] = [];
  #relayed: Relayed | undefined;
  #candidates: readonly Candidate[] = [];
  readonly #dialled = new Set<string>();
  #hasDialled = false;
  #hasTried = false;
  #isIntroduced = false;
  #isClosed = false;
  #verdict: ((said: Go | NoGo) => void) | undefined;

  constructor(context: IntroductionContext, peer: string, ticketId: Uint8Array, isAsker: boolean) {
    this.#context = context;
    this.peer = peer;
    this.ticketId = ticketId;
    this.isAsker = isAsker;
  }

  /** The Room has introduced the two, and something is still tried. */
  get isUnderWay(): boolean {
    return this.#isIntroduced && this.#attempts.size > 0;
  }

  /** Whether the peer may be in the same network, as the Room said. */
  get hasLan(): boolean {
    return this.#candidates.some(({ path }) => path === "lan");
  }

  /** Asks the Room. `relay`: the HELLO for a link through it goes along, by a key that is not among the `refused` ones. */
  ask(secret: Uint8Array, { relay, refused }: { relay: boolean; refused: Iterable<ResumeKey> }): void {
    this.isForAny = relay;
    for (const key of refused) this.refused.add(key);
    const { room, environment, links } = this.#context;
    const { peer, ticketId } = this;
    const introduce = (hello?: Uint8Array): void => {
      room.send({ type: "introduce", name: peer, ticketId, secret, hello });
    };
    const at = room.remote;
    if (!relay || at === undefined) return introduce();
    const pipe = new RelayedPipe(at, environment.limits.pipe.highWaterBytes, introduce);
    void this.#attempt("relay", undefined, LONGEST_MS, async (signal) => {
      this.#relayed = { pipe, signal };
      const claim = { peer, ticketId, purpose: 4 } as const;
      const key = links.keyFor(claim, this.refused);
      try {
        return { link: await links.dial(pipe, { ...claim, key }, signal) };
      } catch (error) {
        if (key !== undefined && error instanceof LinkError && error.code === "ERR_TICKET") {
          this.refused.add(key);
          this.isRefused = true;
        }
        throw error;
      }
    });
  }

  /** The Room has told the other one. */
  introduced({ candidates, pass }: Introduced): void {
    const { tickets } = this.#context;
    if (this.#isIntroduced || this.#isClosed) return;
    this.#isIntroduced = true;
    this.#know(candidates);
    tickets.reachableAt(this.ticketId, this.#candidates);
    const relayed = this.#relayed;
    if (pass === undefined) relayed?.pipe.fail(new PathError("no relay", "the Room does not relay for this pair now"));
    else if (relayed !== undefined) this.#afterHeadStart(() => this.#openLeg(relayed, pass));
    if (relayed === undefined || this.#candidates.length > 0) this.#later(SECOND_MS, () => this.#try());
    this.#settle();
  }

  /** There are more candidates by now. */
  learned({ candidates }: Candidates): void {
    const { tickets } = this.#context;
    this.#know(candidates);
    tickets.reachableAt(this.ticketId, this.#candidates);
    if (this.#hasDialled) this.#dialAll(this.#candidates);
  }

  /** The other one answers the HELLO that went along. */
  answered({ frame }: Answer): void {
    if (!this.isAsker || this.#isClosed) return;
    this.#relayed?.pipe.deliver(frame);
    this.#try();
  }

  /** Another user asked for this introduction. `mayDial`: its addresses too; else through the Room alone. */
  ticket({ candidates, hello, pass }: Ticket, mayDial: boolean): void {
    const { tickets, room, environment, links } = this.#context;
    const { peer, ticketId } = this;
    this.#isIntroduced = true;
    this.#know(candidates);
    tickets.reachableAt(ticketId, this.#candidates);
    if (mayDial) this.#dialAll(this.#candidates);
    const at = room.remote;
    if (hello === undefined || pass === undefined || at === undefined) return this.#settle();
    void this.#attempt("relay", undefined, LONGEST_MS, async (signal) => {
      const pipe = new RelayedPipe(at, environment.limits.pipe.highWaterBytes, (frame) => {
        room.send({ type: "answer", ticketId, frame });
      });
      this.#afterHeadStart(() => this.#openLeg({ pipe, signal }, pass));
      const answered = links.answer(pipe, { peer, ticketId, purpose: 4 }, signal);
      pipe.deliver(hello);
      return { link: await answered };
    });
  }

  /** The Room leads a round: both open a hole for the other. */
  probe(message: Probe): void {
    const { environment, links, room, name } = this.#context;
    const { peer, ticketId } = this;
    const at = room.remote;
    if (this.#isClosed || at === undefined || this.#verdict !== undefined) return;
    void this.#attempt("punched", undefined, LONGEST_MS, async (signal) => {
      const said = new Promise<Go | NoGo>((resolve) => (this.#verdict = resolve));
      try {
        const claim = { peer, ticketId, purpose: 3 } as const;
        const link = await punch({ environment, room: at, probe: message, said, signal }, (pipe) =>
          isBefore(name, peer)
            ? links.dial(pipe, { ...claim, key: links.keyFor(claim) }, signal)
            : links.answer(pipe, claim, signal),
        );
        return { link };
      } finally {
        this.#verdict = undefined;
      }
    });
  }

  /** What the Room says when it has seen both. */
  said(verdict: Go | NoGo): void {
    this.#verdict?.(verdict);
  }

  /** The Room can't introduce. */
  absent(): void {
    this.close();
  }

  /** Nothing more is tried. */
  close(): void {
    this.#isClosed = true;
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    for (const { over } of this.#attempts) over.abort(new Dropped("the introduction is over"));
  }

  #know(candidates: readonly Candidate[]): void {
    this.#candidates = safeCandidates(candidates, this.#context.overLoopback());
  }

  #later(ms: number, run: () => void): void {
    const timer = this.#context.environment.clock.after(
      ms,
      () => {
        this.#timers.delete(timer);
        run();
        this.#settle();
      },
      { hold: false },
    );
    this.#timers.add(timer);
  }

  #afterHeadStart(run: () => void): void {
    if (this.#candidates.length === 0) run();
    else this.#later(HEAD_START_MS, run);
  }

  #openLeg({ pipe, signal }: Relayed, pass: Uint8Array): void {
    const { environment, room } = this.#context;
    const at = room.remote;
    if (pipe.isOver || at === undefined) return;
    environment.dial({ ...at, signal }).then(
      (leg) => pipe.attach(leg, pass),
      (error: unknown) => pipe.fail(error instanceof Error ? error : new Error(String(error))),
    );
  }

  /** The other one has its ticket: tries what does not lead through the Room. */
  #try(): void {
    if (this.#hasTried || this.#isClosed) return;
    this.#hasTried = true;
    this.#dialAll(this.#candidates);
    if (this.#candidates.length === 0) this.#wishForHole();
    else this.#later(PUNCH_AFTER_MS, () => this.#wishForHole());
  }

  /** All at the same time, each once. */
  #dialAll(candidates: readonly Candidate[]): void {
    this.#hasDialled = true;
    const { dialMs } = this.#context.environment.limits.user;
    for (const candidate of candidates) {
      const { host, port, path } = candidate;
      const address = showAddress(host, port);
      if (this.#dialled.has(address) || this.#dialled.size >= MOST_DIALLED) continue;
      this.#dialled.add(address);
      void this.#attempt(path, address, dialMs, (signal) => this.#dial(candidate, signal));
    }
  }

  async #dial(candidate: Candidate, signal: AbortSignal): Promise<Made> {
    const { environment, links, table, tickets } = this.#context;
    const { peer, ticketId } = this;
    const { host, port } = candidate;
    const claim = { peer, ticketId, purpose: 3 } as const;
    for (;;) {
      if (links.needsKey(claim)) {
        const error = await table.resume(peer, candidate, signal);
        signal.throwIfAborted();
        if (error === undefined) return "resumed";
        if (error.code !== "ERR_TICKET") throw error;
        // The peer knows no such session: its program is another one by now. Or not yet: the link that began it is on its way.
        if (!tickets.isGood(ticketId, 3)) {
          await pause(environment.clock, AGAIN_MS, signal);
          signal.throwIfAborted();
          continue;
        }
      }
      const pipe = await environment.dial({ host, port, signal });
      const link = await links.dial(pipe, claim, signal);
      if (link !== undefined || !table.isOpen(peer)) return { link, listener: candidate };
      // Another path was faster, and made the session that this one joins now.
    }
  }

  #wishForHole(): void {
    const { room, overLoopback } = this.#context;
    if (overLoopback() || this.#isClosed || !this.#improves("punched")) return;
    room.send({ type: "punch", ticketId: this.ticketId });
  }

  /** Whether a link over that path would be better than what is there. */
  #improves(path: Path): boolean {
    const { table } = this.#context;
    const now = table.isLinked(this.peer) ? table.path(this.peer) : undefined;
    return now === undefined || rankOf(path) < rankOf(now);
  }

  /** `run` throws what stood in the way. */
  async #attempt(
    path: Path,
    address: string | undefined,
    mostMs: number,
    run: (signal: AbortSignal) => Promise<Made>,
  ): Promise<void> {
    // Who wishes for a relay has no link that is well, whatever this side believes.
    if (this.#isClosed || (path !== "relay" && !this.#improves(path))) return;
    const { environment, paths } = this.#context;
    const rank = rankOf(path);
    const isAnswer = path === "relay" && !this.isAsker;
    const attempt: Attempt = { rank, isAnswer, over: new AbortController() };
    const { over } = attempt;
    this.#attempts.add(attempt);
    const end = paths.begin(this.peer, path, address);
    const late = (): void => over.abort(new PathError("silent", `no answer within ${mostMs / 1_000} s`));
    const timer = environment.clock.after(mostMs, late, { hold: false });
    try {
      const made = await run(over.signal);
      this.#attempts.delete(attempt); // its link lives on, whatever ends the others
      if (made === "resumed") return end("linked");
      const { link, listener } = made;
      end(link === undefined ? "dropped" : "linked");
      if (link !== undefined) this.#context.proven(link, { path, listener });
    } catch (error) {
      const reason: unknown = over.signal.aborted ? over.signal.reason : plain(error);
      if (reason instanceof Dropped) end("dropped");
      else {
        const why = reason instanceof Error ? reason.message : String(reason);
        this.#failures.push(`${address ?? (path === "relay" ? "through the Room" : path)}: ${why}`);
        end("failed", reason);
      }
    } finally {
      timer.cancel();
      this.#attempts.delete(attempt);
      this.#settle();
    }
  }

  /** A link over that path is there, whoever made it: what is no better is not tried any more. */
  linked(path: Path): void {
    const rank = rankOf(path);
    for (const { rank: its, isAnswer, over } of this.#attempts) {
      if (its < rank) continue;
      const drop = (): void => over.abort(new Dropped("another path was faster"));
      if (isAnswer) this.#later(CROSSING_MS, drop);
      else drop();
    }
  }

  /** Tells when nothing is left to try, or when another key may do better. */
  #settle(): void {
    if (this.#isClosed || !this.#isIntroduced) return;
    if (!this.isRefused && (this.#attempts.size > 0 || this.#timers.size > 0)) return;
    this.#context.failed(this, this.#failures);
  }
}

/** The reason itself, where a handshake wraps it in what it means for a dial. */
function plain(error: unknown): unknown {
  return error instanceof Error && error.cause instanceof PathError ? error.cause : error;
}
