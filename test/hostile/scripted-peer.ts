import { onTestFinished } from "vitest";
import type { Environment } from "../../src/link/environment.ts";
import { keySecret, type Secret } from "../../src/crypto/secret.ts";
import { DEFAULT_LIMITS } from "../../src/base/limits.ts";
import type { Purpose } from "../../src/crypto/secret.ts";
import { dialLink } from "../../src/link/dial.ts";
import type { Link } from "../../src/link/link.ts";
import type { Pipe } from "../../src/pipe/pipe.ts";
import { Deframer } from "../../src/session/deframer.ts";
import { ACK, ATTACH, DATA, END, readEndText, readU64 } from "../../src/session/frames.ts";
import { sessionLimits } from "../../src/session/limits.ts";
import { ERROR, GET, RESULT } from "../../src/wire/frames.ts";
import { decodeValue } from "../../src/wire/values.ts";
import { u64 } from "../session/naive.ts";
import { KeptLog } from "../link/parties.ts";
import { until } from "../support/until.ts";

/** What a link of a scripted peer is made with. */
export interface Meeting {
  readonly environment: Environment;
  readonly host: string;
  readonly port: number;
  readonly purpose: Purpose;
  readonly name: string;
  readonly peerName: string;
  readonly secret: Secret;
  readonly ticketId?: Uint8Array;
  /** 16 bytes: the end that it claims. */
  readonly end: Uint8Array;
}

/** A message of the other side: kind, channel, payload. */
export interface Heard {
  readonly kind: number;
  readonly channel: number;
  readonly payload: Uint8Array;
}

const RECORD_BYTES = 65_536 - 9;

/**
 * A peer that has proven itself and then says exactly what a test tells it, right or wrong. The handshake, the records and the pongs are the real ones; of the session
 * and the calls it does nothing by itself but to take in, and to acknowledge unless `isSilent`.
 */
export class ScriptedPeer {
  readonly meeting: Meeting;
  readonly pipe: Pipe;
  readonly link: Link;
  /** Where the next bytes of its stream belong. */
  offset = 0;
  /** How much of the other side's stream it has. */
  recv = 0;
  /** What the other side last acknowledged. */
  acked = 0;
  attached: number | undefined;
  /** Sends no acknowledgement by itself. */
  isSilent = false;
  /** Messages that came, but for answers. */
  readonly heard: Heard[] = [];
  /** Answers that came: by channel the last one, and how many in all. */
  readonly answers = new Map<number, Heard>();
  answered = 0;
  credits: { number: number; bytes: number }[] = [];
  /** END of the other side. */
  end: { recv: number; reason: number; text: string } | undefined;
  /** How the link ended: why it failed, or undefined for an orderly close. */
  closed: { error: Error | undefined } | undefined;
  readonly #deframer: Deframer;

