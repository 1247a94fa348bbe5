import type { Clock } from "../base/clock.ts";
import type { Deadlines } from "../base/deadlines.ts";
import { DEFAULT_LIMITS, type Limits } from "../base/limits.ts";
import { OutMessage } from "../session/out-message.ts";
import { ownSessionLimits } from "../session/limits.ts";
import { Outbox } from "../session/outbox.ts";
import type { Session, SessionEnd } from "../session/session.ts";
import { ProtocolViolation } from "../session/violation.ts";
import { CANCEL, CONTRACT, ERROR, GET, GOODBYE, RESULT, SEND } from "../wire/frames.ts";
import { Caller, type CallerHome } from "./caller.ts";
import { decodeContract, encodeContract, PeerContract } from "./contract.ts";
import { Dispatcher, type DispatcherHome } from "./dispatcher.ts";
import type { FailureLog } from "./failure-log.ts";
import type { Views } from "./handler-call.ts";
import type { MessageQueue } from "./messages.ts";
import type { Request } from "./outgoing-call.ts";
import type { Registry } from "./registry.ts";

/** What conversations share within one program. */
export interface ConversationContext {
  readonly clock: Clock;
  /** Absent: the defaults. */
  readonly limits?: Limits | undefined;
  readonly deadlines: Deadlines;
  readonly failures: FailureLog;
  readonly registry: Registry;
  readonly messages: MessageQueue;
  readonly views: Views;
  /** Calls wait for that peer: reach it. Called often; cheap when it is under way already. */
  readonly reach: (peer: string) => void;
  /** One clause about why a peer can't be reached now. */
  readonly absence: (peer: string) => string;
  /** A peer said what it is and handles. */
  readonly introduced?: ((peer: string) => void) | undefined;
}

/** Everything between this program and one peer, whatever sessions come and go: the calls of both sides. */
export class Conversation implements CallerHome, DispatcherHome {
  readonly peer: string;
  readonly limits: Limits["calls"];
  readonly outbox: Outbox;
  readonly caller: Caller;
  readonly dispatcher: Dispatcher;
  readonly #context: ConversationContext;
  #session: Session | undefined;
  #contract: PeerContract | undefined;
  #isPeerLeaving = false;
  #closing: string | undefined;
  #isContractDue = false;
  #contractSent: OutMessage | undefined;
  readonly #forgetRegistry: () => void;

  constructor(peer: string, context: ConversationContext) {
    this.peer = peer;
    const { calls, session } = context.limits ?? DEFAULT_LIMITS;
    this.#context = context;
    this.limits = calls;
    this.outbox = new Outbox({
      limits: ownSessionLimits(session),
      onRoom: () => {
        this.dispatcher.flush();
        this.caller.flush();
      },
    });
    this.caller = new Caller(this);
    this.dispatcher = new Dispatcher(this);
    this.#forgetRegistry = context.registry.onGrown(() => this.#registryGrew());
  }

  get from(): string {
    return this.peer;
  }
  get clock(): Clock {
    return this.#context.clock;
  }
  get deadlines(): Deadlines {
    return this.#context.deadlines;
  }
  get failures(): FailureLog {
    return this.#context.failures;
  }
  get registry(): Registry {
    return this.#context.registry;
  }
  get messages(): MessageQueue {
    return this.#context.messages;
  }
  get views(): Views {
    return this.#context.views;
  }
  get closing(): string | undefined {
    return this.#closing;
  }
  get session(): Session | undefined {
    return this.#session;
  }
  /** What the peer says it is and handles, once a session told it. */
  get contract(): PeerContract | undefined {
    return this.#contract;
  }
  get isContractAwaited(): boolean {
    return this.#session !== undefined && this.#contract === undefined && !this.#isPeerLeaving;
  }
  get kind(): string | undefined {
    return this.#contract?.kind;
  }

  /** Somebody waits: a caller here, or one there whose handler runs here. */
  get isBusy(): boolean {
    return this.caller.busy > 0 || this.dispatcher.running > 0;
  }

  /** Nothing of this side's waits to leave; without a session nothing can. */
  get isDelivered(): boolean {
    return this.#session === undefined || (this.outbox.isEmpty && this.dispatcher.unsent === 0);
  }

  start(request: Request): Promise<unknown> {
    return this.caller.start(request);
  }

  wanted(): void {
    this.#context.reach(this.peer);
  }

  absence(): string {
    return this.#context.absence(this.peer);
  }

  /** A session is open: the contract goes out first, and with it what waits. */
  sessionOpened(session: Session): void {
    this.#session = session;
    this.#isPeerLeaving = false;
    this.#tellContract();
    this.caller.flush();
  }

  #tellContract(): void {
    if (this.#session === undefined) return;
    if (this.#contractSent !== undefined) this.outbox.withdraw(this.#contractSent); // one that has not left is out of date
    this.#contractSent = new OutMessage(CONTRACT, 0, encodeContract(this.registry.contract()), "control");
    this.outbox.push(this.#contractSent);
  }

  /** Methods are often added many in a row: the peer is told once. */
  #registryGrew(): void {
    if (this.#isContractDue) return;
    this.#isContractDue = true;
    queueMicrotask(() => {
      this.#isContractDue = false;
      this.#tellContract();
    });
  }

  /** Takes a message of the session. @throws ProtocolViolation when it breaks the rules; the session is then at fault. */
  message(kind: number, channel: number, payload: Uint8Array): void {
    switch (kind) {
      case GET:
      case SEND:
        return this.dispatcher.call(kind, channel, payload);
      case RESULT:
      case ERROR:
        return this.caller.answer(kind, channel, payload);
      case CANCEL:
        return this.dispatcher.cancel(channel);
      case CONTRACT:
        this.#contract = new PeerContract(decodeContract(payload));
        this.caller.flush();
        return this.#context.introduced?.(this.peer);
      case GOODBYE:
        this.#contract = undefined;
        this.#isPeerLeaving = true; // what waits, waits for the peer's next session
        return;
      default:
        throw new ProtocolViolation(`frame kind ${kind} means nothing`);
    }
  }

  sessionEnded(end: SessionEnd): void {
    this.#session = undefined;
    this.#contract = undefined;
    this.outbox.takeUncommitted();
    const text = `the connection to ${this.peer} ended: ${end.text}`;
    this.dispatcher.sessionEnded(text);
    this.caller.sessionEnded(text, end.peerReceived, end.isRefused);
  }

  /** Nothing goes on here any more, and nobody holds it. */
  forget(): void {
    this.#forgetRegistry();
  }

  /** Refuses new calls of the peer, ends those of this side, and resolves when no handler runs. The session stays, for the answers. */
  async close(text: string): Promise<void> {
    this.#closing = text;
    this.#forgetRegistry();
    this.caller.close(text);
    // Without a link nobody would hear it, and leaving would wait for one.
    if (this.#session?.link !== undefined) this.outbox.push(new OutMessage(GOODBYE, 0, new Uint8Array(0), "control"));
    await this.dispatcher.idle();
  }
}
