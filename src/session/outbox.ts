import { Commit, fragmentBytes } from "./commit.ts";
import { Flow, Flows } from "./flows.ts";
import { FRAME_HEADER_BYTES, MAX_PAYLOAD_BYTES } from "./frames.ts";
import { type SessionLimits, sessionLimits } from "./limits.ts";
import type { Source } from "./machine.ts";
import { MessageList } from "./message-list.ts";
import type { OutMessage } from "./out-message.ts";
import { OwnFrames } from "./own-frames.ts";

/** What a queued message is charged beside its payload, so that empty ones are bounded too. */
export const MESSAGE_COST_BYTES = 128;

const SEND_FLOW = -1;
const CONTROL_FLOW = -2;

export interface OutboxOptions {
  limits?: Partial<SessionLimits>;
  /** {@link Outbox.hasRoom} said no, and something left the queue since: ask again. */
  onRoom?(): void;
}

/** The session that an outbox feeds. */
export interface OutboxHost {
  /** Something waits: pull at the end of the tick. Called often. */
  wake(): void;
  /** How much may be in flight before big messages wait. */
  bulkBytes(): number;
}

/**
 * What waits to enter the stream to one peer, and in which order it does. It outlives sessions: what was not committed whole stays for the next one.
 *
 * Order: the session's own frames · control · the small messages (up to 16 KiB) · the flows with a big message in front, in turn, a fragment each. Where small ones
 * never end, each record begins with one fragment. Within a flow nothing overtakes: what follows a big message waits for it, and a big one waits for the small ones
 * that were queued before it.
 */
