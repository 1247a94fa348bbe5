import type { Clock, Timer } from "../base/clock.ts";
import { LinkError } from "../base/errors.ts";
import { afterRunning } from "../base/running-time.ts";
import type { End } from "./bind.ts";
import { BulkWindow } from "./bulk-window.ts";
import { Deframer } from "./deframer.ts";
import { endOfTick } from "./end-of-tick.ts";
import { type Action, type EndReason, Machine } from "./machine.ts";
import type { Outbox } from "./outbox.ts";
import { Suspicion } from "./suspicion.ts";
import { ProtocolViolation } from "./violation.ts";

/** An ACK goes alone, when there is nothing to ride on, after so long or so much. */
export const ACK_DELAY_MS = 25;
const LEAST_ACK_BYTES = 32 * 1024;
const MOST_ACK_BYTES = 256 * 1024;

/** So long after another link came, one is enough: by then whatever was on its way has arrived. */
const SPARE_MS = 2_000;

export type { EndReason };

export interface SessionEnd {
  readonly reason: EndReason;
  /** For people: what exactly. */
  readonly text: string;
  /** True when the peer said so, false when this side did. */
  readonly byPeer: boolean;
  /** How much of this side's stream the peer had taken when it ended, when it told: a message whose `endOffset` lies beyond was not handled. */
  readonly peerReceived: number | undefined;
  /** The peer closed the first link with a reason and without a word: it never had the session, and took nothing. */
  readonly isRefused: boolean;
  /** With "failed": what was thrown. With "lost": how the last link ended, when it ended badly. */
  readonly cause: unknown;
}

export interface SessionEvents {
  /**
   * One whole message, in the order of its flow. A payload of more than 16 KiB is the receiver's to keep; a smaller one is a view of bytes that are freed when this returns.
   * A {@link ProtocolViolation} thrown here ends the session as "protocol", anything else as "failed".
   */
  message(kind: number, channel: number, payload: Uint8Array): void;
  /** No link is left, or the one that carries the session is suspect and no other one can: another link is wanted. May come again and again. */
  linkNeeded?(): void;
  /** Another link carries this side's stream from now on, or the first one does. */
  moved?(): void;
  /** Whether somebody waits for the peer: only then is a silent link suspect. Absent: while this side's stream is not acknowledged. */
  isBusy?(): boolean;
  /** Once, the last event. The outbox is free for the next session by now: what was not committed is `queued` in it. */
  ended(end: SessionEnd): void;
}

/** What a session needs of a link; `Link` of link/ fits. */
export interface SessionLink {
  readonly writable: boolean;
  readonly rttMs: number | undefined;
  start(events: {
    data(payload: Uint8Array): boolean | void;
    sealed(payload: Uint8Array): void;
    drain(): void;
    closed(error: Error | undefined): void;
  }): void;
  send(parts: readonly Uint8Array[]): void;
  /** The round trip in ms, or undefined when no answer came in time or the link ended. Never rejects. */
  ping(timeoutMs: number): Promise<number | undefined>;
  close(code: number, text: string): void;
  destroy(): void;
}

export interface SessionOptions {
  readonly local: End;
  readonly remote: End;
  /** Free of any other session; bound to this one until `ended`. Its limits are the session's. */
  readonly outbox: Outbox;
  readonly events: SessionEvents;
  readonly clock: Clock;
  /** Whether this side closes superseded links: the lower name, or the client of a server. */
  readonly closesLinks: boolean;
  /** How long it lives without a link, in ms of this program's running time. Default 0: it ends with its last link. */
  readonly resumeWindowMs?: number;
  /** Runs a function at the end of the tick; for tests. */
  readonly defer?: (run: () => void) => void;
}

/**
 * What waits while a record is handled leaves before its end when it is so much, in bytes as {@link Outbox.queuedBytes} counts them: some forty
 * small answers. Their receiver goes on meanwhile, where else both ends would take turns: with 128 calls in flight, half as many calls again
 * per second.
 */
