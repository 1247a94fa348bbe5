import { getEventListeners } from "node:events";
import { expect, onTestFinished, test } from "vitest";
import { onAbort } from "../../src/call/abort.ts";
import { expectNothingLeft } from "../support/leftovers.ts";
import { failure, join, openRoom } from "../support/rooms.ts";

expectNothingLeft();

test("a hundred calls with one signal leave no listener behind, raise no warning, and all end when it fires", async () => {
  const warnings: string[] = [];
  const note = (warning: Error): void => void warnings.push(warning.name);
  process.on("warning", note);
  onTestFinished(() => void process.off("warning", note));
  const room = await openRoom();
  const foo = await join(room, "Foo");
  const bar = await join(room, "Bar");
  bar.handle("echo", (data) => data);
  bar.handle("never", () => new Promise(() => {}));
  const abort = new AbortController();
  const { signal } = abort;
  const call = (method: string): Promise<unknown> => foo.peer("Bar").get(method, 1, { signal });
  await Promise.all(Array.from({ length: 100 }, () => call("echo")));
  expect(getEventListeners(signal, "abort")).toEqual([]);
  const ended = Array.from({ length: 100 }, () => failure(call("never")));
  await call("echo");
  expect(getEventListeners(signal, "abort")).toHaveLength(1);
  abort.abort();
  for (const error of await Promise.all(ended)) expect(error).toMatchObject({ code: "CANCELLED" });
  expect(getEventListeners(signal, "abort")).toEqual([]);
  await new Promise((resolve) => setImmediate(resolve));
  expect(warnings).toEqual([]);
});

test("what is forgotten does not run, nor what another one's run forgets", () => {
  const abort = new AbortController();
  const ran: string[] = [];
  const forgets: (() => void)[] = [];
  forgets.push(onAbort(abort.signal, () => ran.push("forgotten")));
  onAbort(abort.signal, () => {
    ran.push("first");
    forgets[1]?.();
  });
  forgets.push(onAbort(abort.signal, () => ran.push("second")));
  forgets[0]?.();
  forgets[0]?.();
  abort.abort();
  expect(ran).toEqual(["first"]);
});
