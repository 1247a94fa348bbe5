import type { JoinOptions } from "./peer-types.ts";
import type { OpenClientOptions, OpenServerOptions } from "./server-types.ts";

/** Something for each kind that has handlers. */
type ByKind<Handlers> = Record<keyof Handlers, unknown>;

/**
 * What `bind` of `chatroom/runtime` gives the generated index.
 * `Handlers`, `Users`, `Servers`, `Clients`: tables from kind to type. `Call`: what every handler knows of its call.
 */
export interface Network<
  Handlers,
  Users extends ByKind<Handlers>,
  Call,
  Servers extends ByKind<Handlers> = ByKind<Handlers>,
  Clients extends ByKind<Handlers> = ByKind<Handlers>,
> {
  /** Joins a Room as that kind. Rejects when joining failed for good. */
  joinRoom<Kind extends keyof Handlers & string>(
    kind: Kind,
    handlers: Handlers[Kind],
    options?: JoinOptions<Call>,
  ): Promise<Users[Kind]>;
  /** Listens for clients as that kind. Rejects when the port is taken. */
  openServer<Kind extends keyof Handlers & string>(
    kind: Kind,
    handlers: Handlers[Kind],
    options?: OpenServerOptions<Call>,
  ): Promise<Servers[Kind]>;
  /** Makes a client of that kind; nothing is connected yet. */
  openClient<Kind extends keyof Handlers & string>(
    kind: Kind,
    handlers: Handlers[Kind],
    options?: OpenClientOptions<Call>,
  ): Promise<Clients[Kind]>;
  /** Whether that is a PeerError of that method with that code; without a code, with any code that the method's schema declares. */
  isError(error: unknown, method: string, code?: string): boolean;
}
