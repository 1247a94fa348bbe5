import type { Clock } from "../base/clock.ts";
import { LinkError } from "../base/errors.ts";
import { DEFAULT_LIMITS, type Limits } from "../base/limits.ts";
import type { Logger } from "../base/log.ts";
import type { Engine, Suite } from "../crypto/engine.ts";
import type { Purpose } from "../crypto/secret.ts";
import type { Address, Pipe } from "../pipe/pipe.ts";
import { aboutLink, type AuditLog } from "./audit.ts";
import { decodeClose, encodeClose } from "./close.ts";
import type { LinkContext } from "./dial.ts";
import type { Established } from "./handshake.ts";
import { CODE } from "./handshake-refuse.ts";
import { encodeIdentity, type Judge, verifyIdentity } from "./identity.ts";
import { IdentityGate, type IdentityRefusal, refusal } from "./identity-gate.ts";
import { Keepalive } from "./keepalive.ts";
import type { Link, LinkEvents } from "./link.ts";
import { RecordReceiver } from "./record-receiver.ts";
import { RECORD } from "./records.ts";

const PING_BYTES = 8;

/** What a link is made with; the engine verifies identities. */
export interface RecordLinkContext extends LinkContext {
  readonly handshake: { readonly engine: Engine };
}

/** A link over a pipe: records both ways, keepalive, and an end with a reason. */
export class RecordLink implements Link {
  readonly role: "initiator" | "responder";
  readonly purpose: Purpose;
  readonly localName: string;
  readonly remoteName: string;
  readonly encryption: boolean;
  readonly suite: Suite;
  readonly linkId: Uint8Array;
  readonly localEnd: Uint8Array | undefined;
  readonly remoteEnd: Uint8Array | undefined;
  readonly resume: Established["resume"];
  readonly ticketId: Uint8Array | undefined;
  readonly isUserProven: boolean;

  readonly #pipe: Pipe;
  readonly #sealer: Established["sealer"];
  readonly #opener: Established["opener"];
  readonly #limits: Limits["link"];
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #audit: AuditLog | undefined;
  readonly #keepalive: Keepalive;
  readonly #receiver: RecordReceiver;
  readonly #gone: () => void;
  readonly #engine: Engine;
  /** Until the other side's identity is one that it takes. Absent: none is asked for. */
  #judge: Judge | undefined;
  readonly #identityMs: number;
  #identity: string | undefined;
  /** While the other side's identity is waited for and judged. */
  #gate: { readonly gate: IdentityGate; readonly done: (error: LinkError | undefined) => void } | undefined;
  /** The first record, where it was no identity and the link is open nevertheless. */
  #early: { readonly type: number; readonly payload: Uint8Array } | undefined;
  #isFirst = true;
  #events: LinkEvents | undefined;
  #isOpen = true;
  #isWritable = true;
  /** The end of the link, when it came before an owner did. */
  #untold: { error: LinkError | undefined } | undefined;

