import { expect, test } from "vitest";

import { MemoryNetwork } from "../../src/pipe/memory.ts";
import type { Pipe } from "../../src/pipe/pipe.ts";
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

test("a cut before the owner came is told at start, and before a crash to nobody", () => {
  const clock = new ManualClock();
  const network = new MemoryNetwork({ later: (run) => void clock.after(1, run) });
  const [a, b] = network.pair();
  const seen: string[] = [];
  b.write([Uint8Array.of(1)]);
  network.cut();
  expect(a.write([Uint8Array.of(1)])).toBe(true);
  clock.advance(10);
  a.start({ data: () => seen.push("data"), drain() {}, end: (error) => seen.push(`end ${error?.message}`) });
  clock.advance(10);
  expect(seen).toEqual(["end read ECONNRESET"]);
  b.close();
  clock.advance(10);
  expect(network.openPipes).toBe(0);
  const [c] = network.pair();
  c.start({ data() {}, drain() {}, end: () => seen.push("end of c") });
  network.cut();
  network.crash("127.0.0.1");
  clock.advance(10);
  expect(seen).toEqual(["end read ECONNRESET"]);
  expect(network.openPipes).toBe(0);
});

test("a cut between two hosts leaves the others alone", async () => {
  const clock = new ManualClock();
  const network = new MemoryNetwork({ later: (run) => void clock.after(1, run) });
  const seen: string[] = [];
  const names = ["10.0.0.1", "10.0.0.2", "10.0.0.3"];
  for (const name of names) await network.listen({ host: name, port: 80, accept: () => {} });
  for (const [from, to] of [
    [0, 1],
    [1, 0],
    [1, 2],
    [0, 0],
  ] as const) {
    const dialled = network.dial({ host: names[to] as string, port: 80, localHost: names[from] });
    clock.advance(2);
    (await dialled).start({ data() {}, drain() {}, end: () => seen.push(`${from} ${to}`) });
  }
  network.cut(["10.0.0.1", "10.0.0.2"]);
  clock.advance(10);
  expect(seen).toEqual(["0 1", "1 0"]);
});

test("a program that crashes hears nothing more; the others get a reset, now or when they write", async () => {
  for (const isSilent of [false, true]) {
    const clock = new ManualClock();
    const network = new MemoryNetwork({ later: (run) => void clock.after(1, run) });
    const seen: string[] = [];
    const far: Pipe[] = [];
    await network.listen({ host: "10.0.0.2", port: 80, accept: (pipe) => void far.push(pipe) });
    const dialled = network.dial({ host: "10.0.0.2", port: 80, localHost: "10.0.0.1" });
    clock.advance(2);
    const near = await dialled;
    near.start({ data: () => seen.push("near data"), drain() {}, end: (error) => seen.push(`near ${error?.message}`) });
    far[0]?.start({ data: () => seen.push("far data"), drain() {}, end: () => seen.push("far end") });
    far[0]?.write([Uint8Array.of(1)]);
    network.crash("10.0.0.2", isSilent);
    clock.advance(60_000);
    expect(seen).toEqual(isSilent ? ["near data"] : ["near data", "near read ECONNRESET"]);
    near.write([Uint8Array.of(1)]);
    clock.advance(10);
    expect(seen).toEqual(["near data", "near read ECONNRESET"]);
    const again = network.dial({ host: "10.0.0.2", port: 80 }).catch((error: unknown) => error);
    clock.advance(2);
    expect(await again).toMatchObject({ code: "ERR_UNREACHABLE" });
    expect(network.openPipes).toBe(0);
  }
});

test("a dial that was given up leaves no pipe, whenever that was", async () => {
  for (const ms of [0, 1, 2]) {
    const clock = new ManualClock();
    const network = new MemoryNetwork({ later: (run) => void clock.after(1, run) });
    await network.listen({ host, port: 80, accept: (pipe) => pipe.start({ data() {}, drain() {}, end() {} }) });
    const over = new AbortController();
    const dialled = network.dial({ host, port: 80, signal: over.signal }).then(
      (pipe) => pipe.destroy(),
      (error: unknown) => error,
    );
    clock.advance(ms);
    over.abort("enough");
    expect(await dialled).toBe(ms < 2 ? "enough" : undefined);
    clock.advance(10);
    expect(network.openPipes).toBe(0);
  }
});

test("the ports of dials start again after the last one, and pass by those that are listened at", async () => {
  const network = new MemoryNetwork({ later: (run) => run() });
  const { address } = await network.listen({ host: "127.0.0.1", port: 0, accept: (pipe) => pipe.destroy() });
  const ports = new Set<number>();
  for (let dials = 0; dials < 17_000; dials++) {
    const pipe = await network.dial({ host: "127.0.0.1", port: address.port });
    ports.add(pipe.local.port);
    pipe.destroy();
  }
  expect(ports.size).toBe(65_536 - 49_152 - 1);
  expect(Math.max(...ports)).toBe(65_535);
  expect(ports.has(address.port)).toBe(false);
});
