import { GET, readCallHeader, SEND } from "../../src/wire/frames.ts";
import { decodeValue } from "../../src/wire/values.ts";
import { PeerError } from "../../src/base/errors.ts";
import type { OutMessage } from "../../src/session/out-message.ts";
import type { SessionEnd } from "../../src/session/session.ts";
import type { Program } from "./outcomes-program.ts";

/** One call, from the caller's view. */
export interface Tracked {
  readonly id: number;
  readonly caller: Program;
  readonly word: "get" | "send";
  readonly method: string;
  readonly timeoutMs: number;
  readonly abort: AbortController;
  /** The messages that carried it: a new one in each session. */
  readonly messages: OutMessage[];
  /** What its promise settled to. */
  settled: "answered" | PeerError | undefined;
  settlings: number;
}

/** What was called, what came of it, and which handlers started: the one oracle of all outcomes. */
export class CallLog {
  readonly calls: Tracked[] = [];
  readonly #starts: number[] = [];
  /** Of each program: the last of its sends that started. */
  readonly #lastSend = new Map<Program, number>();
  /** What broke a promise, in the order in which it was found. */
  readonly faults: string[] = [];
  readonly counts: Record<string, number> = {};

  count(what: string): void {
    this.counts[what] = (this.counts[what] ?? 0) + 1;
  }

  begin(caller: Program, word: "get" | "send", method: string, timeoutMs: number): Tracked {
    const call: Tracked = {
      id: this.calls.length,
      caller,
      word,
      method,
      timeoutMs,
      abort: new AbortController(),
      messages: [],
      settled: undefined,
      settlings: 0,
    };
    this.calls.push(call);
    this.#starts.push(0);
    return call;
  }

  starts(id: number): number {
    return this.#starts[id] ?? 0;
  }

  /** A message enters an outbox: a call, perhaps for the second time. */
  pushed(message: OutMessage): void {
    if (message.kind !== GET && message.kind !== SEND) return;
    const [id] = decodeValue(message.payload, readCallHeader(message.payload)?.valueAt) as [number];
    this.calls[id]?.messages.push(message);
  }

  /** A handler starts. */
  started(id: number): void {
    const call = this.calls[id];
    if (call === undefined) return this.#fault(`a call ${id} that nobody made started`);
    this.#starts[id] = this.starts(id) + 1;
    if (this.starts(id) > 1) this.#fault(`${nameOf(call)} ran ${this.starts(id)} times`);
    if (call.word !== "send") return;
    const last = this.#lastSend.get(call.caller) ?? -1;
    if (id < last) this.#fault(`${nameOf(call)} started after send ${last}`);
    this.#lastSend.set(call.caller, id);
  }

  /** The promise of a call settled. `end`: how the last session of its program ended. */
  settled(call: Tracked, settled: "answered" | PeerError, end: SessionEnd | undefined): void {
    if (!call.caller.isAlive) return;
    if (++call.settlings > 1) this.#fault(`${nameOf(call)} settled ${call.settlings} times`);
    call.settled = settled;
    const what = settled === "answered" ? `${call.word} answered` : `${settled.outcome}: ${settled.code}`;
    this.count(what);
    if (settled === "answered" || settled.outcome === "did not run") return;
    if (!call.messages.some((one) => one.state === "committed"))
      this.#fault(`${nameOf(call)} was never committed, but is said to be "${what}"`);
    if (settled.code !== "DISCONNECTED" || end?.peerReceived === undefined) return;
    if ((call.messages.at(-1)?.endOffset ?? 0) > end.peerReceived)
      this.#fault(`${nameOf(call)} never reached the peer, which said so, but is said to be "${what}"`);
  }

  /** What each call was said to be is true, now and for good. Calls of programs that are gone were never told. */
  check(): void {
    for (const call of this.calls) {
      const { settled, caller, id } = call;
      if (settled === undefined) {
        if (caller.isAlive) this.#fault(`${nameOf(call)} never settled`);
        continue;
      }
      const starts = this.starts(id);
      const outcome = settled === "answered" ? "ran" : settled.outcome;
      if (outcome === "ran" && starts !== 1) this.#fault(`${nameOf(call)} is said to have run; it ran ${starts} times`);
      if (outcome === "did not run" && starts > 0)
        this.#fault(`${nameOf(call)} is said not to have run, for ${(settled as PeerError).code}; it ran`);
      if (outcome === "may have run") this.count(starts > 0 ? "may have run: ran" : "may have run: did not");
    }
  }

  /** For calls that must settle before a schedule ends. */
  get open(): number {
    return this.calls.filter(({ caller, settled }) => caller.isAlive && settled === undefined).length;
  }

  fault(text: string): void {
    this.#fault(text);
  }

  #fault(text: string): void {
    this.faults.push(text);
  }
}

function nameOf({ id, word, method }: Tracked): string {
  return `${word} ${id} (${method})`;
}
