import { expect, test } from "vitest";
import { DEFAULT_LIMITS } from "../../src/base/limits.ts";
import { MessageQueue } from "../../src/call/messages.ts";
import { expectNothingLeft } from "../support/leftovers.ts";
import { failure, join, openRoom } from "../support/rooms.ts";

expectNothingLeft();

test("free messages that nobody reads are refused past 16 MiB, and taken again once they are read", async () => {
  const room = await openRoom();
  const foo = await join(room, "Foo");
  const bar = await join(room, "Bar");
  const peer = foo.peer("Bar");
  for (let n = 0; n < 5; n++) await peer.send(new Uint8Array(3_000_000));
  expect(await failure(peer.send(new Uint8Array(3_000_000)))).toMatchObject({ code: "BUSY", outcome: "did not run" });
  for await (const { data } of bar.messages()) {
    expect(data).toHaveLength(3_000_000);
    break;
  }
  await peer.send(new Uint8Array(3_000_000));
});

test("the queue takes one message of any size, and ten thousand empty ones", () => {
  const big = new MessageQueue();
  expect(big.push({ from: "Foo", data: 1 }, DEFAULT_LIMITS.calls.freeMessageBytes + 1)).toBe(true);
  expect(big.push({ from: "Foo", data: 2 }, 1)).toBe(false);
  const small = new MessageQueue();
  for (let n = 0; n < DEFAULT_LIMITS.calls.freeMessages; n++)
    expect(small.push({ from: "Foo", data: n }, 7)).toBe(true);
  expect(small.push({ from: "Foo", data: "more" }, 7)).toBe(false);
});

test("an iteration that is left takes no message with it, however many it waited for", async () => {
  const queue = new MessageQueue();
  const left = queue[Symbol.asyncIterator]();
  const waiting = [left.next(), left.next(), left.next()];
  queue.push({ from: "Foo", data: 1 }, 7);
  await left.return?.();
  expect(await Promise.all(waiting)).toEqual([
    { done: false, value: { from: "Foo", data: 1 } },
    { done: true, value: undefined },
    { done: true, value: undefined },
  ]);
  queue.push({ from: "Foo", data: 2 }, 7);
  expect(await queue[Symbol.asyncIterator]().next()).toEqual({ done: false, value: { from: "Foo", data: 2 } });
});
