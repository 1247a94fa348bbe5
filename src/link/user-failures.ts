import type { Limits } from "../base/limits.ts";

interface Failures {
  readonly count: number;
  readonly at: number;
}

/**
 * How often user names failed to prove themselves, each from one source: the next try there waits for longer, known name or not,
 * and nobody is locked out anywhere else. As many are remembered as the limits say; the oldest is forgotten first.
 */
export class UserFailures {
  readonly #limits: Limits["penalty"];
  readonly #most: number;
  /** In the order of their last failure. */
  readonly #table = new Map<string, Failures>();

  constructor(limits: Pick<Limits, "admission" | "penalty">) {
    this.#limits = limits.penalty;
    this.#most = limits.admission.sources;
  }

  get size(): number {
    return this.#table.size;
  }

  /** How long to wait before that name is asked, in ms. */
  delayMs(source: string, name: string, now: number): number {
    const count = this.#count(keyOf(source, name), now);
    const { userDelayMs, userDelayMostMs } = this.#limits;
    return count === 0 ? 0 : Math.min(userDelayMostMs, userDelayMs * 2 ** Math.min(count - 1, 30));
  }

  failed(source: string, name: string, now: number): void {
    const key = keyOf(source, name);
    const count = this.#count(key, now) + 1;
    this.#table.delete(key);
    this.#table.set(key, { count, at: now });
    const [oldest] = this.#table.keys();
    if (this.#table.size > this.#most && oldest !== undefined) this.#table.delete(oldest);
  }

  /** The name was proven from there: its failures were slips of its owner. */
  proven(source: string, name: string): void {
    this.#table.delete(keyOf(source, name));
  }

  /** Failures are forgotten as long after the last one as the longest penalty takes. */
  #count(key: string, now: number): number {
    const known = this.#table.get(key);
    return known === undefined || now - known.at > this.#limits.most * 1_000 ? 0 : known.count;
  }
}

function keyOf(source: string, name: string): string {
  return `${source} ${name}`;
}
