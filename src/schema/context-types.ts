/** A typed key of {@link Context}, made by `contextKey`. */
export interface ContextKey<Value> {
  /** For messages; keys are told apart by identity. */
  readonly name: string;
  /** Never there: it ties the value's type to the key. */
  readonly value?: Value;
}

/** What layers of handling leave for each other and for the handler, per call. */
export interface Context {
  /** @throws Error naming the key when nothing was set under it. */
  get<Value>(key: ContextKey<Value>): Value;
  set<Value>(key: ContextKey<Value>, value: Value): void;
}

/** What a handler knows of its call. */
export interface CallContext<Peers, From> {
  /** The name of the caller. */
  readonly from: string;
  /** The caller, to call back; told apart by `peer.kind`. Calls made through it inherit deadline and cancel. */
  readonly peer: From;
  /** Everybody else. Calls made through it inherit deadline and cancel. */
  readonly peers: Peers;
  /** The method as `Kind.method`. */
  readonly method: string;
  /** Fires on cancel, on deadline and when the caller is gone. */
  readonly signal: AbortSignal;
  /** When the caller stops waiting. */
  readonly deadline: Date;
  /** The small texts that the caller sent along. */
  readonly meta: Readonly<Record<string, string>>;
  /** What layers of handling left. */
  readonly context: Context;
}

/** A layer around handlers; `next` runs the layers within, and at last the handler, and gives its answer. */
export type Around<Call> = (call: Call, next: () => Promise<unknown>) => Promise<unknown>;
