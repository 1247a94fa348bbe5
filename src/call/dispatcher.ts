import type { CallErrorCode } from "../base/errors.ts";
import { IdTable } from "../base/id-table.ts";
import { DEFAULT_LIMITS, type Limits } from "../base/limits.ts";
import type { TokenBucket } from "../base/token-bucket.ts";
import { type Lane, OutMessage } from "../session/out-message.ts";
import type { Outbox } from "../session/outbox.ts";
import { ProtocolViolation } from "../session/violation.ts";
import {
  type CallHeader,
  ERROR,
  FREE_MESSAGE,
  HAS_META,
  HAS_NAME,
  RESULT,
  readCallHeader,
  readCallName,
  SAME_SCHEMA,
  SEND,
} from "../wire/frames.ts";
import {
  decodeGiven,
  encodeAfter,
  encodeValue,
  lastMemory,
  ValueError,
  ValueTooHeavy,
  ValueTooLarge,
} from "../wire/values.ts";
import { MAX_CALLS_IN_FLIGHT } from "./caller.ts";
import { CANCEL_BURST, cancelBudget, CANCELS_PER_SECOND } from "./cancels.ts";
import { MAX_METHOD_CHARACTERS, noMethod, told } from "./contract.ts";
import type { FailureLog } from "./failure-log.ts";
import { type CallOrigin, Failure, HandlerCall } from "./handler-call.ts";
import { inputWeight, MAX_INPUT_BYTES, memoryBeside } from "./inputs.ts";
import type { MessageQueue } from "./messages.ts";
import type { Handled, Registry } from "./registry.ts";
import { type Checked, check } from "./validation.ts";

/** Cancelled calls of a peer whose handlers run on and which do not count as in flight. */
export const MAX_CANCELLED_RUNNING: number = DEFAULT_LIMITS.wire.cancelledRunning;

/** What a dispatcher needs of the conversation it belongs to. */
export interface DispatcherHome extends CallOrigin {
  readonly limits: Pick<Limits["calls"], "answerBytes">;
  readonly registry: Registry;
  readonly messages: MessageQueue;
  readonly failures: FailureLog;
  /** Why new calls are refused, while this side is closing. */
  readonly closing: string | undefined;
  readonly outbox: Outbox;
}

/** The calls of one peer to this program, from the frame to its answer. One answer each; nothing a handler does escapes. */
export class Dispatcher {
  readonly #home: DispatcherHome;
  /** Calls whose handlers have not ended, by channel. */
  #running = new IdTable<HandlerCall>();
  /** Sends that wait to start, by channel: for a free place, or for a schema with asynchronous parts. */
  #held = new Map<number, HandlerCall>();
  /** How many of those are sends. A send is answered before its handler ends, so its caller does not bound them: we do. */
  #sending = 0;
  /** Calls that were cancelled and have not ended: nobody waits for them. */
  #cancelled = new Set<HandlerCall>();
  /** Inputs of gets and of sends that wait to start, and of sends whose handlers run. */
  #inputWeight = 0;
  #acceptedWeight = 0;
  /** Ends with the last of those that wait. */
  #queue: Promise<void> | undefined;
  #freed: (() => void)[] = [];
  /** Answers that the outbox has no room for, by channel. */
  readonly #answers = new Map<number, Uint8Array>();
  #answerBytes = 0;
  /** How many calls the peer may still cancel; made at the first one of a session. */
  #cancels: TokenBucket | undefined;
  #idle: (() => void)[] = [];

  constructor(home: DispatcherHome) {
    this.#home = home;
  }

  get running(): number {
    return this.#running.size;
  }

  /** Answers that wait for room on their way out. */
  get unsent(): number {
    return this.#answers.size;
  }

