import { expect, test } from "vitest";
import { ACK, ATTACH, DATA, END } from "../../src/session/frames.ts";
import { ACK_DELAY_MS } from "../../src/session/session.ts";
import { ProtocolViolation } from "../../src/session/violation.ts";
import { frame, u64 } from "./naive.ts";
import { Pair, type TestLink } from "./pair.ts";

/** Types of the first frames of records. */
const types = (link: TestLink): number[] => link.sent.map((record) => record[0] as number);

test("end() sends what was pushed before, then END, and closes the link with code 0; the peer learns what this side had", () => {
  const pair = new Pair();
  const [left, right] = pair.link();
  pair.run();
  pair.two.push("call", "unheard");
  pair.tick();
  const unheard = pair.two.push("send", "later");
  pair.one.push("call", "last");
  pair.one.session.end("done", "leaving");
  expect(types(left)).toEqual([ATTACH, DATA, END]);
  expect([left.closedWith, pair.one.session.isEnded]).toEqual([0, true]);
  pair.run();
  expect(pair.two.texts).toEqual(["last"]);
  expect(pair.two.ends).toEqual([
    { reason: "done", text: "leaving", byPeer: true, peerReceived: 0, isRefused: false, cause: undefined },
  ]);
  expect(pair.one.ends).toEqual([
    { reason: "done", text: "leaving", byPeer: false, peerReceived: undefined, isRefused: false, cause: undefined },
  ]);
  expect(right.closedWith).toBe(0);
  expect(unheard.state).toBe("committed");
  expect(unheard.endOffset).toBeGreaterThan(0);
  pair.one.session.end();
  expect(pair.one.ends.length).toBe(1);
});

test("the outcome of a message is known from END: what lies beyond was not handled, what lies before was", () => {
  const pair = new Pair(
    {},
    { onMessage: ({ payload }) => void (payload.toString() === "stop" && pair.two.session.end()) },
  );
  const [left] = pair.link();
  const first = pair.one.push("call", "stop");
  pair.tick();
  const second = pair.one.push("call", "never");
  pair.tick();
  left.writable = false;
  const third = pair.one.push("call", "waits");
  pair.run();
  const received = pair.one.ends[0]?.peerReceived as number;
  expect(first.endOffset).toBeLessThanOrEqual(received);
  expect(second.endOffset).toBeGreaterThan(received);
  expect([first.state, second.state, third.state]).toEqual(["committed", "committed", "queued"]);
  expect(pair.two.texts).toEqual(["stop"]);
});

test("ending within a message's handler stops delivery at once", () => {
  const pair: Pair = new Pair({}, { onMessage: () => pair.two.session.end("protocol", "enough") });
  pair.link();
  for (const text of ["a", "b"]) pair.one.push("call", text);
  pair.run();
  expect(pair.two.texts).toEqual(["a"]);
  expect(pair.one.ends.map((end) => [end.reason, end.byPeer, end.text])).toEqual([["protocol", true, "enough"]]);
});

test("a breach that a handler finds ends the session as such, and the peer is told; any other error as failed, and the peer is not told what", () => {
  for (const error of [new ProtocolViolation("that is no contract"), new Error("secret")]) {
    const pair = new Pair(
      {},
      {
        onMessage: () => {
          throw error;
        },
      },
    );
    const [, right] = pair.link();
    pair.one.push("call", "a");
    pair.one.push("call", "b");
    pair.run();
    const isBreach = error instanceof ProtocolViolation;
    expect(pair.two.received.length).toBe(1);
    expect(pair.two.ends.map((end) => [end.reason, end.cause])).toEqual([[isBreach ? "protocol" : "failed", error]]);
    expect(right.closedWith).toBe(12);
    expect(pair.one.ends.map((end) => [end.reason, end.text.includes(error.message)])).toEqual([
      [isBreach ? "protocol" : "failed", isBreach],
    ]);
  }
});

test("a stream that breaks the rules of frames ends the session with the reason", () => {
  const pair = new Pair();
  const [left] = pair.link();
  pair.run();
  const wrong = frame(0x05, 1, Buffer.alloc(3));
  left.other?.events?.data(Buffer.concat([Buffer.of(DATA), u64(0), wrong]));
  expect(pair.two.ends.map((end) => [end.reason, end.byPeer, end.text])).toEqual([
    ["protocol", false, "a frame of kind 5 with 3 bytes means nothing"],
  ]);
  pair.run();
  expect(pair.one.reasons).toEqual(["protocol"]);
});

test("a peer that acknowledges what was never sent is told so, and the session is over (case 95)", () => {
  const pair = new Pair();
  const [left] = pair.link();
  pair.run();
  left.events?.data(Buffer.concat([Buffer.of(ACK), u64(1)]));
  expect(pair.one.ends[0]?.text).toBe("1 bytes acknowledged of 0 that were sent");
  expect(left.closedWith).toBe(12);
});

test("a sealed box has no place in a session", () => {
  const pair = new Pair();
  const [left] = pair.link();
  left.events?.sealed(new Uint8Array(3));
  expect(pair.one.reasons).toEqual(["protocol"]);
});

