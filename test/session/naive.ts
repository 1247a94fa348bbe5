import { createHash } from "node:crypto";

/** The stream's format once more, written down plainly and without regard to speed: what the tests compare with. */

export interface Plain {
  kind: number;
  channel: number;
  payload: Buffer;
}

/** One frame: kind u8, channel u32, length u24, payload. */
export function frame(kind: number, channel: number, payload: Uint8Array): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt8(kind, 0);
  header.writeUInt32BE(channel, 1);
  header.writeUIntBE(payload.length, 5, 3);
  return Buffer.concat([header, payload]);
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}

/** A message in fragments of the given sizes of its payload; the last one gets the rest. */
export function fragments(message: Plain, sizes: readonly number[]): Buffer[] {
  const frames: Buffer[] = [];
  let at = 0;
  for (const size of sizes) {
    const piece = message.payload.subarray(at, at + size);
    const body = at === 0 ? Buffer.concat([u32(message.payload.length), piece]) : piece;
    at += size;
    frames.push(frame(at < message.payload.length ? message.kind | 0x80 : message.kind, message.channel, body));
  }
  return frames;
}

export interface PlainFrame extends Plain {
  more: boolean;
}

/** Every frame of a stream. */
export function readFrames(stream: Buffer): PlainFrame[] {
  const frames: PlainFrame[] = [];
  for (let at = 0; at < stream.length; ) {
    const first = stream.readUInt8(at);
    const length = stream.readUIntBE(at + 5, 3);
    const payload = stream.subarray(at + 8, at + 8 + length);
    if (payload.length !== length) throw new Error("the stream ends within a frame");
    frames.push({ kind: first & 0x7f, more: first >= 0x80, channel: stream.readUInt32BE(at + 1), payload });
    at += 8 + length;
  }
  return frames;
}

/** Every whole message of a stream, in the order of their last fragments; CREDIT is left out. */
export function readMessages(stream: Buffer): Plain[] {
  const messages: Plain[] = [];
  const begun = new Map<string, { number: number; pieces: Buffer[] }>();
  let numbers = 0;
  for (const { kind, more, channel, payload } of readFrames(stream)) {
    const key = `${kind} ${channel}`;
    const known = begun.get(key);
    if (kind === 0x02) {
      for (const [one, { number }] of begun) if (number === channel) begun.delete(one);
    } else if (kind >= 0x10 && more) {
      if (known === undefined) begun.set(key, { number: numbers++, pieces: [payload.subarray(4)] });
      else known.pieces.push(payload);
    } else if (kind >= 0x10) {
      begun.delete(key);
      messages.push({
        kind,
        channel,
        payload: known === undefined ? payload : Buffer.concat([...known.pieces, payload]),
      });
    }
  }
  return messages;
}

/** Messages as short texts, to compare: quicker by far than to compare buffers byte by byte. */
export function shown(messages: readonly Plain[]): string[] {
  return messages.map(({ kind, channel, payload }) => {
    const digest = createHash("sha1").update(payload).digest("hex").slice(0, 16);
    return `${kind} ${channel} ${payload.length} ${digest}`;
  });
}