  private constructor(meeting: Meeting, pipe: Pipe, link: Link) {
    this.meeting = meeting;
    this.pipe = pipe;
    this.link = link;
    this.#deframer = new Deframer(sessionLimits(undefined), {
      message: (kind, channel, payload) => this.#message({ kind, channel, payload }),
      credited: (number, bytes) => void this.credits.push({ number, bytes }),
      grant: () => {},
      forgetGrant: () => {},
    });
    link.start({
      data: (payload) => this.#record(payload),
      sealed: () => {},
      drain: () => {},
      closed: (error) => (this.closed = { error }),
    });
  }

  /** Dials and proves itself; says nothing yet. It is gone after the test. @throws LinkError when it is refused */
  static async meet(meeting: Meeting): Promise<ScriptedPeer> {
    const { environment, host, port, purpose, name, peerName, secret, ticketId, end } = meeting;
    const { clock, engine, random } = environment;
    const pipe = await environment.dial({ host, port });
    const handshake = { engine, random, purpose, name, peerName, encryption: true, secret, ticketId, end };
    const link = await dialLink(pipe, {
      clock,
      log: new KeptLog(),
      limits: DEFAULT_LIMITS,
      handshake: { ...handshake, suites: engine.suites() },
    });
    onTestFinished(() => link.destroy());
    return new ScriptedPeer(meeting, pipe, link);
  }

  /** Another link to the same place by the key of this one's session. @throws LinkError when it is refused */
  resume(changes: Partial<Meeting> = {}): Promise<ScriptedPeer> {
    const { resume } = this.link;
    if (resume === undefined) throw new Error("this link made no key");
    const { environment } = this.meeting;
    const secret = keySecret(resume.secret, 5, environment.engine);
    const peerName = this.link.remoteName;
    return ScriptedPeer.meet({
      ...this.meeting,
      purpose: 5,
      peerName,
      secret,
      ticketId: resume.ticketId,
      ...changes,
    });
  }

  /** One record of the session, as it is. */
  record(...parts: Uint8Array[]): this {
    this.link.send(parts);
    return this;
  }

  attach(recv = this.recv): this {
    return this.record(Uint8Array.of(ATTACH), u64(recv));
  }

  ack(recv = this.recv): this {
    return this.record(Uint8Array.of(ACK), u64(recv));
  }

  /** DATA that claims to stand at that offset. */
  data(offset: number, bytes: Uint8Array): this {
    return this.record(Uint8Array.of(DATA), u64(offset), bytes);
  }

  /** The next bytes of its stream, in records as large as they may be. */
  say(...frames: readonly Uint8Array[]): this {
    const bytes = frames.length === 1 ? (frames[0] as Uint8Array) : Buffer.concat(frames);
    for (let at = 0; at < bytes.length; at += RECORD_BYTES) {
      const part = bytes.subarray(at, at + RECORD_BYTES);
      this.data(this.offset, part);
      this.offset += part.length;
    }
    return this;
  }

  /** Says chunk after chunk as fast as the link takes them, until there are no more or the link has ended. */
  async flood(chunks: Iterable<Uint8Array>): Promise<void> {
    for (const chunk of chunks) {
      if (!this.link.isOpen) return;
      this.say(chunk);
      if (!this.link.writable) await until(() => this.link.writable || !this.link.isOpen);
    }
  }

  /** Waits until all that it said was taken, or the link has ended. */
  async taken(): Promise<void> {
    await until(() => this.acked >= this.offset || this.isOver);
  }

  get isOver(): boolean {
    return this.closed !== undefined || !this.link.isOpen;
  }

  /** Waits for an answer on that channel. */
  async answer(channel: number): Promise<{ kind: number; value: unknown }> {
    await until(() => this.answers.has(channel) || this.isOver);
    const { kind, payload } = this.answers.get(channel) ?? { kind: 0, payload: new Uint8Array(0) };
    return { kind, value: decodeValue(payload) };
  }

  #record(payload: Uint8Array): void {
    for (let at = 0; at < payload.length; at += 9) {
      const offset = readU64(payload, at + 1);
      switch (payload[at]) {
        case ATTACH:
          this.attached = offset;
          this.acked = Math.max(this.acked, offset);
          break;
        case ACK:
          this.acked = Math.max(this.acked, offset);
          break;
        case DATA:
          return this.#take(offset, payload.subarray(at + 9));
        case END:
          this.end = { recv: offset, reason: payload[at + 9] as number, text: readEndText(payload.subarray(at + 10)) };
          return;
        default:
          throw new Error(`a record of the type ${payload[at]}`);
      }
    }
  }

  #take(offset: number, bytes: Uint8Array): void {
    const skip = this.recv - offset;
    if (skip < 0) throw new Error("a gap");
    if (skip >= bytes.length) return;
    this.recv = offset + bytes.length;
    this.#deframer.push(bytes.subarray(skip));
    if (!this.isSilent) this.ack();
  }

  #message(message: Heard): void {
    const { kind, channel } = message;
    if (kind !== RESULT && kind !== ERROR) return void this.heard.push(message);
    this.answered++;
    this.answers.set(channel, { ...message, payload: message.payload.slice() });
  }

  /** The calls of the other side that came. */
  get calls(): readonly Heard[] {
    return this.heard.filter(({ kind }) => kind === GET);
  }
}
