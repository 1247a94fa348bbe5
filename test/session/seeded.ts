import { seeded } from "../support/seeded.ts";

/** Chance that can be repeated: the same seed gives the same choices. */
export class Seeded {
  readonly #next: () => number;

  constructor(seed: number) {
    this.#next = seeded(seed);
  }

  /** A whole number from 0 to `below` - 1. */
  int(below: number): number {
    return Math.floor(this.#next() * below);
  }

  /** True once in so many times. */
  once(inTimes: number): boolean {
    return this.int(inTimes) === 0;
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.int(items.length)] as Item;
  }

  bytes(length: number): Uint8Array {
    const words = new Uint32Array(Math.ceil(length / 4));
    for (let at = 0; at < words.length; at++) words[at] = this.int(2 ** 32);
    return new Uint8Array(words.buffer, 0, length);
  }
}
