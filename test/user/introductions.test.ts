import { Room, User } from "chatroom";
import { simulate } from "chatroom/testing";
import { expect, test } from "vitest";
import type { PeerTable } from "../../src/node/peer-table.ts";
import { expectNothingLeft } from "../support/leftovers.ts";

expectNothingLeft();

test("a peer that ends every session at once is introduced again every two seconds, not as fast as it can", async () => {
  await simulate({ latencyMs: [1, 1] }, async (net) => {
    await using room = await Room.open(net.host("room").options);
    await using foo = await User.join("Foo", net.host("foo").options);
    await using bar = await User.join("Bar", net.host("bar").options);
    bar.handle("echo", (data) => data);
    const { table } = bar as unknown as { table: PeerTable };
    let ended = 0;
    const insist = async (): Promise<void> => {
      while (net.now < 20_000) {
        await foo
          .peer("Bar")
          .get("echo", 1, { timeoutMs: 5_000 })
          .catch(() => {});
        await net.sleep(1);
      }
    };
    const over = insist();
    for (; net.now < 20_000; await net.sleep(1)) {
      if (!table.isOpen("Foo")) continue;
      table.end("Foo", "no");
      ended++;
    }
    await over;
    expect(ended).toBeGreaterThan(5);
    expect(ended).toBeLessThan(15);
    expect(await foo.peer("Bar").get("echo", 2)).toBe(2);
    expect(room.names).toEqual(["Bar", "Foo"]);
  });
});

test("users that were parted for long are connected again within 16 s, long before calls give up", async () => {
  await simulate({ latencyMs: [1, 1] }, async (net) => {
    await using room = await Room.open(net.host("room").options);
    await using foo = await User.join("Foo", net.host("foo").options);
    await using bar = await User.join("Bar", net.host("bar").options);
    bar.handle("echo", (data) => data);
    for (const waitedS of [10, 20, 40, 80, 160]) {
      net.partition("foo", "bar");
      await net.sleep(90_000); // an earlier session is lost by then
      const answer = foo.peer("Bar").get("echo", waitedS, { timeoutMs: 3_600_000 });
      await net.sleep(waitedS * 1_000);
      net.heal("foo", "bar");
      const { now } = net;
      expect(await answer).toBe(waitedS);
      expect(net.now - now, `after ${waitedS} s`).toBeLessThan(16_000);
    }
    expect(room.names).toEqual(["Bar", "Foo"]);
  });
});
