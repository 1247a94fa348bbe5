import type { Socket } from "node:net";
import type { Valve } from "./valve.ts";

/** How slow a line is, each way. */
export interface Shape {
  readonly bytesPerSecond: number;
  /** One way. */
  readonly delayMs: number;
  /** What the line holds before it stops reading. */
  readonly bufferBytes: number;
}

/** A piece as a network would carry it. */
const PIECE_BYTES = 1_448;

interface Piece {
  readonly bytes: Uint8Array | undefined;
  readonly dueAt: number;
}

/** One way of a slow line: bytes leave at a rate, and arrive a delay later. */
export class Shaper {
  readonly #shape: Shape;
  readonly #from: Valve;
  readonly #to: Socket;
  #queue: Piece[] = [];
  #queuedBytes = 0;
  #freeAt = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(shape: Shape, from: Valve, to: Socket) {
    this.#shape = shape;
    this.#from = from;
    this.#to = to;
    to.on("close", () => clearTimeout(this.#timer));
  }

  write(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; at += PIECE_BYTES) this.#add(chunk.subarray(at, at + PIECE_BYTES));
    this.#queuedBytes += chunk.length;
    if (this.#queuedBytes >= this.#shape.bufferBytes) this.#from.stop("full");
  }

  end(): void {
    this.#add(undefined);
  }

  #add(bytes: Uint8Array | undefined): void {
    const { bytesPerSecond, delayMs } = this.#shape;
    this.#freeAt = Math.max(this.#freeAt, performance.now()) + ((bytes?.length ?? 0) / bytesPerSecond) * 1_000;
    this.#queue.push({ bytes, dueAt: this.#freeAt + delayMs });
    this.#timer ??= setTimeout(() => this.#deliver(), Math.max(0, this.#freeAt + delayMs - performance.now()));
  }

  #deliver(): void {
    this.#timer = undefined;
    const now = performance.now();
    let count = 0;
    for (const { bytes, dueAt } of this.#queue) {
      if (dueAt > now) break;
      count++;
      if (bytes === undefined) this.#to.end();
      else this.#to.write(bytes);
      this.#queuedBytes -= bytes?.length ?? 0;
    }
    this.#queue = this.#queue.slice(count);
    if (this.#queuedBytes < this.#shape.bufferBytes) this.#from.go("full");
    const [next] = this.#queue;
    if (next !== undefined)
      this.#timer = setTimeout(() => this.#deliver(), Math.max(1, next.dueAt - performance.now()));
  }
}