test("without a resume window the session is lost with its link, and says how that ended", () => {
  const pair = new Pair();
  const [left] = pair.link();
  pair.run();
  const error = new Error("connection reset");
  left.lose(error);
  expect(pair.one.ends).toEqual([
    {
      reason: "lost",
      text: "connection reset",
      byPeer: false,
      peerReceived: undefined,
      isRefused: false,
      cause: error,
    },
  ]);
  pair.run();
  expect(pair.two.ends.map((end) => [end.reason, end.text])).toEqual([["lost", "the other side broke off"]]);
});

test("with a resume window it goes on over the next link, without losing or doubling anything", () => {
  const pair = new Pair({ resumeWindowMs: 30_000 }, { resumeWindowMs: 30_000 });
  const [left, right] = pair.link();
  pair.run();
  for (const text of ["a", "b", "c"]) {
    pair.one.push("send", text);
    pair.tick();
  }
  left.carry();
  left.lose();
  right.lose();
  pair.one.push("send", "d");
  pair.clock.advance(29_999);
  pair.link();
  pair.run();
  expect(pair.two.texts).toEqual(["a", "b", "c", "d"]);
  pair.clock.advance(60_000);
  expect([pair.one.ends, pair.two.ends]).toEqual([[], []]);
});

test("the resume window ends a session without a link, and nothing is left of it", () => {
  const pair = new Pair({ resumeWindowMs: 30_000 });
  const [left] = pair.link();
  pair.run();
  pair.one.push("send", "a");
  left.lose();
  pair.run();
  pair.clock.advance(29_999);
  expect(pair.one.ends).toEqual([]);
  pair.clock.advance(1);
  expect(pair.one.reasons).toEqual(["lost"]);
  expect(pair.clock.pending).toBe(0);
  expect(pair.one.outbox.queuedBytes).toBeGreaterThan(0);
});

test("what was on its way when a link broke is sent again as soon as the next one tells where to go on", () => {
  const pair = new Pair({ resumeWindowMs: 30_000 }, { resumeWindowMs: 30_000 });
  const [left, right] = pair.link();
  pair.run();
  pair.one.push("send", "a");
  pair.tick();
  left.lose();
  right.lose();
  pair.run();
  pair.link();
  pair.run();
  expect(pair.two.texts).toEqual(["a"]);
});

test("what was on its way when a link broke goes over the other one at once", () => {
  const pair = new Pair();
  const [left, right] = pair.link(0);
  pair.run();
  pair.link(1);
  pair.one.push("send", "a");
  pair.tick();
  left.lose();
  right.lose();
  pair.run();
  expect(pair.two.texts).toEqual(["a"]);
});

test("a better link takes the stream over while the session goes on, and the old one is closed when it has served", () => {
  const pair = new Pair();
  const [slow] = pair.link(2);
  pair.one.push("send", "a");
  pair.two.push("send", "x");
  pair.run();
  const [fast] = pair.link(0);
  pair.run();
  expect(pair.one.session.link).toBe(fast);
  pair.one.push("send", "b");
  pair.two.push("send", "y");
  pair.run();
  pair.clock.advance(ACK_DELAY_MS);
  pair.run();
  expect([pair.one.texts, pair.two.texts]).toEqual([
    ["x", "y"],
    ["a", "b"],
  ]);
  expect(slow.closedWith).toBe(0);
  expect([pair.one.ends, pair.two.ends]).toEqual([[], []]);
});

test("after its end a session leaves no timer, sends nothing, and its outbox serves the next one", () => {
  const pair = new Pair();
  const [left, right] = pair.link();
  pair.two.push("send", "a");
  pair.run();
  expect(pair.clock.pending, "the late acknowledgement, and the watch over the one that waits for it").toBe(2);
  pair.one.session.end();
  pair.run();
  expect(pair.clock.pending).toBe(0);
  const counts = [left.sent.length, right.sent.length];
  const later = pair.two.push("send", "later");
  pair.run();
  expect([left.sent.length, right.sent.length]).toEqual(counts);
  expect(later.state).toBe("queued");
  pair.two.outbox.bind({ wake: () => {}, bulkBytes: () => 0 });
});

test("ended within its resume window, or by a caller that was told of room, a session leaves no timer either", () => {
  const alone = new Pair({ resumeWindowMs: 30_000 });
  alone.link()[0].lose();
  expect(alone.clock.pending).toBe(1);
  alone.one.session.end();
  expect(alone.clock.pending).toBe(0);
  const pair: Pair = new Pair({ limits: { queueSoftBytes: 1_000 }, onRoom: () => pair.one.session.end() });
  const [left] = pair.link();
  pair.run();
  left.writable = false;
  pair.one.push("send", Buffer.alloc(2_000));
  expect(pair.one.outbox.hasRoom(1)).toBe(false);
  for (const text of ["a", "b"]) {
    pair.two.push("send", text);
    pair.run();
  }
  left.writable = true;
  pair.clock.advance(ACK_DELAY_MS);
  expect(pair.one.reasons).toEqual(["done"]);
  pair.two.session.end();
  expect(pair.clock.pending).toBe(0);
});

test("a link that comes after the end is destroyed", () => {
  const pair = new Pair();
  pair.one.session.end();
  const [left] = pair.link();
  expect(left.isDestroyed).toBe(true);
  expect(left.events).toBe(undefined);
});
