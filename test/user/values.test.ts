import * as fc from "fast-check";
import { expect, test } from "vitest";
import { ValueError } from "../../src/wire/values.ts";
import { expectNothingLeft } from "../support/leftovers.ts";
import { failure, join, openRoom } from "../support/rooms.ts";
import { seedOfRun, soak } from "../support/seeded.ts";
import { anyValue } from "../wire/random.ts";
import { same } from "../wire/same.ts";

expectNothingLeft();

const seed = seedOfRun();
console.log(`values through the whole stack, seed ${seed}`);

/** Views that begin and end inside of their buffer, of every typed array. */
const views: fc.Arbitrary<unknown> = fc
  .tuple(
    fc.constantFrom(
      Uint8Array,
      Int8Array,
      Uint8ClampedArray,
      Int16Array,
      Uint16Array,
      Int32Array,
      Uint32Array,
      Float32Array,
      Float64Array,
      BigInt64Array,
      BigUint64Array,
    ),
    fc.uint8Array({ minLength: 64, maxLength: 64 }),
    fc.integer({ min: 1, max: 3 }),
    fc.integer({ min: 0, max: 4 }),
  )
  .map(([Kind, bytes, from, length]) => new Kind(Uint8Array.from(bytes).buffer, from * 8, length));

const value = fc.oneof(
  { weight: 4, arbitrary: anyValue },
  { weight: 1, arbitrary: fc.array(views, { maxLength: 4 }) },
  { weight: 1, arbitrary: fc.tuple(anyValue, views, anyValue) },
);

test("values of every type, inside each other, come back exactly over TCP, whoever calls, and so do free messages", async () => {
  const room = await openRoom();
  const foo = await join(room, "Foo");
  const bar = await join(room, "Bar");
  for (const user of [foo, bar]) user.handle("echo", (data) => data);
  const messages = bar.messages()[Symbol.asyncIterator]();
  let n = 0;
  await fc.assert(
    fc.asyncProperty(value, async (data) => {
      const [caller, peer] = n++ % 2 === 0 ? ([foo, "Bar"] as const) : ([bar, "Foo"] as const);
      expect(same(await caller.peer(peer).get("echo", data), data)).toBe(true);
      const sent = foo.peer("Bar").send(data);
      const message = await messages.next();
      if (message.done === true) throw new Error("the messages ended");
      expect(same(message.value.data, data)).toBe(true);
      await sent;
    }),
    { seed, numRuns: 300 * soak(1) },
  );
}, 600_000);

test("what has no exact form is sent as what it is, or refused before anything leaves, and says where", async () => {
  const room = await openRoom();
  const foo = await join(room, "Foo");
  const bar = await join(room, "Bar");
  let runs = 0;
  bar.handle("echo", (data) => (runs++, data));
  const echo = (data: unknown): Promise<unknown> => foo.peer("Bar").get("echo", data);
  const sparse: unknown[] = [1];
  sparse[3] = 4;
  expect(await echo(sparse)).toStrictEqual([1, undefined, undefined, 4]);
  expect(await echo({ half: "\ud83d", other: "\udf82", [`key \ud800`]: 1 })).toStrictEqual({
    half: "\ud83d",
    other: "\udf82",
    [`key \ud800`]: 1,
  });
  expect(Number.isNaN(((await echo(new Date(Number.NaN))) as Date).getTime())).toBe(true);
  expect(await echo({ constructor: 1, toString: 2, hasOwnProperty: 3 })).toStrictEqual({
    constructor: 1,
    toString: 2,
    hasOwnProperty: 3,
  });
  expect(runs).toBe(4);
  const own = JSON.parse('{"list":[{"__proto__":{"polluted":true}}]}') as unknown;
  for (const [data, where] of [
    [own, "input.list[0]"],
    [{ a: [() => 1] }, "input.a[0]"],
    [new Map([[1, Symbol("s")]]), "input.get(1)"],
    [[1n << 9_000n], "input[0]"],
    [{ when: new URL("http://localhost") }, "input.when"],
  ] as const) {
    const error = await failure(echo(data));
    expect(error).toMatchObject({ code: "INVALID_INPUT", outcome: "did not run" });
    expect(error.message).toContain(where);
    expect(error.cause).toBeInstanceOf(ValueError);
  }
  expect(runs).toBe(4);
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
});
