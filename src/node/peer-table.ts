import { sameBytes } from "../base/bytes.ts";
import { Deadlines } from "../base/deadlines.ts";
import type { LinkError } from "../base/errors.ts";
import { type Logger, quoted } from "../base/log.ts";
import type { Conversation, ConversationContext } from "../call/conversation.ts";
import { FailureLog } from "../call/failure-log.ts";
import { MessageQueue } from "../call/messages.ts";
import type { Registry } from "../call/registry.ts";
import { MAX_TIMEOUT_MS, type Views } from "../call/handler-call.ts";
import type { Environment } from "../link/environment.ts";
import type { IdentityRules } from "../link/identity.ts";
import type { AuditLog } from "../link/audit.ts";
import type { Link } from "../link/link.ts";
import { decodeEnd, linkProven, sameEnd, sessionEnded } from "../session/bind.ts";
import type { Path } from "../schema/peer-types.ts";
import { Session, type SessionEnd } from "../session/session.ts";
import { type Listener, PeerEntries, type PeerEntry } from "./peer-entries.ts";
import { pathOf, rankOf } from "./paths.ts";
import { Redialer } from "./redialer.ts";
import { ResumeKeys } from "./resume-keys.ts";

export interface PeerTableOptions {
  readonly environment: Environment;
  readonly log: Logger;
  readonly audit: AuditLog;
  readonly encryption: boolean;
  /** What this side shows a peer, and asks of it. Absent: nothing. */
  readonly identitiesFor?: (peer: string) => IdentityRules;
  readonly registry: Registry;
  readonly views: Views;
  /** Calls wait for that peer: get a link to it. Called often; cheap when one is under way. */
  readonly reach: (peer: string) => void;
  /** The session with a peer could not be resumed where the peer listened. Absent: peers come back by themselves. */
  readonly notResumed?: ((peer: string, error: LinkError) => void) | undefined;
  /** One clause about why a peer can't be reached now. */
  readonly absence: (peer: string) => string;
  /** A session with a peer began, over that link. */
  readonly began?: (peer: string, link: Link) => void;
  readonly ended?: (peer: string, end: SessionEnd) => void;
  /** Another link carries the session with a peer now, or the first one does. */
  readonly moved?: (peer: string) => void;
  /** The session with a peer has no link that is well. May come again and again. */
  readonly linkNeeded?: (peer: string) => void;
  /** A peer said what it is and handles. */
  readonly introduced?: (peer: string) => void;
  /** Whether this side closes links that are superseded: the one with the smaller name, or the client of a server. */
  readonly closesLinks: (peer: string) => boolean;
  /** Whether this program is another one to each peer: a client may know one server under two names. Default false. */
  readonly severalSelves?: boolean;
}

/** What the owner of a table knows about a link that was proven. */
export interface Arrival {
  /** The peer, where it goes by another name here than on the link. */
  readonly peer?: string | undefined;
  /** How it reaches. Absent: as its addresses say. */
  readonly path?: Path | undefined;
  /** Where the peer itself listens, to dial it again. */
  readonly listener?: Listener | undefined;
}

/** How long `close` waits for handlers that run, unless it is told otherwise. */
export const DEFAULT_GRACE_MS = 5_000;

/** Closing looks this often whether the last answers have left. */
const DELIVERY_CHECK_MS = 5;

export interface CloseOptions {
  /** Milliseconds that running handlers and their answers have left. Default 5,000. */
  graceMs?: number | undefined;
}

/** What User, Server and Client share: one conversation per peer, its session, and which link goes to which. */
export class PeerTable {
  readonly messages: MessageQueue;
  readonly deadlines: Deadlines;
  readonly #options: PeerTableOptions;
  readonly #keys: ResumeKeys;
  readonly #redialer: Redialer;
  readonly #failures: FailureLog;
  readonly #entries: PeerEntries;
  readonly #paths = new WeakMap<object, Path>();
  /** Where each link comes from. */
  readonly #hosts = new WeakMap<object, string>();
  #closing: string | undefined;

