import { expect, test } from "vitest";
import { z } from "zod";
import { bind } from "../../src/runtime.ts";
import { definePeer } from "../../src/schema/index.ts";
import { expectNothingLeft } from "../support/leftovers.ts";
import { failure, join, openRoom } from "../support/rooms.ts";
import { type AnyUser, closeAfter } from "../support/typed.ts";

expectNothingLeft();

/** Each one holds the next. */
interface Tree {
  readonly child?: Tree | undefined;
}
const treeSchema: z.ZodType<Tree> = z.lazy(() => z.strictObject({ child: treeSchema.optional() }));

const barSchema = definePeer({
  get: {
    sum: { input: z.array(z.number()), output: z.number() },
    depth: { input: treeSchema, output: z.number() },
    endless: { input: z.unknown().refine((value) => nested(value) > 0), output: z.number() },
  },
});

/** A check of somebody's own that recurses until there is no room on the stack. */
function nested(value: unknown): number {
  return 1 + nested(value);
}

interface Handlers {
  Bar: Record<string, Record<string, (input: never, call: never) => unknown>>;
}
const network = bind<Handlers, { Bar: AnyUser }, unknown>({ Bar: barSchema });

/** What a refusal says at most, with the words around it. */
const MOST_CHARACTERS = 1_200;

async function scene(): Promise<{ bar: ReturnType<Awaited<ReturnType<typeof join>>["peer"]>; runs: () => number }> {
  const room = await openRoom();
  let runs = 0;
  const ran = (): number => ++runs;
  closeAfter(
    await network.joinRoom(
      "Bar",
      { get: { sum: ran, depth: ran, endless: ran } },
      {
        log: "silent",
        room: { port: room.port },
      },
    ),
  );
  const foo = await join(room, "Foo");
  return { bar: foo.peer("Bar"), runs: () => runs };
}

test("case 70: 900,000 wrong items are refused with the first eight of them told, in a short text", async () => {
  const { bar, runs } = await scene();
  const wrong = Array.from({ length: 900_000 }, () => true);
  const error = await failure(bar.get("sum", wrong, { timeoutMs: 25_000 }));
  expect(error).toMatchObject({ code: "INVALID_INPUT", outcome: "did not run" });
  expect(error.message).toContain("input[0]");
  expect(error.message).toContain("input[7]");
  expect(error.message).not.toContain("input[8]");
  expect(error.message).toContain("and 899992 more");
  expect(error.message.length).toBeLessThan(MOST_CHARACTERS);
  expect(runs()).toBe(0);
  expect(await bar.get("sum", [1, 2])).toBe(1);
});

test("case 70: input that a recursive schema takes is as deep as a value may be, and a level more does not leave the caller", async () => {
  const { bar, runs } = await scene();
  const treeOf = (levels: number): Tree => (levels === 1 ? {} : { child: treeOf(levels - 1) });
  expect(await bar.get("depth", treeOf(64))).toBe(1);
  const error = await failure(bar.get("depth", treeOf(65)));
  expect(error).toMatchObject({ code: "INVALID_INPUT", outcome: "did not run" });
  expect(error.message.length).toBeLessThan(MOST_CHARACTERS);
  expect(runs()).toBe(1);
});

test("case 70: a schema that runs out of stack refuses the input, and nothing else", async () => {
  const { bar, runs } = await scene();
  const error = await failure(bar.get("endless", [1]));
  expect(error).toMatchObject({ code: "INVALID_INPUT", outcome: "did not run" });
  expect(error.message).toContain("its schema failed");
  expect(error.message.length).toBeLessThan(MOST_CHARACTERS);
  expect(runs()).toBe(0);
  expect(await bar.get("sum", [1])).toBe(1);
});
