import type { Clock } from "../base/clock.ts";
import type { Deadlines, Expiring } from "../base/deadlines.ts";
import { DEFAULT_LIMITS } from "../base/limits.ts";
import { TokenBucket } from "../base/token-bucket.ts";
import { OutMessage } from "../session/out-message.ts";
import type { Outbox } from "../session/outbox.ts";
import { CANCEL } from "../wire/frames.ts";

/** CANCEL frames of a peer that are taken at once, and those that come on top per second. One more ends the session: whoever opens calls to cancel them only makes work. */
export const CANCEL_BURST: number = DEFAULT_LIMITS.wire.cancelBurst;
export const CANCELS_PER_SECOND: number = DEFAULT_LIMITS.wire.cancelsPerSecond;

/**
 * What a caller allows itself of that: half of it, and at most the other half on the way at once. However long a link holds frames up, no more than `CANCEL_BURST` of them
 * arrive together.
 */
const OWN_SHARE = 0.5;
const MOST_ON_THE_WAY = CANCEL_BURST * (1 - OWN_SHARE);

/** CANCELs that are owed are tried again this often. */
const OWED_MS = 16;

/** What the peer's cancels of one session may be. */
export function cancelBudget(now: number): TokenBucket {
  return new TokenBucket(CANCELS_PER_SECOND, CANCEL_BURST, now);
}

export interface CancelsHome {
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly outbox: Outbox;
  readonly session: { readonly acked: number } | undefined;
}

/**
 * The CANCEL frames of one caller. Its calls settle at once whatever happens here; where the peer would take the frames for a flood they are owed, and leave a little later,
 * unless the answer comes first. A call whose CANCEL is owed is still in flight to the peer.
 */
export class Cancels implements Expiring {
  deadlineAt = 0;
  slot = -1;
  previous: Expiring | undefined;
  next: Expiring | undefined;
  readonly #home: CancelsHome;
  readonly #paid: () => void;
  readonly #owed = new Set<number>();
  #bucket: TokenBucket | undefined;
  #last: OutMessage | undefined;
  /** How many have left since the peer was seen to have all of them. */
  #onTheWay = 0;

  /** @param paid fewer are owed than before */
  constructor(home: CancelsHome, paid: () => void) {
    this.#home = home;
    this.#paid = paid;
  }

  /** How many calls were given up that the peer still handles, for all it knows. */
  get owed(): number {
    return this.#owed.size;
  }

  /** The call of that channel was given up after it had left. */
  cancel(channel: number): void {
    if (this.#owed.size === 0 && this.#send(channel)) return;
    this.#owed.add(channel);
    this.#arm();
  }

  /** An answer came. True: to a call that was given up, so there is nothing left to cancel. */
  answered(channel: number): boolean {
    return this.#owed.delete(channel);
  }

  expired(): void {
    const before = this.#owed.size;
    for (const channel of this.#owed) {
      if (!this.#send(channel)) break;
      this.#owed.delete(channel);
    }
    if (this.#owed.size > 0) this.#arm();
    if (this.#owed.size < before) this.#paid();
  }

  sessionEnded(): void {
    this.#home.deadlines.remove(this);
    this.#owed.clear();
    this.#bucket = undefined;
    this.#last = undefined;
    this.#onTheWay = 0;
  }

  #arm(): void {
    if (this.slot >= 0) return;
    this.deadlineAt = this.#home.clock.now() + OWED_MS;
    this.#home.deadlines.add(this);
  }

  #send(channel: number): boolean {
    const { clock, outbox } = this.#home;
    const now = clock.now();
    this.#bucket ??= new TokenBucket(CANCELS_PER_SECOND * OWN_SHARE, CANCEL_BURST * OWN_SHARE, now);
    if (this.#onTheWay >= MOST_ON_THE_WAY && !this.#haveArrived()) return false;
    if (!this.#bucket.take(now)) return false;
    this.#last = new OutMessage(CANCEL, channel, NOTHING, "control");
    this.#onTheWay++;
    outbox.push(this.#last);
    return true;
  }

  #haveArrived(): boolean {
    const { endOffset } = this.#last as OutMessage;
    if (endOffset < 0 || endOffset > (this.#home.session?.acked ?? 0)) return false;
    this.#onTheWay = 0;
    return true;
  }
}

const NOTHING = new Uint8Array(0);
