import { Assemblies, type Grants } from "./assemblies.ts";
import { CREDIT, DROP, FIRST_USER_KIND, FRAME_HEADER_BYTES, MAX_PAYLOAD_BYTES, MORE, readU32 } from "./frames.ts";
import type { SessionLimits } from "./limits.ts";
import { ProtocolViolation } from "./violation.ts";

/** Where the peer's stream leads. */
export interface DeframerSink extends Grants {
  /** One whole message. The payload is a view of the bytes that were pushed, or a buffer of its own. */
  message(kind: number, channel: number, payload: Uint8Array): void;
  /** The peer takes so many more bytes of this side's big message of that number. */
  credited(number: number, bytes: number): void;
}

/** Cuts the peer's stream into messages, however its bytes come. */
export class Deframer {
  readonly #sink: DeframerSink;
  readonly #assemblies: Assemblies;
  /** A frame of which not all came: first its header, then all of it; and how much is there. */
  #half: Uint8Array | undefined;
  #halfBytes = 0;
  #stopped = false;

  constructor(limits: SessionLimits, sink: DeframerSink) {
    this.#sink = sink;
    this.#assemblies = new Assemblies(limits, sink);
  }

  /** Big messages that are being put together. */
  get unfinished(): number {
    return this.#assemblies.size;
  }

  /** Nothing more is wanted, not even the rest of the bytes that are being pushed. */
  stop(): void {
    this.#stopped = true;
  }

  /**
   * Takes the next bytes of the stream, and keeps views of them.
   * @throws ProtocolViolation, or what the sink throws. Then nothing may be pushed any more.
   */
  push(bytes: Uint8Array): void {
    let at = this.#half === undefined ? 0 : this.#fillHalf(this.#half, bytes);
    while (!this.#stopped && bytes.length - at >= FRAME_HEADER_BYTES) {
      const end = at + frameBytes(bytes, at);
      if (end > bytes.length) break;
      this.#frame(bytes, at, end);
      at = end;
    }
    if (!this.#stopped && at < bytes.length) this.#beginHalf(bytes.subarray(at));
  }

  /** Bytes of a frame begin; less than all of it is there. */
  #beginHalf(bytes: Uint8Array): void {
    const hasHeader = bytes.length >= FRAME_HEADER_BYTES;
    this.#half = new Uint8Array(hasHeader ? frameBytes(bytes, 0) : FRAME_HEADER_BYTES);
    this.#half.set(bytes);
    this.#halfBytes = bytes.length;
  }

  /** Goes on with the frame that has begun. Returns how many of the bytes belong to it. */
  #fillHalf(half: Uint8Array, bytes: Uint8Array): number {
    const taken = Math.min(bytes.length, half.length - this.#halfBytes);
    half.set(taken === bytes.length ? bytes : bytes.subarray(0, taken), this.#halfBytes);
    this.#halfBytes += taken;
    if (this.#halfBytes < half.length) return taken;
    this.#half = undefined;
    if (half.length > FRAME_HEADER_BYTES || frameBytes(half, 0) === FRAME_HEADER_BYTES) {
      this.#frame(half, 0, half.length);
      return taken;
    }
    this.#beginHalf(half);
    // The compiler still takes it for undefined, as it was set above; `#beginHalf` has set it anew.
    return taken + this.#fillHalf(this.#half as unknown as Uint8Array, bytes.subarray(taken));
  }

  /** Takes one whole frame, from `at` to `end`. */
  #frame(bytes: Uint8Array, at: number, end: number): void {
    const first = bytes[at] as number;
    const kind = first & ~MORE;
    const channel = readU32(bytes, at + 1);
    const start = at + FRAME_HEADER_BYTES;
    const payload = new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start);
    const more = first !== kind;
    if (kind < FIRST_USER_KIND) return this.#ownFrame(first, channel, payload);
    if (!more && !this.#assemblies.has(kind, channel)) return this.#sink.message(kind, channel, payload);
    const message = this.#assemblies.fragment(kind, channel, payload, more);
    if (message !== undefined) this.#sink.message(kind, channel, message);
  }

  #ownFrame(kind: number, number: number, payload: Uint8Array): void {
    if (kind === CREDIT && payload.length === 4) this.#sink.credited(number, readU32(payload, 0));
    else if (kind === DROP && payload.length === 0) this.#assemblies.drop(number);
    else throw new ProtocolViolation(`a frame of kind ${kind} with ${payload.length} bytes means nothing`);
  }
}

/** Length of a frame, from its header. @throws ProtocolViolation when it is over the cap */
function frameBytes(bytes: Uint8Array, at: number): number {
  const length = ((bytes[at + 5] as number) << 16) | ((bytes[at + 6] as number) << 8) | (bytes[at + 7] as number);
  if (length > MAX_PAYLOAD_BYTES)
    throw new ProtocolViolation(`a frame has ${length} bytes; the cap is ${MAX_PAYLOAD_BYTES}`);
  return FRAME_HEADER_BYTES + length;
}
