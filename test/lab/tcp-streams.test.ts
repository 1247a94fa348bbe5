import { expect, test } from "vitest";
import { tcpStreams } from "./tcp-streams.ts";

/** An Ethernet frame with a TCP segment from 10.0.0.1:1000 to 10.0.0.2:2000, filled up to 60 bytes as on a real line. */
function frame(seq: number, text: string, isSyn = false): Buffer {
  const bytes = Buffer.alloc(Math.max(60, 54 + text.length));
  bytes.writeUInt16BE(0x0800, 12);
  bytes.writeUInt8(0x45, 14);
  bytes.writeUInt16BE(40 + text.length, 16);
  bytes.writeUInt8(6, 23);
  bytes.set([10, 0, 0, 1, 10, 0, 0, 2], 26);
  bytes.writeUInt16BE(1000, 34);
  bytes.writeUInt16BE(2000, 36);
  bytes.writeUInt32BE(seq >>> 0, 38);
  bytes.writeUInt8(0x50, 46);
  bytes.writeUInt8(isSyn ? 0x02 : 0x10, 47);
  bytes.write(text, 54);
  return bytes;
}

function texts(...frames: Buffer[]): [text: string, missing: number][] {
  return tcpStreams(frames).map(({ bytes, missing }) => [bytes.toString(), missing]);
}

test("bytes that were sent twice, too early or in other pieces are there once and in order", () => {
  const frames = [frame(99, "", true), frame(103, "def"), frame(100, "abc"), frame(100, "abc"), frame(102, "cdefgh")];
  expect(texts(...frames)).toEqual([["abcdefgh", 0]]);
  expect(tcpStreams(frames)[0]).toMatchObject({ from: "10.0.0.1:1000", to: "10.0.0.2:2000" });
});

test("sequence numbers go round", () => {
  expect(texts(frame(-3, "", true), frame(-2, "abc"), frame(1, "def"))).toEqual([["abcdef", 0]]);
});

test("what no frame held is counted; a keepalive's old byte is no payload", () => {
  expect(texts(frame(99, "", true), frame(99, "x"), frame(105, "late"))).toEqual([["late", 5]]);
});

test("a new connection between the same ports is another stream", () => {
  expect(texts(frame(9, "", true), frame(10, "one"), frame(500, "", true), frame(501, "two"))).toEqual([
    ["one", 0],
    ["two", 0],
  ]);
});

test("frames that hold no TCP are passed over", () => {
  const udp = frame(0, "datagram");
  udp.writeUInt8(17, 23);
  const arp = frame(0, "");
  arp.writeUInt16BE(0x0806, 12);
  expect(texts(udp, arp)).toEqual([]);
});
