import { setTimeout as sleepForReal } from "node:timers/promises";
import { hashPasswords, PeerError, Room, User } from "chatroom";
import { simulate, type SimulatedNetwork, type SimulateOptions } from "chatroom/testing";
import { expect, test } from "vitest";
import { expectNothingLeft } from "../support/leftovers.ts";
import { failure } from "../support/rooms.ts";

expectNothingLeft();

test("time goes on by itself, timers run in the order of their times, and the result comes out", async () => {
  const order: string[] = [];
  const result = await simulate({}, async (net) => {
    const waits = [30, 10, 20].map(async (ms) => {
      await net.sleep(ms);
      order.push(`${ms} at ${net.now}`);
    });
    await Promise.all(waits);
    return "done";
  });
  expect(result).toBe("done");
  expect(order).toEqual(["10 at 10", "20 at 20", "30 at 30"]);
});

test("reactions, ticks and immediates that follow from one timer are done before the next one", async () => {
  const order: string[] = [];
  await simulate({}, async (net) => {
    void net.sleep(1).then(async () => {
      for (let turn = 0; turn < 5; turn++) {
        await new Promise<void>((resolve) => setImmediate(resolve));
        await new Promise<void>((resolve) => process.nextTick(resolve));
        await Promise.resolve();
      }
      order.push(`chain at ${net.now}`);
    });
    await net.sleep(1.001);
    order.push(`next timer at ${net.now}`);
  });
  expect(order).toEqual(["chain at 1", "next timer at 1.001"]);
});

test("a program that polls the event loop does not stop time", async () => {
  const at = await simulate({}, async (net) => {
    const done: boolean[] = [];
    void net.sleep(50).then(() => done.push(true));
    while (done.length === 0) await new Promise((resolve) => setImmediate(resolve));
    return net.now;
  });
  expect(at).toBeGreaterThanOrEqual(50);
});

test("work outside of the simulation takes no simulated time, and its results come in the order in which it began", async () => {
  const seen: string[] = [];
  await simulate({}, async (net) => {
    await net.sleep(5);
    void net.sleep(0.001).then(() => seen.push("time goes on"));
    const works = [30, 1, 10].map(async (realMs) => {
      const text = await net.outside(sleepForReal(realMs, `${realMs}`));
      seen.push(`${text} at ${net.now}`);
      await Promise.resolve();
      seen.push(`${text} goes on`);
    });
    await Promise.all(works);
    const error = await failure(net.outside(Promise.reject(new Error("no file"))));
    seen.push(error.message);
    await net.sleep(1);
  });
  expect(seen).toEqual([
    "30 at 5",
    "30 goes on",
    "1 at 5",
    "1 goes on",
    "10 at 5",
    "10 goes on",
    "no file",
    "time goes on",
  ]);
});

test("an hour in which nothing happens takes a moment, though a Room and users live in it", async () => {
  const before = performance.now();
  await simulate({ maxMs: 4_000_000 }, async (net) => {
    await using room = await Room.open(net.host("room").options);
    await using foo = await User.join("Foo", net.host("foo").options);
    await using bar = await User.join("Bar", net.host("bar").options);
    bar.handle("echo", (data) => data);
    expect(await foo.peer("Bar").get("echo", 1)).toBe(1);
    await net.sleep(3_600_000);
    expect(room.names).toEqual(["Bar", "Foo"]);
    expect(await foo.peer("Bar").get("echo", 2)).toBe(2);
    expect(net.now).toBeGreaterThan(3_600_000);
  });
  expect(performance.now() - before).toBeLessThan(10_000);
});

test("an error keeps its class, code and cause, and names the seed", async () => {
  const thrown = new PeerError("TIMEOUT", "no answer", {
    outcome: "may have run",
    method: "get",
    peer: "Bar",
    cause: 7,
  });
  const error = await failure(
    simulate({ seed: -42 }, async (net) => {
      await net.sleep(1_500);
      throw thrown;
    }),
  );
  expect(error).toBe(thrown);
  expect(error.message).toBe(
    "no answer\n(seed -42, after 1.500 simulated seconds; simulate({ seed: -42, onEvent: console.log, ... }) shows the same again)",
  );
  expect(error.stack).toContain("seed -42");
  expect(error).toMatchObject({ code: "TIMEOUT", cause: 7 });
});

