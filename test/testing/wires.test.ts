import { simulate, type SimulatedNetwork } from "chatroom/testing";
import { expect, test } from "vitest";
import type { Pipe } from "../../src/pipe/pipe.ts";
import { failure } from "../support/rooms.ts";
import { soak } from "../support/seeded.ts";

/** A pipe from host "a" to host "b", and what arrives at its far end, with the times. */
async function open(
  net: SimulatedNetwork,
): Promise<{ near: Pipe; far: Pipe; got: number[]; at: number[]; ends: (Error | undefined)[] }> {
  const got: number[] = [];
  const at: number[] = [];
  const ends: (Error | undefined)[] = [];
  let far: Pipe | undefined;
  const listener = await net.host("b").options.environment.listen({
    host: "0.0.0.0",
    port: 0,
    accept: (pipe) => {
      far = pipe;
      pipe.start({
        data: (chunk) => {
          got.push(...chunk);
          at.push(net.now);
        },
        drain() {},
        end: (error) => ends.push(error),
      });
    },
  });
  expect(listener.address.host).toBe(net.host("b").address);
  const near = await net.host("a").options.environment.dial({ host: "b", port: listener.address.port });
  near.start({ data() {}, drain() {}, end() {} });
  return { near, far: far as Pipe, got, at, ends };
}

test("what is sent takes its latency, no less and no more, and stays in order", async () => {
  for (let seed = 1; seed <= soak(20); seed++) {
    await simulate({ seed, latencyMs: [20, 60] }, async (net) => {
      const { near, got, at } = await open(net);
      const sentAt: number[] = [];
      for (let number = 0; number < 100; number++) {
        near.write([Uint8Array.of(number)]);
        sentAt.push(net.now);
        await net.sleep(net.chance() * 10);
      }
      await net.sleep(100);
      expect(got).toEqual(Array.from({ length: 100 }, (_none, number) => number));
      const took = at.map((time, index) => time - (sentAt[index] as number));
      expect(Math.min(...took)).toBeGreaterThanOrEqual(20 - 1e-6);
      expect(Math.max(...took)).toBeLessThanOrEqual(60 + 1e-6);
      expect(Math.max(...took) - Math.min(...took)).toBeGreaterThan(10);
    });
  }
});

test("whatever is stalled, parted and healed meanwhile, bytes arrive once and in order", async () => {
  for (let seed = 1; seed <= soak(50); seed++) {
    const faults = { stallEveryMs: 40, partitionEveryMs: 60, lastsMs: [1, 100] } as const;
    await simulate({ seed, faults, latencyMs: [0, 20] }, async (net) => {
      net.host("c");
      const { near, far, got, ends } = await open(net);
      const sent: number[] = [];
      for (let number = 0; number < 200; number++) {
        const bytes = Uint8Array.from({ length: 1 + net.chance() * 20 }, () => net.chance() * 256);
        sent.push(...bytes);
        near.write([bytes]);
        if (net.chance() < 0.1) far.pause();
        if (net.chance() < 0.2) far.resume();
        await net.sleep(net.chance() * 5);
      }
      near.close();
      far.resume();
      await net.calm();
      await net.sleep(1_000);
      expect({ seed, got }).toEqual({ seed, got: sent });
      expect(ends).toEqual([undefined]);
    });
  }
});

test("a rate spreads what is sent over time, for all links of a direction together", async () => {
  await simulate({ latencyMs: [10, 10] }, async (net) => {
    const [one, other] = [await open(net), await open(net)];
    net.shape("a", "b", { bytesPerS: 1_000 }, { oneWay: true });
    const startedAt = net.now;
    for (let part = 0; part < 5; part++) {
      one.near.write([new Uint8Array(100)]);
      other.near.write([new Uint8Array(100)]);
    }
    await net.sleep(2_000);
    expect([one.got.length, other.got.length]).toEqual([500, 500]);
    expect(Math.max(...one.at, ...other.at) - startedAt).toBeCloseTo(1_010, 3);
    let back = 0;
    const sentAt = net.now;
    one.near.start({ data: () => (back = net.now), drain() {}, end() {} });
    one.far.write([new Uint8Array(1)]);
    await net.sleep(100);
    expect(back - sentAt).toBeCloseTo(10, 3); // the way back is as it was
  });
});

test("a shape changes what it names and nothing else", async () => {
  await simulate({ latencyMs: [5, 5] }, async (net) => {
    const { near, at } = await open(net);
    net.host("c");
    net.shape("a", "c", { latencyMs: [500, 500] });
    const sentAt = net.now;
    near.write([Uint8Array.of(1)]);
    await net.sleep(100);
    expect(at[0]).toBeCloseTo(sentAt + 5, 6);
    net.shape("a", "b", { latencyMs: [300, 300] });
    const againAt = net.now;
    near.write([Uint8Array.of(2)]);
    await net.sleep(1_000);
    expect(at.at(-1)).toBeCloseTo(againAt + 300, 6);
  });
});

test("hosts have addresses of their own, and names that can be dialled", async () => {
  await simulate({}, async (net) => {
    expect([net.host("a").address, net.host("room").address, net.host("b").address]).toEqual([
      "127.0.0.2",
      "127.0.0.1",
      "127.0.0.4",
    ]);
    const { near, far } = await open(net);
    expect([near.local.host, near.remote.host, far.remote.host]).toEqual(["127.0.0.2", "127.0.0.4", "127.0.0.2"]);
    const { environment } = net.host("a").options;
    const error = await failure(environment.listen({ host: net.host("b").address, port: 0, accept: () => {} }));
    expect(error.message).toBe("this machine has no address 127.0.0.4 to listen on");
    expect((await failure(environment.dial({ host: "nowhere", port: 80 }))).message).toContain("connection refused");
    const many = Array.from({ length: 600 }, (_none, number) => net.host(`many-${number}`).address);
    expect(new Set(many).size).toBe(600);
    expect(many.at(-1)).toMatch(/^127\.0\.2\.\d+$/);
  });
});