export class Outbox implements Source {
  readonly limits: SessionLimits;
  /** The session's own frames, in front of everything. */
  readonly own = new OwnFrames();
  readonly #onRoom: (() => void) | undefined;
  readonly #control = new Flow(CONTROL_FLOW);
  readonly #small = new MessageList();
  readonly #flows: Flows;
  readonly #handOut = (message: OutMessage): void => {
    this.#bulkBytes -= cost(message);
    this.#smallBytes += cost(message);
    this.#small.add(message);
  };
  #host: OutboxHost | undefined;
  #pushed = 0;
  /** Queued: in `#control` and `#small`, and in `#flows`. */
  #smallBytes = 0;
  #bulkBytes = 0;
  /** Someone was told to wait. */
  #smallAsked = false;
  #bulkAsked = false;

  /** Big messages of which a part is committed, by their numbers. */
  readonly #unfinished = new Map<number, OutMessage>();
  #nextNumber = 0;
  /** Where the last fragment ended in the stream. */
  #fragmentsEnd = 0;
  /** The last record was filled by small messages while a fragment could have gone. */
  #fragmentFirst = false;

  constructor(options: OutboxOptions = {}) {
    this.limits = sessionLimits(options.limits);
    this.#onRoom = options.onRoom?.bind(options);
    // One place is left for a control message: it must not wait for big ones that wait for it.
    this.#flows = new Flows(this.#small, this.limits.assemblyMessages - 1);
  }

  /**
   * Queues a message and makes the session send at the end of the tick.
   * "full": its class of messages, small or big, is at the hard cap. "too large": over the message cap. Then nothing was queued.
   * @throws TypeError when the message was pushed before
   */
  push(message: OutMessage): "queued" | "full" | "too large" {
    const { length } = message.payload;
    const { lane } = message;
    if (message.state !== "new") throw new TypeError("a message can be pushed only once");
    if (length > this.limits.messageBytes) return "too large";
    const key = lane === "send" ? SEND_FLOW : message.flow;
    const flow = lane === "control" ? undefined : this.#flows.get(key);
    const isBulk = flow !== undefined || (length > MAX_PAYLOAD_BYTES && lane !== "control");
    if ((isBulk ? this.#bulkBytes : this.#smallBytes) + length > this.limits.queueHardBytes) return "full";
    message.state = "queued";
    message.pushed = ++this.#pushed;
    if (isBulk) this.#bulkBytes += cost(message);
    else this.#smallBytes += cost(message);
    if (flow !== undefined) flow.add(message);
    else if (isBulk) this.#flows.begin(key, message);
    else if (lane === "control") this.#control.add(message);
    else this.#small.add(message);
    this.#host?.wake();
    return "queued";
  }

  /**
   * Whether a message of that many bytes would leave its class, small or big, under the soft cap, or finds none of its class queued. If not, wait for `onRoom`.
   * Small ones and big ones are counted apart, else a file would hold up every ping.
   */
  hasRoom(payloadBytes: number): boolean {
    const isBulk = payloadBytes > MAX_PAYLOAD_BYTES;
    const queued = isBulk ? this.#bulkBytes : this.#smallBytes;
    if (queued === 0 || queued + payloadBytes + MESSAGE_COST_BYTES <= this.limits.queueSoftBytes) return true;
    if (isBulk) this.#bulkAsked = true;
    else this.#smallAsked = true;
    return false;
  }

  /** Takes a message back. True: the peer never gets it whole, so it did not run. False: it is committed, or is not here. */
  withdraw(message: OutMessage): boolean {
    if (message.state !== "queued" && message.state !== "partly") return false;
    this.#takeOut(message);
    this.#host?.wake(); // a DROP may wait, or what was behind it, or a caller for room
    return true;
  }

  /** Empties the queue: everything that is not committed whole, in the order in which it was pushed. */
  takeUncommitted(): OutMessage[] {
    const taken: OutMessage[] = [];
    for (const list of [this.#control, this.#small, ...this.#flows.all()]) {
      for (let message = list.first; message !== undefined; message = message.next) taken.push(message);
    }
    for (const message of taken) this.#takeOut(message);
    this.#host?.wake();
    return taken.toSorted((one, other) => one.pushed - other.pushed);
  }

  /** Payload bytes of messages that are not wholly committed, and 128 bytes for each of them. */
  get queuedBytes(): number {
    return this.#smallBytes + this.#bulkBytes;
  }

  /** Nothing waits, not even the session's own frames. */
  get isEmpty(): boolean {
    return this.queuedBytes === 0 && this.own.isEmpty;
  }

  /** A session begins to pull. @throws TypeError while another one does */
  bind(host: OutboxHost): void {
    if (this.#host !== undefined) throw new TypeError("the outbox feeds another session");
    this.#host = host;
  }

  /** The session is over. A message of which only a part was committed is as good as queued: the peer drops that part. */
  release(): void {
    this.#host = undefined;
    for (const message of this.#unfinished.values()) {
      message.state = "queued";
      message.number = -1;
      message.sentBytes = message.creditBytes = 0;
    }
    this.#unfinished.clear();
    this.#nextNumber = this.#fragmentsEnd = 0;
    this.#fragmentFirst = false;
    this.own.clear();
    this.#flows.restart();
  }

  /** To be called by the session after it pulled: lets callers go on that wait for room. */
  tellRoom(): void {
    const { queueSoftBytes } = this.limits;
    const small = this.#smallAsked && this.#smallBytes < queueSoftBytes;
    const bulk = this.#bulkAsked && this.#bulkBytes < queueSoftBytes;
    if (!small && !bulk) return;
    if (small) this.#smallAsked = false;
    if (bulk) this.#bulkAsked = false;
    this.#onRoom?.();
  }

  /** The peer lets so many more bytes of a big message come. One that is withdrawn by now is nothing. */
  credited(number: number, bytes: number): void {
    const message = this.#unfinished.get(number);
    if (message === undefined) return;
    message.creditBytes = Math.min(message.payload.length, message.creditBytes + bytes);
    if (message.list !== this.#control && hasCredit(message)) this.#flows.ready.add(message.list as Flow);
    this.#host?.wake();
  }

  pull(roomBytes: number, offset: number, inFlightBytes: number): Uint8Array[] {
    const commit = new Commit(roomBytes, offset);
    this.#fill(commit, offset - inFlightBytes);
    return commit.parts;
  }

  #fill(commit: Commit, acked: number): void {
    for (let frame = this.own.take(commit.leftBytes); frame !== undefined; frame = this.own.take(commit.leftBytes))
      commit.add(frame);
    if (!this.own.isEmpty) return;
    // While a control message waits, big ones that have begun go on nevertheless: the peer may need the memory that they take there.
    const mayBegin = this.#fillControl(commit);
    if (this.#fragmentFirst && !this.#fillFragments(commit, acked, mayBegin, 1)) return;
    if (mayBegin && this.#small.first !== undefined) {
      this.#run(commit, this.#small);
      this.#flows.openGates();
    }
    this.#fragmentFirst = this.#small.first !== undefined && this.#flows.ready.size > 0;
    if (!mayBegin || this.#small.first === undefined)
      this.#fillFragments(commit, acked, mayBegin, Number.POSITIVE_INFINITY);
  }

  /** False when some of it remains. */
  #fillControl(commit: Commit): boolean {
    for (let { first } = this.#control; first !== undefined; { first } = this.#control) {
      if (first.payload.length <= MAX_PAYLOAD_BYTES) {
        if (this.#run(commit, this.#control) === 0) return false;
      } else if (!hasCredit(first) || !this.#fragment(commit, first)) return false;
    }
    return true;
  }

  /** A fragment of each flow in turn, at most so many. False when the next one only lacks room. */
  #fillFragments(commit: Commit, acked: number, mayBegin: boolean, most: number): boolean {
    let left = most;
    for (const flow of this.#flows.ready) {
      // One fragment may always be on its way, else small messages that fill the window would starve the big ones.
      const isOver = commit.offset - acked >= (this.#host?.bulkBytes() ?? 0) && this.#fragmentsEnd > acked;
      if (left-- <= 0 || isOver) return true;
      const message = flow.first as OutMessage;
      if (!mayBegin && message.number < 0) continue;
      if (!this.#fragment(commit, message)) return false;
      this.#fragmentsEnd = commit.offset;
      if (flow.first !== message) continue;
      this.#flows.ready.delete(flow);
      if (hasCredit(message)) this.#flows.ready.add(flow); // behind all others; the loop comes to it again
    }
    return true;
  }

  #run(commit: Commit, list: MessageList): number {
    const before = commit.offset;
    const count = commit.run(list);
    this.#smallBytes -= commit.offset - before + count * (MESSAGE_COST_BYTES - FRAME_HEADER_BYTES);
    return count;
  }

  #fragment(commit: Commit, message: OutMessage): boolean {
    const bytes = cost(message);
    if (!commit.fragment(message)) return false;
    if (message.number < 0) {
      message.number = this.#nextNumber;
      this.#nextNumber = (this.#nextNumber + 1) >>> 0;
      message.creditBytes = this.limits.freeBytes;
      message.state = "partly";
      this.#unfinished.set(message.number, message);
    }
    if (message.state === "committed") {
      this.#unfinished.delete(message.number);
      this.#forget(message, bytes);
    }
    return true;
  }

  #takeOut(message: OutMessage): void {
    if (message.number >= 0) {
      this.own.drop(message.number);
      this.#unfinished.delete(message.number);
    }
    message.state = "withdrawn";
    this.#forget(message, cost(message));
  }

  /** Takes a message out of its list; `bytes` is what it was charged. */
  #forget(message: OutMessage, bytes: number): void {
    const list = message.list as MessageList;
    const isFirst = list.first === message;
    list.remove(message);
    if (list === this.#small || list === this.#control) this.#smallBytes -= bytes;
    else this.#bulkBytes -= bytes;
    if (list === this.#small) this.#flows.openGates();
    else if (list !== this.#control && isFirst) this.#flows.firstGone(list as Flow, this.#handOut);
  }
}

function cost(message: OutMessage): number {
  return message.payload.length + MESSAGE_COST_BYTES;
}

/** Whether the next fragment of a big message may go. */
function hasCredit(message: OutMessage): boolean {
  return message.number < 0 || message.creditBytes - message.sentBytes >= fragmentBytes(message);
}
