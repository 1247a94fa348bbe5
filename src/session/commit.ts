import {
  FRAGMENT_BYTES,
  FRAME_HEADER_BYTES,
  MAX_PAYLOAD_BYTES,
  MORE,
  TOTAL_BYTES,
  writeFrameHeader,
  writeU32,
} from "./frames.ts";
import type { MessageList } from "./message-list.ts";
import type { OutMessage } from "./out-message.ts";

const NOTHING = new Uint8Array(0);

/** The bytes that one pull commits: whole frames only, so that the peer finds them whole too. */
export class Commit {
  readonly parts: Uint8Array[] = [];
  /** Where the next byte will be in the stream. */
  offset: number;
  leftBytes: number;

  constructor(roomBytes: number, offset: number) {
    this.offset = offset;
    this.leftBytes = roomBytes;
  }

  add(chunk: Uint8Array): void {
    this.parts.push(chunk);
    this.offset += chunk.length;
    this.leftBytes -= chunk.length;
  }

  /**
   * Takes small messages from the front of a list, as many as there is room for, in one chunk: the one copy that is made of them.
   * @returns how many messages
   */
  run(list: MessageList): number {
    let bytes = 0;
    let count = 0;
    let end = list.first;
    for (; end !== undefined && end.payload.length <= MAX_PAYLOAD_BYTES; end = end.next) {
      const more = bytes + FRAME_HEADER_BYTES + end.payload.length;
      if (more > this.leftBytes) break;
      bytes = more;
      count++;
    }
    if (count === 0) return 0;
    const chunk = new Uint8Array(bytes);
    let at = 0;
    for (let message = list.first; message !== end && message !== undefined; ) {
      const { payload } = message;
      const next: OutMessage | undefined = message.next;
      writeFrameHeader(chunk, at, message.kind, message.channel, payload.length);
      chunk.set(payload, at + FRAME_HEADER_BYTES);
      at += FRAME_HEADER_BYTES + payload.length;
      message.list = message.previous = message.next = undefined;
      committed(message, this.offset + at);
      message = next;
    }
    list.first = end;
    if (end === undefined) list.last = undefined;
    else end.previous = undefined;
    this.add(chunk);
    return count;
  }

  /** Commits the next fragment of a big message, without a copy. False: it has no room. */
  fragment(message: OutMessage): boolean {
    const bytes = fragmentBytes(message);
    const isFirst = message.sentBytes === 0;
    const headerBytes = FRAME_HEADER_BYTES + (isFirst ? TOTAL_BYTES : 0);
    if (this.leftBytes < headerBytes + bytes) return false;
    const end = message.sentBytes + bytes;
    const isLast = end === message.payload.length;
    const header = new Uint8Array(headerBytes);
    const kind = isLast ? message.kind : message.kind | MORE;
    writeFrameHeader(header, 0, kind, message.channel, headerBytes - FRAME_HEADER_BYTES + bytes);
    if (isFirst) writeU32(header, FRAME_HEADER_BYTES, message.payload.length);
    this.add(header);
    this.add(message.payload.subarray(message.sentBytes, end));
    message.sentBytes = end;
    if (isLast) committed(message, this.offset);
    return true;
  }
}

/** Bytes of a big message that its next fragment takes. */
export function fragmentBytes(message: OutMessage): number {
  const most = message.sentBytes === 0 ? FRAGMENT_BYTES - TOTAL_BYTES : FRAGMENT_BYTES;
  return Math.min(most, message.payload.length - message.sentBytes);
}

function committed(message: OutMessage, endOffset: number): void {
  message.state = "committed";
  message.endOffset = endOffset;
  message.payload = NOTHING;
}
