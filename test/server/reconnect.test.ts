import { Client, Server } from "chatroom";
import { simulate } from "chatroom/testing";
import { expect, test } from "vitest";
import { loggerOf } from "../../src/base/log.ts";
import type { Environment } from "../../src/link/environment.ts";
import { Retries } from "../../src/node/retries.ts";
import { expectNothingLeft } from "../support/leftovers.ts";
import { failure } from "../support/rooms.ts";

expectNothingLeft();

const done = async (): Promise<void> => {};

test("a connection that breaks while it is made is made again within a second, whenever that is", async () => {
  for (let cutAt = 0; cutAt <= 80; cutAt += 5) {
    await simulate({ seed: 1, latencyMs: [10, 10] }, async (net) => {
      await using server = await Server.listen(net.host("eu").options);
      server.handle("echo", (data) => data);
      await using foo = await Client.open("Foo", net.host("foo").options);
      const connected = foo.connect("Baz", { host: net.host("eu").address });
      await net.sleep(cutAt);
      net.cut();
      expect(await (await connected).get("echo", cutAt)).toBe(cutAt);
      expect(net.now, `cut at ${cutAt} ms`).toBeLessThan(1_000);
    });
  }
});

test("connections that break at once are made again at once a few hundred times, then five times a second, and for good in the end (limit peers.linksBurst, limit peers.linksPerSecond)", async () => {
  await simulate({ seed: 1, latencyMs: [1, 1] }, async (net) => {
    await using server = await Server.listen(net.host("eu").options);
    server.handle("echo", (data) => data);
    await using foo = await Client.open("Foo", net.host("foo").options);
    const baz = await foo.connect("Baz", { host: net.host("eu").address });
    let cuts = 0;
    while (net.now < 10_000) {
      if (baz.path !== undefined) {
        await net.sleep(4); // both sides have heard each other
        net.cut();
        cuts++;
      }
      await net.sleep(1);
    }
    expect(cuts).toBeGreaterThan(300);
    expect(cuts).toBeLessThan(400);
    expect(await baz.get("echo", 1)).toBe(1);
    expect(net.now).toBeLessThan(13_000);
  });
});

test("what succeeds and is wanted again at once is held back, and at once again after some quiet (limit peers.joinsBurst, limit peers.joinsPerSecond)", async () => {
  await simulate({}, async (net) => {
    const { environment } = net.host("foo").options;
    const log = loggerOf("silent", "Foo");
    const retries = new Retries({ environment, log, target: "it", advice: "", reconnect: true });
    let runs = 0;
    for (; net.now < 10_000 && runs < 100; runs++) await retries.run(done);
    expect(runs).toBeGreaterThan(10);
    expect(runs).toBeLessThan(25);
    await net.sleep(30_000);
    const { now } = net;
    for (let round = 0; round < 10; round++) await retries.run(done);
    expect(net.now).toBe(now);
  });
});

test("a name that is given to another server in the very moment in which the connection to the first one comes about is that server's", async () => {
  for (let turns = 0; turns < 5; turns++) {
    await simulate({ latencyMs: [5, 5] }, async (net) => {
      await using one = await Server.listen(net.host("one").options);
      await using two = await Server.listen(net.host("two").options);
      const { environment, log } = net.host("foo").options;
      let second: Promise<unknown> | undefined;
      /** Changes over so many microtasks after the answer came: between two steps of what waits for it. */
      const dial: Environment["dial"] = async (options) => {
        const pipe = await environment.dial(options);
        const start = pipe.start.bind(pipe);
        pipe.start = (events) =>
          start({
            ...events,
            data: (chunk) => {
              events.data(chunk);
              second ??= changeOver();
            },
          });
        return pipe;
      };
      await using foo = await Client.open("Foo", { environment: { ...environment, dial }, log });
      const changeOver = async (): Promise<unknown> => {
        for (let turn = 0; turn < turns; turn++) await Promise.resolve();
        await foo.disconnect("Baz");
        return foo.connect("Baz", { host: net.host("two").address });
      };
      await failure(foo.connect("Baz", { host: net.host("one").address }));
      await second;
      expect(net.now, `after ${turns} turns`).toBeLessThan(100);
      await net.sleep(1_000);
      expect([one.names, two.names], `after ${turns} turns`).toEqual([[], ["Foo"]]);
    });
  }
});

test("a server that closes answers what it has taken, over a new connection when the old one breaks", async () => {
  await simulate({ latencyMs: [5, 5] }, async (net) => {
    const host = net.host("eu");
    const server = await Server.listen(host.options);
    server.handle("slow", async (data) => {
      await host.sleep(1_000);
      return data;
    });
    await using foo = await Client.open("Foo", net.host("foo").options);
    const baz = await foo.connect("Baz", { host: host.address });
    const answer = baz.get("slow", "here it is");
    await net.sleep(100);
    const closed = server.close();
    await net.sleep(100);
    net.cut();
    const late = await Client.open("Late", net.host("late").options);
    expect(await failure(late.connect("Baz", { host: host.address, reconnect: false }))).toMatchObject({
      code: "ERR_REFUSED",
      received: 13,
    });
    expect(await answer).toBe("here it is");
    await Promise.all([closed, late.close()]);
  });
});
