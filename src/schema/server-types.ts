import type { LimitChanges } from "../base/limits.ts";
import type { LogOption } from "../base/log.ts";
import type { Bans } from "./ban-types.ts";
import type { Around } from "./context-types.ts";
import type { Participant, Pins } from "./peer-types.ts";

/** A program that clients connect to, without a Room. */
export interface ServerOf<Peers> extends Participant<Peers> {
  /** The address it listens on. */
  readonly host: string;
  /** The port that was taken. */
  readonly port: number;
  /** The addresses that are barred for now, and the way to change them. Kept over restarts with the option `state`. */
  readonly bans: Bans;
}

/** A program that connects to servers, without a Room. */
export interface ClientOf<Peers> extends Participant<Peers> {
  /**
   * Connects to a server of that kind, by default under the kind's own name. Without a server at that address it keeps trying; a refusal
   * (password, name, encryption) and a server of another kind are final.
   * @throws TypeError for options that make no sense, and for a name that another server has here.
   * @throws LinkError when connecting failed for good, with `reconnect: false` at the first failure; the signal's reason when it fired.
   */
  connect<Kind extends keyof Peers & string>(kind: Kind, options?: ConnectOptions): Promise<Peers[Kind]>;
  /** Ends the connection to a server, by the name that this client gave it; a `connect` that is under way rejects. Nothing happens when there is none. */
  disconnect(name: string): Promise<void>;
}

/** Where and how a server listens; without options on this machine alone. */
export interface ServerOptions {
  /** The name it goes by. Default "Server". */
  name?: string | undefined;
  /** The address to listen on; "::" and "0.0.0.0" are all of this machine's. Default "127.0.0.1": this machine alone. */
  host?: string | undefined;
  /** Default 2428; 0 takes any free one. */
  port?: number | undefined;
  /** What a client must know to connect. Default "Passable", on loopback only: any other address needs a password of your own. */
  password?: string | undefined;
  /**
   * Who may connect, each with a password of its own: names with what `hashPasswords` gives, or with bcrypt hashes ($2a$, $2b$, $2y$;
   * cost 4 to 16) as text or bytes. Whoever steals plain hashes can log in with them. Default: everybody that knows the password,
   * under any free name.
   */
  users?: Readonly<Record<string, string | Uint8Array>> | undefined;
  /** At least 16 characters or bytes, the same at every start: keeps clients from telling which names `users` has. Default: random, kept in `state`. */
  secret?: string | Uint8Array | undefined;
  /**
   * The path of a JSON file for what the server must remember over its restarts: `secret`, made once, unless it is given here, and the bans. Made when it is not there, readable by
   * its owner alone; `npx chatroom bans` changes it while the server runs. Default: nothing is kept.
   */
  state?: string | undefined;
  /** Addresses and subnets that are not admitted, for good; `bans` may change at any time. Default: none. */
  blacklist?: readonly string[] | undefined;
  /** The only client names that may connect. Default: everybody. */
  allow?: readonly string[] | undefined;
  /** Client names that may not connect. Default: nobody. */
  deny?: readonly string[] | undefined;
  /** The private text of this program's identity, as `createIdentity()` gives it, to show to clients. Default: none is shown. */
  identity?: string | undefined;
  /** Which identities clients must show. Default: none is asked for. */
  pins?: Pins | undefined;
  /** How much is logged, or a logger shaped like pino's. Default "info". */
  log?: LogOption | undefined;
  /** Whether links are sealed; clients must agree. Default true. */
  encryption?: boolean | undefined;
  /** Limits and penalties that differ from `DEFAULT_LIMITS`, group by group: `{ calls: { freeMessages: 100 } }`. */
  limits?: LimitChanges | undefined;
  /** Another network, clock or cipher in place of the machine's own, for tests: what `memoryEnvironment()` gives. */
  environment?: object | undefined;
}

/** Where and how to listen as a kind. */
export interface OpenServerOptions<Call> extends ServerOptions {
  /** The name it goes by. Default: the kind. */
  name?: string | undefined;
  /** Layers around every handler, outermost first. Default: none. */
  handling?: readonly Around<Call>[] | undefined;
}

/** How a client behaves towards all of its servers. */
export interface ClientOptions {
  /**
   * This client's own password, at most 72 bytes, for servers that have a table of users; no other server is connected to then. It
   * never leaves the program. Default: none.
   */
  password?: string | undefined;
  /** The private text of this program's identity, as `createIdentity()` gives it, to show to servers. Default: none is shown. */
  identity?: string | undefined;
  /** Which identities servers must show, by the names that this client gives them. Default: none is asked for. */
  pins?: Pins | undefined;
  /** How much is logged, or a logger shaped like pino's. Default "info". */
  log?: LogOption | undefined;
  /** Whether links are sealed; servers must agree. Default true. */
  encryption?: boolean | undefined;
  /** False makes a first failure final, and the loss of a server too. Default true. */
  reconnect?: boolean | undefined;
  /** Limits and penalties that differ from `DEFAULT_LIMITS`, group by group: `{ calls: { freeMessages: 100 } }`. */
  limits?: LimitChanges | undefined;
  /** Another network, clock or cipher in place of the machine's own, for tests: what `memoryEnvironment()` gives. */
  environment?: object | undefined;
}

/** How a client of a kind behaves towards all of its servers. */
export interface OpenClientOptions<Call> extends ClientOptions {
  /** The name that servers know it by. Default: the kind. */
  name?: string | undefined;
  /** Layers around every handler, outermost first. Default: none. */
  handling?: readonly Around<Call>[] | undefined;
}

/** Where a server is. */
export interface ConnectOptions {
  /** Default "127.0.0.1". */
  host?: string | undefined;
  /** Default 2428. */
  port?: number | undefined;
  /** The server's password. Default "Passable", on loopback only. */
  password?: string | undefined;
  /** The public text of the identity that the server must show; it goes before `pins` of the client. Default: as `pins` says. */
  identity?: string | undefined;
  /** The name that this client gives the server. Default: the kind, or the name that was given first. */
  name?: string | undefined;
  /** False makes a first failure final, and the loss of this server too. Default: as the client's. */
  reconnect?: boolean | undefined;
  /** Gives up connecting. */
  signal?: AbortSignal | undefined;
}