  /** Resolves when no handler runs, or is still to run, whose caller waits: a cancelled one is its own affair. */
  async idle(): Promise<void> {
    while ([...this.#running.values(), ...this.#held.values()].some((call) => !call.isCancelled)) {
      await new Promise<void>((resolve) => this.#idle.push(resolve));
    }
  }

  /** Takes GET or SEND. @throws ProtocolViolation when the frame breaks the rules; the session is then at fault. */
  call(kind: number, channel: number, payload: Uint8Array): void {
    const header = readCallHeader(payload);
    if (header === undefined) throw new ProtocolViolation("a call frame is too short");
    if (channel === 0 || this.#running.has(channel) || this.#held.has(channel) || this.#answers.has(channel))
      throw new ProtocolViolation(`call ${channel} was opened twice`);
    const { closing } = this.#home;
    if (closing !== undefined) return this.#refuse(channel, "CLOSED", closing);
    const isSend = kind === SEND;
    const most = MAX_CALLS_IN_FLIGHT + Math.min(this.#cancelled.size, MAX_CANCELLED_RUNNING);
    if ((isSend ? this.#held.size : this.#running.size - this.#sending) >= most) {
      return this.#refuse(channel, "BUSY", `${MAX_CALLS_IN_FLIGHT} of your calls wait already`);
    }
    const method = this.#method(header, payload, isSend);
    if (typeof method === "string") return this.#refuse(channel, "NOT_FOUND", method);
    const refusal = method && this.#refusal(method, isSend);
    if (refusal !== undefined) return this.#refuse(channel, ...refusal);
    let value: unknown;
    let meta: Readonly<Record<string, string>> | undefined;
    try {
      const memory = memoryBeside(this.#inputWeight, payload.length);
      if (memory < 0) throw new ValueTooHeavy();
      value = decodeGiven(payload, header.valueAt, method?.codec?.input, memory);
      if ((header.flags & HAS_META) !== 0) [meta, value] = splitMeta(value);
    } catch (error) {
      if (error instanceof ValueTooHeavy) {
        return this.#refuse(
          channel,
          "BUSY",
          "the inputs of your calls under way take too much memory; await some of them",
        );
      }
      return this.#refuse(
        channel,
        "INVALID_INPUT",
        error instanceof ValueError ? error.describe("input") : `input: ${(error as Error).message}`,
      );
    }
    const weight = inputWeight(payload.length, lastMemory());
    const call = new HandlerCall(
      this.#home,
      method === undefined ? "" : this.#home.registry.label(method.name),
      header.timeoutMs,
      meta,
    );
    call.weight = weight;
    call.isSameSchema = (header.flags & SAME_SCHEMA) !== 0;
    this.#inputWeight += weight;
    if (isSend && (this.#queue !== undefined || this.#areSendsMany)) {
      this.#held.set(channel, call);
      this.#lineUp(async () => {
        while (this.#areSendsMany && !call.isCancelled) await new Promise<void>((resolve) => this.#freed.push(resolve));
        await this.#check(channel, method, isSend, value, weight, call);
      });
    } else {
      const waits = this.#check(channel, method, isSend, value, weight, call);
      if (waits === undefined) return;
      (isSend ? this.#held : this.#running).set(channel, call);
      if (isSend) this.#lineUp(() => waits);
    }
  }

  /** The method that is called, undefined for a free message; or why there is none. */
  #method(header: CallHeader, payload: Uint8Array, isSend: boolean): Handled | undefined | string {
    const { registry } = this.#home;
    if (isSend && header.method === FREE_MESSAGE) return undefined;
    if ((header.flags & HAS_NAME) === 0) return registry.byNumber(header.method) ?? "no method has that number";
    const name = readCallName(payload, header);
    if (name.length > MAX_METHOD_CHARACTERS)
      throw new ProtocolViolation(`a method's name has at most ${MAX_METHOD_CHARACTERS} characters`);
    return registry.byName(name) ?? noMethod(name, told(registry.contract().methods));
  }

  /** Further sends wait for the handlers of earlier ones. */
  get #areSendsMany(): boolean {
    return this.#sending >= MAX_CALLS_IN_FLIGHT || this.#acceptedWeight >= MAX_INPUT_BYTES;
  }

  /** Sends start in the order in which they came, so one that waits makes all later ones wait. */
  #lineUp(step: () => Promise<void>): void {
    const tail: Promise<void> = (this.#queue === undefined ? step() : this.#queue.then(step)).then(() => {
      if (this.#queue === tail) this.#queue = undefined;
    });
    this.#queue = tail;
  }

  #refusal(method: Handled, isSend: boolean): [CallErrorCode, string] | undefined {
    const { from, kind } = this.#home;
    const word = isSend ? "send" : "get";
    if (method.word !== "any" && method.word !== word)
      return ["NOT_FOUND", `"${method.name}" is a ${method.word}, not a ${word}`];
    if (method.from !== undefined && (kind === undefined || !method.from.includes(kind))) {
      return [
        "REFUSED",
        `only ${method.from.join(", ")} may call "${method.name}", and you are ${kind === undefined ? "of no kind" : `a ${kind}`}`,
      ];
    }
    if (method.fromNames !== undefined && !method.fromNames.includes(from))
      return ["REFUSED", `"${method.name}" is not for "${from}"`];
    return undefined;
  }

  /** Checks the input and starts the handler. A promise only where the schema has asynchronous parts. */
  #check(
    channel: number,
    method: Handled | undefined,
    isSend: boolean,
    value: unknown,
    bytes: number,
    call: HandlerCall,
  ): Promise<void> | undefined {
    if (call.isCancelled) return void this.#finish(channel, isSend, call);
    const input = check(method?.input, value, "input");
    if (input instanceof Promise) return input.then((late) => this.#start(channel, method, isSend, late, bytes, call));
    this.#start(channel, method, isSend, input, bytes, call);
    return undefined;
  }

  #start(
    channel: number,
    method: Handled | undefined,
    isSend: boolean,
    input: Checked,
    bytes: number,
    call: HandlerCall,
  ): void {
    // Cancelled while its input was checked: there may be another session by now, whose calls must not get its answer.
    if (call.isCancelled) return void this.#finish(channel, isSend, call);
    if (this.#held.get(channel) === call) this.#held.delete(channel);
    if (!input.ok) {
      this.#finish(channel, isSend, call);
      return this.#refuse(channel, "INVALID_INPUT", input.text);
    }
    if (method === undefined) {
      const taken = this.#home.messages.push({ from: this.#home.from, data: input.value }, bytes);
      this.#finish(channel, isSend, call);
      if (taken) this.#post(RESULT, channel, NOTHING);
      else this.#refuse(channel, "BUSY", "its queue of free messages is full");
      return;
    }
    if (isSend) this.#post(RESULT, channel, NOTHING);
    let result: unknown;
    try {
      result = this.#run(method, input.value, call);
      // Anything may be thenable, and do what it likes when asked: a promise asks it, later and once.
      if (isPromiseLike(result)) result = Promise.resolve(result);
    } catch (error) {
      return this.#failed(channel, method, isSend, call, error);
    }
    if (result instanceof Promise) {
      this.#running.set(channel, call);
      if (isSend) this.#accepted(call);
      result.then(
        (late) => this.#answered(channel, method, isSend, call, late),
        (error: unknown) => this.#failed(channel, method, isSend, call, error),
      );
    } else this.#answered(channel, method, isSend, call, result);
  }

  /** The handler of a send runs, and its caller knows. */
  #accepted(call: HandlerCall): void {
    this.#sending++;
    this.#inputWeight -= call.weight;
    this.#acceptedWeight += call.weight;
    call.isAccepted = true;
  }

