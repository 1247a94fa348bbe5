import { PeerError, Room, User } from "chatroom";
import { simulate, type SimulateOptions, type SimulatedNetwork } from "chatroom/testing";
import { expect, test } from "vitest";
import { expectNothingLeft } from "../support/leftovers.ts";
import { failure } from "../support/rooms.ts";

expectNothingLeft();

interface Scene {
  readonly net: SimulatedNetwork;
  readonly room: Room;
  /** Foo on the host "foo", and who is Bar on the host "bar" now. */
  readonly foo: User;
  readonly bar: () => User;
  /** What Bar's handlers saw. */
  readonly seen: unknown[];
}

/** A Room, Foo, and a Bar that answers `echo` at once and `slow` after 2 s, connected. */
async function play(act: (scene: Scene) => Promise<void>, options: SimulateOptions = {}): Promise<void> {
  await simulate(options, async (net) => {
    await using room = await Room.open(net.host("room").options);
    await using foo = await User.join("Foo", net.host("foo").options);
    const seen: unknown[] = [];
    let bar: User | undefined;
    await net.host("bar").run(async (its) => {
      bar = await User.join("Bar", its);
      bar.handle("echo", (data) => {
        seen.push(data);
        return data;
      });
      bar.handle("slow", async (data) => {
        await net.host("bar").sleep(2_000);
        return data;
      });
    });
    expect(await foo.peer("Bar").get("echo", "hello")).toBe("hello");
    await act({ net, room, foo, bar: () => bar as User, seen });
    await bar?.close();
  });
}

/** An answer, or the documented way of a call that was lost with its link. */
async function answerOrLoss(call: Promise<unknown>): Promise<unknown> {
  try {
    return await call;
  } catch (error) {
    if (!(error instanceof PeerError) || error.code !== "DISCONNECTED") throw error;
    return error.code;
  }
}

test("a cut is told to both ends at once, a call made meanwhile is answered or lost, and the next one works", async () => {
  await play(async ({ net, foo }) => {
    const call = answerOrLoss(foo.peer("Bar").get("slow", 1));
    await net.sleep(500);
    const before = net.events.length;
    net.cut("foo", "bar");
    expect(["DISCONNECTED", 1]).toContain(await call);
    expect(await foo.peer("Bar").get("echo", "again")).toBe("again");
    const since = net.events.slice(before);
    expect(since[0]).toMatchObject({ what: "cut", from: "foo", to: "bar" });
    const dialled = since.filter(
      ({ what, from, to }) => what === "open" && ["foo bar", "bar foo"].includes(`${from} ${to}`),
    );
    expect(dialled.length).toBeGreaterThan(0);
  });
});

test("a stalled link is silent: a call waits and is answered when it is healed, within its time", async () => {
  for (const oneWay of [true, false]) {
    await play(async ({ net, foo, seen }) => {
      net.stall("foo", "bar", { oneWay });
      // Nothing else can pass either, so that only healing helps, whatever else the two of them try.
      net.partition("foo", "bar", { oneWay });
      let answer: unknown;
      const call = foo
        .peer("Bar")
        .get("echo", "late", { timeoutMs: 60_000 })
        .then((value) => (answer = value));
      await net.sleep(1_500);
      expect([answer, ...seen]).toEqual([undefined, "hello"]);
      net.heal("foo", "bar");
      await call;
      expect([answer, ...seen]).toEqual(["late", "hello", "late"]);
      expect(net.now).toBeLessThan(10_000);
    });
  }
});

test("a stall of one direction lets the other one pass", async () => {
  await play(async ({ net, foo, bar, seen }) => {
    net.stall("bar", "foo", { oneWay: true });
    net.partition("bar", "foo", { oneWay: true });
    const call = failure(foo.peer("Bar").get("echo", "there", { timeoutMs: 1_000 }));
    expect(await call).toMatchObject({ code: "TIMEOUT", outcome: "may have run" });
    expect(seen).toEqual(["hello", "there"]);
    net.heal();
    expect(await foo.peer("Bar").get("echo", "and back")).toBe("and back");
    expect(bar().names).toEqual(["Foo"]);
  });
});

