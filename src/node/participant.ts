import { Changes } from "../base/changes.ts";
import { LinkError } from "../base/errors.ts";
import type { LimitChanges } from "../base/limits.ts";
import { type Logger, type LogOption, loggerOf, quoted } from "../base/log.ts";
import { type Handler, Registry } from "../call/registry.ts";
import { aboutLink, AuditLog } from "../link/audit.ts";
import { type Environment, environmentWith } from "../link/environment.ts";
import type { IdentityRules } from "../link/identity.ts";
import { problemOfName } from "../link/names.ts";
import type { KindMethods } from "../peer/calls.ts";
import { Peers } from "../peer/peers.ts";
import type { Pins, UntypedPeer } from "../schema/peer-types.ts";
import { ownSessionLimits, sessionLimits } from "../session/limits.ts";
import type { SessionEnd } from "../session/session.ts";
import { type CloseOptions, PeerTable } from "./peer-table.ts";
import { identityRules, rulesFor } from "./pins.ts";

/** What generated code adds to a program: the handlers of its kind, and the kinds of the network. */
export interface ParticipantContract {
  readonly registry: Registry;
  readonly kinds: readonly KindMethods[];
}

/** A program without generated code: it handles what it is told to, and knows no kinds. */
export function untypedContract(): ParticipantContract {
  return { registry: new Registry(undefined), kinds: [] };
}

export interface ParticipantOptions {
  readonly log?: LogOption | undefined;
  readonly encryption?: boolean | undefined;
  readonly identity?: string | undefined;
  readonly pins?: Pins | undefined;
  readonly limits?: LimitChanges | undefined;
  readonly environment?: Partial<Environment> | undefined;
}

/** What differs between a user, a server and a client: whom they know, and how they get a link to somebody. */
export interface Surroundings {
  /** Calls wait for that peer: get a link to it. Called often; cheap when one is under way. */
  reach(peer: string): void;
  /** The session with a peer could not be resumed where the peer listened. Absent: peers come back by themselves. */
  readonly notResumed?: ((peer: string, error: LinkError) => void) | undefined;
  /** One clause about why a peer can't be reached now. */
  absence(peer: string): string;
  /** Names of the live programs of a kind, sorted. */
  live(kind: string): readonly string[];
  kindOf(peer: string): string | undefined;
  /** Whether this side closes links that are superseded: the one with the smaller name, or the client of a server. */
  closesLinks(peer: string): boolean;
  /** Whether this program is another one to each peer. Default false. */
  readonly severalSelves?: boolean;
  /** The public text that a peer must show, where it was given for that peer alone. */
  pinned?(peer: string): string | undefined;
  began?(peer: string): void;
  /** Another link carries the session with a peer now, or the first one does. */
  moved?(peer: string): void;
  /** The session with a peer has no link that is well. May come again and again. */
  linkNeeded?(peer: string): void;
  ended?(peer: string, end: SessionEnd): void;
  /** A peer said what it is and handles. */
  introduced?(peer: string): void;
}

/** A program that calls others and is called: what User, Server and Client have in common. */
export abstract class Participant implements AsyncDisposable {
  readonly name: string;
  /** The others, typed, in a program made through generated code. */
  readonly peers: object;
  protected readonly environment: Environment;
  protected readonly log: Logger;
  protected readonly audit: AuditLog;
  protected readonly encryption: boolean;
  /** What this program shows of itself, and asks of others. */
  protected readonly identities: IdentityRules;
  protected readonly registry: Registry;
  protected readonly table: PeerTable;
  protected readonly typed: Peers;
  /** Somebody may have come or gone, or is reached another way, or this program leaves. */
  protected readonly changes = new Changes();
  #closing: Promise<void> | undefined;

