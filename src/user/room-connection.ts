import { LinkError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import type { Secret } from "../crypto/secret.ts";
import type { UserPassword } from "../crypto/user-password.ts";
import type { Address } from "../pipe/pipe.ts";
import { showAddress } from "../pipe/tcp-errors.ts";
import type { AuditLog } from "../link/audit.ts";
import { dialLink } from "../link/dial.ts";
import type { Environment } from "../link/environment.ts";
import type { IdentityRules } from "../link/identity.ts";
import type { Link } from "../link/link.ts";
import { NAME_IN_USE, Retries } from "../node/retries.ts";
import {
  type Boxed,
  decodeBoxed,
  decodeToUser,
  encodeToRoom,
  type Join,
  type NameToken,
  type ToRoom,
  type ToUser,
} from "../wire/room-messages.ts";

export interface RoomConnectionOptions {
  readonly environment: Environment;
  readonly log: Logger;
  readonly audit: AuditLog;
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly secret: Secret;
  /** The user's own password; undefined: it has none. */
  readonly user: UserPassword | undefined;
  readonly encryption: boolean;
  /** What is asked of the Room; undefined: nothing. Nothing is shown to it. */
  readonly identity: IdentityRules | undefined;
  /** False: the first failure is final, and so is losing the Room. */
  readonly reconnect: boolean;
  /** A link to the Room is up: what to join with. */
  readonly join: (link: Link) => Promise<Join>;
  /** Takes a message. True: the welcome is complete, this user is in. */
  readonly message: (message: ToUser) => boolean;
  /** Takes what came in a box, but for name tokens. */
  readonly boxed: (message: Exclude<Boxed, NameToken>) => void;
}

/** A Room that was silent for so long, when it was asked, is not there: as long as a peer of a session may be. */
const SILENCE_MS = 2_500;

/** The user's link to its Room: joins, and joins again when the link is lost, until it is closed. */
export class RoomConnection {
  readonly #options: RoomConnectionOptions;
  readonly #retries: Retries;
  #link: Link | undefined;
  /** What the Room gives this user its name back for, at once. */
  #token: Uint8Array | undefined;
  #isChecking = false;

  constructor(options: RoomConnectionOptions) {
    const { environment, log, reconnect, port } = options;
    this.#options = options;
    const advice = `; start one with: npx chatroom room --port ${port}`;
    this.#retries = new Retries({ environment, log, reconnect, target: `the Room at ${this.address}`, advice });
  }

  /** The link to the Room, once this user is in. */
  get link(): Link | undefined {
    return this.#link;
  }

  get address(): string {
    return showAddress(this.#options.host, this.#options.port);
  }

  /** Joins. Rejects with a LinkError when that can't succeed, or with the signal's reason. */
  async open(signal: AbortSignal | undefined): Promise<void> {
    const abort = (): void => this.#retries.stop(signal?.reason);
    if (signal?.aborted === true) abort();
    signal?.addEventListener("abort", abort, { once: true });
    try {
      await this.#join();
    } catch (error) {
      this.close();
      throw error;
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }

  send(message: ToRoom): boolean {
    if (this.#link === undefined) return false;
    const payload = encodeToRoom(message);
    if (message.type === "introduce") this.#link.sendSealed(payload);
    else this.#link.send([payload]);
    return true;
  }

  /** Where the Room is, by the link to it. */
  get remote(): Address | undefined {
    return this.#link?.remote;
  }

  /** Something says that the way to the Room may have changed: it is asked, and joined again when it is silent. */
  check(): void {
    const link = this.#link;
    if (link === undefined || this.#isChecking) return;
    this.#isChecking = true;
    void link.ping(SILENCE_MS).then((rttMs) => {
      this.#isChecking = false;
      if (rttMs !== undefined || this.#link !== link) return;
      link.destroy();
      this.#lost(link, new LinkError("ERR_DEAD", `the Room was silent for ${SILENCE_MS / 1_000} s`));
    });
  }

  /** Leaves, and tries no more. */
  close(): void {
    this.#retries.stop(new Error("the user was closed"));
    this.#link?.close(0, "");
    this.#link = undefined;
    this.#token?.fill(0);
    this.#token = undefined;
  }

  #join(afterMs = 0): Promise<void> {
    return this.#retries.run(() => this.#joinOnce(), afterMs);
  }

  async #joinOnce(): Promise<void> {
    const { environment, log, audit, name, host, port, secret, user, encryption, identity } = this.#options;
    const { clock, engine, random, limits } = environment;
    const { signal } = this.#retries;
    const pipe = await environment.dial({ host, port, signal });
    const link = await dialLink(pipe, {
      clock,
      log,
      audit,
      limits,
      signal,
      address: this.address,
      identity,
      handshake: { engine, random, purpose: 1, name, peerName: "", encryption, secret, user, suites: engine.suites() },
    });
    let join: Join;
    try {
      join = await this.#options.join(link);
      signal.throwIfAborted();
    } catch (error) {
      link.close(0, "");
      this.#retries.stop(error); // this side can't: trying again will not mend that
      throw error;
    }
    await this.#welcome(link, join);
  }

  #welcome(link: Link, join: Join): Promise<void> {
    const { environment, log, name } = this.#options;
    const { clock } = environment;
    const { welcomeMs } = environment.limits.peers;
    const { signal } = this.#retries;
    return new Promise((resolve, reject) => {
      let isIn = false;
      const fail = (error: Error): void => {
        timer.cancel();
        signal.removeEventListener("abort", abort);
        reject(error);
      };
      const timer = clock.after(welcomeMs, () => {
        link.close(11, "no welcome");
        fail(
          new LinkError(
            "ERR_TIMEOUT",
            `the Room at ${this.address} let us in but did not say who is there within ${welcomeMs / 1_000} s`,
          ),
        );
      });
      const abort = (): void => {
        link.close(0, "");
        fail(new Error("closed"));
      };
      signal.addEventListener("abort", abort, { once: true });
      link.start({
        data: (payload) => {
          if (!this.#options.message(decodeToUser(payload)) || isIn) return;
          // Before anything else happens: it may be lost again in the same turn, and whoever is waited for is introduced a microtask from here.
          isIn = true;
          this.#link = link;
          timer.cancel();
          signal.removeEventListener("abort", abort);
          log.info({ room: this.address }, `${name} is in the Room`);
          resolve();
        },
        sealed: (payload) => this.#boxed(decodeBoxed(payload)),
        drain: () => {},
        closed: (error) => {
          if (isIn) this.#lost(link, error);
          else fail(this.#notLetIn(error));
        },
      });
      link.sendSealed(encodeToRoom({ ...join, token: this.#token }));
    });
  }

  #boxed(message: Boxed): void {
    if (message.type !== "token") return this.#options.boxed(message);
    this.#token?.fill(0);
    this.#token = message.token;
  }

  /** Why a proven link ended before the welcome. */
  #notLetIn(error: LinkError | undefined): LinkError {
    const room = `the Room at ${this.address}`;
    if (error === undefined) return new LinkError("ERR_TRUNCATED", `${room} closed the link before it let us in`);
    if (error.received !== NAME_IN_USE) return error;
    const text = `${room} has a user named "${this.#options.name}" already, whose name is in use: join under another one`;
    return new LinkError("ERR_NAME", text, { received: NAME_IN_USE });
  }

  #lost(link: Link, error: LinkError | undefined): void {
    if (this.#link === link) this.#link = undefined;
    const { signal } = this.#retries;
    if (signal.aborted) return;
    const { environment, log, reconnect, name } = this.#options;
    const { refusedWaitMs } = environment.limits.peers;
    // Another program of this user took its place. Joining at once would throw that one out, and so on.
    const isReplaced = error?.received === NAME_IN_USE;
    const text = isReplaced ? `another program joined as ${name}` : `${name} lost the Room`;
    const next = isReplaced ? `; joining again in ${refusedWaitMs / 1_000} s` : "; joining again";
    log[isReplaced ? "warn" : "info"]({ room: this.address, err: error }, `${text}${reconnect ? next : ""}`);
    if (!reconnect) return this.#retries.stop(error);
    this.#join(isReplaced ? refusedWaitMs : 0).catch((final: unknown) => {
      if (!signal.aborted) log.error({ room: this.address, err: final }, `${name} can't join the Room again`);
    });
  }
}
