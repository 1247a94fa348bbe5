/** Any schema of zod 4 (classic or mini). Structural on purpose: comparing whole zod types would cost the compiler twenty times as much. */
export interface ZodLike {
  readonly _zod: object;
}

/** A get: one input, one output. */
export interface GetSchema {
  /** What callers send. Left out: nothing. */
  readonly input?: ZodLike;
  /** What the handler answers. Left out: nothing. */
  readonly output?: ZodLike;
  /** Errors that the handler may answer with, by code, each with the data it carries; `z.void()` for none. */
  readonly errors?: Readonly<Record<string, ZodLike>>;
  /** The kinds that may call. Left out: everybody. Kinds are claimed by the caller, names are proven. */
  readonly from?: readonly string[];
  /** The user names that may call. Left out: everybody. */
  readonly fromNames?: readonly string[];
}

/** A send: one input, no answer. A zod schema alone stands for `{ input: schema }`. */
export interface SendSchema {
  /** What callers send. Left out: nothing. */
  readonly input?: ZodLike;
  /** The kinds that may send. Left out: everybody. Kinds are claimed by the sender, names are proven. */
  readonly from?: readonly string[];
  /** The user names that may send. Left out: everybody. */
  readonly fromNames?: readonly string[];
}

/** What a peer kind declares: under each word the names of its methods. */
export interface PeerSchema {
  /** Calls that are answered. */
  readonly get?: Readonly<Record<string, GetSchema>>;
  /** Calls that are not answered; the caller learns that they arrived. */
  readonly send?: Readonly<Record<string, ZodLike | SendSchema>>;
}

/**
 * Declares a peer kind; `export const Bar = definePeer({ ... })` declares the kind `Bar`.
 * Gives back the very object it got: code generation reads the literal, the running program reads the data.
 */
export function definePeer(schema: PeerSchema): PeerSchema {
  return schema;
}
