import { expect, test } from "vitest";
import { memoryEnvironment, testCall } from "chatroom/testing";
import { z } from "zod";
import type { BarHandlers } from "../../generated/index.ts";
import { expectNothingLeft } from "../support/leftovers.ts";
import { join, openRoom } from "../support/rooms.ts";

expectNothingLeft();

const handlers = {
  get: {
    test: (data, call) => [`${call.from} did the test`, data],
    find: async ({ id }, call) => {
      if (call.peer.kind === "Foo") return { title: await call.peer.get.title() };
      return call.fail("NotFound", { id });
    },
  },
  send: { chat: (_input, call) => call.meta["room"] },
} satisfies BarHandlers;

test("a handler is tested as a plain function", () => {
  expect(handlers.get.test("x", testCall({ from: "Foo" }))).toEqual(["Foo did the test", "x"]);
  expect(handlers.send.chat({ text: "hi" }, testCall({ meta: { room: "a" } }))).toBe("a");
});

test("a declared error is thrown with code and data, and a peer that is asked for must be given", async () => {
  await expect(handlers.get.find({ id: "1" }, testCall({ peer: { kind: undefined } }))).rejects.toMatchObject({
    code: "NotFound",
    data: { id: "1" },
  });
  expect(
    await handlers.get.find({ id: "1" }, testCall({ peer: { kind: "Foo", get: { title: async () => "t" } } })),
  ).toEqual({ title: "t" });
  await expect(handlers.get.find({ id: "1" }, testCall())).rejects.toThrow("testCall({ peer: ... })");
  expect(z.date().safeParse(testCall<{ deadline: Date }>().deadline).success).toBe(true);
});

test("a Room and its users run in memory alone", async () => {
  const environment = memoryEnvironment();
  const room = await openRoom({ environment });
  const foo = await join(room, "Foo", { environment });
  const bar = await join(room, "Bar", { environment });
  bar.handle("echo", (data) => data);
  expect(await foo.peer("Bar").get("echo", [1, "two", new Date(3)])).toEqual([1, "two", new Date(3)]);
});
