import { LinkError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import type { Secret } from "../crypto/secret.ts";
import type { UserPassword } from "../crypto/user-password.ts";
import type { AuditLog } from "../link/audit.ts";
import { dialLink } from "../link/dial.ts";
import type { Environment } from "../link/environment.ts";
import type { IdentityRules } from "../link/identity.ts";
import type { PeerTable } from "../node/peer-table.ts";
import { NAME_IN_USE, Retries } from "../node/retries.ts";
import { showAddress } from "../pipe/tcp-errors.ts";
import type { SessionEnd } from "../session/session.ts";

export interface ServerConnectionOptions {
  readonly environment: Environment;
  readonly log: Logger;
  readonly audit: AuditLog;
  readonly table: PeerTable;
  /** The name of this client. */
  readonly clientName: string;
  /** The name that this client gives the server. */
  readonly name: string;
  /** The kind that the server must be of; undefined: any. */
  readonly kind: string | undefined;
  readonly host: string;
  readonly port: number;
  readonly secret: Secret;
  /** The client's own password; undefined: it has none. */
  readonly user: UserPassword | undefined;
  readonly encryption: boolean;
  /** What this side shows the server, and asks of it. */
  readonly identities: IdentityRules;
  /** The public text that this server must show, where it was given for it alone. */
  readonly pinned: string | undefined;
  /** False: the first failure is final, and so is the end of the session. */
  readonly reconnect: boolean;
}

/** One server of a client: connected to, and connected to again when the session is lost, until it is closed. */
export class ServerConnection {
  readonly #options: ServerConnectionOptions;
  readonly #retries: Retries;
  #isRunning = false;
  /** Settles the attempt under way: the server said what it is, or the session ended. */
  #welcome: ((end: SessionEnd | undefined) => void) | undefined;

  constructor(options: ServerConnectionOptions) {
    const { environment, log, reconnect } = options;
    this.#options = options;
    this.#retries = new Retries({ environment, log, reconnect, target: `the server at ${this.address}`, advice: "" });
  }

  get pinned(): string | undefined {
    return this.#options.pinned;
  }

  get address(): string {
    return showAddress(this.#options.host, this.#options.port);
  }

  /** Connects. Rejects with a LinkError when that can't succeed, or with the signal's reason. */
  async open(signal: AbortSignal | undefined): Promise<void> {
    const abort = (): void => this.#retries.stop(signal?.reason);
    if (signal?.aborted === true) abort();
    signal?.addEventListener("abort", abort, { once: true });
    try {
      await this.#connect();
    } catch (error) {
      this.close();
      throw error;
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }

  /** The session is gone, or the server does not know it any more: a new one is wanted. */
  again(afterMs = 0): void {
    const { log, name, reconnect, table } = this.#options;
    if (this.#isRunning || this.#retries.signal.aborted || !reconnect || table.isLinked(name)) return;
    this.#connect(afterMs).catch((error: unknown) => {
      if (!this.#retries.signal.aborted) log.error({ err: error }, `can't connect to ${name} again`);
    });
  }

  /** The server knows nothing of the session. One that it never spoke in is given up: the last word of its handshake did not arrive. */
  notKnown(): void {
    const { table, name } = this.#options;
    if (this.#welcome !== undefined) table.end(name, "the connection broke while it was made");
    else this.again();
  }

  /** The server said what it is and handles. */
  introduced(): void {
    this.#welcome?.(undefined);
  }

  /** The session with the server ended. */
  ended(end: SessionEnd): void {
    const { log, clientName } = this.#options;
    if (end.reason === "superseded" && !end.byPeer) return; // the server's next session is here already
    if (this.#welcome !== undefined) return this.#welcome(end);
    if (end.reason !== "superseded") return this.again();
    // Connecting at once would throw that one out, and so on.
    const { refusedWaitMs } = this.#options.environment.limits.peers;
    log.warn({}, `another program connected to ${this.address} as ${clientName}; again in ${refusedWaitMs / 1_000} s`);
    this.again(refusedWaitMs);
  }

  /** Tries no more. The session is its owner's to end. */
  close(): void {
    this.#retries.stop(new Error("the connection was closed"));
  }

  async #connect(afterMs = 0): Promise<void> {
    this.#isRunning = true;
    try {
      await this.#retries.run(() => this.#attempt(), afterMs);
    } finally {
      this.#isRunning = false;
    }
    if (!this.#options.table.isOpen(this.#options.name)) this.again(); // lost again in the same turn
  }

  async #attempt(): Promise<void> {
    const { environment, log, audit, table, clientName, name, host, port, secret, user, encryption, identities } =
      this.#options;
    if (table.isLinked(name)) return; // its session came back by itself
    const { clock, engine, random, limits } = environment;
    const { signal } = this.#retries;
    table.conversation(name); // its end is remembered from here on
    const pipe = await environment.dial({ host, port, signal });
    const link = await dialLink(pipe, {
      clock,
      log,
      audit,
      limits,
      signal,
      address: this.address,
      identity: identities,
      handshake: {
        engine,
        random,
        purpose: 2,
        name: clientName,
        peerName: "",
        encryption,
        secret,
        user,
        end: table.endFor(name),
        suites: engine.suites(),
      },
    });
    if (signal.aborted) link.close();
    signal.throwIfAborted();
    const welcomed = this.#welcomed();
    table.linkProven(link, { peer: name, listener: { host, port } });
    if (!link.isOpen) this.#welcome?.(undefined);
    await welcomed;
    if (!link.isOpen && table.isLinked(name)) return; // another link of its session was faster
    this.#check();
  }

  /** Resolves when the server spoke, or rejects with why it did not. */
  #welcomed(): Promise<void> {
    const { environment, name } = this.#options;
    const { signal } = this.#retries;
    const { welcomeMs } = environment.limits.peers;
    return new Promise((resolve, reject) => {
      const settle = (error: Error | undefined): void => {
        this.#welcome = undefined;
        timer.cancel();
        signal.removeEventListener("abort", abort);
        if (error === undefined) resolve();
        else reject(error);
      };
      const abort = (): void => settle(signal.reason as Error);
      const timer = environment.clock.after(welcomeMs, () => {
        settle(
          new LinkError("ERR_TIMEOUT", `the server at ${this.address} said nothing within ${welcomeMs / 1_000} s`),
        );
        this.#options.table.end(name, "no welcome");
      });
      this.#welcome = (end) => settle(end === undefined ? undefined : this.#refusal(end));
      signal.addEventListener("abort", abort, { once: true });
    });
  }

  #refusal({ cause, text }: SessionEnd): LinkError {
    const { clientName } = this.#options;
    if (!(cause instanceof LinkError))
      return new LinkError("ERR_TRUNCATED", `the server at ${this.address} ended the connection: ${text}`, { cause });
    if (cause.received !== NAME_IN_USE) return cause;
    const message = `the server at ${this.address} has a client named "${clientName}" already, whose name is in use: take another one`;
    return new LinkError("ERR_NAME", message, { received: NAME_IN_USE });
  }

  /** @throws LinkError when nothing was welcomed, or somebody of another kind. */
  #check(): void {
    const { table, name, kind } = this.#options;
    if (!table.isOpen(name))
      throw new LinkError(
        "ERR_TRUNCATED",
        `the connection to the server at ${this.address} was not needed or not wanted`,
      );
    const actual = table.kindOf(name);
    if (kind === undefined || actual === kind) return;
    const is = actual === undefined ? "of no kind" : `a ${actual}`;
    table.end(name, `a ${kind} was expected`);
    throw new LinkError("ERR_NAME", `the server at ${this.address} is ${is}, not a ${kind}`);
  }
}
