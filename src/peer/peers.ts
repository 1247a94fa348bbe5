import type { Scope, Views } from "../call/handler-call.ts";
import type { WatchOptions } from "../schema/peer-types.ts";
import { startAny } from "./any.ts";
import { buildWords, type KindMethods, type Words } from "./calls.ts";
import { type Directory, type Start, startAt } from "./directory.ts";
import { buildGroup } from "./group.ts";
import { paths } from "./watch.ts";
import { stranger, untypedPeer } from "./untyped.ts";

/** The typed peers of a network, `peers.Kind`, and how handlers see their callers. */
export class Peers implements Views {
  readonly #directory: Directory;
  readonly #kinds: ReadonlyMap<string, KindMethods>;
  readonly #named = new Map<string, object & Words>();

  constructor(directory: Directory, kinds: readonly KindMethods[]) {
    this.#directory = directory;
    this.#kinds = new Map(kinds.map((kind) => [kind.kind, kind]));
  }

  /** `peers`: an object with a member per kind. With a scope, calls inherit its deadline and cancellation. */
  peers(scope?: Scope): object {
    const peers = bare();
    for (const kind of this.#kinds.values()) {
      if (scope === undefined) peers[kind.kind] = this.#kindPeers(kind, kind.kind);
      else {
        // Inside a handler few kinds are asked for: each is built when it is.
        Object.defineProperty(peers, kind.kind, {
          enumerable: true,
          get: () => this.#kindPeers(kind, kind.kind, scope),
        });
      }
    }
    return Object.freeze(peers);
  }

  /** How a handler sees a caller: as a peer of its kind, or as a stranger. */
  peer(name: string, kind: string | undefined, scope: Scope): object {
    const methods = kind === undefined ? undefined : this.#kinds.get(kind);
    return methods === undefined ? stranger(this.#directory, name, scope) : this.#typed(methods, name, scope);
  }

  untyped(name: string): ReturnType<typeof untypedPeer> {
    return untypedPeer(this.#directory, name);
  }

  /** The program of that name as one of a kind, and ways to choose others: what `peers.Kind` is for the one that bears the kind's own name. */
  kindPeers(kind: string, name: string): object {
    const methods = this.#kinds.get(kind);
    if (methods === undefined) throw new TypeError(`there is no kind ${kind}`);
    return this.#kindPeers(methods, name);
  }

  #kindPeers(kind: KindMethods, own: string, scope?: Scope): object {
    const named = (name: string): object & Words =>
      scope === undefined ? this.#cached(kind, name) : this.#typed(kind, name, scope);
    const peers = this.#members(kind, own, startAt(this.#directory, own), scope);
    peers["named"] = (name: string) => {
      if (typeof name !== "string" || name === "") {
        throw new TypeError(`peers.${kind.kind}.named: a user's name must be a text that is not empty`);
      }
      return named(name);
    };
    peers["any"] = Object.freeze(this.#members(kind, `any ${kind.kind}`, startAny(this.#directory, kind.kind), scope));
    peers["all"] = buildGroup(this.#directory, kind, named);
    return Object.freeze(peers);
  }

  #cached(kind: KindMethods, name: string): object & Words {
    const key = `${kind.kind} ${name}`;
    let peer = this.#named.get(key);
    if (peer === undefined) {
      if (this.#named.size >= 10_000) this.#named.clear();
      peer = this.#typed(kind, name);
      this.#named.set(key, peer);
    }
    return peer;
  }

  #typed(kind: KindMethods, name: string, scope?: Scope): object & Words {
    return Object.freeze(this.#members(kind, name, startAt(this.#directory, name), scope));
  }

  #members(kind: KindMethods, name: string, start: Start, scope: Scope | undefined): Record<string, unknown> & Words {
    const directory = this.#directory;
    const peer = bare();
    peer["name"] = name;
    peer["kind"] = kind.kind;
    Object.defineProperty(peer, "path", { enumerable: true, get: () => directory.path(name) });
    peer["paths"] = (options?: WatchOptions) => paths(directory, name, options?.signal);
    Object.defineProperty(peer, "identity", { enumerable: true, get: () => directory.identity(name) });
    return Object.assign(peer, buildWords(kind, start, directory.log, scope));
  }
}

function bare(): Record<string, unknown> {
  return Object.create(null) as Record<string, unknown>;
}