  /**
   * Takes the pipe over and shows this side's identity, if it has one. Nothing is read before `identified` and `start`, so the owner should not let it wait.
   * @param rest bytes that came behind the handshake.
   * @param gone called once, however the link ends, before its owner is told.
   */
  constructor(
    pipe: Pipe,
    established: Established,
    rest: Uint8Array,
    context: RecordLinkContext,
    gone: () => void = () => {},
  ) {
    this.role = established.role;
    this.purpose = established.purpose;
    this.localName = established.localName;
    this.remoteName = established.remoteName;
    this.encryption = established.encryption;
    this.suite = established.suite;
    this.linkId = established.linkId;
    this.localEnd = established.localEnd;
    this.remoteEnd = established.remoteEnd;
    this.resume = established.resume;
    this.ticketId = established.ticketId;
    this.isUserProven = established.isUserProven;
    this.#pipe = pipe;
    this.#sealer = established.sealer;
    this.#opener = established.opener;
    this.#limits = (context.limits ?? DEFAULT_LIMITS).link;
    this.#clock = context.clock;
    this.#log = context.log;
    this.#audit = context.audit;
    this.#gone = gone;
    this.#engine = context.handshake.engine;
    this.#judge = context.identity?.judgeOf?.(this.remoteName);
    this.#identityMs = (context.limits ?? DEFAULT_LIMITS).handshake.identityMs;
    this.#keepalive = new Keepalive(context.clock, this.#limits, {
      sendPing: (payload) => this.#send(RECORD.ping, [payload]),
      dead: () =>
        this.#fail(new LinkError("ERR_DEAD", `nothing came from ${this.#who()} for ${this.#limits.deadMs / 1000} s`)),
    });
    this.#receiver = new RecordReceiver(
      {
        pipe,
        opener: this.#opener,
        encryption: this.encryption,
        clock: this.#clock,
        limits: this.#limits,
        isReady: () => this.#isReady,
        heard: () => this.#keepalive.heard(),
        record: (type, payload) => this.#received(type, payload),
        broken: (error) => this.#notGenuine(error),
        drain: () => this.#drained(),
        ended: (error) => this.#truncated(error),
      },
      rest,
    );
    const own = context.identity?.own;
    if (own !== undefined) this.#send(RECORD.identity, [encodeIdentity(own, established)]);
  }

  get identity(): string | undefined {
    return this.#identity;
  }

  /** Whether `identified` must resolve before the link is given to an owner. */
  get awaitsIdentity(): boolean {
    return this.#judge !== undefined;
  }

  /**
   * Waits until the other side has proven an identity that this side takes. Until then nothing but this side's own identity, a ping, and a close is sent. To be called
   * once, before `start`, where `awaitsIdentity` says so; when it rejects the link has ended.
   * @param signal gives up; the promise rejects with its reason.
   * @throws LinkError ERR_IDENTITY, or why the link ended meanwhile.
   */
  async identified(signal?: AbortSignal): Promise<void> {
    const abort = (): void => this.destroy();
    signal?.addEventListener("abort", abort, { once: true });
    try {
      signal?.throwIfAborted();
      if (this.#judge !== undefined) await this.#identify(this.#judge);
    } catch (error) {
      this.destroy();
      signal?.throwIfAborted();
      throw error;
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }

  #identify(judge: Judge): Promise<void> {
    if (!this.#isOpen) return Promise.reject(new LinkError("ERR_TRUNCATED", `the link to ${this.#who()} has ended`));
    return new Promise((resolve, reject) => {
      const gate = new IdentityGate({
        clock: this.#clock,
        judge,
        name: this.remoteName,
        waitMs: this.#identityMs,
        judged: (problem) => (problem === undefined ? this.#passed() : this.#refuse(problem)),
      });
      const done = (error: LinkError | undefined): void => {
        gate.stop();
        this.#gate = undefined;
        if (error === undefined) resolve();
        else reject(error);
      };
      this.#gate = { gate, done };
      void this.ping(this.#identityMs); // whoever shows no identity is known by its pong
      this.#receiver.read();
    });
  }

  get remote(): Address {
    return this.#pipe.remote;
  }

  get local(): Address {
    return this.#pipe.local;
  }

  get writable(): boolean {
    return this.#isWritable;
  }

  get bufferedBytes(): number {
    return this.#pipe.buffered;
  }

  get rttMs(): number | undefined {
    return this.#keepalive.rttMs;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  start(events: LinkEvents): void {
    if (this.#judge !== undefined && this.#isOpen) throw new Error("a link has no owner before it is identified");
    const isFirst = this.#events === undefined;
    this.#events = events;
    if (this.#untold !== undefined) return this.#tell(this.#untold.error);
    if (!isFirst || !this.#isOpen) return;
    const early = this.#early;
    this.#early = undefined;
    if (early !== undefined) this.#take(early.type, early.payload);
    this.#receiver.read();
  }

  send(parts: readonly Uint8Array[]): void {
    this.#send(RECORD.data, parts);
  }

  sendSealed(plaintext: Uint8Array): void {
    if (this.#isOpen) this.#send(RECORD.sealed, [this.#sealer.box(plaintext)]);
  }

  ping(timeoutMs: number): Promise<number | undefined> {
    return this.#isOpen ? this.#keepalive.ping(timeoutMs) : Promise.resolve(undefined);
  }

  close(code: number = CODE.done, text = ""): void {
    if (!this.#isOpen) return;
    this.#pipe.write([this.#sealer.seal(RECORD.close, [encodeClose(code, text)])]);
    this.#end();
    this.#pipe.close();
  }

  destroy(): void {
    if (!this.#isOpen) return;
    this.#end();
    this.#pipe.destroy();
  }

  #send(type: number, parts: readonly Uint8Array[]): void {
    if (!this.#isOpen) return;
    if (this.#pipe.write([this.#sealer.seal(type, parts)], true)) return;
    this.#isWritable = false;
    if (this.#pipe.buffered <= this.#limits.bufferedBytes) return;
    // Not from inside of the caller's send: it would be told of the end in the middle of its own work.
    const text = `${this.#who()} does not read what it is sent: ${this.#pipe.buffered} bytes wait`;
    queueMicrotask(() => this.#fail(new LinkError("ERR_SLOW_CONSUMER", text)));
  }

  /** There is an owner, or the other side's first record is waited for. */
  get #isReady(): boolean {
    return this.#isOpen && (this.#events !== undefined || this.#gate?.gate.isJudging === false);
  }

  #notGenuine(cause: unknown): void {
    const text = `a record from ${this.#who()} is not genuine: ${cause instanceof Error ? cause.message : String(cause)}`;
    this.#fail(new LinkError("ERR_RECORD", text, { cause }));
  }

  /** True: nothing of the payload is used any more. The very first record may be an identity, which is verified whether it is asked for or not. */
  #received(type: number, payload: Uint8Array): boolean {
    const isFirst = this.#isFirst;
    this.#isFirst = false;
    if (isFirst && (type === RECORD.identity || (this.#gate !== undefined && type !== RECORD.close))) {
      this.#takeFirst(type, payload);
      return false;
    }
    return this.#take(type, payload);
  }

  #takeFirst(type: number, payload: Uint8Array): void {
    const key = type === RECORD.identity ? verifyIdentity(this.#engine, payload, this) : undefined;
    if (type !== RECORD.identity) this.#early = { type, payload };
    else if (key === undefined) {
      return this.#refuse(refusal("malformed", `${this.#who()} shows an identity that it does not prove on this link`));
    }
    if (this.#gate === undefined) return;
    this.#receiver.pause();
    this.#identity = key;
    this.#gate.gate.first(key);
  }

  /** The identity is one that this side takes: the link is its owner's. */
  #passed(): void {
    this.#judge = undefined;
    this.#gate?.done(undefined);
  }

  #refuse({ problem, error, said }: IdentityRefusal): void {
    if (!this.#isOpen) return;
    this.#audit?.note("identity refused", problem, aboutLink(this), error.message, "warn");
    this.#pipe.write([this.#sealer.seal(RECORD.close, [encodeClose(CODE.authentication, said)])]);
    this.#end(error);
    this.#pipe.close();
    this.#tell(error);
  }

  /** True: the owner uses nothing of the payload any more. */
  #take(type: number, payload: Uint8Array): boolean {
    if (type === RECORD.data || type === RECORD.sealed) return this.#handUp(type, payload);
    this.#takeOwn(type, payload);
    return false;
  }

  #handUp(type: number, payload: Uint8Array): boolean {
    try {
      if (type === RECORD.data) return this.#events?.data(payload) === true;
      this.#events?.sealed(payload);
    } catch (error) {
      this.#ownerThrew(error);
    }
    return false;
  }

  /** What is between the two links, and not their owners'. */
  #takeOwn(type: number, payload: Uint8Array): void {
    switch (type) {
      case RECORD.ping:
        if (payload.length !== PING_BYTES) return this.#broken("a ping of a wrong length");
        if (this.#keepalive.acceptPing()) return this.#send(RECORD.pong, [payload]);
        return this.#tooManyPings();
      case RECORD.pong:
        if (payload.length === PING_BYTES && this.#keepalive.acceptPong(payload)) return;
        return this.#broken("a pong that answers no ping");
      case RECORD.close:
        return this.#closedByPeer(payload);
      default:
        return this.#broken(`a record of the type ${type}, which has no place here`);
    }
  }

  #drained(): void {
    this.#isWritable = true;
    try {
      this.#events?.drain();
    } catch (error) {
      this.#ownerThrew(error);
    }
  }

  /** What an event of the owner throws ends this link and nothing else. */
  #ownerThrew(error: unknown): void {
    this.#log.error({ err: error, peer: this.remoteName }, "an event of a link threw; the link is destroyed");
    this.#fail(new LinkError("ERR_INTERNAL", `this side failed to handle what ${this.#who()} sent`, { cause: error }));
  }

  #closedByPeer(payload: Uint8Array): void {
    const close = decodeClose(payload, this.encryption);
    if (close === undefined) return this.#broken("a close record of a wrong form");
    const error = close.error?.received === CODE.authentication ? this.#notTaken(close.error) : close.error;
    this.#end(error);
    this.#pipe.destroy();
    this.#tell(error);
  }

  /** On an open link nothing but identities is left to authenticate. */
  #notTaken({ message, received }: LinkError): LinkError {
    return new LinkError("ERR_IDENTITY", `${this.#who()} does not take this side's identity: ${message}`, { received });
  }

  #tooManyPings(): void {
    const { pings, pingWindowMs } = this.#limits;
    this.close(CODE.limit, "too many pings");
    this.#tell(
      new LinkError("ERR_REFUSED", `${this.#who()} sent more than ${pings} pings in ${pingWindowMs / 1000} s`),
    );
  }

  #truncated(error: Error | undefined): void {
    const how = error === undefined ? "ended" : "broke";
    this.#fail(
      new LinkError("ERR_TRUNCATED", `the connection to ${this.#who()} ${how} without a goodbye`, { cause: error }),
    );
  }

  #broken(what: string): void {
    this.#fail(new LinkError("ERR_MALFORMED", `${this.#who()} broke the protocol: ${what}`));
  }

  #fail(error: LinkError): void {
    if (!this.#isOpen) return;
    this.#end(error);
    this.#pipe.destroy();
    this.#tell(error);
  }

  /** Stops all that this link does and forgets its keys; what becomes of the pipe is the caller's. */
  #end(error?: LinkError): void {
    this.#gate?.done(error ?? new LinkError("ERR_TRUNCATED", `the link to ${this.#who()} was closed`));
    this.#isOpen = false;
    this.#isWritable = false;
    this.#keepalive.stop();
    this.#sealer.wipe();
    this.#opener.wipe();
    this.#gone();
  }

  /** The last event. */
  #tell(error: LinkError | undefined): void {
    const events = this.#events;
    if (events === undefined) {
      this.#untold = { error };
      return;
    }
    this.#untold = undefined;
    try {
      events.closed(error);
    } catch (thrown) {
      this.#log.error({ err: thrown, peer: this.remoteName }, "the last event of a link threw");
    }
  }

  /** The other end, as a person knows it. */
  #who(): string {
    return JSON.stringify(this.remoteName);
  }
}
