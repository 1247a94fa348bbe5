import { expect, test } from "vitest";
import { systemRandom } from "../../src/base/random.ts";

test("random bytes have the length asked for, share no memory, and never come twice", () => {
  const seen = new Set<string>();
  for (let i = 0; i < 5_000; i++) {
    const bytes = systemRandom(16 + (i % 3) * 8);
    expect(bytes.length).toBe(16 + (i % 3) * 8);
    seen.add(Buffer.from(bytes.subarray(0, 16)).toString("hex"));
    bytes.fill(0); // the caller's to keep, and to change
  }
  expect(seen.size).toBe(5_000);
  for (const length of [0, 1, 255, 256, 257, 1_024, 100_000]) expect(systemRandom(length).length).toBe(length);
});

test("random bytes are not the zeros of a pool that has run dry: each of 256 values comes about as often", () => {
  const counts = new Uint32Array(256);
  for (let i = 0; i < 4_000; i++) for (const byte of systemRandom(64)) counts[byte] = (counts[byte] ?? 0) + 1;
  // 1,000 expected each; ten standard deviations are 316
  for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(316);
});
