import { expect, test } from "vitest";
import { expectNothingLeft } from "../support/leftovers.ts";
import { failure, join, openRoom } from "../support/rooms.ts";

expectNothingLeft();

test("many big answers at once all arrive: they wait for their turn, and small ones pass them", async () => {
  const room = await openRoom();
  const foo = await join(room, "Foo");
  const bar = await join(room, "Bar");
  bar.handle("page", (n) => [n, new Uint8Array(100_000)]);
  bar.handle("echo", (data) => data);
  const peer = foo.peer("Bar");
  await peer.get("echo");
  let arrived = 0;
  const pages = Array.from({ length: 500 }, async (_, n) => {
    const [number] = (await peer.get("page", n)) as [number, Uint8Array];
    arrived++;
    return number === n;
  });
  expect(await peer.get("echo", "passes")).toBe("passes");
  expect(arrived).toBeLessThan(500);
  expect(await Promise.all(pages)).not.toContain(false);
});

test("answers that wait are dropped when their calls are cancelled, and the rest arrives", async () => {
  const room = await openRoom();
  const foo = await join(room, "Foo");
  const bar = await join(room, "Bar");
  bar.handle("page", () => new Uint8Array(1_000_000));
  const peer = foo.peer("Bar");
  await peer.get("page");
  const abort = new AbortController();
  const kept = Array.from({ length: 20 }, () => peer.get("page"));
  const cancelled = Array.from({ length: 20 }, () => failure(peer.get("page", 1, { signal: abort.signal })));
  await Promise.race(kept);
  abort.abort();
  for (const error of await Promise.all(cancelled))
    expect(error).toMatchObject({ code: "CANCELLED", outcome: "may have run" });
  for (const page of await Promise.all(kept)) expect(page).toHaveLength(1_000_000);
});
