/** A timer in a {@link TimerHeap}. */
export interface HeapTimer {
  readonly at: number;
  readonly run: () => void;
  /** How many were made before it: timers of one instant run in that order. */
  readonly made: number;
  /** Its place in the heap; -1 when it is out. */
  place: number;
}

/** Timers by their times, then by their making: a binary heap, so that neither adding nor taking out looks at all of them. */
export class TimerHeap {
  readonly #heap: HeapTimer[] = [];
  #made = 0;

  get size(): number {
    return this.#heap.length;
  }

  /** The one that is due next. */
  get first(): HeapTimer | undefined {
    return this.#heap[0];
  }

  add(at: number, run: () => void): HeapTimer {
    const timer = { at, run, made: this.#made++, place: this.#heap.length };
    this.#heap.push(timer);
    this.#rise(timer);
    return timer;
  }

  /** Takes a timer out; one that is out already is left alone. */
  remove(timer: HeapTimer): void {
    const { place } = timer;
    if (place < 0) return;
    timer.place = -1;
    const last = this.#heap.pop() as HeapTimer;
    if (last === timer) return;
    this.#put(last, place);
    this.#rise(last);
    this.#sink(last);
  }

  #rise(timer: HeapTimer): void {
    while (timer.place > 0) {
      const parent = this.#heap[(timer.place - 1) >> 1] as HeapTimer;
      if (!isBefore(timer, parent)) return;
      this.#swap(timer, parent);
    }
  }

  #sink(timer: HeapTimer): void {
    for (;;) {
      const left = this.#heap[2 * timer.place + 1];
      const right = this.#heap[2 * timer.place + 2];
      if (left === undefined) return;
      const child = right !== undefined && isBefore(right, left) ? right : left;
      if (!isBefore(child, timer)) return;
      this.#swap(timer, child);
    }
  }

  #swap(one: HeapTimer, other: HeapTimer): void {
    const { place } = one;
    this.#put(one, other.place);
    this.#put(other, place);
  }

  #put(timer: HeapTimer, place: number): void {
    timer.place = place;
    this.#heap[place] = timer;
  }
}

function isBefore(one: HeapTimer, other: HeapTimer): boolean {
  return one.at === other.at ? one.made < other.made : one.at < other.at;
}
