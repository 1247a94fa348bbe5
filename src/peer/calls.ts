import { PeerError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import type { Method, Word } from "../call/contract.ts";
import type { Scope } from "../call/handler-call.ts";
import type { Start } from "./directory.ts";
import type { CallOptions } from "../schema/call-types.ts";

/** A kind as its schema declares it, ready to build peers from. */
export interface KindMethods {
  readonly kind: string;
  readonly methods: readonly (Method & { readonly word: Word; readonly label: string })[];
}

export type Call = (input?: unknown, options?: CallOptions) => Promise<unknown>;

/** The words of a peer object, each with its calls: `get`, `send` and `try`, where there are any. */
export interface Words {
  get?: Readonly<Record<string, Call>>;
  send?: Readonly<Record<string, Call>>;
  try?: Readonly<Record<string, Call>>;
}

/** Builds real functions for every method, so that `const { get } = peers.Bar` and `await peers.Bar` behave. */
export function buildWords(kind: KindMethods, start: Start, log: Logger, scope?: Scope): Words {
  const get: Record<string, Call> = Object.create(null) as Record<string, Call>;
  const send: Record<string, Call> = Object.create(null) as Record<string, Call>;
  const tried: Record<string, Call> = Object.create(null) as Record<string, Call>;
  for (const method of kind.methods) {
    const { word, name, label } = method;
    const call: Call = (input, options) => start({ word, name, label, method, input, options, scope });
    if (word === "get") get[name] = call;
    else send[name] = (input, options) => unawaited(call(input, options), label, log);
    tried[name] = async (input, options) => {
      try {
        return { ok: true, value: await call(input, options) };
      } catch (error) {
        if (error instanceof PeerError) return { ok: false, error };
        throw error;
      }
    };
  }
  const words: Words = {};
  if (Object.keys(get).length > 0) words.get = Object.freeze(get);
  if (Object.keys(send).length > 0) words.send = Object.freeze(send);
  if (kind.methods.length > 0) words.try = Object.freeze(tried);
  return words;
}

/** A send that nobody awaits must not end the process: its promise counts as handled, and its failure is logged. */
export function unawaited(sent: Promise<unknown>, label: string, log: Logger): Promise<void> {
  sent.catch((error: unknown) => log.info({ err: error }, `${label} could not be sent`));
  return sent as Promise<void>; // a send settles with undefined
}
