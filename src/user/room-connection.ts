import type { Timer } from "../base/clock.ts";
import { LinkError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import type { Secret } from "../crypto/secret.ts";
import { showAddress } from "../pipe/tcp-errors.ts";
import { dialLink } from "../link/dial.ts";
import type { Environment } from "../link/environment.ts";
import type { Link } from "../link/link.ts";
import {
  decodeTicket,
  decodeToUser,
  encodeToRoom,
  type Join,
  type Ticket,
  type ToRoom,
  type ToUser,
} from "../wire/room-messages.ts";

export interface RoomConnectionOptions {
  readonly environment: Environment;
  readonly log: Logger;
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly secret: Secret;
  readonly encryption: boolean;
  /** False: the first failure is final, and so is losing the Room. */
  readonly reconnect: boolean;
  /** A link to the Room is up: what to join with. */
  readonly join: (link: Link) => Promise<Join>;
  /** Takes a message. True: the welcome is complete, this user is in. */
  readonly message: (message: ToUser) => boolean;
  readonly ticket: (ticket: Ticket) => void;
}

/** Waits between tries, ms: 100, 200, 400 ... at most this, times a random factor from a half to one. */
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 3_000;

/** Between tries of a program that was in and is refused now: more often would only add to its penalties. */
const REFUSED_WAIT_MS = 60_000;

/** From the link to the complete welcome. */
const WELCOME_MS = 10_000;

/** The failed tries that are told: the fourth, since a Room that starts together with its users is there by then, and every tenth from there. */
const FIRST_TOLD = 3;
const TOLD_EACH = 10;

/** The user's link to its Room: joins, and joins again when the link is lost, until it is closed. */
export class RoomConnection {
  readonly #options: RoomConnectionOptions;
  readonly #stop = new AbortController();
  #link: Link | undefined;
  #tries = 0;
  #wasIn = false;
  #wait: { timer: Timer; done: () => void } | undefined;

  constructor(options: RoomConnectionOptions) {
    this.#options = options;
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
    const abort = (): void => this.#end(signal?.reason);
    if (signal?.aborted === true) abort();
    signal?.addEventListener("abort", abort, { once: true });
    try {
      await this.#joinAgainAndAgain();
    } catch (error) {
      this.close();
      throw error;
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }

  send(message: ToRoom): boolean {
    if (this.#link === undefined) return false;
    this.#link.send([encodeToRoom(message)]);
    return true;
  }

  /** Leaves, and tries no more. */
  close(): void {
    this.#end(new Error("the user was closed"));
    this.#link?.close(0, "");
    this.#link = undefined;
  }

  #end(reason: unknown): void {
    if (!this.#stop.signal.aborted) this.#stop.abort(reason);
    this.#wait?.timer.cancel();
    this.#wait?.done();
  }

  async #joinAgainAndAgain(): Promise<void> {
    for (;;) {
      this.#stop.signal.throwIfAborted();
      try {
        return await this.#joinOnce();
      } catch (error) {
        this.#stop.signal.throwIfAborted();
        if (!(error instanceof LinkError)) throw error;
        await this.#pause(this.#waitAfter(error));
      }
    }
  }

  /** How long to wait after a failure. @throws that error when it is final. */
  #waitAfter(error: LinkError): number {
    const { environment, log, reconnect } = this.#options;
    const refused = REFUSALS.has(error.code) && !(error.received === NAME_IN_USE && this.#wasIn);
    if (!reconnect || (refused && !this.#wasIn)) throw error;
    const wait =
      Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(this.#tries, 10)) * (0.5 + environment.chance() / 2);
    const longest = Math.max(wait, (error.retryAfter ?? 0) * 1_000, refused ? REFUSED_WAIT_MS : 0);
    if ((error.retryAfter ?? 0) >= 1 || refused) {
      log.warn(
        { err: error },
        `the Room at ${this.address} refuses for now; trying again in ${Math.ceil(longest / 1_000)} s`,
      );
    } else if (this.#tries++ % TOLD_EACH === FIRST_TOLD) {
      const start =
        error.code === "ERR_UNREACHABLE" ? `; start one with: npx chatroom room --port ${this.#options.port}` : "";
      log.warn({ err: error }, `no Room at ${this.address} yet, trying on${start}`);
    }
    return longest;
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#wait = undefined;
        resolve();
      };
      this.#wait = { timer: this.#options.environment.clock.after(ms, done), done };
    });
  }

  async #joinOnce(): Promise<void> {
    const { environment, log, name, host, port, secret, encryption } = this.#options;
    const { clock, engine, random, limits } = environment;
    const { signal } = this.#stop;
    const pipe = await environment.dial({ host, port, signal });
    const link = await dialLink(pipe, {
      clock,
      log,
      limits,
      signal,
      address: this.address,
      handshake: { engine, random, purpose: 1, name, peerName: "", encryption, secret, suites: engine.suites() },
    });
    let join: Join;
    try {
      join = await this.#options.join(link);
      signal.throwIfAborted();
    } catch (error) {
      link.close(0, "");
      this.#end(error); // this side can't: trying again will not mend that
      throw error;
    }
    await this.#welcome(link, join);
  }

  #welcome(link: Link, join: Join): Promise<void> {
    const { environment, log, name } = this.#options;
    const { clock } = environment;
    const { signal } = this.#stop;
    return new Promise((resolve, reject) => {
      let isIn = false;
      const fail = (error: Error): void => {
        timer.cancel();
        signal.removeEventListener("abort", abort);
        reject(error);
      };
      const timer = clock.after(WELCOME_MS, () => {
        link.close(11, "no welcome");
        fail(
          new LinkError(
            "ERR_TIMEOUT",
            `the Room at ${this.address} let us in but did not say who is there within ${WELCOME_MS / 1_000} s`,
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
          this.#tries = 0;
          this.#wasIn = true;
          timer.cancel();
          signal.removeEventListener("abort", abort);
          log.info({ room: this.address }, `${name} is in the Room`);
          resolve();
        },
        sealed: (payload) => this.#options.ticket(decodeTicket(payload)),
        drain: () => {},
        closed: (error) => {
          if (isIn) this.#lost(link, error);
          else fail(this.#notLetIn(error));
        },
      });
      link.send([encodeToRoom(join)]);
    });
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
    if (this.#stop.signal.aborted) return;
    const { log, reconnect, name } = this.#options;
    log.info({ room: this.address, err: error }, `${name} lost the Room${reconnect ? "; joining again" : ""}`);
    if (!reconnect) return this.#end(error);
    this.#joinAgainAndAgain().catch((final: unknown) => {
      if (!this.#stop.signal.aborted)
        log.error({ room: this.address, err: final }, `${name} can't join the Room again`);
    });
  }
}

/** The code with which a Room refuses a second holder of a name. */
const NAME_IN_USE = 8;

/** Failures that trying again will not mend. */
const REFUSALS = new Set([
  "ERR_AUTH",
  "ERR_ENCRYPTION_MISMATCH",
  "ERR_VERSION",
  "ERR_NAME",
  "ERR_PARAM",
  "ERR_IDENTITY",
  "ERR_MALFORMED",
]);
