import { type CallErrorCode, type Outcome, PeerError } from "../base/errors.ts";
import { DEFAULT_LIMITS, type Limits } from "../base/limits.ts";
import { IdTable } from "../base/id-table.ts";
import { printable } from "../base/log.ts";
import { OutMessage } from "../session/out-message.ts";
import {
  CALL_HEADER_BYTES,
  ERROR,
  FREE_MESSAGE,
  GET,
  nameCall,
  RESULT,
  SAME_SCHEMA,
  SEND,
  writeCallHeader,
} from "../wire/frames.ts";
import { decodeGiven, encodeAfter, isShaped, lastMemory, ValueError, ValueTooLarge } from "../wire/values.ts";
import { onAbort } from "./abort.ts";
import { Cancels, type CancelsHome } from "./cancels.ts";
import type { PeerContract } from "./contract.ts";
import { MAX_TIMEOUT_MS } from "./handler-call.ts";
import { inputWeight, LIGHT_INPUT_BYTES, MAX_INPUT_BYTES } from "./inputs.ts";
import { OutgoingCall, type Request } from "./outgoing-call.ts";
import { type Checked, check } from "./validation.ts";

export const DEFAULT_TIMEOUT_MS = 60_000;

/** Gets and sends of one peer that may be under way at once; further ones wait here. */
export const MAX_CALLS_IN_FLIGHT: number = DEFAULT_LIMITS.wire.callsInFlight;

/** What a peer says of an error: its code, when that is none that was declared, and its text, of which the rest is cut off. In characters. */
const MAX_CODE = 64;
const MAX_TEXT = 1_024;

const MAX_MESSAGE_BYTES: number = DEFAULT_LIMITS.wire.messageBytes;

/** What a caller needs of the conversation it belongs to. */
export interface CallerHome extends CancelsHome {
  readonly limits: Pick<Limits["calls"], "waiting" | "waitingBytes">;
  readonly peer: string;
  /** The peer's contract, while a session is open. */
  readonly contract: PeerContract | undefined;
  /** A session is open whose contract has not come yet. */
  readonly isContractAwaited: boolean;
  /** A call waits for the peer: reach it. */
  wanted(): void;
  /** One clause about the peer's absence: "no user named Worker; live: worker-7". */
  absence(): string;
}

/** The calls of this program to one peer: from the caller's `await` to its settling, exactly once. */
export class Caller {
  readonly #home: CallerHome;
  readonly #cancels: Cancels;
  readonly #pending = new IdTable<OutgoingCall>();
  #pendingWeight = 0;
  /** Calls without a message yet, in order. Settled ones are dropped from it. */
  #waiting = new Set<OutgoingCall>();
  #waitingBytes = 0;
  #waitingSends = 0;
  #isFlushing = false;
  #lastId = 0;
  #closed: string | undefined;

  constructor(home: CallerHome) {
    this.#home = home;
    this.#cancels = new Cancels(home, () => this.flush());
  }

  /** Calls that have not settled. */
  get busy(): number {
    return this.#pending.size + this.#waiting.size;
  }

