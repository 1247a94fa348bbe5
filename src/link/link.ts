import type { Address } from "../pipe/pipe.ts";
import type { LinkError } from "../base/errors.ts";
import type { Established } from "./handshake.ts";

/** What a link tells its owner. An exception thrown by any of these destroys this link, and only this link, and is logged. */
export interface LinkEvents {
  /** One data record. The payload is the receiver's to keep, unless it returns true: it uses nothing of it any more, and the memory may be freed. */
  data(payload: Uint8Array): boolean | void;
  /** One opened box: what the other side sent with `sendSealed`. The payload is the receiver's to keep. */
  sealed(payload: Uint8Array): void;
  /** After `writable` was false: there is room again. */
  drain(): void;
  /** The last event, exactly once, unless this side called `close` or `destroy`. Undefined: the other side closed in order (code 0). */
  closed(error: LinkError | undefined): void;
}

/** A pipe on which both ends proved themselves. What the handshake settled, and records both ways. */
export interface Link extends Omit<Established, "sealer" | "opener"> {
  /** The other end of its pipe, as this side sees it. */
  readonly remote: Address;
  readonly local: Address;
  /** The public text of the identity that the other side was let in with. Undefined: it was not asked for one, or shows none. */
  readonly identity: string | undefined;
  /** False while the pipe holds more than its high-water mark: wait for `drain`. Sending works nevertheless. */
  readonly writable: boolean;
  /** Bytes given to the pipe and not yet to the system. */
  readonly bufferedBytes: number;
  /** Round trip of the last ping that was answered. */
  readonly rttMs: number | undefined;
  /** False from `close`, `destroy` or the `closed` event on: what is sent then goes nowhere. */
  readonly isOpen: boolean;
  /** Starts delivery, records that came before first. May be called again to hand the link to another owner. */
  start(events: LinkEvents): void;
  /** Sends one data record of the concatenated parts, at most 65,536 bytes. The parts are the caller's again afterwards. */
  send(parts: readonly Uint8Array[]): void;
  /** Sends one box: sealed whatever the encryption setting. At most 65,520 bytes. */
  sendSealed(plaintext: Uint8Array): void;
  /** The round trip in ms, or undefined when no answer came in time or the link ended. Never rejects. */
  ping(timeoutMs: number): Promise<number | undefined>;
  /** Says why (a code of PROTOCOL §3.5; the text is cut to 200 bytes), flushes, ends the pipe. No event follows. */
  close(code?: number, text?: string): void;
  /** Ends at once, without a word. No event follows. */
  destroy(): void;
}
