import { Conversation, type ConversationContext } from "../call/conversation.ts";
import { DEFAULT_LIMITS } from "../base/limits.ts";
import type { Random } from "../base/random.ts";
import { type Binding, encodeEnd, type Handshake, handshakeStarted, newBinding } from "../session/bind.ts";
import type { Session } from "../session/session.ts";
import type { Address } from "../pipe/pipe.ts";
import type { Path } from "../schema/peer-types.ts";

/** Where a peer listens. */
export interface Listener extends Address {
  /** What a link there is. Absent: as its addresses say. */
  readonly path?: Path | undefined;
}

/** All that is kept about one peer. */
export interface PeerEntry {
  readonly conversation: Conversation;
  readonly binding: Binding;
  session: Session | undefined;
  /** Where the peer listens, as far as that is known. */
  listener: Listener | undefined;
  /** Whether this end dialled the last link. */
  hasDialled: boolean;
  /** The identity that its links proved, all the same one. */
  identity: string | undefined;
  /** The introduction that made the session, or the last one that joined it before the peer was heard: a second link of it, by a crossing dial, may join. */
  ticketId: Uint8Array | undefined;
}

const INCARNATION_BYTES = 12;

/** The peers of a program, by name. Those with whom nothing goes on are forgotten when they become many. */
export class PeerEntries {
  readonly #entries = new Map<string, PeerEntry>();
  readonly #context: ConversationContext;
  readonly #incarnation: () => Uint8Array;
  /** Handshakes under way, by the bytes of the end that was given to each. */
  readonly #handshakes = new WeakMap<Uint8Array, Handshake>();
  /** Above the epoch of every end that was forgotten, so that no two sessions are ever named alike. */
  #firstEpoch = 0;
  #pruneAt: number;

  /** @param severalSelves whether this program is another one to each peer: a client may know one server under two names */
  constructor(context: ConversationContext, random: Random, severalSelves: boolean) {
    const own = random(INCARNATION_BYTES);
    this.#context = context;
    this.#pruneAt = this.#kept;
    this.#incarnation = severalSelves ? () => random(INCARNATION_BYTES) : () => own;
  }

  get(peer: string): PeerEntry | undefined {
    return this.#entries.get(peer);
  }

  /** The entry of a peer, made when there is none. */
  at(peer: string): PeerEntry {
    let entry = this.#entries.get(peer);
    if (entry !== undefined) return entry;
    if (this.#entries.size >= this.#pruneAt) this.#prune();
    entry = {
      conversation: new Conversation(peer, this.#context),
      binding: newBinding(this.#incarnation(), this.#firstEpoch),
      session: undefined,
      listener: undefined,
      hasDialled: false,
      identity: undefined,
      ticketId: undefined,
    };
    this.#entries.set(peer, entry);
    return entry;
  }

  [Symbol.iterator](): Iterator<[string, PeerEntry]> {
    return this.#entries[Symbol.iterator]();
  }

  /** This side's end towards a peer, for one handshake. A stranger, who has proved nothing yet, leaves no entry. */
  endFor(peer: string): Uint8Array {
    const binding = this.#entries.get(peer)?.binding ?? newBinding(this.#incarnation(), this.#firstEpoch);
    const handshake = handshakeStarted(binding);
    const bytes = encodeEnd(handshake.mine);
    this.#handshakes.set(bytes, handshake);
    return bytes;
  }

  /** The handshake that this end was given to. */
  handshakeOf(end: Uint8Array | undefined): Handshake | undefined {
    return end === undefined ? undefined : this.#handshakes.get(end);
  }

  /** So many peers are remembered, whether anything goes on with them or not. */
  get #kept(): number {
    return (this.#context.limits ?? DEFAULT_LIMITS).peers.remembered;
  }

  #prune(): void {
    for (const [peer, { session, conversation, binding }] of this.#entries) {
      if (session !== undefined || conversation.isBusy) continue;
      this.#entries.delete(peer);
      conversation.forget();
      this.#firstEpoch = Math.max(this.#firstEpoch, binding.end.epoch + 1);
    }
    this.#pruneAt = Math.max(this.#kept, 2 * this.#entries.size);
  }
}
