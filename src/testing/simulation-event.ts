import type { Freight } from "../pipe/memory.ts";

/** Something that happened in a simulation. Plain data: two runs of one seed give lists that are deeply equal. */
export interface SimulationEvent {
  /** Simulated milliseconds since the start, to the microsecond. */
  readonly at: number;
  /**
   * What arrived at `to`: a `dial`, its answer (`open`, `refused`), `bytes`, and how they end (`end`, `reset`). What befell the network:
   * `cut`, `stall`, `partition`, `shape`, `heal`; a host: `crash`, `start`. What programs said: `log`, `note`.
   */
  readonly what: Freight | "cut" | "stall" | "partition" | "shape" | "heal" | "crash" | "start" | "log" | "note";
  /** The names of the hosts; a host that something befell or that said something is in `from`. */
  readonly from?: string;
  readonly to?: string;
  /** The number of the link, counted from 1 in the order of the dials. */
  readonly link?: number;
  readonly bytes?: number;
  readonly text?: string;
}

/** The latest events: `most` of them at least, and at most twice as many. */
export class EventList {
  readonly #most: number;
  readonly #now: () => number;
  readonly #onEvent: ((event: SimulationEvent) => void) | undefined;
  #events: SimulationEvent[] = [];

  constructor(most: number, now: () => number, onEvent: ((event: SimulationEvent) => void) | undefined) {
    this.#most = most;
    this.#now = now;
    this.#onEvent = onEvent;
  }

  add(event: Omit<SimulationEvent, "at">): void {
    const full = { at: Math.round(this.#now() * 1_000) / 1_000, ...event };
    if (this.#events.length >= 2 * this.#most) this.#events = this.#events.slice(this.#most);
    this.#events.push(full);
    this.#onEvent?.(full);
  }

  /** A list of its own, oldest first. */
  get all(): readonly SimulationEvent[] {
    return [...this.#events];
  }
}
