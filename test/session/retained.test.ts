import { expect, test } from "vitest";
import { Retained } from "../../src/session/retained.ts";
import { seedOfRun, soak } from "../support/seeded.ts";
import { Seeded } from "./seeded.ts";

const SEED = seedOfRun();

test(`what is retained is the stream from what was acknowledged to its end, whatever is kept, taken and released (seed ${SEED})`, () => {
  let mostChunks = 0;
  for (let round = soak(20); round > 0; round--) mostChunks = Math.max(mostChunks, walk(new Seeded(SEED + round)));
  expect(mostChunks).toBeGreaterThan(130);
});

/** Keeps, takes and releases at random beside a plain copy of the stream. Returns how many chunks were held at most. */
function walk(chance: Seeded): number {
  const retained = new Retained();
  let stream = Buffer.alloc(0);
  let acked = 0;
  let mostChunks = 0;
  for (let step = 150; step > 0; step--) {
    // A long row of chunks now and then, so that old ones are dropped from it in bulk.
    const added = Array.from({ length: chance.once(40) ? 150 : chance.int(3) }, () => chance.bytes(1 + chance.int(5)));
    for (const chunk of added) retained.append(chunk);
    stream = Buffer.concat([stream, ...added]);
    mostChunks = Math.max(mostChunks, retained.chunks.length);
    acked += chance.int(Math.min(stream.length - acked, 20) + 1);
    retained.release(acked);
    expect([retained.start, retained.end]).toEqual([acked, stream.length]);
    if (acked === stream.length) continue;
    const from = acked + chance.int(stream.length - acked);
    const most = 1 + chance.int(20);
    expect(Buffer.concat(retained.slice(from, most))).toEqual(stream.subarray(from, from + most));
  }
  retained.release(stream.length);
  expect([retained.chunks, retained.offsets], "all of it acknowledged, nothing is kept").toEqual([[], []]);
  return mostChunks;
}

test("chunks that were acknowledged are let go of, also while later ones are kept", () => {
  const retained = new Retained();
  for (let count = 0; count < 1_000; count++) retained.append(Uint8Array.of(count));
  retained.release(999);
  expect(retained.chunks.reduce((sum, chunk) => sum + chunk.length, 0)).toBe(1);
  expect(retained.chunks.length).toBe(retained.offsets.length);
  expect(retained.chunks.length, "and their places too").toBeLessThan(10);
});

test("the memory of a big message is freed when its last chunk is acknowledged, and not before", () => {
  const retained = new Retained();
  const message = new Uint8Array(100_000).fill(1);
  for (let at = 0; at < message.length; at += 25_000) {
    retained.append(Uint8Array.of(0));
    retained.append(message.subarray(at, at + 25_000));
  }
  retained.release(100_003);
  expect(message.length).toBe(100_000);
  expect(Buffer.concat(retained.slice(100_003, 10))).toEqual(Buffer.of(1));
  retained.release(100_004);
  expect(message.length).toBe(0);
});
