import { hex, sameBytes } from "../base/bytes.ts";
import { DEFAULT_LIMITS } from "../base/limits.ts";
import type { Engine } from "../crypto/engine.ts";
import { keySecret, type Secret } from "../crypto/secret.ts";
import type { HelloInfo } from "../link/handshake.ts";
import type { Link } from "../link/link.ts";

/** A key with which either end of a session brings it another link (purpose 5), without a Room or a password. */
export interface ResumeKey {
  readonly ticketId: Uint8Array;
  /** The names of the link that it came from. */
  readonly localName: string;
  readonly remoteName: string;
  readonly secret: () => Secret;
}

interface Held extends ResumeKey {
  readonly peer: string;
  readonly bytes: Uint8Array;
}

/**
 * The resume keys of all sessions of a program. Which link was a session's first one may look different from its two ends, so each end
 * accepts the key of every link that joined.
 */
export class ResumeKeys {
  readonly #engine: Engine;
  readonly #most: number;
  readonly #held = new Map<string, Held>();
  readonly #byPeer = new Map<string, Held[]>();

  /** @param most keys of one session that are kept */
  constructor(engine: Engine, most: number = DEFAULT_LIMITS.peers.keys) {
    this.#engine = engine;
    this.#most = most;
  }

  /** A link joined the session with that peer: keeps its key. A link that was made by a key has none of its own, but shows that the peer holds that one. */
  add(
    peer: string,
    { resume, ticketId: made, localName, remoteName }: Pick<Link, "resume" | "ticketId" | "localName" | "remoteName">,
  ): void {
    if (resume === undefined) return this.#prefer(peer, made);
    const { secret: bytes, ticketId } = resume;
    let secret: Secret | undefined;
    const held: Held = {
      peer,
      bytes,
      ticketId,
      localName,
      remoteName,
      // The mapping to a point costs a quarter of a millisecond: most sessions never need it.
      secret: () => (secret ??= keySecret(bytes, 5, this.#engine)),
    };
    const list = this.#byPeer.get(peer) ?? [];
    this.#byPeer.set(peer, list);
    if (list.unshift(held) > this.#most) this.#drop(list.pop() as Held);
    this.#held.set(hex(ticketId), held);
  }

  #prefer(peer: string, ticketId: Uint8Array | undefined): void {
    const list = this.#byPeer.get(peer) ?? [];
    const at = ticketId === undefined ? -1 : list.findIndex((held) => sameBytes(held.ticketId, ticketId));
    if (at > 0) list.unshift(...list.splice(at, 1));
  }

  /** The keys of the session with a peer: the one that was used last comes first, or a newer one. */
  of(peer: string): readonly ResumeKey[] {
    return [...(this.#byPeer.get(peer) ?? [])];
  }

  /** The peer whose session that key belongs to. */
  peerOf(ticketId: Uint8Array): string | undefined {
    return this.#held.get(hex(ticketId))?.peer;
  }

  /** The secret for a HELLO of purpose 5: the key must be held, and be of a link between these two names. */
  forHello(hello: HelloInfo): Secret | undefined {
    const held = this.#held.get(hex(hello.ticketId));
    if (held === undefined || held.remoteName !== hello.name || held.localName !== hello.peerName) return undefined;
    return held.secret();
  }

  /** The session with that peer ended: its keys are wiped. */
  forget(peer: string): void {
    for (const held of this.#byPeer.get(peer) ?? []) this.#drop(held);
    this.#byPeer.delete(peer);
  }

  #drop(held: Held): void {
    held.bytes.fill(0);
    this.#held.delete(hex(held.ticketId));
  }
}
