import { expect, test } from "vitest";
import { concat } from "../../src/crypto/bytes.ts";
import { FrameReader, MAX_FRAME_BODY_BYTES } from "../../src/link/handshake-frames.ts";
import type { Frame } from "../../src/link/handshake.ts";
import { Initiator } from "../../src/link/handshake-initiator.ts";
import { Responder } from "../../src/link/handshake-responder.ts";
import { seeded, seedOfRun, soak } from "../support/seeded.ts";
import { framed, initiatorConfig, responderConfig } from "./handshake-driver.ts";

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

test("frames come out alike whole, byte by byte and at random cuts, and what follows them stays", () => {
  const seed = seedOfRun();
  const random = seeded(seed);
  const bodies = [
    concat([ascii("CRP1"), new Uint8Array(300).fill(7)]),
    new Uint8Array(0),
    new Uint8Array(MAX_FRAME_BODY_BYTES).fill(9),
  ];
  const rest = ascii("records follow");
  const stream = concat([...bodies.map((body, i) => framed(i + 1, body)), rest]);
  for (let round = 0; round < soak(60); round++) {
    const reader = new FrameReader([1, 5]);
    const frames: Frame[] = [];
    for (let at = 0; at < stream.length; ) {
      const length = round === 0 ? stream.length : round === 1 ? 1 : 1 + Math.floor(random() ** 3 * 400);
      reader.push(stream.subarray(at, at + length));
      at += length;
      while (frames.length < bodies.length) {
        const frame = reader.next();
        if (frame === undefined) break;
        frames.push(frame);
      }
    }
    expect(frames, `seed ${seed}`).toEqual(bodies.map((body, i) => ({ type: i + 1, body })));
    expect(reader.takeRest(), `seed ${seed}`).toEqual(rest);
    expect(reader.takeRest().length).toBe(0);
  }
});

test("case 27: a length of 1,025 or 65,535 is refused before the body is waited for, in every place", () => {
  for (const [high, low] of [
    [4, 1],
    [5, 0],
    [255, 255],
  ] as const) {
    for (const reader of [new FrameReader(), new FrameReader([1])]) {
      reader.push(Uint8Array.of(1, high, low));
      expect(() => reader.next()).toThrow("longer than 1024");
    }
  }
  const early = new FrameReader();
  early.push(Uint8Array.of(2, 5));
  expect(() => early.next()).toThrow("longer than 1024");
  const reader = new FrameReader([1]);
  reader.push(concat([Uint8Array.of(1, 4, 0), ascii("CRP")]));
  expect(reader.next()).toBeUndefined();
});

test.each([
  ["HTTP", ascii("GET / HTTP/1.1\r\n"), 1],
  ["a TLS ClientHello", Uint8Array.of(0x16, 3, 1, 2, 0, 1), 1],
  ["an SSH banner", ascii("SSH-2.0-OpenSSH_9.8\r\n"), 1],
  ["CONFIRM", Uint8Array.of(3, 0, 32), 1],
  ["a relay preface where there is no Room", Uint8Array.of(5, 0, 20, 0x43, 0x52, 0x50, 0x31), 1],
  ["a frame without the magic", Uint8Array.of(1, 0, 80, 0x43, 0x52, 0x51), 6],
  ["a frame too short for the magic", Uint8Array.of(1, 0, 2), 3],
  ["an empty frame", Uint8Array.of(1, 0, 0), 3],
])("case 28: %s is no first frame, which shows after as few bytes as can be", (_, bytes, needed) => {
  for (let length = 1; length <= bytes.length; length++) {
    const reader = new FrameReader([1]);
    reader.push(bytes.subarray(0, length));
    if (length < needed) expect(reader.next()).toBeUndefined();
    else expect(() => reader.next()).toThrow("not this protocol");
  }
});

/** Feeds every byte alone; the frame that came out. */
function byByte(reader: FrameReader, bytes: Uint8Array): Frame {
  let frame: Frame | undefined;
  for (let i = 0; i < bytes.length; i++) {
    reader.push(bytes.subarray(i, i + 1));
    frame ??= reader.next();
  }
  if (frame === undefined) throw new Error("no frame");
  return frame;
}

test("a handshake in segments of one byte, with a record right behind CONFIRM, works", () => {
  const initiator = new Initiator(initiatorConfig(2));
  const responder = new Responder(responderConfig(2));
  const incoming = new FrameReader([1]);
  const reply = responder.hello(byByte(incoming, initiator.hello));
  const outcome = initiator.receive(byByte(new FrameReader(), reply.send ?? new Uint8Array(0)));
  if ("error" in outcome) throw outcome.error;
  if (outcome.established === undefined) throw new Error("a user stage");
  const record = outcome.established.sealer.seal(1, [ascii("at once")]);
  const confirmed = responder.confirm(byByte(incoming, concat([outcome.send, record])));
  if (confirmed.error !== undefined) throw confirmed.error;
  if (confirmed.established === undefined) throw new Error("a user stage");
  const rest = incoming.takeRest();
  expect(rest).toEqual(record);
  expect(confirmed.established.opener.open(rest.subarray(0, 4), rest.subarray(4)).payload).toEqual(ascii("at once"));
});
