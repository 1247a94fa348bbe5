import type { Clock, Timer } from "./clock.ts";

/** Something with an end in time. The list fields belong to {@link Deadlines}. */
export interface Expiring {
  /** The instant, on the clock's monotonic scale, at which `expired` is called. */
  deadlineAt: number;
  expired(): void;
  slot: number;
  previous: Expiring | undefined;
  next: Expiring | undefined;
}

const SLOTS = 256;
const SLOT_MS = 16;

/**
 * Deadlines without a timer each: a hashed timing wheel (Varghese and Lauck 1987, scheme 6) of 256 slots of 16 ms and one timer,
 * armed only while something waits. An entry is called at its deadline or up to 16 ms later, never before.
 */
export class Deadlines {
  readonly #clock: Clock;
  readonly #heads: (Expiring | undefined)[] = Array.from({ length: SLOTS });
  #timer: Timer | undefined;
  #armedTick = Infinity;
  /** The last tick that was looked at: what is due already when it is added waits for the next one. */
  #done = -Infinity;
  #count = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many wait. */
  get size(): number {
    return this.#count;
  }

  /** Adds an entry whose `slot` is -1. */
  add(entry: Expiring): void {
    const tick = Math.max(Math.ceil(entry.deadlineAt / SLOT_MS), this.#done + 1);
    const slot = tick % SLOTS;
    const head = this.#heads[slot];
    entry.slot = slot;
    entry.previous = undefined;
    entry.next = head;
    if (head !== undefined) head.previous = entry;
    this.#heads[slot] = entry;
    this.#count++;
    if (tick < this.#armedTick) this.#arm(tick);
  }

  /** Takes an entry out; one that is not in is left alone. */
  remove(entry: Expiring): void {
    if (entry.slot < 0) return;
    if (entry.previous === undefined) this.#heads[entry.slot] = entry.next;
    else entry.previous.next = entry.next;
    if (entry.next !== undefined) entry.next.previous = entry.previous;
    entry.previous = entry.next = undefined;
    entry.slot = -1;
    this.#count--; // the timer stays armed: the next call would arm it again, and unheld it keeps no process alive
  }

  #arm(tick: number): void {
    this.#timer?.cancel();
    this.#armedTick = tick;
    this.#timer = this.#clock.after(Math.max(1, tick * SLOT_MS - this.#clock.now()), () => this.#fire(), {
      hold: false,
    });
  }

  #fire(): void {
    this.#timer = undefined;
    const from = this.#armedTick;
    const now = this.#clock.now();
    const to = Math.floor(now / SLOT_MS);
    this.#armedTick = Infinity;
    this.#done = to;
    for (let tick = from, left = SLOTS; tick <= to && left > 0; tick++, left--) this.#expire(tick % SLOTS, now);
    if (this.#count > 0) this.#arm(this.#nextTick(Math.max(to + 1, from)));
  }

  #expire(slot: number, now: number): void {
    for (let entry = this.#heads[slot]; entry !== undefined; ) {
      const next: Expiring | undefined = entry.next;
      if (entry.deadlineAt <= now) {
        this.remove(entry);
        entry.expired();
        // `expired` may have changed the list, so start again from its head; every round removes one.
        entry = this.#heads[slot];
      } else {
        entry = next;
      }
    }
  }

  #nextTick(from: number): number {
    for (let tick = from; tick < from + SLOTS; tick++) if (this.#heads[tick % SLOTS] !== undefined) return tick;
    return from + SLOTS;
  }

  /** Forgets every entry and stops the timer. */
  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#armedTick = Infinity;
    this.#heads.fill(undefined);
    this.#count = 0;
  }
}
