import { expect, test } from "vitest";
import { DEFAULT_LIMITS } from "../../src/base/limits.ts";
import { ManualClock, MemoryNetwork } from "../../src/testing/index.ts";
import { Answerer, dialHonestly } from "../link/parties.ts";
import { until } from "../support/until.ts";

test("limit link.turnMs: records that take long to handle are handled a few per turn of the event loop, so that other links are served in between", async () => {
  const clock = new ManualClock();
  const network = new MemoryNetwork();
  let turn = 0;
  const perTurn = new Map<number, number>();
  let handled = 0;
  const room = new Answerer({
    clock,
    config: {
      onLink: (link) =>
        link.start({
          data: () => {
            handled++;
            perTurn.set(turn, (perTurn.get(turn) ?? 0) + 1);
            clock.advance(DEFAULT_LIMITS.link.turnMs / 2);
          },
          sealed() {},
          drain() {},
          closed() {},
        }),
    },
  });
  const listening = await network.listen({ host: "127.0.0.1", port: 2_428, accept: room.listener.accept });
  const link = await dialHonestly(await network.dial({ host: "127.0.0.1", port: 2_428 }), { clock });
  for (let n = 0; n < 40; n++) link.send([Uint8Array.of(n)]);
  const count = (): void => {
    turn++;
    if (handled < 40) setImmediate(count);
  };
  count();
  await until(() => handled === 40);
  expect(Math.max(...perTurn.values())).toBe(2);
  link.destroy();
  await listening.close();
  room.listener.close();
});
