import { expect, test } from "vitest";
import { expectNothingLeft } from "../support/leftovers.ts";
import { join, openRoom } from "../support/rooms.ts";

expectNothingLeft();

test("thousands of handlers that are registered while peers are connected are all found", async () => {
  const room = await openRoom();
  const foo = await join(room, "Foo");
  const bar = await join(room, "Bar");
  bar.handle("first", () => 0);
  expect(await foo.peer("Bar").get("first")).toBe(0);
  for (let n = 0; n < 5_000; n++) bar.handle(`a method with a rather long name, number ${n}`, () => n);
  await bar.peer("Foo").send("the contract went before this");
  expect(await foo.peer("Bar").get("a method with a rather long name, number 4999")).toBe(4_999);
});
