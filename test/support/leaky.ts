import { once } from "node:events";
import { createServer } from "node:net";
import { expect, test } from "vitest";

/** Run by leftovers.test.ts alone: passes, and leaves things behind that hold no process. */
test("opens what it does not close", async () => {
  setTimeout(() => {}, 60_000).unref();
  const server = createServer().listen(0, "127.0.0.1").unref();
  await once(server, "listening");
  expect(server.listening).toBe(true);
});
