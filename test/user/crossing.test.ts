import { Room, User } from "chatroom";
import { simulate } from "chatroom/testing";
import { expect, test } from "vitest";
import type { PeerTable } from "../../src/node/peer-table.ts";
import { expectNothingLeft } from "../support/leftovers.ts";
import { soak } from "../support/seeded.ts";

expectNothingLeft();

const tableOf = (user: User): PeerTable => (user as unknown as { table: PeerTable }).table;

const TIMES = soak(200);

test(`case 49: two users that call each other at the same moment, ${TIMES} times anew: each time one session, one link in the end, and no call is lost`, async () => {
  await simulate({ latencyMs: [1, 8], seed: 49 }, async (net) => {
    await using room = await Room.open(net.host("room").options);
    await using foo = await User.join("Foo", net.host("foo").options);
    await using bar = await User.join("Bar", net.host("bar").options);
    const [table, other] = [tableOf(foo), tableOf(bar)];
    for (const user of [foo, bar]) user.handle("echo", (data) => data);
    for (let n = 0; n < TIMES; n++) {
      // Now and then only one path is there, or the ends do not start together.
      if (n % 4 === 3) net.partition("foo", "bar");
      const late = n % 3;
      const answers = await Promise.all([
        foo.peer("Bar").get("echo", n, { timeoutMs: 20_000 }),
        net.sleep(late).then(() => bar.peer("Foo").get("echo", -n, { timeoutMs: 20_000 })),
      ]);
      expect(answers).toEqual([n, -n]);
      await net.sleep(3_000);
      expect([foo.peer("Bar").path, bar.peer("Foo").path]).toEqual(Array(2).fill(n % 4 === 3 ? "relay" : "lan"));
      expect([table.links("Bar"), other.links("Foo")], `round ${n}`).toEqual([1, 1]);
      net.heal("foo", "bar");
      if (n % 2 === 0) table.end("Bar", "again");
      else other.end("Foo", "again");
      await net.sleep(5_000);
    }
    expect(room.status().relayed).toEqual([]);
  });
}, 120_000);
