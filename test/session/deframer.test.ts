import { expect, test } from "vitest";
import { Deframer } from "../../src/session/deframer.ts";
import { sessionLimits, type SessionLimits } from "../../src/session/limits.ts";
import { ProtocolViolation } from "../../src/session/violation.ts";
import { frame, fragments, type Plain, readMessages, shown, u32 } from "./naive.ts";
import { seedOfRun, soak } from "../support/seeded.ts";
import { Seeded } from "./seeded.ts";

const SEED = seedOfRun();

const nothing = (): void => {};

interface Setup {
  deframer: Deframer;
  messages: Plain[];
  grants: [number, number][];
  credits: [number, number][];
}

function setup(limits: Partial<SessionLimits> = {}): Setup {
  const messages: Plain[] = [];
  let grants: [number, number][] = [];
  const credits: [number, number][] = [];
  const deframer = new Deframer(sessionLimits(limits), {
    message: (kind, channel, payload) => void messages.push({ kind, channel, payload: Buffer.from(payload) }),
    credited: (number, bytes) => void credits.push([number, bytes]),
    grant: (number, bytes) => void grants.push([number, bytes]),
    forgetGrant: (number) => {
      grants = grants.filter(([one]) => one !== number);
    },
  });
  return {
    deframer,
    messages,
    credits,
    get grants() {
      return grants;
    },
  };
}

const KIB = 1024;
const MIB = 1024 * KIB;

function big(channel: number, total: number): Plain {
  return { kind: 0x12, channel, payload: Buffer.alloc(total, channel) };
}

/** The first fragment of a big message. */
function opening(channel: number, total: number, size = 16_000): Buffer {
  return fragments(big(channel, total), [size])[0] as Buffer;
}

/** A stream of messages small and big, the big ones interleaved. */
function randomStream(chance: Seeded): Buffer {
  const lines: Buffer[][] = [];
  for (let channel = chance.int(4) + 1; channel > 0; channel--) {
    const line: Buffer[] = [];
    for (let count = chance.int(4); count > 0; count--) {
      const kind = 0x10 + chance.int(5);
      if (chance.once(3)) {
        const payload = Buffer.from(chance.bytes(16_385 + chance.int(20_000)));
        const sizes: number[] = [];
        for (let left = payload.length; left > 0; left -= sizes.at(-1) ?? 0) {
          const most = Math.min(16_380, left - 1);
          sizes.push(
            left <= 16_380 && chance.once(2) ? left : Math.min(left, 1_024 + chance.int(Math.max(1, most - 1_024))),
          );
        }
        line.push(...fragments({ kind, channel, payload }, sizes));
      } else line.push(frame(kind, channel, chance.bytes(chance.once(4) ? 0 : chance.int(60))));
    }
    lines.push(line);
  }
  const frames: Buffer[] = [];
  for (
    let left = lines.filter((line) => line.length > 0);
    left.length > 0;
    left = left.filter((line) => line.length > 0)
  ) {
    frames.push(chance.pick(left).shift() as Buffer);
  }
  return Buffer.concat(frames);
}

test(`any cut of the bytes gives the messages that a naive reader finds (seed ${SEED})`, {
  timeout: soak(30_000),
}, () => {
  let total = 0;
  for (let round = 0; round < soak(100); round++) {
    const chance = new Seeded(SEED + round);
    const stream = randomStream(chance);
    const expected = readMessages(stream);
    total += expected.length;
    const { deframer, messages } = setup();
    const cut = chance.pick(stream.length < 2_000 ? [1, 2, 7] : [300, 5_000, 70_000]);
    for (let at = 0; at < stream.length; ) {
      const end = Math.min(stream.length, at + 1 + chance.int(cut));
      deframer.push(Uint8Array.from(stream.subarray(at, end)));
      at = end;
    }
    expect(shown(messages), `seed ${SEED + round}`).toEqual(shown(expected));
    expect(deframer.unfinished).toBe(0);
  }
  expect(total).toBeGreaterThan(100);
});

test("a stream that comes byte by byte, or all at once, gives the same messages", () => {
  const stream = Buffer.concat([
    frame(0x10, 0, new Uint8Array(0)),
    ...fragments(big(7, 16_385), [1_024, 15_000, 361]),
    frame(0x7f, 0xffff_ffff, Buffer.from("end")),
  ]);
  for (const step of [1, stream.length]) {
    const { deframer, messages } = setup();
    for (let at = 0; at < stream.length; at += step) deframer.push(stream.subarray(at, at + step));
    expect(shown(messages)).toEqual(shown(readMessages(stream)));
  }
});

