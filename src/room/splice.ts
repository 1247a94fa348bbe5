import type { Clock, Timer } from "../base/clock.ts";
import { encodeFrame, FRAME } from "../link/handshake-frames.ts";
import type { Pipe } from "../pipe/pipe.ts";
import type { ByteBudget } from "./byte-budget.ts";

/** What each end reads first: from here on the bytes are the other one's. */
const SPLICED = encodeFrame(FRAME.relay, new Uint8Array(0));

/** A connection of one member, and what it has sent so far behind its pass. */
export interface Leg {
  readonly pipe: Pipe;
  readonly held: readonly Uint8Array[];
  /** What its member may send; undefined: as fast as it goes. */
  readonly budget: ByteBudget | undefined;
}

export interface SpliceOptions {
  readonly clock: Clock;
  /** Without a byte either way for so long, both ends are taken for dead. */
  readonly idleMs: number;
  /** What one direction moves in one turn of the event loop. */
  readonly bytesPerTurn: number;
  /** It is over: both legs are closed. Called once, unless `close` was. */
  readonly over: () => void;
}

/** One way through a splice. What it reads it writes; it reads on when that has room, when others had their turn, and when its budget says so. */
class Direction {
  readonly #from: Leg;
  readonly #to: Pipe;
  readonly #clock: Clock;
  readonly #bytesPerTurn: number;
  #turnBytes = 0;
  #turn: ReturnType<typeof setImmediate> | undefined;
  #budgetTimer: Timer | undefined;
  #isFull = false;
  #isTurnOver = false;
  bytes = 0;

  constructor(from: Leg, to: Pipe, { clock, bytesPerTurn }: SpliceOptions) {
    this.#from = from;
    this.#to = to;
    this.#clock = clock;
    this.#bytesPerTurn = bytesPerTurn;
  }

  begin(): void {
    this.#write([SPLICED, ...this.#from.held], false);
    this.bytes -= SPLICED.length;
  }

  move(chunk: Uint8Array): void {
    const { length } = chunk; // once it is given away it may be empty
    this.#write([chunk], length === chunk.buffer.byteLength);
    this.#turnBytes += length;
    this.#turn ??= setImmediate(() => this.#nextTurn());
    if (this.#turnBytes >= this.#bytesPerTurn) this.#isTurnOver = true;
    const waitMs = this.#from.budget?.spend(length) ?? 0;
    if (waitMs > 0)
      this.#budgetTimer ??= this.#clock.after(waitMs, () => {
        this.#budgetTimer = undefined;
        this.#readOn();
      });
    if (!this.#mayRead) this.#from.pipe.pause();
  }

  get isPaused(): boolean {
    return !this.#mayRead;
  }

  drained(): void {
    this.#isFull = false;
    this.#readOn();
  }

  stop(): void {
    clearImmediate(this.#turn);
    this.#budgetTimer?.cancel();
  }

  get #mayRead(): boolean {
    return !this.#isFull && !this.#isTurnOver && this.#budgetTimer === undefined;
  }

  #write(parts: readonly Uint8Array[], isGiven: boolean): void {
    for (const { length } of parts) this.bytes += length;
    if (!this.#to.write(parts, isGiven)) this.#isFull = true;
  }

  #nextTurn(): void {
    this.#turn = undefined;
    this.#turnBytes = 0;
    if (!this.#isTurnOver) return;
    this.#isTurnOver = false;
    this.#readOn();
  }

  #readOn(): void {
    if (this.#mayRead) this.#from.pipe.resume();
  }
}

/** Two connections as one: what comes from one goes to the other, unread, as fast as that one takes it. When one ends both do, and what was sent before still arrives. */
export class Splice {
  readonly #pipes: readonly [Pipe, Pipe];
  readonly #directions: readonly [Direction, Direction];
  readonly #options: SpliceOptions;
  #timer: Timer;
  #lastAt: number;
  #isOver = false;

  constructor(one: Leg, other: Leg, options: SpliceOptions) {
    this.#options = options;
    this.#pipes = [one.pipe, other.pipe];
    this.#directions = [new Direction(one, other.pipe, options), new Direction(other, one.pipe, options)];
    this.#lastAt = options.clock.now();
    this.#timer = this.#watch(options.idleMs);
    for (const direction of this.#directions) direction.begin();
    for (const side of [0, 1] as const) {
      if (this.#isOver) return;
      const [there, back] = [this.#directions[side], this.#directions[1 - side]] as [Direction, Direction];
      this.#pipes[side].start({
        data: (chunk) => {
          this.#lastAt = options.clock.now();
          there.move(chunk);
        },
        drain: () => back.drained(),
        end: () => this.#end(),
      });
      if (there.isPaused) this.#pipes[side].pause();
    }
  }

  /** All that was moved, both ways. */
  get bytes(): number {
    return this.#directions[0].bytes + this.#directions[1].bytes;
  }

  /** Ends it: what is buffered still goes out. No event follows. */
  close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#timer.cancel();
    for (const direction of this.#directions) direction.stop();
    for (const pipe of this.#pipes) pipe.close();
  }

  #end(): void {
    if (this.#isOver) return;
    this.close();
    this.#options.over();
  }

  #watch(ms: number): Timer {
    const { clock, idleMs } = this.#options;
    const look = (): void => {
      const leftMs = this.#lastAt + idleMs - clock.now();
      if (leftMs > 0) this.#timer = this.#watch(leftMs);
      else this.#end();
    };
    return clock.after(ms, look, { hold: false });
  }
}
