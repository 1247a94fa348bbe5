import type { PeerSchema } from "./define-peer.ts";
import type { JoinOptions } from "./peer-types.ts";

/**
 * What `bind` of `chatroom/runtime` gives the generated index:
 * `bind<Handlers, Users extends Record<keyof Handlers, unknown>, Call>(schemas: Schemas<Handlers>): Network<Handlers, Users, Call>`.
 * `Handlers`, `Users`: tables from kind to type. `Call`: what every handler knows of its call.
 */
export interface Network<Handlers, Users extends Record<keyof Handlers, unknown>, Call> {
  /** Joins a Room as that kind. Rejects when joining failed for good. */
  joinRoom<Kind extends keyof Handlers & string>(
    kind: Kind,
    handlers: Handlers[Kind],
    options?: JoinOptions<Call>,
  ): Promise<Users[Kind]>;
  /** Whether that is a PeerError of that method with that code; without a code, with any code that the method's schema declares. */
  isError(error: unknown, method: string, code?: string): boolean;
}

/** What `bind` takes: the schema of every kind. */
export type Schemas<Handlers> = { readonly [Kind in keyof Handlers]: PeerSchema };
