/** Where the other end of a pipe is. */
export interface Address {
  host: string;
  port: number;
}

/** What a pipe tells its owner. */
export interface PipeEvents {
  /** Bytes in order. The chunk is the receiver's: the pipe never writes into it again. */
  data(chunk: Uint8Array): void;
  /** After a `write` that returned false: there is room again. */
  drain(): void;
  /** The last event, exactly once, unless this side called `destroy`. Without an error the other side ended the bytes in order (FIN). */
  end(error: Error | undefined): void;
}

/** Ordered bytes both ways. Owned by one reader; nothing is delivered before `start`. */
export interface Pipe {
  /** The other end, as this side sees it; for a memory pipe a made-up one. */
  readonly remote: Address;
  /** This side's own address on that pipe. */
  readonly local: Address;
  /** Starts delivery, of a paused pipe too. May be called again to hand the pipe to another owner; later events go to the newest one. */
  start(events: PipeEvents): void;
  /**
   * Sends the parts in order, as one write where that is possible; the pipe keeps them: do not change them later. False asks to wait for `drain`.
   * @param isGiven nobody else uses the buffers of the parts: the pipe may free them as soon as the system has the bytes. Default false
   */
  write(parts: readonly Uint8Array[], isGiven?: boolean): boolean;
  /** Bytes accepted by `write` and not yet given to the system. */
  readonly buffered: number;
  /** Stops and continues delivery of `data`. */
  pause(): void;
  resume(): void;
  /**
   * Sends what is buffered, then ends the bytes (FIN), then frees everything. No event follows. What still comes is read and
   * dropped until the other side ends too, at most for the linger time of its options, or for `lingerMs`: freeing a socket with
   * unread bytes would reset it and could take the last words from the other side.
   */
  close(lingerMs?: number): void;
  /** Frees everything at once. No event follows. */
  destroy(): void;
}

/** Something that hands out pipes as others dial it. */
export interface PipeListener {
  readonly address: Address;
  /** Stops accepting; pipes already handed out live on. Resolves when the port is free again. */
  close(): Promise<void>;
}
