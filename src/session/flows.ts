import { MAX_PAYLOAD_BYTES } from "./frames.ts";
import { MessageList } from "./message-list.ts";
import type { OutMessage } from "./out-message.ts";

/** Messages that keep their order, with a big one in front. */
export class Flow extends MessageList {
  readonly key: number;
  /** Small messages up to this serial come first. */
  gate = 0;
  /** Holds one of the places for unfinished big messages. */
  placed = false;

  constructor(key: number) {
    super();
    this.key = key;
  }
}

/**
 * The flows that have a big message in front, each in one of these states: behind small messages that were queued first; waiting for a place, since only so many big
 * messages may be unfinished; `ready`, in turn; or waiting for credit, with its front message begun.
 */
export class Flows {
  /** Those whose next fragment may go, in the order of their turns. */
  readonly ready = new Set<Flow>();
  readonly #byKey = new Map<number, Flow>();
  readonly #gated = new Set<Flow>();
  readonly #unplaced = new Set<Flow>();
  readonly #small: MessageList;
  readonly #maxPlaces: number;
  #places = 0;

  /** @param small the queue of small messages, whose serials are the gates */
  constructor(small: MessageList, maxPlaces: number) {
    this.#small = small;
    this.#maxPlaces = maxPlaces;
  }

  /** The flow of that key, if a big message is in front of it. */
  get(key: number): Flow | undefined {
    return this.#byKey.size === 0 ? undefined : this.#byKey.get(key);
  }

  all(): Iterable<Flow> {
    return this.#byKey.values();
  }

  /** Begins a flow with a big message. */
  begin(key: number, message: OutMessage): void {
    const flow = new Flow(key);
    this.#byKey.set(key, flow);
    flow.add(message);
    this.#line(flow);
  }

  /** The message in front of a flow was taken out of it: its place is free. What is small behind it is handed out, and a big one lines up anew. */
  firstGone(flow: Flow, handOut: (message: OutMessage) => void): void {
    this.#gated.delete(flow);
    this.#unplaced.delete(flow);
    this.ready.delete(flow);
    if (flow.placed) this.#places--;
    flow.placed = false;
    for (let { first } = flow; first !== undefined && first.payload.length <= MAX_PAYLOAD_BYTES; { first } = flow) {
      flow.remove(first);
      handOut(first);
    }
    if (flow.first === undefined) this.#byKey.delete(flow.key);
    else this.#line(flow);
    for (const next of this.#unplaced) {
      if (this.#places >= this.#maxPlaces) return;
      this.#unplaced.delete(next);
      this.#place(next);
    }
  }

  /** Something left the queue of small messages. */
  openGates(): void {
    for (const flow of this.#gated) {
      if (!this.#isOpen(flow)) return;
      this.#gated.delete(flow);
      this.#place(flow);
    }
  }

  /** No message is begun any more. */
  restart(): void {
    this.#places = 0;
    for (const set of [this.#gated, this.#unplaced, this.ready]) set.clear();
    for (const flow of this.#byKey.values()) {
      flow.placed = false;
      if (this.#isOpen(flow)) this.#place(flow);
      else this.#gated.add(flow);
    }
  }

  #line(flow: Flow): void {
    flow.gate = this.#small.added;
    if (this.#isOpen(flow)) this.#place(flow);
    else this.#gated.add(flow);
  }

  #isOpen(flow: Flow): boolean {
    const { first } = this.#small;
    return first === undefined || first.serial > flow.gate;
  }

  #place(flow: Flow): void {
    if (this.#places >= this.#maxPlaces) {
      this.#unplaced.add(flow);
      return;
    }
    this.#places++;
    flow.placed = true;
    this.ready.add(flow);
  }
}
