import type { Clock } from "../base/clock.ts";

/** Work that takes real time: simulated time stands still while some is under way, and its results come in the order in which it began. */
export class Outside {
  readonly #clock: Clock;
  #underWay = 0;
  #before: Promise<unknown> = Promise.resolve();
  #idle: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Gives what the work gives, at the simulated instant at which it began. */
  async wait<Result>(work: PromiseLike<Result>): Promise<Result> {
    this.#underWay++;
    const done = Promise.allSettled([this.#before, work]);
    this.#before = done;
    await done;
    if (--this.#underWay === 0) this.#idle?.();
    // One result at a time: what follows from it is over before the next one comes, however soon that was there.
    await new Promise<void>((resolve) => void this.#clock.after(0, resolve));
    return work;
  }

  get isUnderWay(): boolean {
    return this.#underWay > 0;
  }

  /** Resolves when nothing is under way any more. */
  async end(): Promise<void> {
    if (this.#underWay > 0) await new Promise<void>((resolve) => (this.#idle = resolve));
  }
}
