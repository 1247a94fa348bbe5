import type { LimitChanges } from "../base/limits.ts";
import type { LogOption } from "../base/log.ts";
import type { Environment } from "../link/environment.ts";
import type { Users } from "../link/user-table.ts";

/** Where and how a Room opens; without options on this machine alone. */
export interface RoomOptions {
  /** The address to listen on; "::" and "0.0.0.0" are all of this machine's. Default "127.0.0.1": this machine alone. */
  host?: string | undefined;
  /** Default 2428; 0 takes any free one. */
  port?: number | undefined;
  /**
   * A second port, to which users dial beside the first one so that the Room sees whether a hole can be opened between two of them; open it in a firewall as well. Default: the one
   * after `port`, or any free one where `port` is 0. Where it can't be had, a warning is logged.
   */
  probePort?: number | undefined;
  /** Whether this Room relays for users that can't reach each other directly: it passes on their bytes, which are sealed from end to end. How much: `limits.relay`. Default true. */
  relay?: boolean | undefined;
  /** What a program must know to get in. Default "Passable", on loopback only: any other address needs a password of your own. */
  password?: string | undefined;
  /**
   * Who may join, each with a password of its own: names with what `hashPasswords` gives, or with bcrypt hashes ($2a$, $2b$, $2y$;
   * cost 4 to 16) as text or bytes. Whoever steals plain hashes can log in with them. Default: everybody that knows the password,
   * under any free name.
   */
  users?: Users | undefined;
  /** At least 16 characters or bytes, the same at every start: keeps members from telling which names `users` has. Default: random, kept in `state`. */
  secret?: string | Uint8Array | undefined;
  /**
   * The path of a JSON file for what the Room must remember over its restarts: `secret`, made once, unless it is given here, and the bans. Made when it is not there, readable by
   * its owner alone; `npx chatroom bans` changes it while the Room runs. Default: nothing is kept.
   */
  state?: string | undefined;
  /** The private text of this Room's identity, as `createIdentity()` gives it, to show to its users. Default: none is shown. */
  identity?: string | undefined;
  /** How much is logged, or a logger shaped like pino's. Default "info". */
  log?: LogOption | undefined;
  /** Addresses and subnets that are barred from the whole network: not admitted, not introduced. For good; `bans` may change at any time. */
  blacklist?: readonly string[] | undefined;
  /** Whether links are sealed; all users must agree. Without, everybody on the way can read, nobody can alter. Default true. */
  encryption?: boolean | undefined;
  /** Limits and penalties that differ from `DEFAULT_LIMITS`, group by group: `{ admission: { unprovenPerSource: 32 } }`. */
  limits?: LimitChanges | undefined;
  /** Time, chance, ciphers and network, for tests. Default: the machine's own. */
  environment?: Partial<Environment> | undefined;
}
