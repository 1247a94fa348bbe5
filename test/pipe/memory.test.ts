import { expect, test } from "vitest";

import { MemoryNetwork } from "../../src/pipe/memory.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { expectNothingLeft } from "../support/leftovers.ts";
import { seeded, seedOfRun } from "../support/seeded.ts";
import { testPipes } from "./pipe-contract.ts";

expectNothingLeft();

const seed = seedOfRun();
console.log(`memory pipes, seed ${seed}`);
const host = "10.0.0.1";

for (const [name, network] of [
  ["memory", new MemoryNetwork()],
  ["memory that cuts its chunks anywhere", new MemoryNetwork({ chance: seeded(seed) })],
] as const) {
  testPipes(name, () => ({
    host,
    listen: (port, accept) => network.listen({ host, port, accept }),
    dial: (port) => network.dial({ host, port }),
  }));
  test(`${name} keeps nothing of pipes that are gone`, () => {
    expect(network.openPipes).toBe(0);
  });
}

test("a memory pipe moves only when its clock does", () => {
  const clock = new ManualClock();
  const network = new MemoryNetwork({ later: (run) => void clock.after(1, run) });
  const [a, b] = network.pair();
  const got: number[] = [];
  b.start({ data: (chunk) => got.push(...chunk), drain() {}, end() {} });
  a.write([Uint8Array.of(1, 2)]);
  expect(got).toEqual([]);
  clock.advance(1);
  expect(got).toEqual([1, 2]);
});

test("a frozen network delivers nothing, tells nobody, and goes on when thawed", () => {
  const clock = new ManualClock();
  const network = new MemoryNetwork({ later: (run) => void clock.after(1, run) });
  const [a, b] = network.pair();
  const seen: string[] = [];
  b.start({ data: (chunk) => seen.push(`data ${chunk.length}`), drain() {}, end: () => seen.push("end") });
  network.freeze();
  a.write([Uint8Array.of(1, 2, 3)]);
  a.close();
  clock.advance(1_000);
  expect(seen).toEqual([]);
  network.thaw();
  clock.advance(1_000);
  expect(seen).toEqual(["data 3", "end"]);
});

test("a cut network resets both ends of every pipe", () => {
  const clock = new ManualClock();
  const network = new MemoryNetwork({ later: (run) => void clock.after(1, run) });
  const [a, b] = network.pair();
  const seen: string[] = [];
  const ear = (who: string) => ({
    data() {},
    drain() {},
    end: (error?: Error) => seen.push(`${who}: ${error?.message}`),
  });
  a.start(ear("a"));
  b.start(ear("b"));
  a.write([Uint8Array.of(1)]);
  network.cut();
  clock.advance(10);
  expect(seen).toEqual(["a: read ECONNRESET", "b: read ECONNRESET"]);
});
