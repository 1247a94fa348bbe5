import type { SessionLimits } from "./limits.ts";
import type { OutMessage } from "./out-message.ts";

export interface OutboxOptions {
  limits?: Partial<SessionLimits>;
  /** Something left the queue after {@link Outbox.hasRoom} said no: ask again. Called once for each such no, or several in a row. */
  onRoom?(): void;
}

/** What waits to enter the stream to one peer. It outlives sessions: what was not committed stays for the next one. */
export class Outbox {
  constructor(options: OutboxOptions = {}) {
    void options;
  }

  /** Queues a message and makes the session send at the end of the tick. "full": over the hard cap; "too large": over the message cap. Then nothing was queued. */
  push(message: OutMessage): "queued" | "full" | "too large" {
    void message;
    throw new Error("being built");
  }

  /** Whether a message of that many bytes would stay under the soft cap of its class (or nothing of that class is queued); if not, `onRoom` follows. */
  hasRoom(payloadBytes: number): boolean {
    void payloadBytes;
    throw new Error("being built");
  }

  /** Takes a message back. True: the peer never gets it whole, so it did not run. False: it is committed (or was never pushed). */
  withdraw(message: OutMessage): boolean {
    void message;
    throw new Error("being built");
  }

  /** Empties the queue, in order: everything that is not committed whole. Their state is `withdrawn`. Meant for when no session is bound. */
  takeUncommitted(): OutMessage[] {
    throw new Error("being built");
  }

  /** Payload bytes in messages that are not wholly committed. */
  get queuedBytes(): number {
    return 0;
  }
}