const EARLY_FLUSH_BYTES = 8_192;

/**
 * The numbered conversation between two ends: what is pushed into its outbox here comes out of the events there, each message once and in order, whatever becomes of
 * links. This is the driver of {@link Machine}: it has the links, the clock, and the end of the tick, at which everything that waits leaves in as few records as it fits.
 */
export class Session {
  readonly local: End;
  readonly remote: End;
  readonly #machine: Machine;
  readonly #outbox: Outbox;
  readonly #deframer: Deframer;
  readonly #window: BulkWindow;
  readonly #suspicion: Suspicion;
  readonly #events: SessionEvents;
  readonly #clock: Clock;
  readonly #resumeWindowMs: number;
  readonly #defer: (run: () => void) => void;
  readonly #links = new Map<number, SessionLink>();
  readonly #flushAtEnd = (): void => this.#flush();
  readonly #ackAfterDelay = (): void => this.#ackDelayOver();
  #lastLink = 0;
  #isFlushDue = false;
  #ackNow = false;
  #ackTimer: Timer | undefined;
  /** An ACK goes at once when so many bytes wait for one: a quarter of what came during the last delay, so that it is never what the peer's window waits for. */
  #ackBytes = LEAST_ACK_BYTES;
  #ackPeriodStart = 0;
  #windowTimer: Timer | undefined;
  #spareTimer: Timer | undefined;
  #lost: Error | undefined;
  #isRefused = false;
  /** The link that `moved` told of. */
  #carrier: SessionLink | undefined;

