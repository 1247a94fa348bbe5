import type { CallErrorCode, PeerError } from "../base/errors.ts";

/** What a handler may give back: the value, or a promise of it. */
export type Awaitable<T> = T | Promise<T>;

/** What every call takes beside its input. */
export interface CallOptions {
  /** How long to wait for the answer, waiting for the peer included. Default 60,000. */
  timeoutMs?: number | undefined;
  /** Cancels the call, also in the handler. */
  signal?: AbortSignal | undefined;
  /** Small texts for the handler, as `call.meta`. */
  meta?: Readonly<Record<string, string>> | undefined;
}

/** A failed call whose code, and with it the type of its data, is known. */
export interface PeerErrorOf<Code extends string, Data> extends PeerError {
  readonly code: Code;
  readonly data: Data;
}

/** A call that failed for a reason of ours, not with a declared error. */
export type CallError = PeerErrorOf<CallErrorCode, undefined>;

/** The declared errors of a method, `Errors` from code to data, narrowed to the codes `Code`. */
export type ErrorOf<Errors, Code extends keyof Errors> = {
  [One in Code & string]: PeerErrorOf<One, Errors[One]>;
}[Code & string];

/** Every declared error of a method, `Errors` from code to data. */
export type Declared<Errors> = ErrorOf<Errors, keyof Errors>;

/** What `try` gives: the value, or the error that the same call would have thrown. */
export type Result<Value, Errors = {}> =
  | { readonly ok: true; readonly value: Value; readonly error?: undefined }
  | { readonly ok: false; readonly error: Declared<Errors> | CallError; readonly value?: undefined };

/** What one peer of `all` answered. */
export type Answer<Value, Errors = {}> = Result<Value, Errors> & {
  /** The name of the peer that answered. */
  readonly name: string;
};

/** The answers of `all`: await them for all at once, or iterate them as they come. One peer's failure never throws. */
export interface Answers<Value, Errors = {}>
  extends AsyncIterable<Answer<Value, Errors>>,
    PromiseLike<Answer<Value, Errors>[]> {}

/** The part of a handler's call that exists where errors are declared. */
export interface Fails<Errors> {
  /** Ends the call with a declared error. `return` or `throw` what it gives: the compiler does not see that it never returns. */
  fail<Code extends keyof Errors & string>(
    code: Code,
    ...data: Errors[Code] extends void ? [] : [data: Errors[Code]]
  ): never;
}
