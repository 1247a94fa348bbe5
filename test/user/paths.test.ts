import { Room, User } from "chatroom";
import { simulate, type SimulatedNetwork } from "chatroom/testing";
import { expect, test } from "vitest";
import { expectNothingLeft } from "../support/leftovers.ts";

expectNothingLeft();

/** A Room and two users that call each other. */
async function threesome(
  net: SimulatedNetwork,
  run: (room: Room, foo: User, bar: User) => Promise<void>,
): Promise<void> {
  await using room = await Room.open(net.host("room").options);
  await using foo = await User.join("Foo", net.host("foo").options);
  await using bar = await User.join("Bar", net.host("bar").options);
  bar.handle("echo", (data) => data);
  foo.handle("echo", (data) => data);
  await run(room, foo, bar);
}

const paths = (foo: User, bar: User): unknown[] => [foo.peer("Bar").path, bar.peer("Foo").path];

test("users of one network talk directly, and the Room relays nothing", async () => {
  await simulate({ latencyMs: [1, 1] }, async (net) => {
    await threesome(net, async (room, foo, bar) => {
      expect(await foo.peer("Bar").get("echo", 1)).toBe(1);
      expect(paths(foo, bar)).toEqual(["lan", "lan"]);
      await net.sleep(1_000);
      expect(room.status().relayed).toEqual([]);
      expect(foo.status().peers).toMatchObject([{ name: "Bar", here: true, path: "lan", trouble: undefined }]);
      const linked = foo.status().peers[0]?.attempts.filter(({ outcome }) => outcome === "linked");
      expect(linked?.map(({ path }) => path) ?? []).not.toContain("relay");
    });
  });
});

test.each([
  ["Foo", 25],
  ["Bar", 25],
  ["Foo", 100],
])(
  "users that can't reach each other talk through the Room: a first call of %s takes four round trips of %i ms one way",
  async (caller, ms) => {
    await simulate({ latencyMs: [ms, ms] }, async (net) => {
      await threesome(net, async (room, foo, bar) => {
        net.partition("foo", "bar");
        const [from, to] = caller === "Foo" ? [foo, "Bar"] : [bar, "Foo"];
        const { now } = net;
        expect(await from.peer(to).get("echo", 1)).toBe(1);
        // 50 ms of them are the head start of direct dials.
        expect(net.now - now).toBeLessThanOrEqual(8 * ms + 60);
        expect(paths(foo, bar)).toEqual(["relay", "relay"]);
        expect(room.status().relayed).toMatchObject([{ between: [caller, to] }]);
      });
    });
  },
);

test("a relayed pair moves to a direct path as soon as there is one, in the middle of its calls, and the Room is free again", async () => {
  await simulate({ latencyMs: [5, 10] }, async (net) => {
    await threesome(net, async (room, foo, bar) => {
      net.partition("foo", "bar");
      const seen: number[] = [];
      bar.handle("count", (data) => void seen.push(data as number));
      for (let n = 0; n < 50; n++) await foo.peer("Bar").get("count", n);
      expect(paths(foo, bar)).toEqual(["relay", "relay"]);
      net.heal("foo", "bar");
      const { now } = net;
      let n = 50;
      while (foo.peer("Bar").path !== "lan" || bar.peer("Foo").path !== "lan") {
        await foo.peer("Bar").get("count", n++);
        expect(net.now - now).toBeLessThan(70_000);
      }
      for (const last = n + 50; n < last; n++) await foo.peer("Bar").get("count", n);
      expect(seen).toEqual(Array.from({ length: n }, (_, index) => index));
      await net.sleep(2_000);
      expect(room.status().relayed).toEqual([]);
    });
  });
});

test("paths tells how a peer is reached, and whenever that changes; whoever is slow gets the latest; it ends with its signal and with the program", async () => {
  await simulate({ latencyMs: [5, 10] }, async (net) => {
    const told: unknown[] = [];
    let slowly!: AsyncIterator<unknown>;
    const watching: Promise<void>[] = [];
    await threesome(net, async (_room, foo, bar) => {
      const controller = new AbortController();
      const watch = async (into: unknown[], signal?: AbortSignal): Promise<void> => {
        for await (const path of foo.peer("Bar").paths({ signal })) into.push(path);
      };
      const ended: unknown[] = [];
      watching.push(watch(told), watch(ended, controller.signal));
      slowly = foo.peer("Bar").paths()[Symbol.asyncIterator]();
      expect(await slowly.next()).toEqual({ done: false, value: undefined });
      net.partition("foo", "bar");
      await foo.peer("Bar").get("echo", 1);
      await net.sleep(100);
      expect(told).toEqual([undefined, "relay"]);
      net.heal("foo", "bar");
      while (foo.peer("Bar").path !== "lan") await net.sleep(100);
      controller.abort();
      await net.sleep(100);
      expect(told).toEqual([undefined, "relay", "lan"]);
      expect(await slowly.next()).toEqual({ done: false, value: "lan" });
      await bar.close();
      await net.sleep(100);
      expect(told).toEqual([undefined, "relay", "lan", undefined]);
      expect(ended).toEqual([undefined, "relay", "lan"]);
      expect(await slowly.next()).toEqual({ done: false, value: undefined });
    });
    await Promise.all(watching);
    expect(await slowly.next()).toEqual({ done: true, value: undefined });
  });
});

