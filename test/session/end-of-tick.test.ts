import { expect, test } from "vitest";
import { endOfTick } from "../../src/session/end-of-tick.ts";

test("it runs after every promise reaction of the present callback, and before the loop turns", async () => {
  const order: string[] = [];
  await new Promise<void>((resolve) => {
    setImmediate(() => {
      setImmediate(() => {
        order.push("next turn");
        resolve();
      });
      endOfTick(() => order.push("end of tick"));
      process.nextTick(() => order.push("nextTick"));
      void (async () => {
        for (let hop = 1; hop <= 5; hop++) {
          await Promise.resolve();
          order.push(`reaction ${hop}`);
        }
      })();
    });
  });
  expect(order).toEqual([
    "nextTick",
    "reaction 1",
    "reaction 2",
    "reaction 3",
    "reaction 4",
    "reaction 5",
    "end of tick",
    "next turn",
  ]);
});

test("what one run asks for runs at the end of its own tick, still in the same turn", async () => {
  const order: string[] = [];
  await new Promise<void>((resolve) => {
    setImmediate(() => {
      setImmediate(() => {
        order.push("next turn");
        resolve();
      });
      endOfTick(() => {
        order.push("first");
        endOfTick(() => order.push("third"));
      });
      endOfTick(() => order.push("second"));
    });
  });
  expect(order).toEqual(["first", "second", "third", "next turn"]);
});