test("links that are dialled after a stall work", async () => {
  await simulate({}, async (net) => {
    await using room = await Room.open(net.host("room").options);
    await using foo = await User.join("Foo", net.host("foo").options);
    await using bar = await User.join("Bar", net.host("bar").options);
    bar.handle("echo", (data) => data);
    net.stall("foo", "bar");
    expect(await foo.peer("Bar").get("echo", 1, { timeoutMs: 2_000 })).toBe(1);
    expect(room.names).toEqual(["Bar", "Foo"]);
  });
});

test("a partition lets nothing pass: calls time out, dials hang, and all is well after healing", async () => {
  await play(async ({ net, foo, seen }) => {
    net.partition("foo", ["bar", "room"]);
    expect(await failure(foo.peer("Bar").get("echo", "lost", { timeoutMs: 3_000 }))).toMatchObject({ code: "TIMEOUT" });
    const { environment } = net.host("foo").options;
    const startedAt = net.now;
    const dialled = await failure(environment.dial({ host: "room", port: 2428 }));
    expect(dialled.message).toBe("room:2428 did not answer within 10 s");
    expect(net.now - startedAt).toBe(10_000);
    await net.sleep(90_000); // long enough for every link to be given up
    net.heal();
    expect(await foo.peer("Bar").get("echo", "back")).toBe("back");
    expect(seen.at(-1)).toBe("back");
  });
});

test("a partition from the Room alone does not hinder users who know each other", async () => {
  await play(async ({ net, room, foo }) => {
    net.partition("room");
    await net.sleep(100_000);
    expect(room.names).toEqual([]);
    expect(await foo.peer("Bar").get("echo", "without a Room")).toBe("without a Room");
    net.heal();
    await net.sleep(100_000);
    expect(room.names).toEqual(["Bar", "Foo"]);
  });
});

test("a crash resets the links of the host, frees its ports, and ends all that ran there", async () => {
  await play(async ({ net, room, foo, bar }) => {
    const handled = answerOrLoss(foo.peer("Bar").get("slow", 1, { timeoutMs: 5_000 })).catch((error) => error.code);
    const dead = bar();
    await net.sleep(500);
    net.host("bar").crash();
    expect(net.host("bar").isUp).toBe(false);
    expect(["DISCONNECTED", "TIMEOUT"]).toContain(await handled);
    await net.sleep(1_000);
    expect(room.names).toEqual(["Foo"]);
    const { environment } = net.host("foo").options;
    expect((await failure(environment.dial({ host: "bar", port: 50_000 }))).message).toContain("connection refused");
    const before = net.events.filter(({ from }) => from === "bar").length;
    await net.sleep(120_000);
    const after = net.events.filter(({ from, what }) => from === "bar" && what !== "refused");
    expect(after.length).toBeLessThanOrEqual(before);
    await dead.close(); // comes to its end although nothing is there any more
  });
});

test("a silent crash tells nobody: dials hang, and the links break when the host is back", async () => {
  await play(async ({ net, room, foo, seen }) => {
    net.host("bar").crash({ silent: true });
    const { environment } = net.host("foo").options;
    expect((await failure(environment.dial({ host: "bar", port: 50_000 }))).message).toContain("did not answer");
    expect(net.events.filter(({ what, to }) => what === "reset" && to !== "bar")).toEqual([]);
    await net.host("bar").restart();
    expect(room.names).toEqual(["Bar", "Foo"]);
    let answer: unknown;
    while (answer !== "anew") answer = await answerOrLoss(foo.peer("Bar").get("echo", "anew"));
    expect(seen).toEqual(["hello", "anew"]);
  });
});

test("a restart runs the program again, as another incarnation under the same name", async () => {
  await play(async ({ net, foo, bar, seen }) => {
    const old = bar();
    await net.host("bar").restart();
    expect(bar()).not.toBe(old);
    let answer: unknown;
    while (answer !== "anew") answer = await answerOrLoss(foo.peer("Bar").get("echo", "anew"));
    expect(seen).toEqual(["hello", "anew"]);
    expect(net.events.filter(({ what, from }) => ["crash", "start"].includes(what) && from === "bar")).toHaveLength(2);
    await old.close();
  });
});

