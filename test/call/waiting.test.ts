import { expect, test } from "vitest";
import { expectNothingLeft } from "../support/leftovers.ts";
import { join, openRoom } from "../support/rooms.ts";
import { turns } from "../support/until.ts";
import { ERROR } from "../../src/wire/frames.ts";
import { encodeValue } from "../../src/wire/values.ts";
import { CallBench } from "./call-bench.ts";

expectNothingLeft();

test("a small send never overtakes a big one that waits for room", async () => {
  const room = await openRoom();
  const foo = await join(room, "Foo");
  const bar = await join(room, "Bar");
  const heard: unknown[] = [];
  bar.handle("take", (data) => {
    heard.push((data as unknown[])[0]);
  });
  const peer = foo.peer("Bar");
  await peer.tell("take", [0]);
  const sent = [1, 2, 3, 4, 5, 6].map((n) => peer.tell("take", n % 2 === 1 ? [n, new Uint8Array(3_000_000)] : [n]));
  await Promise.all(sent);
  expect(heard).toEqual([0, 1, 2, 3, 4, 5, 6]);
});

test("sixty thousand calls that wait for a method that is not there all settle when their peer comes", async () => {
  const room = await openRoom();
  const foo = await join(room, "Foo");
  const codes = Array.from({ length: 60_000 }, () =>
    foo
      .peer("Bar")
      .get("nothing")
      .then(
        () => "an answer",
        (error: { code: string; outcome: string }) => `${error.code}, ${error.outcome}`,
      ),
  );
  await join(room, "Bar");
  expect(new Set(await Promise.all(codes))).toEqual(new Set(["NOT_FOUND, did not run"]));
});

test("calls that wait for a method that is not there all settle at once, however many others their peer handles", async () => {
  const METHODS = 10_000;
  const CALLS = 40_000;
  const settled = async (methods: number): Promise<number> => {
    const bench = new CallBench();
    const asked = Array.from({ length: CALLS }, () => bench.start("nothing"));
    const began = process.cpuUsage();
    bench.open(...Array.from({ length: methods }, (_, at) => `method ${at}`));
    for (const [kind, channel] of bench.pull(1 << 20).map((frame) => frame.split(" ")))
      if (kind === "GET") bench.receive(ERROR, Number(channel), encodeValue(["NOT_FOUND", false, "none of that name"]));
    const { user, system } = process.cpuUsage(began);
    await turns(1);
    expect(new Set(asked.map(({ told }) => told))).toEqual(new Set(["NOT_FOUND: did not run"]));
    bench.deadlines.close();
    return (user + system) / 1_000;
  };
  await settled(1);
  const few = await settled(1);
  expect(await settled(METHODS)).toBeLessThan(3 * few + 400);
});
