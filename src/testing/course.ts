import type { Clock } from "../base/clock.ts";
import type { Freight, MemoryWire } from "../pipe/memory.ts";
import { type Range, within } from "./seeded.ts";

/** How one direction between two hosts carries. */
export interface Shape {
  /** How long everything takes, each time anew: milliseconds from the first to the second. */
  readonly latencyMs: Range;
  /** Bytes per second of all links together. Default: no limit. */
  readonly bytesPerS?: number | undefined;
}

/** What arrived over a wire. */
export type Arrival = (what: Freight, bytes: number, link: number) => void;

/** One direction between two hosts: how long it takes now, and what it holds back. What is held back waits; nothing is lost. */
export class Course {
  shape: Shape;
  /** Whether the two are parted: nothing passes. */
  isParted = false;
  /** Whether nobody is there at the end of it. */
  #isDead = false;
  /** The links up to this number are stalled. */
  #stalledTo = 0;
  #busyUntil = 0;
  readonly #clock: Clock;
  readonly #chance: () => number;
  readonly #waiting = new Set<Wire>();

  constructor(clock: Clock, chance: () => number, shape: Shape) {
    this.#clock = clock;
    this.#chance = chance;
    this.shape = shape;
  }

  /** One direction of one link. */
  wire(link: number, arrived: Arrival): MemoryWire {
    return new Wire(this, this.#clock, link, arrived);
  }

  /** When so many bytes arrive that leave now. */
  arrivalOf(bytes: number): number {
    const { latencyMs, bytesPerS } = this.shape;
    if (bytesPerS !== undefined)
      this.#busyUntil = Math.max(this.#busyUntil, this.#clock.now()) + (bytes * 1_000) / bytesPerS;
    const leavesAt = bytesPerS === undefined ? this.#clock.now() : this.#busyUntil;
    return leavesAt + within(latencyMs, this.#chance);
  }

  /** Every link up to this number falls silent. */
  stall(link: number): void {
    this.#stalledTo = link;
  }

  /** Ends stalls and partitions. */
  heal(): void {
    this.#stalledTo = 0;
    this.isParted = false;
    this.#flow();
  }

  setDead(isDead: boolean): void {
    this.#isDead = isDead;
    if (!isDead) this.#flow();
  }

  /** Whether that wire may deliver now. If not, it is told when to try again. */
  mayPass(wire: Wire, link: number): boolean {
    if (!this.isParted && !this.#isDead && link > this.#stalledTo) return true;
    this.#waiting.add(wire);
    return false;
  }

  /** What waits tries again. */
  #flow(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wire of waiting) wire.release();
  }
}

/** Carries in order: what leaves later never arrives sooner, however long each takes. */
class Wire implements MemoryWire {
  readonly #course: Course;
  readonly #clock: Clock;
  readonly #link: number;
  readonly #arrived: Arrival;
  readonly #onTheWay: { what: Freight; bytes: number; arrive: () => void }[] = [];
  /** How many of those have travelled their time and are held back. */
  #held = 0;
  #lastAt = 0;

  constructor(course: Course, clock: Clock, link: number, arrived: Arrival) {
    this.#course = course;
    this.#clock = clock;
    this.#link = link;
    this.#arrived = arrived;
  }

  carry(what: Freight, bytes: number, arrive: () => void): void {
    this.#onTheWay.push({ what, bytes, arrive });
    this.#lastAt = Math.max(this.#lastAt, this.#course.arrivalOf(bytes));
    this.#clock.after(this.#lastAt - this.#clock.now(), this.#next);
  }

  release(): void {
    for (; this.#held > 0; this.#held--) this.#clock.after(0, this.#next);
  }

  /** Runs once for each that travels. */
  readonly #next = (): void => {
    if (!this.#course.mayPass(this, this.#link)) {
      this.#held++;
      return;
    }
    const first = this.#onTheWay.shift();
    if (first === undefined) return;
    this.#arrived(first.what, first.bytes, this.#link);
    first.arrive();
  };
}