test("what is no error, or is frozen, becomes the cause of one", async () => {
  for (const thrown of ["just a text", Object.freeze(new Error("frozen"))]) {
    const error = await failure(simulate({ seed: 5 }, () => Promise.reject(thrown)));
    expect(error.message).toMatch(/^(just a text|frozen)\n\(seed 5,/);
    expect(error.cause).toBe(thrown);
  }
});

test("a test that does not return a promise, or throws at once, fails with its seed too", async () => {
  const error = await failure(
    simulate({}, () => {
      throw new Error("at once");
    }),
  );
  expect(error.message).toMatch(/^at once\n\(seed 1,/);
});

test("what a timer throws fails the test", async () => {
  const error = await failure(
    simulate({}, async (net) => {
      net.host("a").options.environment.clock.after(5, () => {
        throw new Error("in a timer");
      });
      await net.sleep(10);
    }),
  );
  expect(error.message).toMatch(/^in a timer\n\(seed 1, after 0.005/);
});

test("a test that waits for what can't come is told so, at once or at the end of its time", async () => {
  const never = new Promise<void>(() => {});
  expect((await failure(simulate({}, () => never))).message).toMatch(/nothing is left to happen.*\n\(seed 1,/);
  const late = simulate({ maxMs: 5_000 }, async (net) => {
    for (;;) await net.sleep(100);
  });
  expect((await failure(late)).message).toMatch(/^the test still waits after 5 simulated seconds \(option maxMs\)\n/);
  const standing = simulate({}, async (net) => {
    for (;;) await net.sleep(0);
  });
  expect((await failure(standing)).message).toMatch(/^time stands still/);
});

test("what is used after the simulation says so", async () => {
  const left = await simulate({}, async (net) => net);
  expect((await failure(left.sleep(1))).message).toMatch(/^the simulation is over: close what runs in it/);
});

test("options that make no sense are named", async () => {
  const wrong: [SimulateOptions, string][] = [
    [{ seed: 1.5 }, "seed must be a whole number, not 1.5"],
    [{ maxMs: 0 }, "maxMs must be milliseconds above 0, not 0"],
    [{ keepEvents: 0 }, "keepEvents must be a whole number above 0, not 0"],
    [{ latencyMs: [5, 1] }, "latencyMs must be two numbers, the least and the most, from 0: not [5,1]"],
    [{ latencyMs: 5 as never }, "latencyMs must be two numbers, the least and the most, from 0: not 5"],
    [{ bytesPerS: -1 }, "bytesPerS must be above 0, not -1"],
    [{ faults: { cutEveryMs: 0 } }, "faults.cutEveryMs must be milliseconds above 0, not 0"],
    [{ faults: { lastsMs: [-1, 1] } }, "faults.lastsMs must be two numbers"],
  ];
  for (const [options, message] of wrong) {
    const error = await failure(simulate(options, async () => {}));
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toContain(message);
  }
});

test("arguments that make no sense are named", async () => {
  await simulate({}, async (net) => {
    expect(() => net.host("a b")).toThrow('not "a b"');
    net.host("foo");
    net.host("bar");
    expect(() => net.cut("foo", "baz")).toThrow('there is no host "baz"; hosts: foo, bar');
    expect(() => net.stall("foo", "foo")).toThrow('"foo" is on both sides');
    expect(() => net.shape("foo", "bar", { latencyMs: [2, 1] })).toThrow("latencyMs must be");
    expect((await failure(net.sleep(-1))).message).toBe("sleep takes milliseconds, 0 or more, not -1");
    expect((await failure(net.sleep("1" as never))).message).toBe("sleep takes milliseconds, 0 or more, not 1");
    net.host("foo").crash();
    expect(() => net.host("foo").options).toThrow('the host "foo" is down: restart() brings it back');
    expect(() => net.host("foo").run(() => {})).toThrow('the host "foo" is down');
  });
});

test("events are told as they happen, and the latest are kept", async () => {
  const told: unknown[] = [];
  const kept = await simulate({ keepEvents: 10, onEvent: (event) => void told.push(event) }, async (net) => {
    for (let number = 0; number < 95; number++) {
      net.note(`note ${number}`);
      await net.sleep(0.25);
    }
    return net.events;
  });
  expect(told).toHaveLength(95);
  expect(told[3]).toEqual({ at: 0.75, what: "note", text: "note 3" });
  expect(kept.length).toBeGreaterThanOrEqual(10);
  expect(kept.length).toBeLessThanOrEqual(20);
  expect(kept).toEqual(told.slice(-kept.length));
});

async function liveInARoom(net: SimulatedNetwork): Promise<unknown> {
  await using room = await Room.open(net.host("room").options);
  await using foo = await User.join("Foo", net.host("foo").options);
  await net.sleep(20_000);
  net.note(`${foo.name} is in ${String(room.names)}`);
  return net.events;
}

test("two simulations at the same time do not disturb each other", async () => {
  const [one, other] = await Promise.all([simulate({ seed: 3 }, liveInARoom), simulate({ seed: 3 }, liveInARoom)]);
  expect(one).toEqual(other);
  expect(one).toEqual(await simulate({ seed: 3 }, liveInARoom));
});

test("a user's password, which takes a thread and real time to hash, takes no simulated time", async () => {
  const users = await hashPasswords({ Foo: "123456" }, { cost: 12 });
  const joinedAt = await simulate({ seed: 5 }, async (net) => {
    await using room = await Room.open({ ...net.host("room").options, users });
    await using foo = await User.join("Foo", { ...net.host("foo").options, password: "123456" });
    expect(room.names).toEqual([foo.name]);
    return net.now;
  });
  expect(joinedAt).toBeLessThan(1_000);
});
