import { expect, test } from "vitest";
import { discard } from "../../src/base/discard.ts";

test("a large buffer that is discarded has no bytes any more, nor has any view of it, and its memory is free at once", () => {
  const before = process.memoryUsage().arrayBuffers;
  for (let round = 0; round < 100; round++) {
    const { buffer } = new Uint8Array(2 ** 24).fill(round);
    const view = new Uint8Array(buffer, 5, 100);
    discard(buffer);
    expect([buffer.byteLength, view.length]).toEqual([0, 0]);
  }
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 25);
});

test("a buffer as small as those that messages share is left alone", () => {
  const bytes = new Uint8Array(32_768).fill(7);
  discard(bytes.buffer);
  expect(bytes.every((byte) => byte === 7) && bytes.length).toBe(32_768);
});

test("discarding again is nothing", () => {
  const { buffer } = new Uint8Array(100_000);
  discard(buffer);
  expect(() => discard(buffer)).not.toThrow();
});