test("a frame that is whole in the bytes is not copied", () => {
  const bytes = Uint8Array.from(frame(0x11, 1, Buffer.from("abc")));
  const seen: Uint8Array[] = [];
  const deframer = new Deframer(sessionLimits({}), {
    message: (_kind, _channel, payload) => void seen.push(payload),
    credited: nothing,
    grant: nothing,
    forgetGrant: nothing,
  });
  deframer.push(bytes);
  expect(seen[0]?.buffer).toBe(bytes.buffer);
});

test("after stop, even within a message's handler, the rest of the bytes is nothing", () => {
  let count = 0;
  const deframer = new Deframer(sessionLimits({}), {
    message: () => {
      if (++count === 2) deframer.stop();
    },
    credited: nothing,
    grant: nothing,
    forgetGrant: nothing,
  });
  const one = frame(0x11, 1, Buffer.from("abc"));
  deframer.push(Buffer.concat([one, one, one, frame(0x01, 1, Buffer.from("wrong"))]));
  deframer.push(one);
  expect(count).toBe(2);
});

test("small messages of other kinds and channels pass between the fragments of a big one", () => {
  const [first, second] = fragments(big(5, 20_000), [16_000, 4_000]) as [Buffer, Buffer];
  const { deframer, messages } = setup();
  deframer.push(
    Buffer.concat([
      first,
      frame(0x13, 5, Buffer.from("other kind")),
      frame(0x12, 6, Buffer.from("other channel")),
      second,
    ]),
  );
  expect(messages.map((message) => message.payload.length)).toEqual([10, 13, 20_000]);
});

test("64 KiB of a big message come without credit; for more, credit comes for all the rest at once", () => {
  const free = setup();
  free.deframer.push(opening(1, 64 * KIB));
  expect(free.grants).toEqual([]);
  const more = setup();
  more.deframer.push(Buffer.concat([opening(1, 64 * KIB), opening(2, 64 * KIB + 1), opening(3, 16 * MIB)]));
  expect(more.grants).toEqual([
    [1, 1],
    [2, 16 * MIB - 64 * KIB],
  ]);
});

test("credit waits until all of a message fits into the budget, first come, first served", () => {
  const state = setup(); // 28 MiB are left beside 64 times 64 KiB, set aside for what comes without credit
  state.deframer.push(
    Buffer.concat([opening(1, 16 * MIB), opening(2, 12 * MIB - 1), opening(3, 4 * MIB), opening(4, 100_000)]),
  );
  expect(state.grants.map(([number]) => number)).toEqual([0, 1]);
});

test("credit is not given to a later message, although it would fit, while an earlier one waits", () => {
  const state = setup();
  state.deframer.push(
    Buffer.concat([opening(1, 16 * MIB), opening(2, 11 * MIB), opening(3, 4 * MIB), opening(4, 100_000)]),
  );
  expect(state.grants.map(([number]) => number)).toEqual([0, 1]);
});

test("a message that had no credit gives none back when it is dropped", () => {
  const limits = { messageBytes: 100_000, freeBytes: 16_392, assemblyMessages: 4, assemblyBytes: 4 * 16_392 + 100_000 };
  const state = setup(limits);
  for (const channel of [1, 2, 3]) state.deframer.push(opening(channel, 100_000));
  state.deframer.push(frame(0x02, 1, new Uint8Array(0)));
  expect(state.grants.map(([number]) => number)).toEqual([0]);
});

test("a finished or dropped message frees its budget for the next one that waits", () => {
  const limits = { messageBytes: 100_000, freeBytes: 16_392, assemblyMessages: 4, assemblyBytes: 4 * 16_392 + 100_000 };
  const state = setup(limits);
  const { deframer } = state;
  const all = fragments(big(1, 100_000), [16_000, 16_000, 16_000, 16_000, 16_000, 16_000, 4_000]);
  deframer.push(all[0] as Buffer);
  deframer.push(opening(2, 100_000));
  deframer.push(opening(3, 100_000));
  expect(state.grants).toEqual([[0, 100_000 - 16_392]]);
  deframer.push(Buffer.concat(all.slice(1)));
  expect(state.messages.map((message) => message.payload.length)).toEqual([100_000]);
  expect(state.grants).toEqual([
    [0, 100_000 - 16_392],
    [1, 100_000 - 16_392],
  ]);
  deframer.push(frame(0x02, 1, new Uint8Array(0)));
  expect(state.grants, "the grant of the dropped one is withdrawn, the next one's is there").toEqual([
    [0, 100_000 - 16_392],
    [2, 100_000 - 16_392],
  ]);
});

