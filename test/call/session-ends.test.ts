import { expect, test } from "vitest";
import { z } from "zod";
import { bind } from "../../src/runtime.ts";
import { definePeer } from "../../src/schema/index.ts";
import type { User } from "../../src/user/user.ts";
import { expectNothingLeft } from "../support/leftovers.ts";
import { failure, join, openRoom } from "../support/rooms.ts";
import { turns, until } from "../support/until.ts";

expectNothingLeft();

/** A gate that opens when it is told to. */
function gate(): { opened: Promise<void>; open: () => void } {
  let open!: () => void;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

interface Handlers {
  Bar: Record<string, Record<string, (input: never, call: never) => unknown>>;
}

test.each(["accepts", "refuses"])(
  "a send whose schema %s it only after its session ended neither runs nor answers a call of the next session",
  async (what) => {
    const { opened, open } = gate();
    let asked = 0;
    const slow = z.unknown().refine(async () => {
      asked++;
      await opened;
      return what === "accepts";
    });
    const network = bind<Handlers, { Bar: User }, unknown>({
      Bar: definePeer({ get: { never: {} }, send: { slowly: slow } }),
    });
    const room = await openRoom();
    let ran = 0;
    await using bar = await network.joinRoom(
      "Bar",
      { get: { never: () => new Promise(() => {}) }, send: { slowly: () => ran++ } },
      { log: "silent", room: { port: room.port } },
    );
    const foo = await join(room, "Foo");
    const sent = failure(foo.peer("Bar").tell("slowly", 1));
    await until(() => asked > 0);
    await foo.close();
    expect(await sent).toMatchObject({ code: "CLOSED", outcome: "may have run" });
    const again = await join(room, "Foo");
    const call = failure(again.peer("Bar").get("never")); // number 1 in its session, as the send was in the other
    await until(() => bar.names.includes("Foo"));
    await again
      .peer("Bar")
      .get("nothing")
      .catch(() => {});
    open();
    await turns();
    expect(ran).toBe(0);
    await again.close();
    expect(await call).toMatchObject({ code: "CLOSED", outcome: "may have run" });
    await bar.close({ graceMs: 0 });
  },
);

test("sends that wait behind slow ones do not start once their session has ended", async () => {
  const { opened, open } = gate();
  const room = await openRoom();
  const bar = await join(room, "Bar");
  let ran = 0;
  bar.handle("slow", () => {
    ran++;
    return opened;
  });
  const foo = await join(room, "Foo");
  const sent = Array.from({ length: 1_100 }, () =>
    foo
      .peer("Bar")
      .tell("slow")
      .catch(() => {}),
  );
  await until(() => ran === 1_024);
  await turns();
  await foo.close();
  await Promise.all(sent);
  await until(() => bar.peer("Foo").path === undefined);
  open();
  await turns();
  expect(ran).toBe(1_024);
});
