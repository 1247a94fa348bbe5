import { expect, test } from "vitest";
import { encodeEnd, decodeEnd } from "../../src/session/bind.ts";
import { Commit } from "../../src/session/commit.ts";
import {
  ACK,
  ATTACH,
  dataHeader,
  endFrame,
  MAX_DATA_BYTES,
  MAX_RECORD_BYTES,
  offsetFrame,
  readEndText,
  readU64,
  writeU64,
} from "../../src/session/frames.ts";
import { MessageList } from "../../src/session/message-list.ts";
import { OutMessage } from "../../src/session/out-message.ts";
import { OwnFrames } from "../../src/session/own-frames.ts";
import { readFrames } from "./naive.ts";

const hex = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString("hex");

test("every frame of a record has its golden bytes", () => {
  expect(hex(offsetFrame(ATTACH, 0))).toBe("010000000000000000");
  expect(hex(offsetFrame(ATTACH, 0x1_0203_0405))).toBe("010000000102030405");
  expect(hex(offsetFrame(ACK, 2 ** 53 - 1))).toBe("03001fffffffffffff");
  expect(hex(dataHeader(undefined, 258))).toBe("020000000000000102");
  expect(hex(dataHeader(7, 258))).toBe("030000000000000007020000000000000102");
  expect(hex(endFrame(513, 1, "gap"))).toBe("04000000000000020101676170");
  expect(hex(endFrame(0, 0, ""))).toBe("04000000000000000000");
});

test("every frame of the stream has its golden bytes", () => {
  const small = new MessageList();
  small.add(new OutMessage(0x11, 0xaabbccdd, Uint8Array.of(1, 2, 3), "call"));
  small.add(new OutMessage(0x16, 0, new Uint8Array(0), "control"));
  const run = new Commit(100, 0);
  run.run(small);
  expect(run.parts.map(hex)).toEqual(["11aabbccdd0000030102031600000000000000"]);

  const big = new Commit(65_536, 0);
  const message = new OutMessage(0x12, 5, new Uint8Array(20_000).fill(9), "send");
  expect(big.fragment(message)).toBe(true);
  expect(big.fragment(message)).toBe(true);
  expect(big.parts.map((part) => `${hex(part.subarray(0, 13))} ${part.length}`)).toEqual([
    "9200000005003ff000004e20 12", // 0x3ff0 = 16,368; 0x4e20 = 20,000
    "09".repeat(13) + " 16364",
    "1200000005000e34 8", // 0x0e34 = 3,636
    "09".repeat(13) + " 3636",
  ]);

  const own = new OwnFrames();
  own.grant(3, 0x10000);
  own.drop(0x01020304);
  expect(hex(own.take(100))).toBe("010000000300000400010000");
  expect(hex(own.take(100))).toBe("0201020304000000");
  expect(own.isEmpty).toBe(true);
});

test("an end has its golden bytes, and reads back", () => {
  const end = { incarnation: Uint8Array.from({ length: 12 }, (_, at) => at), epoch: 0xfedcba98 };
  expect(hex(encodeEnd(end))).toBe("000102030405060708090a0bfedcba98");
  expect(decodeEnd(encodeEnd(end))).toEqual(end);
});

test("offsets travel exactly up to 2^53 - 1, and larger ones stay larger than any of them", () => {
  const bytes = new Uint8Array(8);
  for (const offset of [0, 1, 0xffff_ffff, 0x1_0000_0000, 2 ** 40 + 3, 2 ** 53 - 1]) {
    writeU64(bytes, 0, offset);
    expect(readU64(bytes, 0)).toBe(offset);
  }
  bytes.fill(0xff);
  expect(readU64(bytes, 0)).toBeGreaterThan(2 ** 53);
});

test("four fragments fill a record, with room for an ACK", () => {
  const commit = new Commit(MAX_DATA_BYTES, 0);
  const message = new OutMessage(0x12, 5, new Uint8Array(100_000), "send");
  for (let count = 0; count < 4; count++) expect(commit.fragment(message)).toBe(true);
  expect(commit.fragment(message)).toBe(false);
  const bytes = Buffer.concat([dataHeader(1, 0), ...commit.parts]);
  expect(bytes.length).toBeLessThanOrEqual(MAX_RECORD_BYTES);
  expect(bytes.length).toBeGreaterThan(MAX_RECORD_BYTES - 64);
  expect(readFrames(bytes.subarray(18)).map((frame) => frame.payload.length)).toEqual([16_368, 16_368, 16_368, 16_368]);
});

test("the text of an END is cut at a character to 200 bytes, and read without control characters", () => {
  const frame = endFrame(0, 1, "é".repeat(150));
  expect(frame.length).toBe(210);
  expect(readEndText(frame.subarray(10))).toBe("é".repeat(100));
  expect(endFrame(0, 1, `${"é".repeat(99)}a€`).length).toBe(10 + 199);
  expect(readEndText(Buffer.from("a\u001b[31m\nb\u0007"))).toBe("a [31m b ");
});
