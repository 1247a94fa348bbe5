import { expect, test } from "vitest";
import type { LinkError } from "../../src/base/errors.ts";
import { encodeFrame, encodeRefuse, FRAME } from "../../src/link/handshake-frames.ts";
import { RelayedPipe } from "../../src/link/relayed-pipe.ts";
import { MemoryNetwork } from "../../src/pipe/memory.ts";
import type { Pipe, PipeEvents } from "../../src/pipe/pipe.ts";
import { bytesOf } from "./parties.ts";

const pass = new Uint8Array(16).fill(7);
const preface = [5, 0, 20, 0x43, 0x52, 0x50, 0x31, ...pass];
const SPLICED = encodeFrame(FRAME.relay, new Uint8Array(0));

/** What a pipe told its owner. */
class Ear implements PipeEvents {
  text = "";
  drains = 0;
  ends: (Error | undefined)[] = [];
  data(chunk: Uint8Array): void {
    this.text += new TextDecoder().decode(chunk);
  }
  drain(): void {
    this.drains++;
  }
  end(error: Error | undefined): void {
    this.ends.push(error);
  }
}

const turns = async (count = 20): Promise<void> => {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
};

interface Scene {
  readonly pipe: RelayedPipe;
  readonly mailed: string[];
  readonly ear: Ear;
  /** The Room's end of the leg. */
  readonly room: Pipe;
  readonly roomHears: Ear;
  /** Gives the pipe its leg. */
  readonly attach: () => void;
}

function scene(highWaterBytes = 4_096): Scene {
  const mailed: string[] = [];
  const pipe = new RelayedPipe({ host: "10.0.0.1", port: 2_428 }, highWaterBytes, (frame) =>
    mailed.push(new TextDecoder().decode(frame)),
  );
  const [leg, room] = new MemoryNetwork().pair();
  const ear = new Ear();
  const roomHears = new Ear();
  pipe.start(ear);
  room.start(roomHears);
  return { pipe, mailed, ear, room, roomHears, attach: () => pipe.attach(leg, pass) };
}

const head = String.fromCharCode(...preface);

test("the first write goes by mail, the first bytes come by mail, all else goes over the leg", async () => {
  const { pipe, mailed, ear, room, roomHears, attach } = scene();
  pipe.write([bytesOf("HEL"), bytesOf("LO")]);
  expect(mailed).toEqual(["HELLO"]);
  pipe.deliver(bytesOf("REPLY"));
  expect(ear.text, "what could be answered by no leg").toBe("");
  attach();
  expect(ear.text).toBe("REPLY");
  pipe.write([bytesOf("CONFIRM")]);
  await turns();
  expect(roomHears.text).toBe(`${head}CONFIRM`);
  room.write([SPLICED, bytesOf(" and records")]);
  await turns();
  expect(ear.text).toBe("REPLY and records");
  pipe.write([bytesOf(" too")]);
  await turns();
  expect(roomHears.text).toBe(`${head}CONFIRM too`);
  pipe.close();
  room.close();
  await turns();
  expect([ear.ends, mailed.length]).toEqual([[], 1]);
});

test("before the splice at most 1,024 bytes leave, in order; the rest waits, and the writer is told when there is room", async () => {
  const { pipe, ear, room, roomHears, attach } = scene(2_000);
  pipe.write([bytesOf("HELLO")]);
  attach();
  expect(pipe.write([bytesOf("a".repeat(1_000))])).toBe(true);
  expect(pipe.write([bytesOf("b".repeat(25))])).toBe(true);
  expect(pipe.write([bytesOf("c")]), "what would still fit keeps its place").toBe(true);
  expect(pipe.write([bytesOf("d".repeat(2_000))])).toBe(false);
  await turns();
  expect(roomHears.text).toBe(`${head}${"a".repeat(1_000)}`);
  expect(pipe.buffered).toBe(2_026);
  room.write([SPLICED]);
  await turns();
  expect(roomHears.text.slice(head.length)).toBe(`${"a".repeat(1_000)}${"b".repeat(25)}c${"d".repeat(2_000)}`);
  expect([ear.drains, pipe.buffered]).toEqual([1, 0]);
  pipe.destroy();
  room.destroy();
});

test.each([
  [6, "ERR_TICKET"],
  [11, "ERR_TIMEOUT"],
  [3, "ERR_BUSY"],
])("REFUSE %i of the Room in place of the splice ends the pipe with %s", async (code, error) => {
  const { ear, room, attach } = scene();
  attach();
  room.write([encodeRefuse(code)]);
  await turns();
  expect(ear.ends.map((end) => (end as LinkError).code)).toEqual([error]);
  room.destroy();
});

test("a Room that says something else, or goes away before the splice, ends the pipe with an error", async () => {
  for (const said of [bytesOf("HTTP/1.1 400"), encodeFrame(FRAME.reply, new Uint8Array(3)), undefined]) {
    const { ear, room, attach } = scene();
    attach();
    if (said === undefined) room.close();
    else room.write([said]);
    await turns();
    expect(ear.ends.length, String(said)).toBe(1);
    expect(ear.ends[0]).toBeInstanceOf(Error);
    room.destroy();
  }
});

test("what comes while nobody takes it waits: before start, while paused, and the end behind it", async () => {
  const [leg, room] = new MemoryNetwork().pair();
  const pipe = new RelayedPipe({ host: "10.0.0.1", port: 2_428 }, 4_096, () => {});
  room.start(new Ear());
  pipe.deliver(bytesOf("HELLO"));
  pipe.attach(leg, pass);
  room.write([SPLICED, bytesOf("one")]);
  await turns();
  const ear = new Ear();
  pipe.pause();
  pipe.start(ear);
  await turns();
  expect(ear.text).toBe("HELLOone");
  pipe.pause();
  room.write([bytesOf("two")]);
  room.close();
  await turns();
  expect([ear.text, ear.ends.length]).toEqual(["HELLOone", 0]);
  pipe.resume();
  await turns();
  expect([ear.text, ear.ends]).toEqual(["HELLOonetwo", [undefined]]);
  pipe.close();
});

test("what comes by mail, or behind the splice, waits too while nobody takes it", async () => {
  const { pipe, ear } = scene();
  pipe.pause();
  pipe.deliver(bytesOf("HELLO"));
  pipe.deliver(bytesOf(" again"));
  await turns();
  expect(ear.text).toBe("");
  pipe.resume();
  expect(ear.text).toBe("HELLO again");
  pipe.close();
});

test("a leg that comes when the pipe is closed is destroyed, and one that can't come ends the pipe", async () => {
  const { pipe, room, roomHears, attach, ear } = scene();
  pipe.close();
  expect(pipe.isOver).toBe(true);
  attach();
  await turns();
  expect([roomHears.text, roomHears.ends.length, ear.ends.length]).toEqual(["", 1, 0]);
  room.destroy();
  const other = scene();
  other.pipe.fail(new Error("nobody there"));
  expect(other.ear.ends.map((end) => end?.message)).toEqual(["nobody there"]);
  other.room.destroy();
  other.attach();
});
