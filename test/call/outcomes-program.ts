import type { Clock, Timer } from "../../src/base/clock.ts";
import { PeerError } from "../../src/base/errors.ts";
import { DEFAULT_LIMITS } from "../../src/base/limits.ts";
import { loggerOf } from "../../src/base/log.ts";
import type { Conversation } from "../../src/call/conversation.ts";
import { AuditLog } from "../../src/link/audit.ts";
import { environmentWith } from "../../src/link/environment.ts";
import { PeerTable } from "../../src/node/peer-table.ts";
import type { SessionEnd } from "../../src/session/session.ts";
import type { ManualClock } from "../../src/testing/manual-clock.ts";
import type { Seeded } from "../session/seeded.ts";
import { type Handlers, handlersOf, methodOf } from "./outcomes-handlers.ts";
import type { Tracked } from "./outcomes-log.ts";
import type { Network } from "./outcomes-network.ts";
import type { Side } from "./outcomes-wire.ts";

/** A program that loses its timers when it is killed. */
class ProgramClock implements Clock {
  readonly #clock: ManualClock;
  readonly #timers = new Set<Timer>();
  #isStopped = false;

  constructor(clock: ManualClock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now();
  }

  date(): number {
    return this.#clock.date();
  }

  after(ms: number, run: () => void): Timer {
    if (this.#isStopped) return { cancel: () => {} };
    const timer = this.#clock.after(ms, () => {
      this.#timers.delete(timer);
      run();
    });
    this.#timers.add(timer);
    return {
      cancel: () => {
        timer.cancel();
        this.#timers.delete(timer);
      },
    };
  }

  get pending(): number {
    return this.#timers.size;
  }

  stop(): void {
    this.#isStopped = true;
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }
}

const NAMES = ["Bar", "Foo"] as const;

/** How the system says that a process is gone. */
export const NOBODY_LISTENS = "nobody listens there";

/** The Room answers within so long, and is asked again so much later. */
const ROOM_MS = 300;
const ROUND_MS = 2_000;

/** One process: its table of one peer, what it handles, and how it asks for links. */
export class Program {
  readonly side: Side;
  readonly name: string;
  readonly peer: string;
  readonly port: number;
  readonly clock: ProgramClock;
  readonly table: PeerTable;
  readonly handlers: Handlers;
  isAlive = true;
  isLeaving = false;
  lastEnd: SessionEnd | undefined;
  /** Keys that were refused in the present round of dials. */
  refusedKeys = 0;
  readonly #network: Network;
  readonly #chance: Seeded;
  #asking: Timer | undefined;

  constructor(network: Network, side: Side, port: number) {
    const { chance, log } = network;
    this.#network = network;
    this.#chance = chance;
    this.side = side;
    this.name = NAMES[side];
    this.peer = NAMES[side === 0 ? 1 : 0];
    this.port = port;
    this.clock = new ProgramClock(network.clock);
    this.handlers = handlersOf(this, network);
    const silent = loggerOf("silent", this.name);
    this.table = new PeerTable({
      environment: environmentWith({
        clock: this.clock,
        random: (length) => chance.bytes(length),
        chance: () => chance.int(1_000) / 1_000,
        dial: ({ port: to, signal }) => network.redial(this, to, signal),
        listen: () => Promise.reject(new Error("nothing listens here")),
      }),
      log: silent,
      audit: new AuditLog(silent, this.clock, DEFAULT_LIMITS.audit),
      encryption: true,
      registry: this.handlers.registry,
      views: { peer: () => undefined, peers: () => undefined },
      reach: () => this.#ask(),
      notResumed: () => this.#ask(),
      absence: () => "nobody is there",
      closesLinks: () => side === 0,
      ended: (_peer, end) => this.#ended(end),
    });
    const { outbox } = this.conversation;
    const push = outbox.push.bind(outbox);
    outbox.push = (message) => {
      log.pushed(message);
      return push(message);
    };
  }

  get conversation(): Conversation {
    return this.table.conversation(this.peer);
  }

  /** Asks the Room for an introduction, and again, as long as a link is wanted. */
  #ask(): void {
    if (!this.isAlive || this.#asking !== undefined) return;
    const ask = (): void => {
      this.#asking = undefined;
      if (!this.table.isWanted(this.peer) || this.table.isLinked(this.peer)) return;
      this.#network.introduce(this);
      this.#asking = this.clock.after(ROUND_MS, ask);
    };
    this.#asking = this.clock.after(1 + this.#chance.int(ROOM_MS), ask);
  }

  stopAsking(): void {
    this.#asking?.cancel();
  }

  #ended(end: SessionEnd): void {
    const { log } = this.#network;
    this.lastEnd = end;
    const isGone = end.text === NOBODY_LISTENS;
    log.count(`sessions ended: ${end.reason}${end.byPeer ? " by the peer" : ""}${isGone ? " at once" : ""}`);
    if (end.reason === "protocol" || end.reason === "failed")
      log.fault(`${this.name}: an honest session ended as ${end.reason}: ${end.text} ${String(end.cause)}`);
  }

  /** Calls the peer; the log hears what comes of it. */
  call(word: "get" | "send", method: string, bytes: number, timeoutMs: number): Tracked {
    const { log } = this.#network;
    const call = log.begin(this, word, method, timeoutMs);
    const request = {
      word,
      name: method,
      label: method,
      method: methodOf(word, method),
      input: [call.id, new Uint8Array(bytes)],
      options: { timeoutMs, signal: call.abort.signal },
    };
    this.conversation.start(request).then(
      () => log.settled(call, "answered", this.lastEnd),
      (error: unknown) => {
        if (error instanceof PeerError) log.settled(call, error, this.lastEnd);
        else log.fault(`${word} ${method} was rejected with ${String(error)}`);
      },
    );
    return call;
  }

  /** What is left of calls at this end. */
  get leftovers(): readonly string[] {
    const { caller, dispatcher, outbox } = this.conversation;
    const tables = {
      "calls in the caller": caller.busy,
      "calls in the dispatcher": dispatcher.running,
      "answers in the dispatcher": dispatcher.unsent,
      "bytes in the outbox": outbox.queuedBytes,
      deadlines: this.table.deadlines.size,
    };
    return Object.entries(tables).flatMap(([what, count]) => (count === 0 ? [] : [`${count} ${what} of ${this.name}`]));
  }

  /** The process is no more. */
  vanish(): void {
    this.isAlive = false;
    this.clock.stop();
  }
}