  constructor(options: PeerTableOptions) {
    const { environment, log, registry, views } = options;
    this.#options = options;
    this.messages = new MessageQueue(environment.limits.calls);
    this.#keys = new ResumeKeys(environment.engine, environment.limits.peers.keys);
    this.#redialer = new Redialer({
      environment,
      log,
      audit: options.audit,
      encryption: options.encryption,
      identitiesFor: options.identitiesFor,
      needsLink: (peer) => this.needsLink(peer),
      listenerOf: (peer) => this.#entries.get(peer)?.listener,
      keysOf: (peer) => this.#keys.of(peer),
      progressOf: (peer) => this.#progress(peer),
      endFor: (peer) => this.endFor(peer),
      proven: (peer, link, { host, port, path }) =>
        this.linkProven(link, { peer, path, listener: { host, port, path } }),
      gone: (peer, error) => this.#gone(peer, error.message),
      notResumed: options.notResumed,
    });
    this.deadlines = new Deadlines(environment.clock);
    this.#failures = new FailureLog(log, environment.clock, environment.limits.audit);
    const context: ConversationContext = {
      clock: environment.clock,
      limits: environment.limits,
      deadlines: this.deadlines,
      failures: this.#failures,
      registry,
      messages: this.messages,
      views,
      reach: options.reach,
      absence: options.absence,
      introduced: options.introduced,
    };
    this.#entries = new PeerEntries(context, environment.random, options.severalSelves === true);
  }

  /** The conversation with a peer; made when it is first asked for, kept at least as long as anything goes on in it. */
  conversation(peer: string): Conversation {
    return this.#entry(peer).conversation;
  }

  #entry(peer: string): PeerEntry {
    const known = this.#entries.get(peer);
    if (known !== undefined) return known;
    const entry = this.#entries.at(peer);
    if (this.#closing !== undefined) void entry.conversation.close(this.#closing);
    return entry;
  }

  /** This side's end towards a peer (extension 2), for one handshake: to be asked for just before HELLO or REPLY. */
  endFor(peer: string): Uint8Array {
    return this.#entries.endFor(peer);
  }

  /** Why nothing new begins, once `close` was called. */
  get closing(): string | undefined {
    return this.#closing;
  }

  isOpen(peer: string): boolean {
    return this.#entries.get(peer)?.session !== undefined;
  }

  /** There is a session, and that introduction made it, as far as this side knows: its ticket brings it another link. */
  isMadeBy(peer: string, ticketId: Uint8Array): boolean {
    const entry = this.#entries.get(peer);
    return entry?.session !== undefined && entry.ticketId !== undefined && sameBytes(entry.ticketId, ticketId);
  }

  #progress(peer: string): number {
    return this.#entries.get(peer)?.session?.attachments ?? 0;
  }

  /** The session with a peer has no link, or none that is well. */
  needsLink(peer: string): boolean {
    return this.#entries.get(peer)?.session?.needsLink === true;
  }

  /** How a peer is reached now; undefined while it is not. */
  path(peer: string): Path | undefined {
    const session = this.#entries.get(peer)?.session;
    return session?.link === undefined || session.needsLink ? undefined : this.#paths.get(session.link);
  }

  /** The identity that a peer proved where it was asked for one, as long as there is a session with it. */
  identity(peer: string): string | undefined {
    const entry = this.#entries.get(peer);
    return entry?.session === undefined ? undefined : entry.identity;
  }

  /** Whether the name at the other end of that link is held here by a session of another end, over a link that is well. Ends are no secret: a claim to be the same program proves nothing. */
  isHeldByAnother({ remoteName, remoteEnd }: Link): boolean {
    const holder = this.#entries.get(remoteName)?.session?.remote;
    if (holder === undefined || remoteEnd === undefined || !this.isLinked(remoteName)) return false;
    return !sameEnd(decodeEnd(remoteEnd), holder);
  }

  /** What a peer says it is, while there is a session with it. */
  kindOf(peer: string): string | undefined {
    return this.#entries.get(peer)?.conversation.kind;
  }

  /** There is a session, and a link that carries it. */
  isLinked(peer: string): boolean {
    return this.isOpen(peer) && !this.needsLink(peer);
  }

  /** A link to that peer is wanted: calls wait for it, or its session does. */
  isWanted(peer: string): boolean {
    const entry = this.#entries.get(peer);
    return entry !== undefined && (entry.conversation.caller.waiting > 0 || entry.session?.needsLink === true);
  }

  /** The keys of its sessions: who listens lets in whoever holds one of them. */
  get keys(): ResumeKeys {
    return this.#keys;
  }

  /** Dials an address to bring the session with a peer another link. Undefined: done, or given up. ERR_TICKET: whoever answers there does not know the session. */
  resume(peer: string, address: Listener, signal: AbortSignal): Promise<LinkError | undefined> {
    return this.#redialer.dial(peer, address, signal);
  }

  /** The peer looks for another link, so the one that is there may be no good: it is tried. */
  doubt(peer: string): void {
    this.#entries.get(peer)?.session?.doubt();
  }

  /** Answers whether the peer of a session is there, within `timeoutMs`, over the link that carries it. */
  async isAlive(peer: string, timeoutMs: number): Promise<boolean> {
    return (await this.#entries.get(peer)?.session?.link?.ping(timeoutMs)) !== undefined;
  }

  /** Peers with a session. */
  get sessions(): readonly string[] {
    return [...this.#entries].filter(([, { session }]) => session !== undefined).map(([name]) => name);
  }

  /** How many links the session with a peer has: more than one while it moves. */
  links(peer: string): number {
    return [...(this.#entries.get(peer)?.session?.links ?? [])].length;
  }

  /** The round trip to a peer over the path that is used, as it was measured last, in ms. */
  rttMs(peer: string): number | undefined {
    return this.#entries.get(peer)?.session?.link?.rttMs;
  }

  /** Peers with a session that said what they are, sorted. */
  get open(): readonly string[] {
    return [...this.#entries]
      .filter(([, { conversation }]) => conversation.contract !== undefined)
      .map(([name]) => name)
      .toSorted();
  }

  /** Those of them that said they are of that kind. */
  ofKind(kind: string): readonly string[] {
    return this.open.filter((name) => this.kindOf(name) === kind);
  }

  /** A link to a peer was proven: it joins the session of its two ends, or begins one. */
  linkProven(link: Link, { peer = link.remoteName, path = pathOf(link), listener }: Arrival = {}): void {
    const entry = this.#entry(peer);
    if (this.#closing !== undefined && entry.session === undefined) return link.close(13, this.#closing);
    const handshake = this.#entries.handshakeOf(link.localEnd);
    if (handshake === undefined || link.remoteEnd === undefined)
      return link.close(12, "a link between programs needs session ends");
    const them = decodeEnd(link.remoteEnd);
    const verdict = linkProven(entry.binding, { ...handshake, them, mayJoin: mayJoin(link, entry) });
    if (verdict === "destroy") return link.destroy();
    if (verdict === "replace") this.#replace(peer, entry);
    entry.listener = listener ?? entry.listener;
    entry.hasDialled = link.role === "initiator";
    this.#keys.add(peer, link);
    this.#paths.set(link, path);
    this.#hosts.set(link, link.remote.host);
    const rank = rankOf(path);
    if (verdict === "join") {
      // Another introduction than before joins only while the peer was not heard, and may know of no other one.
      if (link.purpose !== 5) entry.ticketId = link.ticketId;
      entry.session?.attach(link, rank);
      if (!this.needsLink(peer)) this.#redialer.settle(peer);
      return;
    }
    const session: Session = new Session({
      local: handshake.mine,
      remote: them,
      outbox: entry.conversation.outbox,
      clock: this.#options.environment.clock,
      closesLinks: this.#options.closesLinks(peer),
      resumeWindowMs: this.#options.environment.limits.session.resumeWindowMs,
      events: {
        message: (kind, channel, payload) => entry.conversation.message(kind, channel, payload),
        isBusy: () => entry.conversation.isBusy || !session.isIdle,
        linkNeeded: () => {
          this.#redialer.need(peer, entry.hasDialled);
          this.#options.linkNeeded?.(peer);
        },
        moved: () => this.#options.moved?.(peer),
        ended: (end) => this.#ended(peer, entry, session, end),
      },
    });
    entry.session = session;
    entry.ticketId = link.ticketId;
    entry.identity = link.identity;
    session.attach(link, rank);
    if (session.isEnded) return; // by what the link brought along
    entry.conversation.sessionOpened(session);
    this.#options.began?.(peer, link);
  }

  /** The peer is another program by now: the old session ends without a change of this side's end, which the new one carries. */
  #replace(peer: string, entry: PeerEntry): void {
    const { session } = entry;
    entry.session = undefined;
    this.#forget(peer);
    session?.end("superseded", "another program of that name took its place");
  }

  #ended(peer: string, entry: PeerEntry, session: Session, end: SessionEnd): void {
    if (entry.session === session) {
      entry.session = undefined;
      sessionEnded(entry.binding);
      this.#forget(peer);
    }
    this.#options.log.debug(
      { peer, reason: end.reason, err: end.cause },
      `session with ${quoted(peer)} ended: ${end.text}`,
    );
    entry.conversation.sessionEnded(end);
    this.#options.ended?.(peer, end);
  }

  #forget(peer: string): void {
    this.#keys.forget(peer);
    this.#redialer.forget(peer);
  }

  /** The peer's program has ended: its session has too, unless a link is still there to say otherwise. */
  #gone(peer: string, text: string): void {
    const session = this.#entries.get(peer)?.session;
    if (session?.link === undefined) session?.end("lost", text);
  }

  /** Ends the session with a peer, if there is one. */
  end(peer: string, text: string): void {
    this.#entries.get(peer)?.session?.end("done", text);
  }

  /** Ends every session that has a link from one of those addresses. */
  endFrom(isMeant: (host: string) => boolean, text: string): void {
    for (const [, { session }] of this.#entries) {
      const hosts = [...(session?.links ?? [])].map((link) => this.#hosts.get(link));
      if (hosts.some((host) => host !== undefined && isMeant(host))) session?.end("done", text);
    }
  }

  /** Refuses new calls, waits for handlers that run and for their answers as long as `graceMs`, says goodbye and ends every session. */
  async close(text: string, graceMs = DEFAULT_GRACE_MS): Promise<void> {
    this.#closing = text;
    const drained = Promise.all([...this.#entries].map(([, { conversation }]) => conversation.close(text)));
    let isOver = false;
    let timer: { cancel(): void } | undefined;
    const grace = new Promise<void>((resolve) => {
      timer = this.#options.environment.clock.after(Math.min(graceMs, MAX_TIMEOUT_MS), resolve);
    });
    await Promise.race([drained.then(() => this.#delivered(() => isOver)), grace]);
    isOver = true;
    timer?.cancel();
    for (const [, { session }] of this.#entries) session?.end("done", text);
    this.#redialer.close();
    this.deadlines.close();
    this.#failures.close();
    this.messages.close();
  }

  /** Resolves when nothing waits to leave, or when it is too late. */
  async #delivered(isOver: () => boolean): Promise<void> {
    const { clock } = this.#options.environment;
    while (!isOver() && [...this.#entries].some(([, { conversation }]) => !conversation.isDelivered))
      await new Promise<void>((resolve) => clock.after(DELIVERY_CHECK_MS, resolve));
  }
}

/**
 * Whether a link may join the session that is there: by the session's own key; by the introduction that made it, when two dials cross; or while nothing was ever heard from
 * the peer, which may then not know of the session, nor of its key. Each with the identity of its first link: handlers may go by it.
 */
function mayJoin(
  { purpose, ticketId, identity }: Link,
  { ticketId: first, session, identity: its }: PeerEntry,
): boolean {
  if (identity !== its) return false;
  if (purpose === 5 || session?.attachments === 0) return true;
  return first !== undefined && ticketId !== undefined && sameBytes(first, ticketId);
}