  /** Calls that still wait for the peer to be reachable. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Starts a call. The promise settles once; a rejection is a {@link PeerError}, or a TypeError for options that make no sense. */
  start(request: Request): Promise<unknown> {
    return new Promise((resolve, reject) => this.#start(request, resolve, reject));
  }

  #start(request: Request, resolve: (value: unknown) => void, reject: (error: Error) => void): void {
    const { options, scope } = request;
    const now = this.#home.clock.now();
    let timeoutMs = options?.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    if (!(typeof timeoutMs === "number" && timeoutMs > 0)) {
      return reject(new TypeError(`timeoutMs must be a number of milliseconds above 0, not ${String(timeoutMs)}`));
    }
    timeoutMs = Math.min(timeoutMs, scope === undefined ? MAX_TIMEOUT_MS : scope.deadlineAt - now);
    const signal = linked(options?.signal, scope?.signal);
    const refusal = this.#refusal(request, timeoutMs, signal);
    if (refusal !== undefined) return reject(refusal);
    let payload: Uint8Array;
    try {
      const { method, name, input } = request;
      payload =
        options?.meta === undefined
          ? encodeAfter(
              CALL_HEADER_BYTES,
              input,
              this.#home.contract?.shares(name, method?.codec) === true ? method?.codec?.input : undefined,
            )
          : encodeAfter(CALL_HEADER_BYTES, [options.meta, input]);
    } catch (error) {
      const text = error instanceof ValueError ? error.describe("input") : `the input can't be sent: ${String(error)}`;
      return reject(this.#notRun(request, error instanceof ValueTooLarge ? "TOO_LARGE" : "INVALID_INPUT", text, error));
    }
    const weight = inputWeight(payload.length, lastMemory());
    if (payload.length > MAX_MESSAGE_BYTES) {
      return reject(
        this.#notRun(
          request,
          "TOO_LARGE",
          `the input takes ${payload.length} bytes; a message has at most ${MAX_MESSAGE_BYTES}`,
        ),
      );
    }
    const call = new OutgoingCall(this.#expired, request, payload, weight, now + timeoutMs, timeoutMs, resolve, reject);
    this.#home.deadlines.add(call);
    if (signal !== undefined) {
      call.forgetSignal = onAbort(signal, () =>
        this.#giveUp(call, "CANCELLED", "cancelled by the caller", signal.reason),
      );
    }
    // A get may overtake what waits, a send must not overtake a send.
    if ((call.word === "send" && this.#waitingSends > 0) || !this.#commit(call, now)) {
      this.#queue(call);
      if (this.#home.contract === undefined) this.#home.wanted();
    }
  }

  /** Why a call can't even be tried. */
  #refusal(request: Request, timeoutMs: number, signal: AbortSignal | undefined): PeerError | undefined {
    if (this.#closed !== undefined) return this.#notRun(request, "CLOSED", this.#closed);
    if (signal?.aborted === true)
      return this.#notRun(request, "CANCELLED", "cancelled before it was sent", signal.reason);
    if (timeoutMs <= 0) return this.#notRun(request, "TIMEOUT", "the deadline of the call it belongs to has passed");
    const { waiting, waitingBytes } = this.#home.limits;
    if (this.#waiting.size >= waiting) {
      return this.#notRun(request, "BUSY", `${waiting} calls wait already; await some of them`);
    }
    if (this.#waitingBytes > waitingBytes) {
      return this.#notRun(request, "BUSY", `${this.#waitingBytes} bytes wait already; await some of the calls`);
    }
    return undefined;
  }

  #notRun(request: Request, code: CallErrorCode, text: string, cause?: unknown): PeerError {
    const { label } = request;
    return new PeerError(code, `${label}: ${text}`, {
      outcome: "did not run",
      method: label,
      peer: this.#home.peer,
      cause,
    });
  }

  /** Hands the call's message over, if the peer is there and has room. False: it has to wait. */
  #commit(call: OutgoingCall, now: number): boolean {
    const { contract } = this.#home;
    if (this.#cancels.owed + this.#pending.size >= MAX_CALLS_IN_FLIGHT) return false;
    // A round trip sooner: what is small goes by name where the numbers are not known yet.
    const isByName = contract === undefined;
    if (isByName && !(this.#home.isContractAwaited && call.weight <= LIGHT_INPUT_BYTES)) return false;
    if (call.weight > LIGHT_INPUT_BYTES && this.#pendingWeight + call.weight > MAX_INPUT_BYTES) return false;
    if (!this.#home.outbox.hasRoom(call.bytes)) return false;
    const timeoutMs = call.deadlineAt - now;
    let { payload, flags } = call;
    if (contract?.shares(call.name, call.method?.codec) === true) flags |= SAME_SCHEMA;
    else if (isShaped(payload, CALL_HEADER_BYTES)) {
      try {
        payload = unshaped(call);
      } catch (error) {
        const text = "with its keys, which a peer with another schema needs, the input is too large";
        this.#settle(call, this.#error(call, "TOO_LARGE", text, "did not run", error));
        return true;
      }
    }
    if (isByName) payload = nameCall(payload, call.name, flags, timeoutMs);
    else {
      const number = call.name === "" ? FREE_MESSAGE : contract.numberOf(call.name, call.word);
      if (typeof number === "string") {
        this.#settle(call, this.#error(call, "NOT_FOUND", number, "did not run"));
        return true;
      }
      writeCallHeader(payload, number, flags, timeoutMs);
    }
    do this.#lastId = (this.#lastId + 1) >>> 0;
    while (this.#lastId === 0 || this.#pending.has(this.#lastId));
    const send = call.word === "send";
    const message = new OutMessage(send ? SEND : GET, this.#lastId, payload, send ? "send" : "call");
    if (this.#home.outbox.push(message) !== "queued") return false;
    call.id = this.#lastId;
    call.message = message;
    if (!isByName) call.payload = NOTHING; // else the peer may refuse all of the session
    this.#pending.set(call.id, call);
    this.#pendingWeight += call.weight;
    return true;
  }

  /** Sends what waits, in order, as far as there is room. */
  flush(): void {
    // A call that settles on the way, for want of such a method, asks for the next one: that is this loop's work already.
    if (this.#isFlushing || this.#waiting.size === 0) return;
    this.#isFlushing = true;
    const now = this.#home.clock.now();
    for (const call of this.#waiting) {
      if (!this.#commit(call, now)) break;
      this.#unqueue(call);
    }
    this.#isFlushing = false;
  }

  #queue(call: OutgoingCall): void {
    this.#waiting.add(call);
    this.#waitingBytes += call.bytes;
    if (call.word === "send") this.#waitingSends++;
  }

  #unqueue(call: OutgoingCall): void {
    if (!this.#waiting.delete(call)) return;
    this.#waitingBytes -= call.bytes;
    if (call.word === "send") this.#waitingSends--;
  }

  /** Takes RESULT or ERROR. One for a call that is settled, or never was, is dropped. */
  answer(kind: number, channel: number, payload: Uint8Array): void {
    if (this.#cancels.owed > 0 && this.#cancels.answered(channel)) return this.flush();
    const call = this.#pending.get(channel);
    if (call === undefined) return;
    if (kind === ERROR) return this.#settle(call, this.#receivedError(call, payload));
    if (kind !== RESULT) return;
    if (call.word === "send") return this.#settle(call, undefined);
    let value: unknown;
    try {
      value = payload.length === 0 ? undefined : decodeGiven(payload, 0, call.method?.codec?.output);
    } catch (error) {
      return this.#settle(
        call,
        this.#error(call, "INVALID_OUTPUT", `the answer can't be read: ${String(error)}`, "ran", error),
      );
    }
    const output = check(call.method?.output, value, "output");
    if (output instanceof Promise) void output.then((late) => this.#checked(call, late));
    else this.#checked(call, output);
  }

  #checked(call: OutgoingCall, output: Checked): void {
    if (output.ok) this.#settle(call, undefined, output.value);
    else this.#settle(call, this.#error(call, "INVALID_OUTPUT", output.text, "ran"));
  }

  #receivedError(call: OutgoingCall, payload: Uint8Array): PeerError {
    let told: unknown;
    try {
      told = decodeGiven(payload);
    } catch (error) {
      return this.#error(
        call,
        "INVALID_OUTPUT",
        `the error it answered can't be read: ${String(error)}`,
        "may have run",
        error,
      );
    }
    const [code, ran, said, data] = Array.isArray(told) ? (told as unknown[]) : [];
    const errors = call.method?.errors ?? {};
    const declared = typeof code === "string" && Object.hasOwn(errors, code) ? errors[code] : undefined;
    const isCode = typeof code === "string" && (declared !== undefined || isShortWord(code));
    if (!isCode || typeof ran !== "boolean" || typeof said !== "string") {
      return this.#error(call, "INVALID_OUTPUT", "the error it answered has the wrong form", "may have run");
    }
    const text = printable(said.length > MAX_TEXT ? `${said.slice(0, MAX_TEXT - 1)}…` : said);
    if (declared === undefined) {
      return new PeerError(code, `${call.label}: ${text}`, {
        outcome: ran ? "ran" : "did not run",
        method: call.label,
        peer: this.#home.peer,
        data,
      });
    }
    const checked = check(declared, data, `the data of the error ${code}`);
    if (checked instanceof Promise || !checked.ok) {
      return this.#error(
        call,
        "INVALID_OUTPUT",
        checked instanceof Promise ? `the schema of ${code} must not be asynchronous` : checked.text,
        "ran",
      );
    }
    return new PeerError(code, `${call.label}: ${text}`, {
      outcome: "ran",
      method: call.label,
      peer: this.#home.peer,
      data: checked.value,
    });
  }

  /** The deadline of a call has passed. */
  readonly #expired = (call: OutgoingCall): void => {
    const waited = this.#waiting.has(call);
    const text =
      waited && this.#home.contract === undefined
        ? `${this.#home.absence()} (waited ${Math.round(call.timeoutMs)} ms)`
        : `no answer within ${Math.round(call.timeoutMs)} ms`;
    this.#giveUp(call, "TIMEOUT", text);
  };

  /** Ends a call from this side: taken back if no byte of it has left, else told to the peer. */
  #giveUp(call: OutgoingCall, code: CallErrorCode, text: string, cause?: unknown): void {
    const { message } = call;
    const ran = message !== undefined && !this.#home.outbox.withdraw(message);
    if (ran) this.#cancels.cancel(call.id);
    this.#settle(call, this.#error(call, code, text, ran ? "may have run" : "did not run", cause));
  }

  /** In the order in which they were made. */
  #inFlight(): OutgoingCall[] {
    return this.#pending.values().toSorted((one, other) => pushedOf(one) - pushedOf(other));
  }

  /**
   * The session is over. Calls that it had not committed, and all when the peer refused it, wait for the next one. Every other settles by
   * what the peer is known to have received.
   * @param received offset up to which the peer had the stream, when it said so
   */
  sessionEnded(text: string, received: number | undefined, isRefused: boolean): void {
    const calls = this.#inFlight();
    this.#cancels.sessionEnded();
    this.#pendingWeight = 0;
    this.#pending.clear();
    const earlier = this.#waiting;
    this.#waiting = new Set();
    this.#waitingBytes = 0;
    this.#waitingSends = 0;
    for (const call of calls) {
      const { message } = call;
      call.message = undefined;
      call.id = 0;
      if (call.payload.length === 0) call.payload = message?.payload ?? NOTHING;
      if (message?.state === "withdrawn" || isRefused) this.#queue(call);
      else {
        const missed = received !== undefined && message !== undefined && message.endOffset > received;
        this.#settle(call, this.#error(call, "DISCONNECTED", text, missed ? "did not run" : "may have run"));
      }
    }
    for (const call of earlier) this.#queue(call);
    if (this.#waiting.size > 0) this.#home.wanted();
  }

  /** Ends every call; later ones are refused. */
  close(text: string): void {
    this.#closed = text;
    for (const call of [...this.#inFlight(), ...this.#waiting]) this.#giveUp(call, "CLOSED", text);
  }

  #error(call: OutgoingCall, code: CallErrorCode, text: string, outcome: Outcome, cause?: unknown): PeerError {
    return new PeerError(code, `${call.label}: ${text}`, { outcome, method: call.label, peer: this.#home.peer, cause });
  }

  #settle(call: OutgoingCall, error: PeerError | undefined, value?: unknown): void {
    if (call.settled) return; // an asynchronous output schema may end after the deadline
    call.settled = true;
    this.#home.deadlines.remove(call);
    call.forgetSignal?.();
    if (call.id !== 0) this.#pendingWeight -= call.weight;
    if (call.id !== 0) this.#pending.delete(call.id);
    else this.#unqueue(call);
    if (error === undefined) call.resolve(value);
    else call.reject(error);
    if (this.#waiting.size > 0) this.flush();
  }
}

const NOTHING = new Uint8Array(0);

/** The how-manieth it was. */
function pushedOf({ message }: OutgoingCall): number {
  return message?.pushed ?? 0;
}

/** The payload of a call for a peer with another schema than the one it was encoded for. */
function unshaped({ payload, method }: OutgoingCall): Uint8Array {
  return encodeAfter(CALL_HEADER_BYTES, decodeGiven(payload, CALL_HEADER_BYTES, method?.codec?.input));
}

/** Programs print codes and texts of errors: nothing in them may be long, or pose as anything else. */
function isShortWord(code: string): boolean {
  return code.length <= MAX_CODE && printable(code) === code;
}

function linked(own: AbortSignal | undefined, inherited: AbortSignal | undefined): AbortSignal | undefined {
  if (own === undefined) return inherited;
  return inherited === undefined ? own : AbortSignal.any([own, inherited]);
}