test("a run that a crash interrupts gives what the next one gives", async () => {
  await simulate({}, async (net) => {
    let runs = 0;
    const host = net.host("worker");
    const done = host.run(async () => {
      const run = ++runs;
      await host.sleep(1_000);
      return run;
    });
    await net.sleep(500);
    host.crash();
    await net.sleep(10_000);
    expect(runs).toBe(1);
    await host.restart();
    expect(await done).toBe(2);
    const failing = host.run(() => Promise.reject(new Error("no good")));
    expect((await failure(failing)).message).toBe("no good");
    expect((await failure(host.restart())).message).toBe("no good");
  });
});

test("a program that goes on after its host crashed settles nothing", async () => {
  await simulate({}, async (net) => {
    const gate = net.sleep(100);
    let runs = 0;
    const done = net.host("a").run(async () => {
      const run = ++runs;
      await gate;
      return run;
    });
    net.host("a").crash();
    await net.sleep(1_000);
    await net.host("a").restart();
    expect(await done).toBe(2);
  });
});

test("a dial whose host crashes meanwhile comes to nothing, and leaves the other side no link", async () => {
  await simulate({ latencyMs: [10, 10] }, async (net) => {
    const { environment } = net.host("a").options;
    const ends: (string | undefined)[] = [];
    const listener = await net.host("b").options.environment.listen({
      host: "127.0.0.1",
      port: 0,
      accept: (pipe) => pipe.start({ data() {}, drain() {}, end: (error) => ends.push(error?.message) }),
    });
    let settled = 0;
    const dialled = environment.dial({ host: "b", port: listener.address.port });
    void dialled.finally(() => settled++);
    await net.sleep(5);
    net.host("a").crash();
    await net.sleep(60_000);
    expect([settled, ...ends]).toEqual([0, undefined]);
    const late = environment.dial({ host: "b", port: listener.address.port });
    void late.finally(() => settled++);
    await net.sleep(60_000);
    expect([settled, ...ends]).toEqual([0, undefined]);
  });
});

test("a host that hears nothing of a cut, since it crashed, stays silent", async () => {
  await play(async ({ net }) => {
    net.cut("bar");
    net.host("bar").crash();
    const before = net.events.length;
    await net.sleep(60_000);
    expect(net.events.slice(before).filter(({ what, from }) => what === "log" && from === "bar")).toEqual([]);
  });
});

test("a host that is new finds a silent one silent", async () => {
  await simulate({}, async (net) => {
    net.host("gone").crash({ silent: true });
    const { environment } = net.host("new").options;
    const dialled = environment.dial({ host: "gone", port: 80 });
    expect((await failure(dialled)).message).toBe("gone:80 did not answer within 10 s");
    await net.host("gone").restart();
    expect((await failure(environment.dial({ host: "gone", port: 80 }))).message).toContain("connection refused");
  });
});

test("programs that chance starts again and that fail then fail the test", async () => {
  let runs = 0;
  const whole = simulate({ seed: 3, faults: { restartEveryMs: 1_000 } }, async (net) => {
    await net.host("a").run(async () => {
      if (++runs > 2) throw new Error("third time");
    });
    await net.sleep(600_000);
  });
  expect((await failure(whole)).message).toMatch(/^third time\n\(seed 3,/);
});

test("calm ends the faults of chance, heals, and brings back who was down", async () => {
  await simulate(
    { seed: 11, faults: { restartEveryMs: 500, partitionEveryMs: 300, lastsMs: [5_000, 9_000] } },
    async (net) => {
      let starts = 0;
      for (const name of ["a", "b", "c"])
        await net.host(name).run(() => {
          starts++;
        });
      await net.sleep(5_000);
      const isDown = (): string[] => net.hosts.filter((name) => !net.host(name).isUp);
      expect(isDown()).not.toEqual([]);
      await net.calm();
      expect(isDown()).toEqual([]);
      const [before, startsBefore] = [net.events.length, starts];
      await net.sleep(100_000);
      expect([net.events.length, starts]).toEqual([before, startsBefore]);
    },
  );
});