test("a message that is dropped while it waits for credit never gets any", () => {
  const limits = { messageBytes: 100_000, freeBytes: 16_392, assemblyMessages: 4, assemblyBytes: 4 * 16_392 + 100_000 };
  const state = setup(limits);
  const drop = (number: number): void => state.deframer.push(frame(0x02, number, new Uint8Array(0)));
  for (const channel of [1, 2, 3]) state.deframer.push(opening(channel, 100_000));
  drop(1);
  drop(0);
  expect(state.grants.map(([number]) => number)).toEqual([2]);
});

test("a message that waited for credit keeps what came before", () => {
  const limits = { messageBytes: 100_000, freeBytes: 17_000, assemblyMessages: 2, assemblyBytes: 2 * 17_000 + 100_000 };
  const { deframer, messages } = setup(limits);
  const one = fragments(big(1, 100_000), [16_000]);
  const payload = Buffer.from(new Seeded(1).bytes(90_000));
  const other = fragments({ kind: 0x11, channel: 9, payload }, [16_000, 16_000, 16_000, 16_000, 16_000, 10_000]);
  deframer.push(Buffer.concat([...one, other[0] as Buffer, frame(0x02, 0, new Uint8Array(0)), ...other.slice(1)]));
  expect(shown(messages)).toEqual(shown([{ kind: 0x11, channel: 9, payload }]));
});

test("CREDIT of the peer goes to whoever sends, with its number", () => {
  const { deframer, credits } = setup();
  deframer.push(frame(0x01, 0xffff_fff0, u32(123_456)));
  expect(credits).toEqual([[0xffff_fff0, 123_456]]);
});

const violations: [string, Buffer | (() => Buffer), RegExp][] = [
  ["a frame of 16,385 bytes", frame(0x11, 1, Buffer.alloc(16_385)).subarray(0, 8), /16385 bytes/],
  ["an unknown kind below 0x10", frame(0x0f, 1, Buffer.alloc(0)), /kind 15/],
  ["kind 0", frame(0x00, 1, Buffer.alloc(0)), /kind 0/],
  ["a fragment of the session's own kinds", frame(0x81, 1, u32(5)), /kind 129/],
  ["a CREDIT of 3 bytes", frame(0x01, 1, Buffer.alloc(3)), /kind 1 with 3/],
  ["a DROP with a payload", frame(0x02, 1, Buffer.alloc(1)), /kind 2 with 1/],
  ["a DROP of a message that never began", frame(0x02, 0, Buffer.alloc(0)), /not under way/],
  [
    "a DROP of a finished message",
    () => Buffer.concat([...fragments(big(1, 20_000), [16_000, 4_000]), frame(0x02, 0, Buffer.alloc(0))]),
    /not under way/,
  ],
  ["a first fragment without a total", frame(0x91, 1, Buffer.alloc(3)), /no total/],
  ["a total of 16 MiB and a byte", opening(1, 16 * MIB + 1), /16777217 bytes is over the cap/],
  ["a total of 4 GiB", frame(0x91, 1, Buffer.concat([u32(0xffff_ffff), Buffer.alloc(2_000)])), /over the cap/],
  [
    "a total that fits into one frame",
    frame(0x91, 1, Buffer.concat([u32(16_384), Buffer.alloc(2_000)])),
    /came in fragments/,
  ],
  ["a total of 0", frame(0x91, 1, Buffer.concat([u32(0), Buffer.alloc(2_000)])), /came in fragments/],
  ["a first fragment of no bytes", frame(0x91, 1, u32(50_000)), /only 0 bytes/],
  ["a first fragment of 1,023 bytes", opening(1, 50_000, 1_023), /only 1023 bytes/],
  [
    "a further fragment of no bytes",
    Buffer.concat([opening(1, 50_000), frame(0x92, 1, Buffer.alloc(0))]),
    /only 0 bytes/,
  ],
  [
    "a further fragment of 1,023 bytes",
    Buffer.concat([opening(1, 50_000), frame(0x92, 1, Buffer.alloc(1_023))]),
    /only 1023 bytes/,
  ],
  ["a last fragment of no bytes", Buffer.concat([opening(1, 50_000), frame(0x12, 1, Buffer.alloc(0))]), /not marked/],
  [
    "a last fragment that is too short",
    Buffer.concat([opening(1, 20_000), frame(0x12, 1, Buffer.alloc(3_999))]),
    /not marked/,
  ],
  [
    "a last fragment that is too long",
    Buffer.concat([opening(1, 20_000), frame(0x12, 1, Buffer.alloc(4_001))]),
    /more bytes came than the 20000/,
  ],
  [
    "all bytes without a last fragment",
    Buffer.concat([opening(1, 20_000), frame(0x92, 1, Buffer.alloc(4_000))]),
    /not marked/,
  ],
  [
    "a small message of the same kind and channel as a big one under way",
    Buffer.concat([opening(1, 20_000), frame(0x12, 1, Buffer.from("hello"))]),
    /not marked/,
  ],
  [
    "a 65th unfinished message",
    () => Buffer.concat(Array.from({ length: 65 }, (_, at) => opening(at, 20_000, 1_024))),
    /more than 64/,
  ],
];

