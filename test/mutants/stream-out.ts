import type { Mutants } from "./mutant.ts";

/** What was committed and not acknowledged. */
export const RETAINED: Mutants = {
  file: "src/session/retained.ts",
  tests: ["test/session/retained.test.ts", "test/session/machine.test.ts"],
  schedules: true,
  mutants: [
    {
      name: "a chunk goes although a byte of it was not acknowledged",
      find: ".length <= offset) {",
      replace: ".length <= offset + 1) {",
    },
    {
      name: "what is sent again begins a byte late",
      find: "let skip = offset - (this.offsets[low] as number);",
      replace: "let skip = offset - (this.offsets[low] as number) + 1;",
    },
    {
      name: "what is sent again begins with its chunk",
      find: "let skip = offset - (this.offsets[low] as number);",
      replace: "let skip = 0;",
    },
    {
      name: "of what is sent again every chunk misses its beginning",
      find: "      skip = 0;\n",
      replace: "",
    },
    {
      name: "what is sent again is a byte too long",
      find: "Math.min(chunk.length, skip + left)",
      replace: "Math.min(chunk.length, skip + left + 1)",
    },
    {
      name: "what is sent again is one chunk",
      find: "left > 0 && low < this.chunks.length",
      replace: "low < this.head + 1",
    },
    {
      name: "the offset of a chunk is that of its end",
      find: "this.offsets.push(this.end);\n    this.end += bytes.length;",
      replace: "this.end += bytes.length;\n    this.offsets.push(this.end);",
    },
    {
      name: "when old chunks are dropped their offsets stay",
      find: "      this.offsets.splice(0, head);\n",
      replace: "",
    },
    {
      name: "when old chunks are dropped the rest counts from before",
      find: "      this.offsets.splice(0, head);\n      head = 0;",
      replace: "      this.offsets.splice(0, head);",
    },
    {
      name: "the memory of a message goes with its first chunk",
      find: "if (byteOffset + length === buffer.byteLength) discard(buffer);",
      replace: "discard(buffer);",
    },
    {
      name: "the memory of a message is not freed",
      find: "if (byteOffset + length === buffer.byteLength) discard(buffer);",
      replace: "",
    },
  ],
};

/** The numbers that both sides must have alike. */
export const FRAMES: Mutants = {
  file: "src/session/frames.ts",
  tests: ["test/session/frames.test.ts", "test/session/machine.test.ts"],
  mutants: [
    {
      name: "an offset past 2^32 loses its upper half",
      find: "return readU32(bytes, at) * 0x1_0000_0000 + readU32(bytes, at + 4);",
      replace: "return readU32(bytes, at + 4);",
    },
    {
      name: "a number of 32 bits is signed",
      find: "(bytes[at + 3] as number)) >>>\n    0",
      replace: "(bytes[at + 3] as number)) |\n    0",
    },
    {
      name: "a full record has no room for an acknowledgement",
      find: "MAX_RECORD_BYTES - 2 * OFFSET_FRAME_BYTES",
      replace: "MAX_RECORD_BYTES - OFFSET_FRAME_BYTES",
    },
    {
      name: "an acknowledgement that rides along stands behind the data's header",
      find: "bytes[0] = ACK;\n    writeU64(bytes, 1, recv);",
      replace: "bytes[at] = ACK;\n    writeU64(bytes, at + 1, recv);",
    },
    {
      name: "the text of an END is not cut",
      find: "new Uint8Array(END_BYTES + MAX_END_TEXT_BYTES)",
      replace: "new Uint8Array(END_BYTES + 4 * MAX_END_TEXT_BYTES)",
    },
    {
      name: "the text of an END reaches the log with its control characters",
      find: 'return new TextDecoder().decode(bytes).replaceAll(/\\p{Cc}/gu, " ");',
      replace: "return new TextDecoder().decode(bytes);",
    },
  ],
};

/** The session's own frames. */
export const OWN_FRAMES: Mutants = {
  file: "src/session/own-frames.ts",
  tests: ["test/session/outbox-order.test.ts", "test/session/outbox.test.ts", "test/session/session.test.ts"],
  mutants: [
    {
      name: "a CREDIT outlives its session",
      find: "    this.#grants.clear();\n",
      replace: "",
    },
    {
      name: "a DROP outlives its session",
      find: "    this.#drops.clear();\n",
      replace: "",
    },
    {
      name: "a CREDIT goes where it has no room",
      find: "if (roomBytes < CREDIT_BYTES) return undefined;",
      replace: "",
    },
    {
      name: "a DROP goes where it has no room",
      find: "if (roomBytes < FRAME_HEADER_BYTES) return undefined;",
      replace: "",
    },
    {
      name: "a DROP goes again and again",
      find: "      this.#drops.delete(number);\n",
      replace: "",
    },
    {
      name: "waiting DROPs are not seen",
      find: "return this.#grants.size === 0 && this.#drops.size === 0;",
      replace: "return this.#grants.size === 0;",
    },
  ],
};

/** One record filled. */
export const COMMIT: Mutants = {
  file: "src/session/commit.ts",
  tests: ["test/session/outbox-order.test.ts", "test/session/outbox.test.ts", "test/session/stream.test.ts"],
  mutants: [
    {
      name: "small messages go where they have no room",
      find: "if (more > this.leftBytes) break;",
      replace: "",
    },
    {
      name: "a small message that just fits waits",
      find: "if (more > this.leftBytes) break;",
      replace: "if (more >= this.leftBytes) break;",
    },
    {
      name: "a small message is said to end where it begins",
      find: "committed(message, this.offset + at);",
      replace: "committed(message, this.offset + at - FRAME_HEADER_BYTES - payload.length);",
    },
    {
      name: "a big message is said to end a byte early",
      find: "if (isLast) committed(message, this.offset);",
      replace: "if (isLast) committed(message, this.offset - 1);",
    },
    {
      name: "a big message is committed with its first fragment",
      find: "if (isLast) committed(message, this.offset);",
      replace: "committed(message, this.offset);",
    },
    {
      name: "fragments do not say that more follow",
      find: "isLast ? message.kind : message.kind | MORE",
      replace: "message.kind",
    },
    {
      name: "a fragment goes where its header has no room",
      find: "if (this.leftBytes < headerBytes + bytes) return false;",
      replace: "if (this.leftBytes < bytes) return false;",
    },
    {
      name: "who keeps a message keeps its bytes",
      find: "  message.payload = NOTHING;\n",
      replace: "",
    },
    {
      name: "a big control message goes in one frame",
      find: "end !== undefined && end.payload.length <= MAX_PAYLOAD_BYTES; end = end.next",
      replace: "end !== undefined; end = end.next",
    },
  ],
};
