import { expect, test } from "vitest";
import {
  type Binding,
  type End,
  handshakeStarted,
  linkProven,
  newBinding,
  sessionEnded,
} from "../../src/session/bind.ts";

const process = (id: number): Uint8Array => new Uint8Array(12).fill(id);
const end = (id: number, epoch = 0): End => ({ incarnation: process(id), epoch });

function proven(
  binding: Binding,
  them: End,
  options: { startedAt?: number; mine?: End; mayJoin?: boolean } = {},
): string {
  const handshake = handshakeStarted(binding);
  return linkProven(binding, { ...handshake, them, mayJoin: false, ...options });
}

test("the first link begins a session, and one with the session's key joins it", () => {
  const binding = newBinding(process(1));
  expect(proven(binding, end(2))).toBe("begin");
  expect(proven(binding, end(2), { mayJoin: true })).toBe("join");
  expect(binding.session?.them).toEqual(end(2));
});

test("a link without the session's key can't join it, although it names the same ends", () => {
  const binding = newBinding(process(1));
  proven(binding, end(2));
  expect(proven(binding, end(2), { mayJoin: false })).toBe("destroy");
});

test("a higher epoch of the same process replaces the session, a lower one is stale", () => {
  const binding = newBinding(process(1));
  proven(binding, end(2, 5));
  expect(proven(binding, end(2, 4))).toBe("destroy");
  expect(proven(binding, end(2, 6), { startedAt: 0 })).toBe("replace");
  expect(binding.session?.them).toEqual(end(2, 6));
});

test("another process replaces the session only if its handshake began after the present one was proven", () => {
  const binding = newBinding(process(1));
  const early = handshakeStarted(binding);
  proven(binding, end(2, 9));
  expect(linkProven(binding, { ...early, them: end(3), mayJoin: false }), "it may be older: dial again").toBe(
    "destroy",
  );
  expect(proven(binding, end(3))).toBe("replace");
  expect(proven(binding, end(2, 10), { startedAt: 2 }), "a late link of the process before").toBe("destroy");
});

test("after a session ended this side has another end, and links from before it lead nowhere", () => {
  const binding = newBinding(process(1));
  const early = handshakeStarted(binding);
  proven(binding, end(2));
  sessionEnded(binding);
  expect(binding.end).toEqual(end(1, 1));
  expect(linkProven(binding, { ...early, them: end(2), mayJoin: true })).toBe("destroy");
  expect(proven(binding, end(2))).toBe("begin");
});

test("epochs go round after 2^32", () => {
  const binding = newBinding(process(1));
  binding.end = end(1, 0xffff_ffff);
  sessionEnded(binding);
  expect(binding.end.epoch).toBe(0);
});
