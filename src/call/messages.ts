/** Free messages of all peers that nobody has taken yet; more are refused, and their senders told (BUSY). */
export const MAX_FREE_MESSAGES = 10_000;

/** Bytes of such messages, as they came; past them only a first one is taken. */
export const MAX_FREE_BYTES = 16 * 1024 * 1024;

export interface FreeMessage {
  readonly from: string;
  readonly data: unknown;
}

/** The queue of free messages. Iterations of it share it: each message goes to one of them. */
export class MessageQueue implements AsyncIterable<FreeMessage> {
  readonly #queue: { readonly message: FreeMessage; readonly bytes: number }[] = [];
  #bytes = 0;
  readonly #readers: ((result: IteratorResult<FreeMessage>) => void)[] = [];
  #closed = false;

  /** False when the queue is full. `bytes`: how many the message came in. */
  push(message: FreeMessage, bytes: number): boolean {
    const reader = this.#readers.shift();
    if (reader !== undefined) reader({ done: false, value: message });
    else if (this.#closed || this.#queue.length >= MAX_FREE_MESSAGES) return false;
    else if (this.#queue.length > 0 && this.#bytes + bytes > MAX_FREE_BYTES) return false;
    else {
      this.#queue.push({ message, bytes });
      this.#bytes += bytes;
    }
    return true;
  }

  #take(): FreeMessage | undefined {
    const first = this.#queue.shift();
    this.#bytes -= first?.bytes ?? 0;
    return first?.message;
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
