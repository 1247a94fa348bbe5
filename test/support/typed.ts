import { onTestFinished } from "vitest";
import type { UntypedPeer } from "../../src/schema/peer-types.ts";

/** A user whose peers are called as generated code would, without its types: tests also say what the compiler would refuse. */
export interface AnyUser {
  readonly name: string;
  readonly peers: Record<string, AnyPeer> & { readonly Bar: AnyPeer; readonly Foo: AnyPeer };
  peer(name: string): UntypedPeer;
  close(options?: { graceMs?: number }): Promise<void>;
}

type AnyCall = (input?: unknown, options?: unknown) => Promise<unknown>;

export interface AnyPeer {
  readonly name: string;
  readonly kind: string;
  readonly path: string | undefined;
  readonly get: Record<string, AnyCall> &
    Record<"twice" | "find" | "later" | "secret" | "mine" | "size" | "slow" | "title", AnyCall>;
  readonly send: Record<string, AnyCall> & Record<"chat", AnyCall>;
  readonly try: Record<string, AnyCall> & Record<"find", AnyCall>;
  readonly any: AnyPeer;
  readonly all: AnyGroup;
  named(name: string): AnyPeer;
}

export interface AnyGroup extends Iterable<AnyPeer> {
  readonly names: readonly string[];
  readonly get: Record<
    "twice" | "find",
    (input?: unknown, options?: unknown) => AsyncIterable<unknown> & PromiseLike<unknown[]>
  >;
  changes(options?: { signal?: AbortSignal }): AsyncIterable<{ name: string; here: boolean }>;
}

export function closeAfter<User extends { close(options?: { graceMs?: number }): Promise<void> }>(user: User): User {
  onTestFinished(() => user.close({ graceMs: 1_000 }));
  return user;
}
