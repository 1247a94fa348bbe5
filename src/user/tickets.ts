import { hex } from "../base/bytes.ts";
import type { Clock, Timer } from "../base/clock.ts";
import { DEFAULT_LIMITS } from "../base/limits.ts";
import type { Engine } from "../crypto/engine.ts";
import { keySecret, type Secret } from "../crypto/secret.ts";
import type { HelloInfo } from "../link/handshake.ts";
import type { Candidate, Ticket } from "../wire/room-messages.ts";

interface Held {
  readonly name: string;
  readonly candidates: readonly Candidate[];
  readonly bytes: Uint8Array;
  readonly timer: Timer;
  secret: Secret | undefined;
  dialled: boolean;
  answered: boolean;
  wrong: number;
}

/**
 * The tickets this user holds: each good for one peer, 30 s, once as dialler and once as answerer, counted apart, since two crossing
 * dials would otherwise each refuse the other.
 */
export class Tickets {
  readonly #clock: Clock;
  readonly #engine: Engine;
  readonly #mostWrong: number;
  readonly #held = new Map<string, Held>();

  /** @param mostWrong a ticket dies after so many wrong answers; hang-ups do not count */
  constructor(clock: Clock, engine: Engine, mostWrong: number = DEFAULT_LIMITS.user.wrongTickets) {
    this.#clock = clock;
    this.#engine = engine;
    this.#mostWrong = mostWrong;
  }

  get size(): number {
    return this.#held.size;
  }

  add(ticket: Ticket): void {
    const key = hex(ticket.ticketId);
    if (this.#held.has(key)) return;
    const timer = this.#clock.after(ticket.expiresMs, () => this.#drop(key), { hold: false });
    this.#held.set(key, {
      name: ticket.name,
      candidates: ticket.candidates,
      bytes: ticket.secret,
      timer,
      secret: undefined,
      dialled: false,
      answered: false,
      wrong: 0,
    });
  }

  /** The secret for a dial to `name`, or undefined when the ticket is gone. */
  forDial(ticketId: Uint8Array): Secret | undefined {
    const held = this.#held.get(hex(ticketId));
    return held === undefined || held.dialled ? undefined : this.#secret(held);
  }

  /** The secret for a HELLO: its ticket must be known, unspent here, and made for these two names. */
  forHello(hello: HelloInfo, me: string): Secret | undefined {
    const held = this.#held.get(hex(hello.ticketId));
    if (held === undefined || held.answered || held.name !== hello.name || hello.peerName !== me) return undefined;
    return this.#secret(held);
  }

  /** Where the peer of a ticket listens, when it came from one of the hosts that the ticket names. */
  listenerOf(ticketId: Uint8Array, host: string): Candidate | undefined {
    return this.#held.get(hex(ticketId))?.candidates.find((candidate) => candidate.host === host);
  }

  /** A link was proven with it. False: it was spent already, and the link is one too many. */
  spend(ticketId: Uint8Array, role: "initiator" | "responder"): boolean {
    const held = this.#held.get(hex(ticketId));
    if (held === undefined) return false;
    const spent = role === "initiator" ? held.dialled : held.answered;
    if (role === "initiator") held.dialled = true;
    else held.answered = true;
    return !spent;
  }

  /** Somebody who knew the ticket's id did not know its secret. */
  wrong(ticketId: Uint8Array): void {
    const key = hex(ticketId);
    const held = this.#held.get(key);
    if (held !== undefined && ++held.wrong >= this.#mostWrong) this.#drop(key);
  }

  /** That peer is not to come in, nor to be dialled, any more. */
  forget(name: string): void {
    for (const [key, held] of this.#held) if (held.name === name) this.#drop(key);
  }

  close(): void {
    for (const key of this.#held.keys()) this.#drop(key);
  }

  #secret(held: Held): Secret {
    held.secret ??= keySecret(held.bytes, 3, this.#engine);
    return held.secret;
  }

  #drop(key: string): void {
    const held = this.#held.get(key);
    if (held === undefined) return;
    held.timer.cancel();
    held.bytes.fill(0);
    this.#held.delete(key);
  }
}
