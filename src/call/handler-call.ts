import type { Clock } from "../base/clock.ts";
import type { Deadlines, Expiring } from "../base/deadlines.ts";
import type { Context, ContextKey } from "../schema/context-types.ts";

/** No call has longer, whatever it asks for: 23 days. Timers of Node end at 2^31 ms, and one that is longer fires at once. */
export const MAX_TIMEOUT_MS = 2_000_000_000;

/** What a declared error becomes on its way from `call.fail` to the caller. */
export class Failure extends Error {
  override readonly name = "Failure";
  readonly code: string;
  readonly data: unknown;

  constructor(code: string, data: unknown) {
    super(`declared error ${code}`);
    this.code = code;
    this.data = data;
  }
}

/** Makes a key of a call's context: `const session = contextKey<Session>("session")`. */
export function contextKey<Value>(name: string): ContextKey<Value> {
  return { name };
}

class CallValues implements Context {
  readonly #values = new Map<ContextKey<unknown>, unknown>();

  get<Value>(key: ContextKey<Value>): Value {
    if (!this.#values.has(key)) throw new Error(`nothing was set under the context key "${key.name}"`);
    return this.#values.get(key) as Value;
  }

  set<Value>(key: ContextKey<Value>, value: Value): void {
    this.#values.set(key, value);
  }
}

/** The end that calls made on behalf of another call inherit. */
export interface Scope {
  readonly signal: AbortSignal;
  /** On the clock's monotonic scale. */
  readonly deadlineAt: number;
}

/** How a handler sees others: built by peer/, handed down. */
export interface Views {
  peer(name: string, kind: string | undefined, scope: Scope): unknown;
  peers(scope: Scope): unknown;
}

/** What a {@link HandlerCall} knows about where it came from. */
export interface CallOrigin {
  readonly from: string;
  readonly kind: string | undefined;
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly views: Views;
}

const NO_META: Readonly<Record<string, string>> = Object.freeze({});

/** The second argument of every handler. Signal, deadline, peers and context are made when they are first asked for. */
export class HandlerCall implements Expiring, Scope {
  readonly method: string;
  readonly meta: Readonly<Record<string, string>>;
  readonly deadlineAt: number;
  /** What its input counts among those under way, and whether it is a send whose handler runs. The dispatcher's alone. */
  weight = 0;
  isAccepted = false;
  /** The caller has the same schema of the method. The dispatcher's alone. */
  isSameSchema = false;
  slot = -1;
  previous: Expiring | undefined;
  next: Expiring | undefined;
  readonly #origin: CallOrigin;
  #abort: AbortController | undefined;
  #reason: Error | undefined;
  #finished = false;
  #context: Context | undefined;

  constructor(
    origin: CallOrigin,
    method: string,
    timeoutMs: number,
    meta: Readonly<Record<string, string>> | undefined,
  ) {
    this.#origin = origin;
    this.method = method;
    this.meta = meta ?? NO_META;
    this.deadlineAt = origin.clock.now() + Math.min(timeoutMs, MAX_TIMEOUT_MS);
  }

  /** The name of the user that calls. */
  get from(): string {
    return this.#origin.from;
  }

  /** The caller as a peer: calls to it inherit this call's deadline and cancellation. */
  get peer(): unknown {
    return this.#origin.views.peer(this.#origin.from, this.#origin.kind, this);
  }

  /** All peers; calls to them inherit this call's deadline and cancellation. */
  get peers(): unknown {
    return this.#origin.views.peers(this);
  }

  /** When the caller stops waiting. */
  get deadline(): Date {
    const { clock } = this.#origin;
    return new Date(clock.date() + this.deadlineAt - clock.now());
  }

  /**
   * Fires when the caller cancels or is gone (its reason is then a DOMException named AbortError), and at the deadline (TimeoutError).
   */
  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController();
      if (this.#reason !== undefined) this.#abort.abort(this.#reason);
      else if (!this.#finished) this.#origin.deadlines.add(this);
    }
    return this.#abort.signal;
  }

  /** What `handling` functions left for the handler. */
  get context(): Context {
    this.#context ??= new CallValues();
    return this.#context;
  }

  /** Ends the call with a declared error. Uses no `this`, so that `({ fail }) => ...` works. */
  fail(code: string, data?: unknown): never {
    throw new Failure(code, data);
  }

  expired(): void {
    this.cancel(new DOMException("the call's deadline has passed", "TimeoutError"));
  }

  /** True when the caller is known not to wait any more. */
  get isCancelled(): boolean {
    return this.#reason !== undefined;
  }

  /** Fires the signal, once. */
  cancel(reason: Error): void {
    if (this.#reason !== undefined || this.#finished) return;
    this.#reason = reason;
    this.#origin.deadlines.remove(this);
    this.#abort?.abort(reason);
  }

  /** The handler is done: nothing fires from now on. */
  finish(): void {
    this.#finished = true;
    this.#origin.deadlines.remove(this);
  }
}
