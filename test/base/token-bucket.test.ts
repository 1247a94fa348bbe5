import { expect, test } from "vitest";
import { TokenBucket } from "../../src/base/token-bucket.ts";

/** How many tokens can be taken at once. */
function takeAll(bucket: TokenBucket, now: number): number {
  let count = 0;
  while (count < 1_000 && bucket.take(now)) count++;
  return count;
}

test("tokens gather up to the burst, at their rate, and only whole ones can be taken", () => {
  const bucket = new TokenBucket(5, 20, 1_000);
  expect(takeAll(bucket, 1_000), "full at first").toBe(20);
  expect([bucket.hasToken(1_199), bucket.hasToken(1_200)]).toEqual([false, true]);
  expect(takeAll(bucket, 2_000)).toBe(5);
  expect(takeAll(bucket, 3_600_000), "after an hour").toBe(20);
  expect(bucket.waitS(3_600_000)).toBeCloseTo(0.2);
});

test("a token that is charged but not there is a debt, of one burst at most", () => {
  const bucket = new TokenBucket(1, 3, 0);
  for (let count = 0; count < 4; count++) bucket.charge(0);
  expect(bucket.waitS(0), "three that were there, and one").toBe(2);
  for (let count = 0; count < 100; count++) bucket.charge(0);
  expect(bucket.waitS(0)).toBe(4);
  expect([bucket.hasToken(3_999), bucket.hasToken(4_000)]).toEqual([false, true]);
});

test("a token that is given back can be taken again, and none beyond the burst", () => {
  const bucket = new TokenBucket(1, 3, 0);
  bucket.take(0);
  bucket.giveBack();
  bucket.giveBack();
  expect(takeAll(bucket, 0)).toBe(3);
});
