import { expect } from "vitest";
import { type Lane, OutMessage } from "../../src/session/out-message.ts";
import { Outbox, type OutboxOptions } from "../../src/session/outbox.ts";
import { type PlainFrame, readFrames } from "./naive.ts";

export const KIB = 1024;
export const MIB = 1024 * KIB;

/** An outbox, and a stream that takes what it gives. */
export class Bench {
  readonly outbox: Outbox;
  wakes = 0;
  bulkBytes = MIB;
  offset = 0;
  acked = 0;

  constructor(options: OutboxOptions = {}) {
    this.outbox = new Outbox(options);
    this.bind();
  }

  bind(): void {
    this.outbox.bind({ wake: () => void this.wakes++, bulkBytes: () => this.bulkBytes });
  }

  push(lane: Lane, channel: number, payloadBytes: number, kind = lane === "send" ? 0x12 : 0x11): OutMessage {
    const message = new OutMessage(kind, channel, new Uint8Array(payloadBytes).fill(channel), lane);
    expect(this.outbox.push(message)).toBe("queued");
    return message;
  }

  /** One record: each pull gives whole frames. */
  pull(roomBytes = 65_518): PlainFrame[] {
    const bytes = Buffer.concat(this.outbox.pull(roomBytes, this.offset, this.offset - this.acked));
    expect(bytes.length).toBeLessThanOrEqual(roomBytes);
    this.offset += bytes.length;
    return readFrames(bytes);
  }

  /** Records until nothing comes, everything acknowledged at once: the channels of the frames, in order. */
  drain(roomBytes = 65_518): number[] {
    const channels: number[] = [];
    for (;;) {
      const frames = this.pull(roomBytes);
      if (frames.length === 0) return channels;
      this.acked = this.offset;
      channels.push(...frames.map((one) => one.channel));
    }
  }
}

/** The channels of frames, in order. */
export const channels = (frames: PlainFrame[]): number[] => frames.map((one) => one.channel);