test("a user that is eager is connected to all that it may talk to before anybody calls, and to whoever comes, or comes back", async () => {
  await simulate({ latencyMs: [5, 10] }, async (net) => {
    await using room = await Room.open(net.host("room").options);
    await using far = await User.join("Far", net.host("far").options);
    await using denied = await User.join("Denied", net.host("denied").options);
    await using near = await User.join("Near", net.host("near").options);
    const { options } = net.host("foo");
    net.partition("foo", "far");
    await using foo = await User.join("Foo", { ...options, connect: "eager", deny: ["Denied"] });
    const reached = (): unknown[] => ["Far", "Denied", "Bar"].map((name) => foo.peer(name).path);
    await net.sleep(1_000);
    expect(reached()).toEqual(["relay", undefined, undefined]);
    expect([near.peer("Foo").path, near.peer("Far").path]).toEqual(["lan", undefined]); // the others are not eager
    expect(foo.status().peers.find(({ name }) => name === "Denied")?.trouble).toBeUndefined();
    expect(denied.status().peers.flatMap(({ attempts }) => attempts)).toEqual([]);
    const bar = await User.join("Bar", net.host("bar").options);
    bar.handle("echo", (data) => data);
    await net.sleep(1_000);
    expect(reached()).toEqual(["relay", undefined, "lan"]);
    const { now } = net;
    expect(await foo.peer("Bar").get("echo", 1)).toBe(1);
    expect(net.now - now).toBeLessThanOrEqual(20); // a round trip
    await bar.close();
    await net.sleep(1_000);
    expect(reached()).toEqual(["relay", undefined, undefined]);
    await using again = await User.join("Bar", net.host("bar").options);
    await net.sleep(1_000);
    expect(reached()).toEqual(["relay", undefined, "lan"]);
    expect([far.peer("Foo").path, again.peer("Far").path, room.names.length]).toEqual(["relay", undefined, 5]);
  });
});

test("a user that is eager looks for those that it can't reach until it does", async () => {
  await simulate({ latencyMs: [5, 10] }, async (net) => {
    await using room = await Room.open({ ...net.host("room").options, relay: false });
    await using bar = await User.join("Bar", net.host("bar").options);
    const { options } = net.host("foo");
    net.partition("foo", "bar");
    await using foo = await User.join("Foo", { ...options, connect: "eager" });
    await net.sleep(30_000);
    expect(foo.peer("Bar").path).toBeUndefined();
    net.heal("foo", "bar");
    const { now } = net;
    while (bar.peer("Foo").path === undefined) {
      await net.sleep(100);
      expect(net.now - now).toBeLessThan(60_000);
    }
    expect([foo.peer("Bar").path, room.names]).toEqual(["lan", ["Bar", "Foo"]]);
  });
});

test("an option connect that is neither word is refused", async () => {
  const joined = User.join("Foo", { connect: "soon" as "lazy" });
  await expect(joined).rejects.toThrow(new TypeError('connect must be "lazy" or "eager"'));
});

test("hours later a relayed pair still looks for a direct path, once a minute", async () => {
  await simulate({ latencyMs: [5, 10] }, async (net) => {
    await threesome(net, async (_room, foo, bar) => {
      net.partition("foo", "bar");
      await foo.peer("Bar").get("echo", 1);
      await net.sleep(1_800_000);
      expect(paths(foo, bar)).toEqual(["relay", "relay"]);
      net.heal("foo", "bar");
      const { now } = net;
      while (foo.peer("Bar").path !== "lan") {
        await net.sleep(1_000);
        expect(net.now - now).toBeLessThan(65_000);
      }
    });
  });
});

test("a peer that is reached through the Room alone, and comes back as another program after its power went, is called anew within 5 s", async () => {
  await simulate({ latencyMs: [5, 10] }, async (net) => {
    await using room = await Room.open(net.host("room").options);
    await using foo = await User.join("Foo", net.host("foo").options);
    let lives = 0;
    await net.host("bar").run(async (options) => {
      const bar = await User.join("Bar", options);
      const life = ++lives;
      bar.handle("life", () => life);
    });
    net.partition("foo", "bar");
    expect(await foo.peer("Bar").get("life")).toBe(1);
    net.host("bar").crash({ silent: true });
    await net.host("bar").restart();
    const { now } = net;
    expect(await foo.peer("Bar").get("life")).toBe(2);
    expect(net.now - now).toBeLessThan(5_000);
    expect([foo.peer("Bar").path, room.names]).toEqual(["relay", ["Bar", "Foo"]]);
  });
});

