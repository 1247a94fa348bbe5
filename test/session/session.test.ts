import { expect, test } from "vitest";
import { ACK, ATTACH, DATA } from "../../src/session/frames.ts";
import { OutMessage } from "../../src/session/out-message.ts";
import { ACK_DELAY_MS } from "../../src/session/session.ts";
import { fragments, frame, readFrames, u64 } from "./naive.ts";
import { Pair, type TestLink } from "./pair.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
/** The first fragment of a message of 100,000 bytes. */
const opening = (channel: number): Buffer =>
  fragments({ kind: 0x11, channel, payload: Buffer.alloc(100_000) }, [1_024])[0] as Buffer;
/** Types of the first frames of records. */
const types = (link: TestLink): number[] => link.sent.map((record) => record[0] as number);

test("what is pushed in a tick leaves in one record at its end, and arrives in order", () => {
  const pair = new Pair();
  const [left] = pair.link();
  pair.run();
  for (const text of ["a", "b", "c"]) pair.one.push("call", text);
  expect(left.sent.length).toBe(1);
  pair.tick();
  expect(types(left)).toEqual([ATTACH, DATA]);
  pair.run();
  expect(pair.two.texts).toEqual(["a", "b", "c"]);
});

test("what does not fit into 64 KiB leaves in more records, as few as it fits", () => {
  const pair = new Pair();
  const [left] = pair.link();
  for (let count = 0; count < 130; count++) pair.one.push("send", Buffer.alloc(1_000));
  pair.tick();
  expect(types(left)).toEqual([ATTACH, DATA, DATA, DATA]);
  pair.run();
  expect(pair.two.received.length).toBe(130);
});

test("answers leave while the rest of a record is still handled, once 8 KiB of them wait, counted with 128 each", () => {
  let answers = 0;
  const pair = new Pair(
    {},
    { onMessage: ({ channel }) => void (pair.two.push("call", Buffer.alloc(128), channel), answers++) },
  );
  const [left, right] = pair.link();
  pair.run();
  for (let count = 0; count < 100; count++) pair.one.push("call", "x", count + 1);
  pair.tick();
  const before = right.sent.length;
  left.carry();
  expect(answers).toBe(100);
  expect(right.sent.length - before, "records before the tick ends").toBe(3);
  pair.run();
  expect(right.sent.length - before).toBe(4);
  expect(pair.one.received.map(({ channel }) => channel)).toEqual(Array.from({ length: 100 }, (_, at) => at + 1));
});

test("the first messages go out before the other side said anything", () => {
  const pair = new Pair();
  const [left] = pair.link();
  pair.one.push("call", "hello");
  pair.tick();
  expect(types(left)).toEqual([ATTACH, DATA]);
});

test("requests and answers in turn cost one record each: acknowledgements ride along", () => {
  const pair: Pair = new Pair({}, { onMessage: ({ payload }) => void pair.two.push("call", payload) });
  const [left, right] = pair.link();
  for (let count = 0; count < 50; count++) {
    pair.one.push("call", `request ${count}`);
    pair.run();
  }
  expect(pair.one.received.length).toBe(50);
  expect([left.sent.length, right.sent.length]).toEqual([51, 51]);
  expect(pair.one.session.acked).toBeGreaterThan(0);
});

test("an acknowledgement with nothing to ride on goes alone after 25 ms, once, and then no timer is left", () => {
  const pair = new Pair();
  const [, right] = pair.link();
  pair.one.push("call", "a");
  pair.run();
  pair.clock.advance(ACK_DELAY_MS - 1);
  expect(types(right)).toEqual([ATTACH]);
  pair.clock.advance(1);
  expect(types(right)).toEqual([ATTACH, ACK]);
  pair.run();
  expect(pair.one.session.isIdle).toBe(true);
  pair.clock.advance(1_000);
  expect(types(right)).toEqual([ATTACH, ACK]);
  expect(pair.clock.pending).toBe(0);
});

test("after one acknowledgement went alone, the next one waits again for something to ride on", () => {
  const pair = new Pair();
  const [, right] = pair.link();
  pair.one.push("call", "a");
  pair.run();
  pair.clock.advance(ACK_DELAY_MS);
  pair.one.push("call", "b");
  pair.run();
  right.events?.drain();
  pair.run();
  expect(types(right)).toEqual([ATTACH, ACK]);
});

test("32 KiB that wait for an acknowledgement get one at the end of the tick", () => {
  const pair = new Pair();
  const [, right] = pair.link();
  for (let count = 0; count < 3; count++) pair.one.push("send", Buffer.alloc(16_000));
  pair.run();
  expect(types(right)).toEqual([ATTACH, ACK]);
  expect(pair.one.session.isIdle).toBe(true);
});

test("the faster the stream, the fewer acknowledgements go alone, at most one in 256 KiB", () => {
  const pair = new Pair();
  const [, right] = pair.link();
  const round = (): void => {
    for (let count = 0; count < 40; count++) {
      for (let each = 0; each < 4; each++) pair.one.push("send", Buffer.alloc(16_000));
      pair.run();
      pair.clock.advance(0.5);
    }
  };
  round();
  round();
  const before = right.sent.length;
  round();
  const count = right.sent.length - before;
  expect(count).toBeGreaterThan(0);
  expect(count).toBeLessThanOrEqual(Math.ceil((40 * 64_000) / (256 * KIB)) + 1);
});

