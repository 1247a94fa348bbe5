import { expect, test } from "vitest";
import { bind } from "../../src/runtime.ts";
import { definePeer } from "../../src/schema/index.ts";
import { expectNothingLeft } from "../support/leftovers.ts";
import { failure, join, openRoom } from "../support/rooms.ts";
import { turns } from "../support/until.ts";
import { type AnyUser, closeAfter } from "../support/typed.ts";

expectNothingLeft();

interface Handlers {
  Bar: object;
  Foo: object;
}
const network = bind<Handlers, { Bar: AnyUser; Foo: AnyUser }, unknown>({
  Bar: definePeer({ get: { twice: {} } }),
  Foo: definePeer({}),
});

async function lonelyFoo(): Promise<AnyUser> {
  const room = await openRoom();
  return closeAfter(await network.joinRoom("Foo", {}, { log: "silent", room: { port: room.port } }));
}

test("whoever waits for any user of a kind is refused when this one leaves, and later ones at once", async () => {
  const foo = await lonelyFoo();
  const waiting = failure(foo.peers.Bar.any.get.twice(1));
  await foo.close();
  expect(await waiting).toMatchObject({ code: "CLOSED", outcome: "did not run" });
  const later = failure(foo.peers.Bar.any.get.twice(1));
  expect(await later).toMatchObject({ code: "CLOSED", outcome: "did not run" });
});

test("a user that has left refuses calls to names that it never called before", async () => {
  const foo = await lonelyFoo();
  await foo.close();
  for (const error of [failure(foo.peer("Baz").get("x")), failure(foo.peers.Bar.named("b").get.twice(1))])
    expect(await error).toMatchObject({ code: "CLOSED", outcome: "did not run" });
});

test("an iteration of who comes and goes ends when the user leaves", async () => {
  const foo = await lonelyFoo();
  const seen: unknown[] = [];
  const ended = (async () => {
    for await (const change of foo.peers.Bar.all.changes()) seen.push(change);
  })();
  await turns();
  await foo.close();
  await ended;
  expect(seen).toEqual([]);
});

test("a big answer of a handler that runs when its user leaves still arrives", async () => {
  const room = await openRoom();
  const foo = await join(room, "Foo");
  const bar = await join(room, "Bar");
  let began!: () => void;
  const running = new Promise<void>((resolve) => (began = resolve));
  bar.handle("page", async () => {
    began();
    await turns();
    return new Uint8Array(5_000_000);
  });
  const page = foo.peer("Bar").get("page");
  await running;
  await bar.close();
  expect(await page).toHaveLength(5_000_000);
});

test("a grace time without end waits for the handler, and a call with a month of time costs no timer storm", async () => {
  const room = await openRoom();
  const foo = await join(room, "Foo");
  const bar = await join(room, "Bar");
  const warnings: string[] = [];
  const note = (warning: Error): void => void warnings.push(warning.name);
  process.on("warning", note);
  bar.handle("slow", async (_data, call) => {
    call.signal.throwIfAborted(); // a signal waits for the deadline
    await turns();
    return "done";
  });
  const month = 31 * 24 * 3_600_000;
  const call = foo.peer("Bar").get("slow", 1, { timeoutMs: month });
  const endless = foo.peer("Bar").get("slow", 1, { timeoutMs: Infinity });
  await turns();
  await bar.close({ graceMs: Infinity });
  expect(await Promise.all([call, endless])).toEqual(["done", "done"]);
  process.off("warning", note);
  expect(warnings).toEqual([]);
});

test("any refuses a time that makes no sense, and takes one without end", async () => {
  const foo = await lonelyFoo();
  expect(await failure(foo.peers.Bar.any.get.twice(1, { timeoutMs: -1 }))).toBeInstanceOf(TypeError);
  const waiting = failure(foo.peers.Bar.any.get.twice(1, { timeoutMs: Infinity }));
  await turns();
  await foo.close();
  expect(await waiting).toMatchObject({ code: "CLOSED" });
});
