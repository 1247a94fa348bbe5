import type { Clock } from "../base/clock.ts";
import { discard } from "../base/discard.ts";
import type { Limits } from "../base/limits.ts";
import type { Pipe } from "../pipe/pipe.ts";
import { RECORD, type RecordOpener, RecordReader } from "./records.ts";

/** What the records of a chunk may take before their link keeps account of the turn. */
const LITTLE_MS = 0.25;

export interface RecordReceiverOptions {
  readonly pipe: Pipe;
  readonly opener: RecordOpener;
  readonly encryption: boolean;
  readonly clock: Clock;
  readonly limits: Pick<Limits["link"], "recordsPerTurn" | "turnMs">;
  /** Whether somebody takes records now. Whoever makes it true calls `read`. */
  readonly isReady: () => boolean;
  /** Something came, be it a part of a record. */
  readonly heard: () => void;
  /** One record, opened. True: nothing of the payload is used any more, and its memory may be freed. */
  readonly record: (type: number, payload: Uint8Array) => boolean;
  /** A record does not open, or its length can't be. Nothing more is to be read. */
  readonly broken: (error: unknown) => void;
  /** The pipe's own: it has room again. */
  readonly drain: () => void;
  /** The pipe has ended, and all whole records that came were handed out. */
  readonly ended: (error: Error | undefined) => void;
}

/**
 * The receiving half of an open link: the bytes of its pipe come in, opened records go out, a turn's worth at most, since a flood on one link must not keep the others waiting.
 */
export class RecordReceiver {
  readonly #options: RecordReceiverOptions;
  readonly #reader = new RecordReader();
  /** There were more records than fit a turn of the event loop: the rest has to wait for the next one, and the pipe is paused meanwhile. */
  #isTurnOver = false;
  /** When this turn of the event loop is over for this link, once its records have taken more than a little of it. */
  #turnEndsAt: number | undefined;
  #isPaused = false;
  /** The end of the pipe, which comes after the records that are still held. */
  #pipeEnd: { error: Error | undefined } | undefined;

  /**
   * Takes the pipe's events over, paused.
   * @param rest bytes that came behind the handshake
   */
  constructor(options: RecordReceiverOptions, rest: Uint8Array) {
    this.#options = options;
    this.#reader.push(rest);
    options.pipe.start({
      data: (chunk) => {
        options.heard();
        this.#reader.push(chunk);
        this.read();
      },
      drain: options.drain,
      end: (error) => {
        this.#pipeEnd = { error };
        this.read();
      },
    });
    this.pause();
  }

  /** Takes nothing more from the pipe until `read` finds that somebody takes records. */
  pause(): void {
    this.#isPaused = true;
    this.#options.pipe.pause();
  }

  /** Hands out whole records, a turn's worth at most. */
  read(): void {
    const { isReady, clock, limits, pipe } = this.#options;
    if (!isReady() || this.#isTurnOver) return;
    let left = limits.recordsPerTurn;
    const { turnMs } = limits;
    const endsAt = this.#turnEndsAt ?? clock.now() + turnMs;
    while (isReady() && left > 0 && this.#readOne()) left = clock.now() < endsAt ? left - 1 : 0;
    if (!isReady()) return;
    if (left > 0 && this.#turnEndsAt === undefined && clock.now() > endsAt - turnMs + LITTLE_MS) {
      this.#turnEndsAt = endsAt; // many chunks may come within one turn
      setImmediate(() => (this.#turnEndsAt = undefined));
    }
    if (left === 0) {
      this.pause();
      this.#isTurnOver = true;
      setImmediate(() => {
        this.#isTurnOver = false;
        this.read();
      });
      return;
    }
    if (this.#isPaused) pipe.resume();
    this.#isPaused = false;
    if (this.#pipeEnd !== undefined) this.#options.ended(this.#pipeEnd.error);
  }

  /** False: no whole record is there, or one that does not open. */
  #readOne(): boolean {
    const { opener, encryption } = this.#options;
    let opened: { type: number; payload: Uint8Array };
    try {
      const record = this.#reader.next();
      if (record === undefined) return false;
      opened = opener.open(record.lengthPrefix, record.body);
      if (opened.type === RECORD.sealed) opened.payload = opener.unbox(opened.payload);
    } catch (error) {
      this.#options.broken(error);
      return false;
    }
    const isDone = this.#options.record(opened.type, opened.payload);
    // Encrypted, the payload has a buffer of its own; else it is part of the record.
    if (isDone && encryption) discard(opened.payload.buffer);
    if (isDone || encryption) this.#reader.done();
    return true;
  }
}