test("a link that is full gets nothing; what waits can be withdrawn, and goes when there is room again", () => {
  const pair = new Pair();
  const [left] = pair.link();
  pair.run();
  left.writable = false;
  const first = pair.one.push("call", "a");
  pair.one.push("call", "b");
  pair.run();
  expect(left.sent.length).toBe(1);
  expect(pair.one.outbox.withdraw(first)).toBe(true);
  pair.run();
  expect(left.sent.length).toBe(1);
  left.writable = true;
  left.events?.drain();
  pair.run();
  expect(pair.two.texts).toEqual(["b"]);
});

test("a link that fills up while sending gets no further record", () => {
  const pair = new Pair();
  const [left] = pair.link();
  pair.run();
  const { sent } = left;
  Object.defineProperty(left, "writable", { get: () => sent.length < 3 });
  for (let count = 0; count < 20; count++) pair.one.push("send", Buffer.alloc(16_000));
  pair.tick();
  expect(sent.length).toBe(3);
});

test("a peer that never acknowledges holds back at most the window; then callers are refused at the cap, and nothing ends (case 77)", () => {
  const pair = new Pair();
  const [left] = pair.link();
  pair.run();
  let refused = 0;
  let sentBytes = 0;
  for (let count = 0; count < 3_000; count++) {
    const message = new OutMessage(0x12, 1, new Uint8Array(16_000), "send");
    if (pair.one.outbox.push(message) !== "queued") refused++;
    pair.tick();
    left.underWay.length = 0;
  }
  for (const record of left.sent) sentBytes += record.length;
  expect(sentBytes).toBeLessThanOrEqual(MIB + 1_000);
  expect(pair.one.outbox.queuedBytes).toBeLessThanOrEqual(16 * MIB + 16_000);
  expect(refused).toBeGreaterThan(1_800);
  expect(pair.one.ends).toEqual([]);
});

test("a message of 16 MiB goes each way, in turn with small ones, with credit and within the window", () => {
  const big = Buffer.alloc(16 * MIB, "0123456789");
  const pair = new Pair();
  pair.link();
  pair.one.push("call", big, 7);
  pair.two.push("send", big, 8);
  for (let count = 0; count < 5; count++) {
    pair.tick();
    pair.one.push("call", "small");
  }
  pair.run();
  for (const party of [pair.one, pair.two]) {
    expect(
      party.received.filter((message) => message.payload.length === 16 * MIB && message.payload.equals(big)).length,
    ).toBe(1);
    expect(party.session.isIdle).toBe(true);
  }
  expect(pair.two.received.map((message) => message.payload.length)).toEqual([5, 5, 5, 5, 5, 16 * MIB]);
});

test("before anything was acknowledged big messages have at most 64 KiB and a fragment on their way, small ones the whole window", () => {
  const pair = new Pair();
  const [left] = pair.link();
  pair.run();
  const bytes = (): number => left.underWay.reduce((sum, record) => sum + record.length, 0);
  for (let channel = 0; channel < 10; channel++) pair.one.push("call", Buffer.alloc(60_000), channel);
  pair.tick();
  expect(bytes()).toBeGreaterThan(64 * KIB);
  expect(bytes()).toBeLessThan(64 * KIB + 17_000);
  for (let count = 0; count < 40; count++) pair.one.push("call", Buffer.alloc(16_000), 99);
  pair.tick();
  expect(bytes()).toBeGreaterThan(640_000);
});

test("credit that becomes free goes out at the end of the tick", () => {
  const limits = { messageBytes: 100_000, freeBytes: 16_392, assemblyMessages: 4, assemblyBytes: 4 * 16_392 + 100_000 };
  const pair = new Pair({ limits });
  const [left] = pair.link();
  pair.run();
  let offset = 0;
  const arrives = (bytes: Buffer): void => {
    left.events?.data(Buffer.concat([Buffer.of(DATA), u64(offset), bytes]));
    offset += bytes.length;
    pair.tick();
  };
  arrives(opening(1));
  arrives(opening(2));
  const before = left.sent.length;
  arrives(frame(0x02, 0, Buffer.alloc(0)));
  expect(left.sent.length).toBe(before + 1);
  expect(readFrames((left.sent.at(-1) as Buffer).subarray(18)).map((one) => [one.kind, one.channel])).toEqual([
    [0x01, 1],
  ]);
});

test("callers that wait for room go on when there is some", () => {
  let told = 0;
  const pair = new Pair({ limits: { queueSoftBytes: 20_000 }, onRoom: () => void told++ });
  pair.link();
  while (pair.one.outbox.hasRoom(1_000)) pair.one.push("send", Buffer.alloc(1_000));
  expect(told).toBe(0);
  pair.tick();
  expect(told).toBe(1);
  expect(pair.one.outbox.hasRoom(1_000)).toBe(true);
});