  #run(method: Handled, input: unknown, call: HandlerCall): unknown {
    const { handling } = this.#home.registry;
    if (handling.length === 0) return method.handler(input, call);
    const step = (at: number): Promise<unknown> => {
      const around = handling[at];
      return Promise.resolve(
        around === undefined ? method.handler(input, call) : around(call, async () => step(at + 1)),
      );
    };
    return step(0);
  }

  #answered(channel: number, method: Handled, isSend: boolean, call: HandlerCall, value: unknown): void {
    if (!this.#finish(channel, isSend, call) || isSend) return;
    let payload: Uint8Array;
    try {
      payload =
        value === undefined ? NOTHING : encodeAfter(0, value, call.isSameSchema ? method.codec?.output : undefined);
    } catch (error) {
      const text = error instanceof ValueError ? error.describe("output") : "output: reading it failed";
      this.#error(channel, error instanceof ValueTooLarge ? "TOO_LARGE" : "INVALID_OUTPUT", true, text);
      return this.#note(method, error, `the answer of "${method.name}" can't be sent: ${text}`);
    }
    this.#give(channel, payload);
  }

  /** Sends an answer, or keeps it until the peer has taken others. */
  #give(channel: number, payload: Uint8Array): void {
    const { length } = payload;
    if (this.#home.outbox.hasRoom(length)) return this.#post(RESULT, channel, payload);
    if (this.#answers.size >= MAX_CALLS_IN_FLIGHT || this.#answerBytes + length > this.#home.limits.answerBytes) {
      return this.#error(channel, "BUSY", true, "too many answers wait to be read");
    }
    this.#answers.set(channel, payload);
    this.#answerBytes += length;
  }

  /** Sends answers that wait, as far as there is room: a big one does not hold up a small one. */
  flush(): void {
    for (const [channel, payload] of this.#answers) {
      if (!this.#home.outbox.hasRoom(payload.length)) continue;
      this.#dropAnswer(channel);
      this.#post(RESULT, channel, payload);
    }
  }

  #dropAnswer(channel: number): void {
    this.#answerBytes -= this.#answers.get(channel)?.length ?? 0;
    this.#answers.delete(channel);
  }

  #failed(channel: number, method: Handled, isSend: boolean, call: HandlerCall, error: unknown): void {
    const wanted = this.#finish(channel, isSend, call);
    if (error instanceof Failure && !isSend) {
      if (!wanted) return;
      try {
        return this.#error(channel, error.code, true, `${method.name} answered ${error.code}`, error.data);
      } catch (broken) {
        error = broken; // the data of the declared error can't be sent
      }
    }
    // The cause stays home: a stranger learns that the handler failed, not why or where.
    if (wanted && !isSend) this.#error(channel, "FAILED", true, `the handler of "${method.name}" failed`);
    this.#note(method, error, `the handler of "${method.name}" failed`);
  }

  #note(method: Handled, err: unknown, text: string): void {
    this.#home.failures.note(this.#home.from, method.name, err, text);
  }

  /** False when nobody waits for the answer any more. */
  #finish(channel: number, isSend: boolean, call: HandlerCall): boolean {
    call.finish();
    if (call.isAccepted) this.#acceptedWeight -= call.weight;
    else this.#inputWeight -= call.weight;
    if (this.#cancelled.size > 0) this.#cancelled.delete(call);
    const wanted = !call.isCancelled;
    if (this.#held.get(channel) === call) {
      this.#held.delete(channel);
      this.#noteIdle();
    }
    if (this.#running.get(channel) === call) {
      this.#running.delete(channel);
      if (isSend) this.#sending--;
      this.#freed.shift()?.();
      this.#noteIdle();
    }
    return wanted;
  }

  /** Takes CANCEL: the signal fires, and no answer will be sent. One for a call that has ended is dropped. @throws ProtocolViolation when they are a flood */
  cancel(channel: number): void {
    const now = this.#home.clock.now();
    this.#cancels ??= cancelBudget(now);
    if (!this.#cancels.take(now)) {
      throw new ProtocolViolation(
        `more than ${CANCEL_BURST} calls were cancelled at once, or ${CANCELS_PER_SECOND} per second`,
      );
    }
    this.#dropAnswer(channel);
    const call = this.#running.get(channel) ?? this.#held.get(channel);
    if (call?.isAccepted === false) this.#cancelled.add(call);
    call?.cancel(new DOMException("the caller cancelled the call", "AbortError"));
    this.#noteIdle();
  }

  #noteIdle(): void {
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** The session is over: the signals of running calls fire, their answers go nowhere, and what has not started does not start. */
  sessionEnded(text: string): void {
    const ended = [...this.#running.values(), ...this.#held.values()];
    for (const call of ended) call.weight = 0; // what runs on is not counted any more
    this.#cancelled = new Set();
    this.#inputWeight = this.#acceptedWeight = 0;
    this.#running = new IdTable();
    this.#held = new Map();
    this.#queue = undefined;
    this.#sending = 0;
    this.#answers.clear();
    this.#answerBytes = 0;
    this.#cancels = undefined;
    for (const call of ended) call.cancel(new DOMException(text, "AbortError"));
    for (const resolve of this.#freed.splice(0)) resolve();
    this.#noteIdle();
  }

  #refuse(channel: number, code: CallErrorCode, text: string): void {
    this.#error(channel, code, false, text);
  }

  #error(channel: number, code: string, ran: boolean, text: string, data?: unknown): void {
    this.#post(ERROR, channel, encodeValue([code, ran, text, data]));
  }

  #post(kind: number, channel: number, payload: Uint8Array, lane: Lane = "call"): void {
    if (this.#home.outbox.push(new OutMessage(kind, channel, payload, lane)) === "queued" || lane === "control") return;
    // A peer that does not read its answers gets a short one instead, ahead of those that wait.
    this.#post(ERROR, channel, encodeValue(["BUSY", true, "too many answers wait to be read"]), "control");
  }
}

const NOTHING = new Uint8Array(0);

function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";
}

function splitMeta(value: unknown): [Readonly<Record<string, string>>, unknown] {
  if (!Array.isArray(value) || value.length !== 2) throw new Error("a call with meta must carry two values");
  const [meta, input] = value as [unknown, unknown];
  const isObject = typeof meta === "object" && meta !== null && Object.getPrototypeOf(meta) === Object.prototype; // no list, no Map
  if (!isObject || !Object.values(meta).every((text) => typeof text === "string"))
    throw new Error("meta must hold texts");
  return [meta as Readonly<Record<string, string>>, input];
}
