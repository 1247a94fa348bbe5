import { DEFAULT_LIMITS, type Limits } from "../base/limits.ts";

/** All peers together may have so many times as much, and none more than is left of that: those that flood leave room for the others. */
const FULL_SHARES = 4;

export interface FreeMessage {
  readonly from: string;
  readonly data: unknown;
}

interface Share {
  messages: number;
  bytes: number;
}

/** The queue of free messages. Iterations of it share it: each message goes to one of them. */
export class MessageQueue implements AsyncIterable<FreeMessage> {
  readonly #limits: Pick<Limits["calls"], "freeMessages" | "freeMessageBytes">;
  readonly #queue: { readonly message: FreeMessage; readonly bytes: number }[] = [];
  /** What is queued, of each peer that has something here and in all. */
  readonly #shares = new Map<string, Share>();
  readonly #all: Share = { messages: 0, bytes: 0 };
  readonly #readers: ((result: IteratorResult<FreeMessage>) => void)[] = [];
  #closed = false;

  /** @param limits what of each peer may wait here: messages, and their bytes, past which only a first one is taken */
  constructor(limits: Pick<Limits["calls"], "freeMessages" | "freeMessageBytes"> = DEFAULT_LIMITS.calls) {
    this.#limits = limits;
  }

  /** False when the queue is full, for this peer. `bytes`: what the message takes. */
  push(message: FreeMessage, bytes: number): boolean {
    const reader = this.#readers.shift();
    if (reader !== undefined) reader({ done: false, value: message });
    else if (this.#closed) return false;
    else {
      const share = this.#shares.get(message.from) ?? { messages: 0, bytes: 0 };
      if (!this.#hasRoom(share, bytes)) return false;
      this.#shares.set(message.from, share);
      this.#queue.push({ message, bytes });
      for (const one of [share, this.#all]) {
        one.messages++;
        one.bytes += bytes;
      }
    }
    return true;
  }

  #hasRoom(share: Share, bytes: number): boolean {
    const { freeMessages, freeMessageBytes } = this.#limits;
    const { messages: allMessages, bytes: allBytes } = this.#all;
    if (share.messages >= Math.min(freeMessages, FULL_SHARES * freeMessages - allMessages)) return false;
    const left = FULL_SHARES * freeMessageBytes - allBytes;
    return share.messages === 0 ? left > 0 : share.bytes + bytes <= Math.min(freeMessageBytes, left);
  }

  #take(): FreeMessage | undefined {
    const first = this.#queue.shift();
    if (first === undefined) return undefined;
    const { message, bytes } = first;
    const share = this.#shares.get(message.from) as Share;
    for (const one of [share, this.#all]) {
      one.messages--;
      one.bytes -= bytes;
    }
    if (share.messages === 0) this.#shares.delete(message.from);
    return message;
  }

  /** Ends every iteration once what is queued has been read. */
  close(): void {
    this.#closed = true;
    for (const reader of this.#readers.splice(0)) reader({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): AsyncIterator<FreeMessage> {
    let done = false;
    const waiting = new Set<(result: IteratorResult<FreeMessage>) => void>();
    return {
      next: () => {
        const message = done ? undefined : this.#take();
        if (message !== undefined) return Promise.resolve({ done: false, value: message });
        if (done || this.#closed) return Promise.resolve({ done: true, value: undefined });
        return new Promise((resolve) => {
          const take = (result: IteratorResult<FreeMessage>): void => {
            waiting.delete(take);
            resolve(result);
          };
          waiting.add(take);
          this.#readers.push(take);
        });
      },
      return: () => {
        done = true;
        for (const take of waiting) {
          this.#readers.splice(this.#readers.indexOf(take), 1);
          take({ done: true, value: undefined });
        }
        return Promise.resolve({ done: true, value: undefined });
      },
    };
  }
}
