import { CALL_HEADER_BYTES, CANCEL, CONTRACT, GET, SEND, writeCallHeader } from "../../src/wire/frames.ts";
import { encodeAfter, encodeValue } from "../../src/wire/values.ts";
import { frame } from "../session/naive.ts";

/** Frames of calls, as a test writes them down. The methods of a scene have the numbers in which they were registered, from 1. */

export interface CallParts {
  readonly kind?: number;
  readonly flags?: number;
  readonly timeoutMs?: number;
}

export function call(channel: number, method: number, value?: unknown, parts: CallParts = {}): Uint8Array {
  return frame(parts.kind ?? GET, channel, callPayload(method, value, parts));
}

export function callPayload(method: number, value?: unknown, { flags, timeoutMs }: CallParts = {}): Uint8Array {
  const payload = encodeAfter(CALL_HEADER_BYTES, value);
  writeCallHeader(payload, method, flags ?? 0, timeoutMs ?? 60_000);
  return payload;
}

export function send(channel: number, method: number, value?: unknown): Uint8Array {
  return call(channel, method, value, { kind: SEND });
}

export function cancel(channel: number): Uint8Array {
  return frame(CANCEL, channel, NOTHING);
}

export function contract(value: unknown = [undefined, []]): Uint8Array {
  return frame(CONTRACT, 0, encodeValue(value));
}

export const NOTHING = new Uint8Array(0);

/** Chunks of so many frames each, `count` frames in all. */
export function* chunked(count: number, each: number, make: (index: number) => Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < count; at += each) {
    const frames: Uint8Array[] = [];
    for (let index = at; index < Math.min(count, at + each); index++) frames.push(make(index));
    yield Buffer.concat(frames);
  }
}
