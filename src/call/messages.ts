/** Free messages of all peers that nobody has taken yet; more are refused, and their senders told (BUSY). */
export const MAX_FREE_MESSAGES = 10_000;

export interface FreeMessage {
  readonly from: string;
  readonly data: unknown;
}

/** The queue of free messages. Iterations of it share it: each message goes to one of them. */
export class MessageQueue implements AsyncIterable<FreeMessage> {
  readonly #queue: FreeMessage[] = [];
  readonly #readers: ((result: IteratorResult<FreeMessage>) => void)[] = [];
  #closed = false;

  /** False when the queue is full. */
  push(message: FreeMessage): boolean {
    const reader = this.#readers.shift();
    if (reader !== undefined) reader({ done: false, value: message });
    else if (this.#closed || this.#queue.length >= MAX_FREE_MESSAGES) return false;
    else this.#queue.push(message);
    return true;
  }

  /** Ends every iteration once what is queued has been read. */
  close(): void {
    this.#closed = true;
    for (const reader of this.#readers.splice(0)) reader({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): AsyncIterator<FreeMessage> {
    let done = false;
    let waiting: ((result: IteratorResult<FreeMessage>) => void) | undefined;
    return {
      next: () => {
        const message = done ? undefined : this.#queue.shift();
        if (message !== undefined) return Promise.resolve({ done: false, value: message });
        if (done || this.#closed) return Promise.resolve({ done: true, value: undefined });
        return new Promise((resolve) => {
          waiting = resolve;
          this.#readers.push(resolve);
        });
      },
      return: () => {
        done = true;
        const at = waiting === undefined ? -1 : this.#readers.indexOf(waiting);
        if (at >= 0) this.#readers.splice(at, 1)[0]?.({ done: true, value: undefined });
        return Promise.resolve({ done: true, value: undefined });
      },
    };
  }
}