  /** @throws TypeError for a name or an identity that can't be one, and for limits that make no sense; RangeError for limits of sessions that can't hold together. */
  constructor(
    name: string,
    options: ParticipantOptions,
    { registry, kinds }: ParticipantContract,
    surroundings: Surroundings,
  ) {
    const problem = typeof name === "string" ? problemOfName(name) : "a name must be a text";
    if (problem !== undefined) throw new TypeError(`the name ${JSON.stringify(name)} can't be used: ${problem}`);
    this.name = name;
    this.environment = environmentWith(options.environment, options.limits);
    void sessionLimits(ownSessionLimits(this.environment.limits.session)); // throws when they can't hold together
    this.log = loggerOf(options.log, name);
    this.audit = new AuditLog(this.log, this.environment.clock, this.environment.limits.audit);
    this.encryption = options.encryption ?? true;
    this.identities = identityRules(options, this.environment.engine);
    this.registry = registry;
    const { environment, log, audit, encryption } = this;
    this.typed = new Peers(
      {
        clock: environment.clock,
        log,
        conversation: (peer) => {
          if (peer === name) throw new TypeError(`"${peer}" is this program itself; it can't call itself`);
          return this.table.conversation(peer);
        },
        path: (peer) => this.table.path(peer),
        identity: (peer) => this.table.identity(peer),
        kindOf: (peer) => surroundings.kindOf(peer),
        live: (kind) => surroundings.live(kind),
        closing: () => this.table.closing,
        onChange: (run) => this.changes.on(run),
      },
      kinds,
    );
    this.peers = this.typed.peers();
    this.table = new PeerTable({
      environment,
      log,
      audit,
      encryption,
      identitiesFor: (peer) => rulesFor(peer, this.identities, surroundings.pinned?.(peer)),
      registry,
      views: this.typed,
      reach: (peer) => surroundings.reach(peer),
      notResumed: surroundings.notResumed,
      absence: (peer) => surroundings.absence(peer),
      closesLinks: (peer) => surroundings.closesLinks(peer),
      severalSelves: surroundings.severalSelves === true,
      began: (peer, link) => {
        const about = { ...aboutLink(link), name: peer, path: this.table.path(peer) };
        audit.note("connected", "new", about, `${name} and ${quoted(peer)} are connected`);
        surroundings.began?.(peer);
      },
      ended: (peer, end) => {
        const { reason, text, byPeer, cause } = end;
        const about = { name: peer, why: text };
        if (cause instanceof LinkError && cause.code === "ERR_IDENTITY")
          audit.note("disconnected", reason, about, cause.message, "warn");
        else audit.note("disconnected", reason, about, `${name} and ${quoted(peer)} are no longer connected`);
        if (reason === "protocol" && !byPeer)
          audit.note(
            "session violation",
            reason,
            about,
            `${quoted(peer)} broke a rule of its session: ${text}`,
            "warn",
          );
        surroundings.ended?.(peer, end);
        this.changes.tell();
      },
      moved: (peer) => {
        surroundings.moved?.(peer);
        this.changes.tell();
      },
      linkNeeded: (peer) => {
        surroundings.linkNeeded?.(peer);
        this.changes.tell();
      },
      introduced: (peer) => {
        surroundings.introduced?.(peer);
        this.changes.tell();
      },
    });
  }

  /** Another program by name, called without types. It need not be here yet. */
  peer(name: string): UntypedPeer {
    const problem = typeof name === "string" ? problemOfName(name) : "a name must be a text";
    if (problem !== undefined) throw new TypeError(`peer: the name ${JSON.stringify(name)} can't be used: ${problem}`);
    if (name === this.name) throw new TypeError(`peer: "${name}" is this program itself`);
    return this.typed.untyped(name);
  }

  /**
   * Answers calls of that name from everybody: `user.handle("test", (data, call) => ...)`. A second handler of a name replaces the first.
   * @throws TypeError for a name that is not 1 to 64 characters, or a handler that is no function.
   */
  handle(name: string, handler: Handler): void {
    this.registry.handle({ name, word: "any", handler });
  }

  /** Every free message that arrives, whoever sent it. One queue: each message goes to one reader. Ends when the program leaves. */
  messages(): AsyncIterable<{ readonly from: string; readonly data: unknown }> {
    return this.table.messages;
  }

  /**
   * Leaves: new calls are refused, handlers that run get a grace time, their answers are delivered, then everything is freed. May be
   * called again; the first call's options count.
   */
  close(options?: CloseOptions): Promise<void> {
    this.#closing ??= this.leave(() => {
      const drained = this.table.close(`${this.name} is closing`, options?.graceMs);
      this.changes.tell();
      return drained;
    });
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Frees what this program has, around the draining of its calls. */
  protected abstract leave(drain: () => Promise<void>): Promise<void>;
}
