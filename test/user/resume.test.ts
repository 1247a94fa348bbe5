import { expect, test } from "vitest";
import { MemoryNetwork, memoryEnvironment } from "../../src/testing/index.ts";
import { expectNothingLeft } from "../support/leftovers.ts";
import { failure, join, openRoom } from "../support/rooms.ts";
import { turns, until } from "../support/until.ts";

expectNothingLeft();

function gate(): { opened: Promise<void>; open: () => void } {
  let open!: () => void;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

test("a session goes on over a new link without the Room: calls under way are answered, and no handler runs twice", async () => {
  const network = new MemoryNetwork();
  const environment = memoryEnvironment(network);
  const room = await openRoom({ environment });
  const bar = await join(room, "Bar", { environment });
  const foo = await join(room, "Foo", { environment });
  const { opened, open } = gate();
  const ran: unknown[] = [];
  bar.handle("slow", async (input) => {
    ran.push(input);
    await opened;
    return input;
  });
  bar.handle("note", (input) => void ran.push(input));
  const first = foo.peer("Bar").get("slow", 1);
  await until(() => ran.length === 1);
  await room.close();
  for (let round = 0; round < 20; round++) {
    network.cut();
    const sent = foo.peer("Bar").tell("note", `note ${round}`);
    await sent;
  }
  open();
  expect(await first).toBe(1);
  expect(ran).toEqual([1, ...Array.from({ length: 20 }, (_, at) => `note ${at}`)]);
});

test("either end may bring the new link: the one that was dialled dials too", async () => {
  const network = new MemoryNetwork();
  const environment = memoryEnvironment(network);
  const room = await openRoom({ environment });
  const bar = await join(room, "Bar", { environment });
  const foo = await join(room, "Foo", { environment: { ...environment, dial: blocked(environment.dial) } });
  bar.handle("twice", (n) => (n as number) * 2);
  foo.handle("twice", (n) => (n as number) * 2);
  expect(await foo.peer("Bar").get("twice", 1)).toBe(2);
  isBlocked = true;
  network.cut();
  expect(await foo.peer("Bar").get("twice", 2)).toBe(4);
  expect(await bar.peer("Foo").get("twice", 3)).toBe(6);
  isBlocked = false;
});

let isBlocked = false;

/** A dial that reaches nobody while it is blocked. */
function blocked<Dial extends (options: never) => Promise<unknown>>(dial: Dial | undefined): Dial {
  return ((options: never) => (isBlocked ? new Promise(() => {}) : dial?.(options))) as Dial;
}

test("a program that is gone ends its session at once; what it may have run is said, what never left waits for its successor", async () => {
  const network = new MemoryNetwork();
  const environment = memoryEnvironment(network);
  const room = await openRoom({ environment });
  const bar = await join(room, "Bar", { environment });
  const foo = await join(room, "Foo", { environment });
  let started = 0;
  bar.handle("slow", () => {
    started++;
    return new Promise(() => {});
  });
  const call = failure(foo.peer("Bar").get("slow"));
  await until(() => started === 1);
  await bar.close({ graceMs: 0 });
  expect(await call).toMatchObject({ code: "DISCONNECTED", outcome: "may have run" });
  const later = foo.peer("Bar").get("quick");
  await turns();
  const again = await join(room, "Bar", { environment });
  again.handle("quick", () => "new Bar");
  expect(await later).toBe("new Bar");
});