test("a direct path that is cut is left for the Room's relay within 3 s, and no call fails", async () => {
  await simulate({ latencyMs: [5, 10] }, async (net) => {
    await threesome(net, async (_room, foo, bar) => {
      let ran = 0;
      bar.handle("count", () => ++ran);
      expect(await foo.peer("Bar").get("count")).toBe(1);
      expect(paths(foo, bar)).toEqual(["lan", "lan"]);
      net.partition("foo", "bar");
      const { now } = net;
      expect(await foo.peer("Bar").get("count")).toBe(2);
      expect(net.now - now).toBeLessThan(3_500);
      expect(paths(foo, bar)).toEqual(["relay", "relay"]);
    });
  });
});

test.each([
  ["the one with the greater name", "Foo"],
  ["the one with the smaller name", "Bar"],
])(
  "the same after ten minutes in which nothing was said: %s calls, and the other one has noticed nothing",
  async (_who, caller) => {
    await simulate({ latencyMs: [5, 10] }, async (net) => {
      await threesome(net, async (_room, foo, bar) => {
        const [from, to] = caller === "Foo" ? [foo, "Bar"] : [bar, "Foo"];
        await from.peer(to).get("echo", 1);
        await net.sleep(600_000);
        expect(paths(foo, bar)).toEqual(["lan", "lan"]);
        net.partition("foo", "bar");
        const { now } = net;
        expect(await from.peer(to).get("echo", 2)).toBe(2);
        expect(net.now - now).toBeLessThan(4_000);
        expect(paths(foo, bar)).toEqual(["relay", "relay"]);
      });
    });
  },
);

test("a Room that restarts: relayed calls wait and are answered, direct ones go on", async () => {
  await simulate({ latencyMs: [5, 10] }, async (net) => {
    const first = await Room.open(net.host("room").options);
    await using foo = await User.join("Foo", net.host("foo").options);
    await using bar = await User.join("Bar", net.host("bar").options);
    await using baz = await User.join("Baz", net.host("baz").options);
    let ran = 0;
    for (const user of [bar, baz]) user.handle("count", () => ++ran);
    net.partition("foo", "bar");
    await foo.peer("Bar").get("count");
    await foo.peer("Baz").get("count");
    expect([foo.peer("Bar").path, foo.peer("Baz").path]).toEqual(["relay", "lan"]);
    await first.close();
    const { now } = net;
    expect(await foo.peer("Baz").get("count")).toBe(3);
    expect(net.now - now).toBeLessThan(100);
    const relayed = foo.peer("Bar").get("count");
    await net.sleep(1_000);
    await using again = await Room.open(net.host("room").options);
    const opened = net.now;
    expect(await relayed).toBe(4);
    expect(net.now - opened).toBeLessThan(5_000);
    expect(foo.peer("Bar").path).toBe("relay");
    expect(again.names).toEqual(["Bar", "Baz", "Foo"]);
  });
});

test("a peer that is another program by now is reached through the Room, though a session with the old one was left", async () => {
  await simulate({ latencyMs: [5, 10] }, async (net) => {
    await using room = await Room.open(net.host("room").options);
    await using foo = await User.join("Foo", net.host("foo").options);
    const programs: User[] = [];
    net.host("bar");
    net.partition("foo", "bar");
    await net.host("bar").run(async (its) => {
      const bar = await User.join("Bar", its);
      programs.push(bar);
      bar.handle("who", () => `program ${programs.length}`);
    });
    expect(await foo.peer("Bar").get("who")).toBe("program 1");
    net.host("bar").crash({ silent: true });
    await net.host("bar").restart();
    expect(await foo.peer("Bar").get("who")).toBe("program 2");
    expect(foo.peer("Bar").path).toBe("relay");
    expect(room.names).toEqual(["Bar", "Foo"]);
    await programs[1]?.close();
  });
});

test("a Room that does not relay says so, and the pair has no path", async () => {
  await simulate({ latencyMs: [1, 1] }, async (net) => {
    await using room = await Room.open({ ...net.host("room").options, relay: false });
    await using foo = await User.join("Foo", net.host("foo").options);
    await using bar = await User.join("Bar", net.host("bar").options);
    net.partition("foo", "bar");
    await expect(foo.peer("Bar").get("echo", 1, { timeoutMs: 5_000 })).rejects.toThrow(
      /does not relay for this pair now/,
    );
    expect([room.status().relays, bar.peer("Foo").path]).toEqual([false, undefined]);
    expect(foo.status().peers[0]?.attempts).toMatchObject(
      expect.arrayContaining([expect.objectContaining({ path: "relay", outcome: "failed", reason: "no relay" })]),
    );
  });
});
