import type { Clock } from "../base/clock.ts";
import type { SessionLimits } from "./limits.ts";

const LEAST_SPAN_MS = 50;
/** The span is looked at in so many steps. */
const STEPS = 16;

/**
 * How much may be in flight before big messages wait: what was acknowledged during the last max(2 round trips, 50 ms), but at least the floor. So a slow path is never
 * filled with seconds of a file in front of a call, and a fast one reaches the whole window within a few round trips. The round trip is the shortest one seen: the
 * present one would count the queue that this is to keep short.
 */
export class BulkWindow {
  readonly #clock: Clock;
  readonly #floorBytes: number;
  /** At some instants of the span, and the last one before it: how much had been acknowledged. */
  readonly #samples: { at: number; acked: number }[] = [];
  #acked = 0;
  #rttMs = Number.POSITIVE_INFINITY;
  #probeOffset = 0;
  #probeAt = -1;

  constructor(clock: Clock, limits: Pick<SessionLimits, "bulkFloorBytes">) {
    this.#clock = clock;
    this.#floorBytes = limits.bulkFloorBytes;
  }

  /** Bytes were committed, up to that offset. */
  committed(offset: number): void {
    if (this.#probeAt >= 0) return;
    this.#probeAt = this.#clock.now();
    this.#probeOffset = offset;
  }

  /** Everything before that offset was acknowledged. */
  acked(offset: number): void {
    const now = this.#clock.now();
    if (this.#probeAt >= 0 && offset >= this.#probeOffset) {
      this.#rttMs = Math.min(this.#rttMs, now - this.#probeAt);
      this.#probeAt = -1;
    }
    const last = this.#samples.at(-1);
    if (last === undefined || now - last.at >= this.#spanMs / STEPS)
      this.#samples.push({ at: now, acked: this.#acked });
    this.#acked = offset;
    this.#forget(now);
  }

  /** A ping's round trip. */
  roundTrip(ms: number | undefined): void {
    if (ms !== undefined) this.#rttMs = Math.min(this.#rttMs, ms);
  }

  /** Another link carries the stream: another path, another round trip. */
  moved(): void {
    this.#rttMs = Number.POSITIVE_INFINITY;
    this.#probeAt = -1;
  }

  /** The limit now. */
  get bytes(): number {
    if (this.#samples.length === 0) return this.#floorBytes;
    this.#forget(this.#clock.now());
    return Math.max(this.#floorBytes, this.#acked - (this.#samples[0]?.acked ?? this.#acked));
  }

  get #spanMs(): number {
    return this.#rttMs === Number.POSITIVE_INFINITY ? LEAST_SPAN_MS : Math.max(LEAST_SPAN_MS, 2 * this.#rttMs);
  }

  #forget(now: number): void {
    const from = now - this.#spanMs;
    while (this.#samples.length > 0 && (this.#samples[0] as { at: number }).at < from) this.#samples.shift();
  }
}
