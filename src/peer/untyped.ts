import type { Scope } from "../call/handler-call.ts";
import type { Stranger, UntypedPeer } from "../schema/peer-types.ts";
import { unawaited } from "./calls.ts";
import { type Directory, startAt } from "./directory.ts";
import { paths } from "./watch.ts";

/** A peer by name alone. */
export function untypedPeer(directory: Directory, name: string, scope?: Scope): UntypedPeer {
  return Object.freeze(members(directory, name, scope, {}));
}

/** A caller of no kind of this network. */
export function stranger(directory: Directory, name: string, scope?: Scope): Stranger {
  return Object.freeze(members(directory, name, scope, { kind: undefined }));
}

function members<Extra extends object>(
  directory: Directory,
  name: string,
  scope: Scope | undefined,
  extra: Extra,
): UntypedPeer & Extra {
  const start = startAt(directory, name);
  const peer: UntypedPeer = {
    name,
    get path() {
      return directory.path(name);
    },
    paths: (options) => paths(directory, name, options?.signal),
    get identity() {
      return directory.identity(name);
    },
    get: (method, input, options) => start({ word: "get", name: method, label: method, input, options, scope }),
    tell: (method, input, options) =>
      unawaited(start({ word: "send", name: method, label: method, input, options, scope }), method, directory.log),
    send: (data, options) =>
      unawaited(start({ word: "send", name: "", label: "send", input: data, options, scope }), "send", directory.log),
  };
  return Object.defineProperties(Object.create(null) as UntypedPeer & Extra, {
    ...Object.getOwnPropertyDescriptors(peer),
    ...Object.getOwnPropertyDescriptors(extra),
  });
}
