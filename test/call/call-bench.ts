import { DEFAULT_LIMITS } from "../../src/base/limits.ts";
import { FailureLog } from "../../src/call/failure-log.ts";
import { Deadlines } from "../../src/base/deadlines.ts";
import { Conversation } from "../../src/call/conversation.ts";
import { MessageQueue } from "../../src/call/messages.ts";
import type { Request } from "../../src/call/outgoing-call.ts";
import { type Handled, Registry } from "../../src/call/registry.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import {
  CALL_HEADER_BYTES,
  CANCEL,
  CONTRACT,
  ERROR,
  GET,
  GOODBYE,
  HAS_NAME,
  nameCall,
  readCallHeader,
  readCallName,
  RESULT,
  SEND,
  writeCallHeader,
} from "../../src/wire/frames.ts";
import { decodeValue, encodeAfter, encodeValue } from "../../src/wire/values.ts";
import { readFrames } from "../session/naive.ts";

const NAMES = new Map<number, string>(
  Object.entries({ CONTRACT, GET, SEND, RESULT, ERROR, CANCEL, GOODBYE }).map(([name, kind]) => [kind, name]),
);

function nothing(): void {}

/** One side of the calls between two programs; the other side, and the session between them, are played by hand. */
export class CallBench {
  readonly clock = new ManualClock();
  readonly deadlines = new Deadlines(this.clock);
  readonly registry = new Registry("Foo");
  readonly logged: string[] = [];
  readonly conversation: Conversation;
  bulkBytes = 1 << 20;

  constructor() {
    const error = (_fields: object, message: string): void => void this.logged.push(message);
    this.conversation = new Conversation("Bar", {
      clock: this.clock,
      deadlines: this.deadlines,
      failures: new FailureLog(
        { debug: nothing, info: nothing, warn: nothing, error },
        this.clock,
        DEFAULT_LIMITS.audit,
      ),
      registry: this.registry,
      messages: new MessageQueue(),
      views: { peer: nothing, peers: nothing },
      reach: nothing,
      absence: () => "Bar is not there",
    });
  }

  handle(name: string, handler: Handled["handler"], about: Partial<Handled> = {}): void {
    this.registry.handle({ name, word: "any", handler, ...about });
  }

  /** A session opens; the peer tells what it handles, unless that comes later. */
  open(...methods: string[]): void {
    this.conversation.outbox.bind({ wake: nothing, bulkBytes: () => this.bulkBytes });
    this.conversation.sessionOpened({ link: {} } as never);
    if (methods.length > 0) this.contract(...methods);
  }

  contract(...methods: string[]): void {
    this.receive(CONTRACT, 0, encodeValue(["Bar", methods.map((name) => [name, "any"])]));
  }

  /** The session ends; how much of what left the peer had received, when it told, and whether it never took the session. */
  end(peerReceived?: number, isRefused = false): void {
    this.conversation.outbox.release();
    this.conversation.sessionEnded({
      reason: "lost",
      text: "cut",
      byPeer: false,
      peerReceived,
      isRefused,
      cause: undefined,
    });
  }

  /** What leaves now, as far as it fits. */
  frames(roomBytes = 65_518): ReturnType<typeof readFrames> {
    return readFrames(Buffer.concat(this.conversation.outbox.pull(roomBytes, 0, 0)));
  }

  /** What calls that leave now call: names, or numbers. */
  names(): (string | number)[] {
    return this.frames().flatMap(({ kind, payload }) => {
      const header = kind === GET || kind === SEND ? readCallHeader(payload) : undefined;
      if (header === undefined) return [];
      return [(header.flags & HAS_NAME) === 0 ? header.method : readCallName(payload, header)];
    });
  }

  /** What leaves now, as far as it fits: `GET 1`, `ERROR 2 NOT_FOUND`. */
  pull(roomBytes?: number): string[] {
    return this.frames(roomBytes).map(({ kind, channel, payload }) => {
      const name = `${NAMES.get(kind) ?? kind} ${channel}`;
      return kind === ERROR ? `${name} ${String((decodeValue(payload) as unknown[])[0])}` : name;
    });
  }

  receive(kind: number, channel: number, payload: Uint8Array = new Uint8Array(0)): void {
    this.conversation.message(kind, channel, payload);
  }

  /** The peer calls. */
  called(kind: number, channel: number, method: number, input?: unknown, timeoutMs = 60_000): void {
    const payload = encodeAfter(CALL_HEADER_BYTES, input);
    writeCallHeader(payload, method, 0, timeoutMs);
    this.receive(kind, channel, payload);
  }

  calledByName(kind: number, channel: number, name: string, input?: unknown): void {
    this.receive(kind, channel, nameCall(encodeAfter(CALL_HEADER_BYTES, input), name, 0, 60_000));
  }

  /** This side calls; the outcome or the value, as a short text, once it has settled. */
  start(name: string, about: Partial<Request> = {}): { told: string } {
    const call = { told: "waits" };
    this.conversation.start({ word: "get", name, label: `Bar.${name}`, input: undefined, ...about }).then(
      (value) => (call.told = `value ${String(value)}`),
      (error: { code?: string; outcome?: string }) => (call.told = `${error.code}: ${error.outcome}`),
    );
    return call;
  }
}
