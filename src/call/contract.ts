import { DEFAULT_LIMITS } from "../base/limits.ts";
import { ProtocolViolation } from "../session/violation.ts";
import { printable } from "../base/log.ts";
import { decodeValue, encodeValue, type ShapeCodec } from "../wire/values.ts";
import type { Schema } from "./validation.ts";

/** How a method may be called: one word, or both for a handler that was registered without a schema. */
export type Word = "get" | "send";

/** How values of a method travel between two programs with the same schema of it, which their equal fingerprints tell. */
export interface MethodCodec {
  /** 16 hex digits. */
  readonly fingerprint: string;
  readonly input?: ShapeCodec;
  readonly output?: ShapeCodec;
}

/** Those of a kind, by the names of its methods. */
export type Codecs = Readonly<Record<string, MethodCodec>>;

/** A method as its schema declares it. Without schemas every value passes. */
export interface Method {
  readonly name: string;
  readonly word: Word | "any";
  readonly input?: Schema | undefined;
  readonly output?: Schema | undefined;
  /** Declared errors: code -> schema of their data. */
  readonly errors?: Readonly<Record<string, Schema>> | undefined;
  /** Kinds, and names, that may call; absent: everybody. */
  readonly from?: readonly string[] | undefined;
  readonly fromNames?: readonly string[] | undefined;
  readonly codec?: MethodCodec | undefined;
}

/** What a peer says it handles. The method number on the wire is the index in this list plus one; 0 is a free message. */
export interface Contract {
  /** The kind the peer says it is; names are proven, kinds claimed. */
  readonly kind: string | undefined;
  readonly methods: readonly {
    readonly name: string;
    readonly word: Word | "any";
    readonly codec?: Pick<MethodCodec, "fingerprint"> | undefined;
  }[];
}

export const MAX_METHODS: number = DEFAULT_LIMITS.wire.methods;
export const MAX_METHOD_CHARACTERS: number = DEFAULT_LIMITS.wire.methodCharacters;

const MAX_FINGERPRINT_CHARACTERS = 32;

/** Methods that a message about a missing one names. */
const TOLD_METHODS = 20;

export function encodeContract(contract: Contract): Uint8Array {
  return encodeValue([
    contract.kind,
    contract.methods.map(({ name, word, codec }) =>
      codec === undefined ? [name, word] : [name, word, codec.fingerprint],
    ),
  ]);
}

/** Reads a contract that came from a peer. @throws ProtocolViolation when it is not one; the session it came on is then at fault. */
export function decodeContract(payload: Uint8Array): Contract {
  let value: unknown;
  try {
    value = decodeValue(payload);
  } catch (error) {
    throw new ProtocolViolation(`a contract that can't be read: ${String(error)}`);
  }
  if (!Array.isArray(value)) throw new ProtocolViolation("a contract must be a list");
  const [kind, methods] = value as [unknown, unknown];
  if (kind !== undefined && (typeof kind !== "string" || kind.length > 64))
    throw new ProtocolViolation("a contract's kind must be a short text");
  if (!Array.isArray(methods) || methods.length > MAX_METHODS)
    throw new ProtocolViolation("a contract has at most 10,000 methods");
  return { kind, methods: methods.map(decodeMethod) };
}

function decodeMethod(entry: unknown): Contract["methods"][number] {
  if (!Array.isArray(entry)) throw new ProtocolViolation("a method in a contract must be a list");
  const [name, word, fingerprint] = entry as [unknown, unknown, unknown];
  if (typeof name !== "string" || name === "" || name.length > MAX_METHOD_CHARACTERS)
    throw new ProtocolViolation("a method's name has 1 to 64 characters");
  if (word !== "get" && word !== "send" && word !== "any")
    throw new ProtocolViolation("a method's word must be get, send or any");
  if (fingerprint === undefined) return { name, word };
  if (typeof fingerprint !== "string" || fingerprint.length > MAX_FINGERPRINT_CHARACTERS)
    throw new ProtocolViolation("a method's fingerprint must be a short text");
  return { name, word, codec: { fingerprint } };
}

/** The first of these methods, for messages. */
export function told(methods: Contract["methods"]): string {
  const names = methods.slice(0, TOLD_METHODS).map(({ name }) => printable(name));
  return names.length === 0 ? "nothing" : names.join(", ") + (methods.length > TOLD_METHODS ? ", …" : "");
}

/** Why there is no method of that name where these are handled. */
export function noMethod(name: string, known: string): string {
  return `it handles no "${printable(name)}"; it handles ${known}`;
}

/** A contract of a peer, as calls look it up: each method's name leads to its number and word. */
export class PeerContract {
  readonly kind: string | undefined;
  readonly #methods = new Map<string, Contract["methods"][number] & { readonly number: number }>();
  /** Made once, since any number of calls may ask for a method that is not there. */
  readonly #known: string;

  constructor({ kind, methods }: Contract) {
    this.kind = kind;
    methods.forEach((method, at) => this.#methods.set(method.name, { ...method, number: at + 1 }));
    this.#known = told(methods);
  }

  /** The number of a method, or why there is none. */
  numberOf(name: string, word: Word): number | string {
    const method = this.#methods.get(name);
    if (method === undefined) {
      return noMethod(name, this.#known);
    }
    if (method.word !== "any" && method.word !== word) return `"${name}" is a ${method.word}, not a ${word}`;
    return method.number;
  }

  /** Whether the peer's schema of a method is the one that this codec is of. */
  shares(name: string, codec: MethodCodec | undefined): boolean {
    return codec !== undefined && this.#methods.get(name)?.codec?.fingerprint === codec.fingerprint;
  }
}
