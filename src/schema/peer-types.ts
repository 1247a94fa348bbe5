import type { LimitChanges } from "../base/limits.ts";
import type { LogOption } from "../base/log.ts";
import type { CallOptions } from "./call-types.ts";
import type { Around } from "./context-types.ts";

/** How a peer is reached. */
export type Path = "lan" | "public" | "punched" | "relay";

/** What every peer has, whatever its kind. */
export interface AnyKindPeer {
  /** The user name it joined under. */
  readonly name: string;
  /** How it is reached right now; undefined while it is not. */
  readonly path: Path | undefined;
  /** `path`, then what it comes to be; whoever reads slowly gets the latest. Ends when this program leaves. */
  paths(options?: WatchOptions): AsyncIterable<Path | undefined>;
  /** The public text of the identity that it proved, where `pins` asked for it; undefined: nobody asked, it showed none, or there is no session with it. */
  readonly identity: string | undefined;
}

/**
 * Who must show which identity: names with public texts (`{ Bar: "id:..." }`; other names are not asked), or a function that is asked about every peer, within about two
 * seconds, and lets in whom it answers true for. `key` is undefined for a peer that shows none. `trustOnFirstUse(path)` gives such a function.
 */
export type Pins =
  | Readonly<Record<string, string>>
  | ((peer: string, key: string | undefined) => boolean | Promise<boolean>);

/** A peer by name alone, called without types. */
export interface UntypedPeer extends AnyKindPeer {
  /** Calls a get and gives its answer. */
  get(method: string, input?: unknown, options?: CallOptions): Promise<unknown>;
  /** Calls a send; resolves when the peer has it. */
  tell(method: string, input?: unknown, options?: CallOptions): Promise<void>;
  /** Sends a free message, which arrives in the peer's `messages()`; resolves when the peer has it. */
  send(data: unknown, options?: CallOptions): Promise<void>;
}

/** A peer of no kind of this network, or of none at all. */
export interface Stranger extends UntypedPeer {
  readonly kind: undefined;
}

/** What waiting for changes takes. */
export interface WatchOptions {
  /** Ends the iteration. */
  signal?: AbortSignal | undefined;
}

/** Every live peer of a kind. Iterating gives those that are here now. */
export interface Group<Peer> extends Iterable<Peer> {
  /** Their names, sorted. */
  readonly names: readonly string[];
  /** Who is here, then who comes and goes. */
  changes(options?: WatchOptions): AsyncIterable<{ readonly name: string; readonly here: boolean }>;
}

/** What a program in a network has of it: the others, and its own end. */
export interface Participant<Peers> extends AsyncDisposable {
  /** The name it has in the network. */
  readonly name: string;
  /** The others, typed. */
  readonly peers: Peers;
  /** Another one by name, untyped. */
  peer(name: string): UntypedPeer;
  /** Every free message that arrives, whoever sent it. One queue: each message goes to one reader. */
  messages(): AsyncIterable<{ readonly from: string; readonly data: unknown }>;
  /** Leaves: what was accepted is still delivered, then everything is freed. May be called again. */
  close(): Promise<void>;
}

/** A program that joined a Room. */
export interface UserOf<Peers> extends Participant<Peers> {}

/** Where and how to join; without options the Room on this machine. */
export interface UserOptions {
  /** The Room. Defaults: 127.0.0.1, 2428, "Passable". `identity`: the public text that it must show; default: it is not asked. */
  room?:
    | {
        host?: string | undefined;
        port?: number | undefined;
        password?: string | undefined;
        identity?: string | undefined;
      }
    | undefined;
  /** This user's own password, at most 72 bytes, for a Room that has a table of users. It never leaves the program. Default: none. */
  password?: string | undefined;
  /** The private text of this program's identity, as `createIdentity()` gives it, to show to other users. Default: none is shown. */
  identity?: string | undefined;
  /** Which identities other users must show. Default: none is asked for. */
  pins?: Pins | undefined;
  /** The IP address of this machine that others can reach from outside, and that the Room sees. Default: none. */
  publicHost?: string | undefined;
  /** The port to listen on for others, above 1023. Default 0: any free one. */
  listenPort?: number | undefined;
  /**
   * The name of the local network, or "auto": those are in one that the Room sees at one address, or in its own private subnet, or at their own addresses in one subnet (a /64 of IPv6, a
   * /24 of IPv4). One that the Room sees over IPv4 finds one that it sees over IPv6 where both have addresses in that one's /64. Default "auto".
   */
  lan?: string | undefined;
  /** When others are connected: "lazy" once either of the two calls the other, "eager" all of them at once, so that no first call waits. Default "lazy". */
  connect?: "lazy" | "eager" | undefined;
  /** The only user names that may connect to this one. Default: everybody. */
  allow?: readonly string[] | undefined;
  /** User names that may not connect to this one. Default: nobody. */
  deny?: readonly string[] | undefined;
  /** How much is logged, or a logger shaped like pino's. Default "info". */
  log?: LogOption | undefined;
  /** Whether links are sealed; the Room and all others must agree. Default true. */
  encryption?: boolean | undefined;
  /** False makes a first failure final. Default true. */
  reconnect?: boolean | undefined;
  /** Limits and penalties that differ from `DEFAULT_LIMITS`, group by group: `{ calls: { freeMessages: 100 } }`. */
  limits?: LimitChanges | undefined;
  /** Gives up joining. */
  signal?: AbortSignal | undefined;
  /** Another network, clock or cipher in place of the machine's own, for tests: what `memoryEnvironment()` gives. */
  environment?: object | undefined;
}

/** Where and how to join as a kind. */
export interface JoinOptions<Call> extends UserOptions {
  /** The user name. Default: the kind. */
  name?: string | undefined;
  /** Layers around every handler, outermost first. Default: none. */
  handling?: readonly Around<Call>[] | undefined;
}