  /** @throws TypeError when the outbox feeds another session */
  constructor(options: SessionOptions) {
    this.local = options.local;
    this.remote = options.remote;
    this.#outbox = options.outbox;
    this.#events = options.events;
    this.#clock = options.clock;
    this.#resumeWindowMs = options.resumeWindowMs ?? 0;
    this.#defer = options.defer ?? endOfTick;
    const { limits } = this.#outbox;
    this.#machine = new Machine(limits, options.closesLinks);
    this.#window = new BulkWindow(this.#clock, limits);
    const isBusy = options.events.isBusy?.bind(options.events) ?? ((): boolean => !this.isIdle);
    this.#suspicion = new Suspicion(this.#clock, isBusy, (id, isSuspect) => this.#suspected(id, isSuspect));
    const { own } = this.#outbox;
    this.#deframer = new Deframer(limits, {
      message: (kind, channel, payload) => {
        this.#events.message(kind, channel, payload);
        if (this.#isFlushDue && this.#outbox.queuedBytes >= EARLY_FLUSH_BYTES) this.#flush();
      },
      credited: (number, bytes) => this.#outbox.credited(number, bytes),
      grant: (number, bytes) => {
        own.grant(number, bytes);
        this.#wake();
      },
      forgetGrant: (number) => own.forgetGrant(number),
    });
    this.#outbox.bind({ wake: () => this.#wake(), bulkBytes: () => this.#window.bytes });
  }

  /** Whether it has ended. */
  get isEnded(): boolean {
    return this.#machine.ended;
  }

  /** The link that carries this side's stream now. */
  get link(): SessionLink | undefined {
    const { cur } = this.#machine;
    return cur === undefined ? undefined : this.#links.get(cur.id);
  }

  /** All links that it has now. */
  get links(): Iterable<SessionLink> {
    return this.#links.values();
  }

  /** Links on which the peer was heard. While it is 0 the peer may not know of the session: it counts a link as proven a moment later than its dialler. */
  get attachments(): number {
    return this.#machine.attachments;
  }

  /** No link is left, or all of them are suspect. */
  get needsLink(): boolean {
    return !this.isEnded && this.#machine.links.every((link) => link.suspect);
  }

  /** Nothing waits, and the peer acknowledged everything. */
  get isIdle(): boolean {
    return this.#outbox.isEmpty && this.#machine.acked === this.#machine.committed;
  }

  /** Bytes of this side's stream that the peer acknowledged. It may take 25 ms longer than it need. */
  get acked(): number {
    return this.#machine.acked;
  }

  /**
   * Takes over a proven link that belongs to this session ({@link linkProven} tells), and carries the session on it. An ended session destroys it.
   * @param rank its class of path, 0 the best
   */
  attach(link: SessionLink, rank = 0): void {
    const id = ++this.#lastLink;
    this.#links.set(id, link);
    this.#windowTimer?.cancel();
    this.#windowTimer = undefined;
    this.#perform(this.#machine.linkProven(id, rank));
    if (!this.#links.has(id)) return;
    this.#suspicion.add(id, link);
    if (this.#machine.closesLinks && this.#links.size > 1) this.#startSpareTimer();
    this.#wake();
    this.#tellMoved();
    link.start({
      data: (payload) => {
        this.#received(id, payload);
        return true;
      },
      sealed: () => this.end("protocol", "a sealed box came where only data may"),
      drain: () => this.#wake(),
      closed: (error) => this.#closed(id, error),
    });
  }

  /** The peer looks for another link to this side: those that are there are suspect until they answer. */
  doubt(): void {
    this.#suspicion.doubt();
  }

  /**
   * Ends the session. `done`: commits what the window still takes, so what was pushed before goes out before; tells the peer, and closes the links in order. `protocol`,
   * `failed`, `superseded`: tells the peer why, and closes. `lost`: just ends. The event `ended` comes before this returns. Nothing happens on an ended session.
   */
  end(reason: EndReason = "done", text = ""): void {
    this.#end(reason, text);
  }

  #end(reason: EndReason, text: string, cause?: unknown): void {
    if (this.isEnded) return;
    if (reason === "done") this.#flush(true);
    this.#perform(this.#machine.end(reason, text), cause);
  }

  #wake(): void {
    if (this.#isFlushDue || this.isEnded) return;
    this.#isFlushDue = true;
    this.#defer(this.#flushAtEnd);
  }

  /** Sends what waits: record after record, as long as the link takes them, or as long as there is anything. */
  #flush(evenIfFull = false): void {
    this.#isFlushDue = false;
    if (this.isEnded) return;
    const machine = this.#machine;
    const before = machine.committed;
    for (;;) {
      const { link } = this;
      if (link === undefined || !(evenIfFull || link.writable)) break;
      const actions = machine.flush(this.#outbox, this.#ackNow);
      if (actions.length === 0) break;
      this.#perform(actions);
    }
    if (machine.unackedBytes === 0) this.#ackNow = false;
    if (machine.committed > before) this.#window.committed(machine.committed);
    this.#suspicion.wake();
    this.#outbox.tellRoom();
  }

  #received(id: number, payload: Uint8Array): void {
    const machine = this.#machine;
    const { acked, cur } = machine;
    this.#perform(machine.record(id, payload));
    if (this.isEnded) return;
    if (machine.cur !== cur) {
      this.#window.moved();
      this.#wake();
      this.#tellMoved();
    }
    if (machine.acked > acked) {
      this.#window.roundTrip(this.link?.rttMs);
      this.#window.acked(machine.acked);
      if (!this.#outbox.isEmpty) this.#wake();
    }
    const unacked = machine.unackedBytes;
    if (unacked === 0) return;
    if (unacked >= this.#ackBytes) {
      this.#ackNow = true;
      this.#wake();
    }
    if (this.#ackTimer === undefined) this.#startAckDelay();
  }

  #startSpareTimer(): void {
    this.#spareTimer ??= this.#clock.after(
      SPARE_MS,
      () => {
        this.#spareTimer = undefined;
        this.#closeSpares();
      },
      { hold: false },
    );
  }

  /**
   * Two dials that cross may leave each side on another link, and a session on which nothing is said leaves what was superseded open: one side closes all but its own choice, and the other one goes on
   * over that. As if they were lost, so nothing is.
   */
  #closeSpares(): void {
    const { cur } = this.#machine;
    if (cur === undefined || !cur.attached || cur.suspect) return;
    for (const id of this.#links.keys()) {
      if (id === cur.id) continue;
      this.#take(id)?.close(0, "");
      this.#perform(this.#machine.linkLost(id));
    }
  }

  #startAckDelay(): void {
    this.#ackPeriodStart = this.#machine.recv;
    this.#ackTimer = this.#clock.after(ACK_DELAY_MS, this.#ackAfterDelay, { hold: false });
  }

  #ackDelayOver(): void {
    this.#ackTimer = undefined;
    const came = this.#machine.recv - this.#ackPeriodStart;
    this.#ackBytes = Math.min(MOST_ACK_BYTES, Math.max(LEAST_ACK_BYTES, came / 4));
    if (this.#machine.unackedBytes > 0) {
      this.#ackNow = true;
      this.#flush();
    }
    if (came > 0 && !this.isEnded) this.#startAckDelay();
  }

  #closed(id: number, error: Error | undefined): void {
    if (!this.#links.delete(id)) return;
    this.#suspicion.remove(id);
    this.#lost = error;
    this.#perform(this.#machine.linkLost(id));
    if (this.isEnded) return;
    this.#window.moved();
    this.#wake();
    this.#tellMoved();
    if (this.link !== undefined && this.needsLink) this.#events.linkNeeded?.(); // what is left is suspect
  }

  #perform(actions: readonly Action[], cause?: unknown): void {
    for (const action of actions) {
      switch (action.type) {
        case "send":
          this.#links.get(action.link)?.send(action.parts);
          break;
        case "deliver":
          this.#deliver(action.bytes);
          break;
        case "close":
          this.#take(action.link)?.close(action.code, "");
          break;
        case "destroy":
          this.#take(action.link)?.destroy();
          break;
        case "alone":
          this.#alone();
          break;
        case "ended":
          this.#ended({
            reason: action.reason,
            text: action.text,
            byPeer: action.byPeer,
            peerReceived: action.peerReceived,
            isRefused: this.#isRefused,
            cause,
          });
          break;
      }
    }
  }

  #take(id: number): SessionLink | undefined {
    const link = this.#links.get(id);
    this.#links.delete(id);
    this.#suspicion.remove(id);
    return link;
  }

  #suspected(id: number, isSuspect: boolean): void {
    const { cur } = this.#machine;
    this.#perform(this.#machine.linkSuspect(id, isSuspect));
    if (this.#machine.cur !== cur) {
      this.#window.moved();
      this.#wake();
      this.#tellMoved();
    }
    if (isSuspect && this.needsLink) this.#events.linkNeeded?.();
  }

  #tellMoved(): void {
    const { link } = this;
    if (link === undefined || link === this.#carrier) return;
    this.#carrier = link;
    this.#events.moved?.();
  }

  #deliver(bytes: Uint8Array): void {
    try {
      this.#deframer.push(bytes);
    } catch (error) {
      if (error instanceof ProtocolViolation) this.#end("protocol", error.message, error);
      else this.#end("failed", "the handler of a message failed", error);
    }
  }

  /** No link is left. A peer that never spoke and closed the first link with a reason has refused the session. */
  #alone(): void {
    const lost = (): void => this.#end("lost", this.#lost?.message ?? "the link was closed", this.#lost);
    const error = this.#lost;
    this.#isRefused = this.attachments === 0 && error instanceof LinkError && error.received !== undefined;
    if (this.#resumeWindowMs <= 0 || this.#isRefused) return lost();
    this.#windowTimer ??= afterRunning(this.#clock, this.#resumeWindowMs, lost);
    this.#events.linkNeeded?.();
  }

  #ended(end: SessionEnd): void {
    this.#deframer.stop();
    this.#ackTimer?.cancel();
    this.#windowTimer?.cancel();
    this.#spareTimer?.cancel();
    this.#suspicion.stop();
    this.#outbox.release();
    this.#events.ended(end);
  }
}
