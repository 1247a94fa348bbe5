import { readFileSync } from "node:fs";
import { Room } from "chatroom";
import { simulate } from "chatroom/testing";
import { expect, test } from "vitest";
import { type BarUser, joinRoom } from "../../generated/index.ts";

const foo = { get: { title: () => "Foo" }, send: { chat: () => {} } };
const bar = {
  get: {
    test: (data: string): [string, string] => ["Bar did the test", data],
    find: ({ id }: { id: string }) => ({ title: id }),
  },
  send: { chat: () => {} },
};

test("a call waits for a partition to heal", async () => {
  await simulate({ seed: 7 }, async (net) => {
    await using room = await Room.open(net.host("room").options);
    await using Foo = await joinRoom("Foo", foo, net.host("foo").options);
    await using Bar = await joinRoom("Bar", bar, net.host("bar").options);

    net.partition("foo", "bar");
    const answer = Foo.peers.Bar.get.test("hello", { timeoutMs: 60_000 });
    await net.sleep(5_000);
    net.heal();
    expect(await answer).toEqual(["Bar did the test", "hello"]);
    expect(room.names).toEqual([Bar.name, Foo.name]);
  });
});

test("Bar comes back after a crash", async () => {
  await simulate({ seed: 7 }, async (net) => {
    await using room = await Room.open(net.host("room").options);
    await using Foo = await joinRoom("Foo", foo, net.host("foo").options);
    let Bar: BarUser | undefined;
    await net.host("bar").run(async (options) => {
      Bar = await joinRoom("Bar", bar, options);
    });

    net.host("bar").crash({ silent: true });
    await net.sleep(120_000);
    expect(room.names).toEqual(["Foo"]);
    await net.host("bar").restart();
    expect(await Foo.peers.Bar.get.test("anew")).toEqual(["Bar did the test", "anew"]);
    await Bar?.close();
  });
});

test("whatever happens to the network, Foo reaches Bar in the end", async () => {
  const faults = { cutEveryMs: 5_000, stallEveryMs: 10_000, partitionEveryMs: 20_000 };
  for (let seed = 1; seed <= 20; seed++) {
    await simulate({ seed, faults, latencyMs: [5, 200] }, async (net) => {
      await using room = await Room.open(net.host("room").options);
      await using Foo = await joinRoom("Foo", foo, net.host("foo").options);
      await using Bar = await joinRoom("Bar", bar, net.host("bar").options);
      for (let call = 0; call < 10; call++) {
        const found = await Foo.peers.Bar.try.find({ id: `${call}` }, { timeoutMs: 10_000 });
        net.note(`call ${call}: ${found.ok ? found.value.title : found.error.code}`);
        await net.sleep(net.chance() * 5_000);
      }
      await net.calm();
      expect(await Foo.peers.Bar.get.find({ id: "last" })).toEqual({ title: "last" });
      await net.sleep(60_000); // who lost the Room has joined again by then
      expect(room.names).toEqual([Bar.name, Foo.name]);
    });
  }
});

test("the code of docs/testing.md is the code above", () => {
  const own = readFileSync(import.meta.filename, "utf8");
  const page = readFileSync(new URL("../../docs/testing.md", import.meta.url), "utf8");
  const blocks = [...page.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = ""]) => code);
  expect(blocks.length).toBeGreaterThanOrEqual(3);
  for (const code of blocks) {
    const tests = code.split("\n\n").filter((part) => !part.startsWith("import "));
    expect(own).toContain(tests.join("\n\n").replaceAll("../generated/index.js", "../../generated/index.ts"));
  }
});