test.each(violations)("%s ends the session, and says why", (_name, bytes, reason) => {
  const { deframer } = setup();
  let thrown: unknown;
  try {
    deframer.push(typeof bytes === "function" ? bytes() : bytes);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(ProtocolViolation);
  expect((thrown as Error).message).toMatch(reason);
});

test("at the caps nothing ends: a frame of 16 KiB, a message of 16 MiB, fragments of 1 KiB, 64 unfinished messages", () => {
  const one = setup();
  one.deframer.push(frame(0x11, 1, Buffer.alloc(16_384)));
  one.deframer.push(opening(1, 16 * MIB, 1_024));
  expect(one.messages.length).toBe(1);
  const many = setup();
  for (let channel = 0; channel < 64; channel++) many.deframer.push(opening(channel, 20_000, 1_024));
  expect(many.deframer.unfinished).toBe(64);
  many.deframer.push(frame(0x02, 7, new Uint8Array(0)));
  many.deframer.push(opening(100, 20_000, 1_024));
  expect(many.deframer.unfinished).toBe(64);
});

test("a fragment without credit ends the session at the first byte over 64 KiB, while the budget is used up", () => {
  const message = fragments(big(9, 1 * MIB), [16_000, 16_000, 16_000, 16_000, 1_536, 1_024]);
  const { deframer } = setup();
  deframer.push(Buffer.concat([opening(1, 16 * MIB), opening(2, 12 * MIB)]));
  for (const one of message.slice(0, 5)) deframer.push(one);
  expect(() => deframer.push(message[5] as Buffer)).toThrow(/without credit/);
});

test("16 MiB in one-byte fragments end at the first of them (case 68)", () => {
  const { deframer } = setup();
  expect(() => deframer.push(opening(1, 16 * MIB, 1))).toThrow(/only 1 bytes/);
});

test("1,000 unfinished messages get no credit beyond the budget, and end at the 65th (case 69)", () => {
  const state = setup();
  let count = 0;
  const flood = (): void => {
    for (; count < 1_000; count++) state.deframer.push(opening(count, 16 * MIB, 1_024));
  };
  expect(flood).toThrow(/more than 64/);
  expect(count).toBe(64);
  expect(state.grants.map(([number]) => number)).toEqual([0]);
});

test(`hostile bytes end in a violation or in messages within the caps, never in another error (seed ${SEED})`, {
  timeout: soak(30_000),
}, () => {
  let violated = 0;
  const rounds = soak(1_000);
  for (let round = 0; round < rounds; round++) {
    const chance = new Seeded(SEED + round);
    const stream = round % 3 === 0 ? chance.bytes(200) : Uint8Array.from(randomStream(chance).subarray(0, 40_000));
    for (let count = chance.int(4); count >= 0 && stream.length > 0; count--)
      stream[chance.int(Math.min(stream.length, 64))] = chance.int(256);
    const { deframer, messages } = setup();
    try {
      deframer.push(stream);
    } catch (error) {
      violated++;
      expect(error, `seed ${SEED + round}`).toBeInstanceOf(ProtocolViolation);
    }
    expect(deframer.unfinished).toBeLessThanOrEqual(64);
    for (const message of messages) expect(message.kind).toBeGreaterThanOrEqual(0x10);
  }
  expect(violated).toBeGreaterThan(rounds / 4);
});
