/**
 * Values other than undefined, by numbers from 1 to 2^32 - 1, for what comes and goes all the time: a hash table with linear probing, whose slots are used again. A Map of V8 makes a new table every so often, to
 * which the one before points: once one of them is old, all that is put in after it stays alive until the next full collection, however short its life was, and is copied meanwhile.
 */
export class IdTable<Value> {
  /** 0 where a slot is free. */
  #ids = new Uint32Array(LEAST_SLOTS);
  #values: (Value | undefined)[] = slots(LEAST_SLOTS);
  #mask = LEAST_SLOTS - 1;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(id: number): Value | undefined {
    return this.#values[this.#find(id)];
  }

  has(id: number): boolean {
    return this.get(id) !== undefined;
  }

  set(id: number, value: Value): void {
    let at = this.#find(id);
    if (this.#ids[at] === 0) {
      if (++this.#size * 2 > this.#mask) {
        this.#grow();
        at = this.#find(id);
      }
      this.#ids[at] = id;
    }
    this.#values[at] = value;
  }

  delete(id: number): void {
    let free = this.#find(id);
    if (id === 0 || this.#ids[free] !== id) return;
    this.#size--;
    // Whatever stands behind it, and would be looked for in this slot first, moves up.
    for (let at = (free + 1) & this.#mask; this.#ids[at] !== 0; at = (at + 1) & this.#mask) {
      const home = this.#homeOf(this.#ids[at] as number);
      if (((at - home) & this.#mask) < ((at - free) & this.#mask)) continue;
      this.#ids[free] = this.#ids[at] as number;
      this.#values[free] = this.#values[at];
      free = at;
    }
    this.#ids[free] = 0;
    this.#values[free] = undefined;
    if (this.#size === 0 && this.#mask >= MANY_SLOTS) this.clear();
  }

  clear(): void {
    this.#ids = new Uint32Array(LEAST_SLOTS);
    this.#values = slots(LEAST_SLOTS);
    this.#mask = LEAST_SLOTS - 1;
    this.#size = 0;
  }

  /** All values, in no order that means anything. */
  values(): Value[] {
    return this.#values.filter((value) => value !== undefined) as Value[];
  }

  /** Where it is, or else belongs. */
  #find(id: number): number {
    let at = this.#homeOf(id);
    while (this.#ids[at] !== id && this.#ids[at] !== 0) at = (at + 1) & this.#mask;
    return at;
  }

  #homeOf(id: number): number {
    return (Math.imul(id, MULTIPLIER) >>> 15) & this.#mask;
  }

  #grow(): void {
    const [ids, values] = [this.#ids, this.#values];
    this.#mask = this.#mask * 2 + 1;
    this.#ids = new Uint32Array(this.#mask + 1);
    this.#values = slots(this.#mask + 1);
    ids.forEach((id, from) => {
      if (id === 0) return;
      const at = this.#find(id);
      this.#ids[at] = id;
      this.#values[at] = values[from];
    });
  }
}

const LEAST_SLOTS = 16;

/** A table of so many slots, 12 bytes each, gives them back when it is empty. */
const MANY_SLOTS = 1_024;

/** 2^32 divided by the golden ratio: numbers in a row come to lie far apart (Knuth, The Art of Computer Programming 3, section 6.4). */
const MULTIPLIER = 0x9e37_79b1;

function slots<Value>(count: number): (Value | undefined)[] {
  return Array.from({ length: count }, () => undefined);
}
