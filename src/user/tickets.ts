import { hex } from "../base/bytes.ts";
import type { Clock, Timer } from "../base/clock.ts";
import { DEFAULT_LIMITS } from "../base/limits.ts";
import type { Engine } from "../crypto/engine.ts";
import { keySecret, type Secret } from "../crypto/secret.ts";
import type { HelloInfo } from "../link/handshake.ts";
import type { Candidate } from "../wire/room-messages.ts";

/** What an introduction gives the two of a pair. */
export interface TicketOffer {
  readonly ticketId: Uint8Array;
  /** 32 bytes. */
  readonly secret: Uint8Array;
  /** The other one of the pair. */
  readonly name: string;
  readonly expiresMs: number;
}

type Role = "initiator" | "responder";

interface Held {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly timer: Timer;
  candidates: readonly Candidate[];
  /** Per purpose, since each has a key of its own. */
  readonly secrets: Map<3 | 4, Secret>;
  /** What it has been good for, as {@link useOf} says. */
  readonly spent: Set<string>;
  wrong: number;
}

/**
 * The tickets this user holds: each good for one peer, 30 s, and one link for each role and purpose: two crossing dials would otherwise each refuse the other, and so would
 * a link through the Room that one side has already and the other one not yet, and a direct one. Both belong to the same session.
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

  /** False when a ticket of that id is held already: it stays as it is. */
  add({ ticketId, secret, name, expiresMs }: TicketOffer): boolean {
    const key = hex(ticketId);
    if (this.#held.has(key)) return false;
    const timer = this.#clock.after(expiresMs, () => this.#drop(key), { hold: false });
    this.#held.set(key, {
      name,
      bytes: secret,
      timer,
      candidates: [],
      secrets: new Map(),
      spent: new Set(),
      wrong: 0,
    });
    return true;
  }

  /** Where the peer of a ticket listens, as the Room says. */
  reachableAt(ticketId: Uint8Array, candidates: readonly Candidate[]): void {
    const held = this.#held.get(hex(ticketId));
    if (held !== undefined) held.candidates = candidates;
  }

  /** Whether this side may still dial with it. */
  isGood(ticketId: Uint8Array, purpose: 3 | 4): boolean {
    return this.#held.get(hex(ticketId))?.spent.has(useOf("initiator", purpose)) === false;
  }

  /** The secret for a dial with it, or undefined when the ticket is gone. */
  forDial(ticketId: Uint8Array, purpose: 3 | 4): Secret | undefined {
    const held = this.#held.get(hex(ticketId));
    return held === undefined || !this.isGood(ticketId, purpose) ? undefined : this.#secret(held, purpose);
  }

  /** The secret for a HELLO: its ticket must be known, unspent here, and made for these two names. */
  forHello({ ticketId, name, peerName, purpose }: HelloInfo, me: string): Secret | undefined {
    const held = this.#held.get(hex(ticketId));
    const its = purpose === 4 ? 4 : 3;
    if (held === undefined || held.name !== name || peerName !== me) return undefined;
    return held.spent.has(useOf("responder", its)) ? undefined : this.#secret(held, its);
  }

  /** Where the peer of a ticket listens, when it came from one of the hosts where it may be reached. */
  listenerOf(ticketId: Uint8Array, host: string): Candidate | undefined {
    return this.#held.get(hex(ticketId))?.candidates.find((candidate) => candidate.host === host);
  }

  /** A link was proven with it. False: it was spent already, and the link is one too many. */
  spend(ticketId: Uint8Array, role: Role, purpose: 3 | 4): boolean {
    const held = this.#held.get(hex(ticketId));
    const use = useOf(role, purpose);
    if (held === undefined || held.spent.has(use)) return false;
    held.spent.add(use);
    return true;
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

  #secret(held: Held, purpose: 3 | 4): Secret {
    const known = held.secrets.get(purpose);
    if (known !== undefined) return known;
    const secret = keySecret(held.bytes, purpose, this.#engine);
    held.secrets.set(purpose, secret);
    return secret;
  }

  #drop(key: string): void {
    const held = this.#held.get(key);
    if (held === undefined) return;
    held.timer.cancel();
    held.bytes.fill(0);
    this.#held.delete(key);
  }
}

function useOf(role: Role, purpose: 3 | 4): string {
  return `${role} ${purpose}`;
}
