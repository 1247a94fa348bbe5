import type { Expiring } from "../base/deadlines.ts";
import type { PeerError } from "../base/errors.ts";
import type { CallOptions } from "../schema/call-types.ts";
import type { OutMessage } from "../session/out-message.ts";
import { HAS_META } from "../wire/frames.ts";
import type { Method, Word } from "./contract.ts";
import type { Scope } from "./handler-call.ts";

/** What to call, and how. */
export interface Request {
  readonly word: Word;
  /** The method's name on the wire; "" for a free message. */
  readonly name: string;
  /** How errors name it: `Bar.find`. */
  readonly label: string;
  readonly method?: Method | undefined;
  readonly input: unknown;
  readonly options?: CallOptions | undefined;
  readonly scope?: Scope | undefined;
}

/** One call on its way, from `start` to its settling. */
export class OutgoingCall implements Expiring {
  id = 0;
  settled = false;
  message: OutMessage | undefined;
  slot = -1;
  previous: Expiring | undefined;
  next: Expiring | undefined;
  forgetSignal: (() => void) | undefined;
  readonly #expired: (call: OutgoingCall) => void;
  readonly word: Word;
  readonly name: string;
  readonly label: string;
  readonly method: Method | undefined;
  /** What is to be sent by number; empty from when the outbox has it, which lets go of it sooner than the call ends. */
  payload: Uint8Array;
  readonly bytes: number;
  /** What it counts among the inputs under way. */
  readonly weight: number;
  readonly flags: number;
  readonly timeoutMs: number;
  readonly deadlineAt: number;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: PeerError) => void;

  constructor(
    onExpired: (call: OutgoingCall) => void,
    request: Request,
    payload: Uint8Array,
    weight: number,
    deadlineAt: number,
    timeoutMs: number,
    resolve: (value: unknown) => void,
    reject: (error: PeerError) => void,
  ) {
    this.#expired = onExpired;
    this.word = request.word;
    this.name = request.name;
    this.label = request.label;
    this.method = request.method;
    this.payload = payload;
    this.bytes = payload.length;
    this.weight = weight;
    this.flags = request.options?.meta === undefined ? 0 : HAS_META;
    this.deadlineAt = deadlineAt;
    this.timeoutMs = timeoutMs;
    this.resolve = resolve;
    this.reject = reject;
  }

  expired(): void {
    this.#expired(this);
  }
}
