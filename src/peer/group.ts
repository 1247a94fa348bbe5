import { PeerError } from "../base/errors.ts";
import type { CallOptions } from "../schema/call-types.ts";
import type { WatchOptions } from "../schema/peer-types.ts";
import type { KindMethods, Words } from "./calls.ts";
import type { Directory } from "./directory.ts";
import { changes } from "./watch.ts";

type Answered = { name: string; ok: true; value: unknown } | { name: string; ok: false; error: PeerError };

/** The peers of a kind that are live when something is asked of them, as one. */
export function buildGroup(
  directory: Directory,
  kind: KindMethods,
  peerNamed: (name: string) => object & Words,
): object {
  const words = (word: "get" | "send"): Record<string, unknown> | undefined => {
    const calls: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
    for (const method of kind.methods) {
      if (method.word !== word) continue;
      calls[method.name] = (input?: unknown, options?: CallOptions) =>
        answersOf(
          directory.live(kind.kind).map((name) => {
            const call = peerNamed(name)[word]?.[method.name];
            return outcomeOf(name, call?.(input, options) ?? Promise.resolve());
          }),
        );
    }
    return Object.keys(calls).length > 0 ? Object.freeze(calls) : undefined;
  };
  const group: Record<PropertyKey, unknown> = Object.create(null) as Record<PropertyKey, unknown>;
  Object.defineProperty(group, "names", { enumerable: true, get: () => directory.live(kind.kind) });
  group["changes"] = (options?: WatchOptions) => changes(directory, kind.kind, options?.signal);
  group[Symbol.iterator] = () => directory.live(kind.kind).map(peerNamed)[Symbol.iterator]();
  for (const word of ["get", "send"] as const) {
    const calls = words(word);
    if (calls !== undefined) group[word] = calls;
  }
  return Object.freeze(group);
}

async function outcomeOf(name: string, call: Promise<unknown>): Promise<Answered> {
  try {
    return { name, ok: true, value: await call };
  } catch (error) {
    if (error instanceof PeerError) return { name, ok: false, error };
    throw error;
  }
}

/** Await it for all answers, in the order of the names; iterate it for each as it comes. */
function answersOf(calls: readonly Promise<Answered>[]): object {
  const all = Promise.all(calls);
  all.catch(() => {}); // whoever awaits or iterates sees it; nobody has to
  return {
    // oxlint-disable-next-line unicorn/no-thenable -- being awaitable is what it is for
    then: all.then.bind(all),
    async *[Symbol.asyncIterator]() {
      const left = new Map(calls.map((call, index) => [index, call.then((answer) => ({ index, answer }))]));
      while (left.size > 0) {
        const { index, answer } = await Promise.race(left.values());
        left.delete(index);
        yield answer;
      }
    },
  };
}
