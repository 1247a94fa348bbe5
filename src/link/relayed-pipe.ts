import { LinkError } from "../base/errors.ts";
import { concat } from "../crypto/bytes.ts";
import type { Address, Pipe, PipeEvents } from "../pipe/pipe.ts";
import { encodeRelayPreface, FRAME, FrameReader } from "./handshake-frames.ts";
import { decodeRefuseBody, errorOfCode } from "./handshake-refuse.ts";

/** What may be sent behind the RELAY frame before the Room has spliced. PROTOCOL §3.1. */
const EARLY_BYTES = 1_024;

interface Waiting {
  readonly parts: readonly Uint8Array[];
  readonly isGiven: boolean;
}

/**
 * A pipe to another user through the Room. Its first write, and the first bytes that come, are a frame of the handshake each, and travel by mail: over the links that
 * both have with the Room. All else takes a connection of its own to the Room (the leg), which the Room splices with one of the other user's. So the handshake begins
 * before either leg is there.
 */
export class RelayedPipe implements Pipe {
  readonly remote: Address;
  readonly local: Address = { host: "", port: 0 };
  readonly #mail: (frame: Uint8Array) => void;
  readonly #highWaterBytes: number;
  readonly #reader = new FrameReader();
  #hasMailed = false;
  #answer: Uint8Array | undefined;
  #leg: Pipe | undefined;
  #isSpliced = false;
  #earlyBytes = 0;
  readonly #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #isFull = false;
  #events: PipeEvents | undefined;
  #isPaused = false;
  #isOver = false;
  /** What came while nobody took it. */
  readonly #arrived: Uint8Array[] = [];
  #end: { readonly error: Error | undefined } | undefined;

  /**
   * @param remote where the Room is
   * @param mail sends a frame to the other user through the Room's links
   */
  constructor(remote: Address, highWaterBytes: number, mail: (frame: Uint8Array) => void) {
    this.remote = remote;
    this.#highWaterBytes = highWaterBytes;
    this.#mail = mail;
  }

  /** Whether it was closed, or has failed. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** A frame came by mail. The answer to one that this side sent counts when the leg is there: until then the link could carry nothing. */
  deliver(frame: Uint8Array): void {
    if (this.#leg === undefined && this.#hasMailed) this.#answer = frame;
    else this.#take(frame);
  }

  /** The connection to the Room is there, with nothing sent on it yet. Takes it over. */
  attach(leg: Pipe, pass: Uint8Array): void {
    if (this.#isOver) return leg.destroy();
    this.#leg = leg;
    leg.write([encodeRelayPreface(pass)]);
    if (this.#answer !== undefined) this.#take(this.#answer);
    this.#answer = undefined;
    this.#flushEarly();
    leg.start({
      data: (chunk) => this.#came(chunk),
      drain: () => this.#drained(),
      end: (error) =>
        this.#ended(
          error ??
            (this.#isSpliced
              ? undefined
              : new LinkError("ERR_TRUNCATED", "the Room closed the connection before it relayed")),
        ),
    });
    if (this.#isPaused) leg.pause();
  }

  /** There will be no leg. */
  fail(error: Error): void {
    this.#ended(error);
  }

  start(events: PipeEvents): void {
    if (this.#isOver && this.#end === undefined) return;
    this.#events = events;
    this.resume();
  }

  write(parts: readonly Uint8Array[], isGiven = false): boolean {
    if (this.#isOver) return true;
    if (!this.#hasMailed) {
      this.#hasMailed = true;
      this.#mail(concat(parts));
      return true;
    }
    if (this.#isSpliced && this.#leg !== undefined) return this.#leg.write(parts, isGiven);
    this.#waiting.push({ parts, isGiven });
    this.#waitingBytes += sizeOf(parts);
    this.#flushEarly();
    this.#isFull = this.#waitingBytes >= this.#highWaterBytes;
    return !this.#isFull;
  }

  get buffered(): number {
    return this.#waitingBytes + (this.#leg?.buffered ?? 0);
  }

  pause(): void {
    this.#isPaused = true;
    this.#leg?.pause();
  }

  resume(): void {
    this.#isPaused = false;
    if (this.#events === undefined) return;
    while (this.#arrived.length > 0 && !this.#isPaused) this.#events?.data(this.#arrived.shift() as Uint8Array);
    if (this.#isPaused) return;
    const { error } = this.#end ?? {};
    if (this.#end !== undefined) this.#deliverEnd(error);
    else this.#leg?.resume();
  }

  close(lingerMs?: number): void {
    this.#release();
    this.#leg?.close(lingerMs);
  }

  destroy(): void {
    this.#release();
    this.#leg?.destroy();
  }

  #came(chunk: Uint8Array): void {
    if (this.#isSpliced) return this.#take(chunk);
    this.#reader.push(chunk);
    try {
      const frame = this.#reader.next();
      if (frame === undefined) return;
      if (frame.type !== FRAME.relay) return this.#refused(frame.type === FRAME.refuse ? frame.body : undefined);
    } catch (error) {
      return this.#broken(error as Error);
    }
    this.#isSpliced = true;
    const rest = this.#reader.takeRest();
    const leg = this.#leg as Pipe;
    let hasRoom = true;
    for (const { parts, isGiven } of this.#waiting.splice(0)) hasRoom = leg.write(parts, isGiven);
    this.#waitingBytes = 0;
    if (this.#isFull && hasRoom) this.#drained(); // else the leg tells
    if (rest.length > 0) this.#take(rest);
  }

  #refused(body: Uint8Array | undefined): void {
    const refusal = body && decodeRefuseBody(body);
    if (refusal === undefined)
      return this.#broken(new LinkError("ERR_MALFORMED", "the Room said something else than that it relays"));
    const { code, text, retryAfter } = refusal;
    this.#broken(errorOfCode(code, text, { retryAfter }));
  }

  #broken(error: Error): void {
    this.#leg?.destroy();
    this.#ended(error);
  }

  /** Sends what may be sent before the splice, in order. */
  #flushEarly(): void {
    const leg = this.#leg;
    if (leg === undefined || this.#isSpliced) return;
    for (;;) {
      const [next] = this.#waiting;
      if (next === undefined) return;
      const bytes = sizeOf(next.parts);
      if (this.#earlyBytes + bytes > EARLY_BYTES) {
        this.#earlyBytes = EARLY_BYTES; // what follows keeps its order
        return;
      }
      this.#waiting.shift();
      this.#waitingBytes -= bytes;
      this.#earlyBytes += bytes;
      leg.write(next.parts, next.isGiven);
    }
  }

  #take(bytes: Uint8Array): void {
    if (this.#isOver) return;
    if (this.#events === undefined || this.#isPaused || this.#arrived.length > 0) this.#arrived.push(bytes);
    else this.#events.data(bytes);
  }

  #drained(): void {
    if (!this.#isSpliced) return;
    this.#isFull = false;
    this.#events?.drain();
  }

  #ended(error: Error | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#waiting.length = 0;
    this.#waitingBytes = 0;
    if (this.#events === undefined || this.#isPaused || this.#arrived.length > 0) this.#end = { error };
    else this.#deliverEnd(error);
  }

  #deliverEnd(error: Error | undefined): void {
    const events = this.#events;
    this.#release();
    events?.end(error);
  }

  #release(): void {
    this.#isOver = true;
    this.#events = undefined;
    this.#end = undefined;
    this.#waiting.length = 0;
    this.#waitingBytes = 0;
    this.#arrived.length = 0;
  }
}

function sizeOf(parts: readonly Uint8Array[]): number {
  let bytes = 0;
  for (const part of parts) bytes += part.length;
  return bytes;
}
