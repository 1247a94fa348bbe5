import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { check, type Schema } from "../../src/call/validation.ts";
import { bind } from "../../src/runtime.ts";
import { definePeer } from "../../src/schema/index.ts";
import { expectNothingLeft } from "../support/leftovers.ts";
import { failure, join, openRoom } from "../support/rooms.ts";
import { type AnyUser, closeAfter } from "../support/typed.ts";

expectNothingLeft();

const circular: Record<string, unknown> = {};
circular["self"] = circular;

const THEN = ["th", "en"].join("");

function throwing(what: unknown): () => never {
  return () => {
    throw what;
  };
}

test.each<[string, () => unknown, string]>([
  ["throws a bigint", throwing(5n), "FAILED"],
  ["rejects with a bigint", async () => throwing(5n)(), "FAILED"],
  ["rejects with a circular object", async () => throwing(circular)(), "FAILED"],
  ["rejects with an object without a prototype", async () => throwing(Object.create(null))(), "FAILED"],
  [
    "answers a thenable whose then can't be read",
    () => Object.defineProperty({}, THEN, { get: throwing(1) }),
    "FAILED",
  ],
  ["answers a thenable that throws", () => Object.fromEntries([[THEN, throwing(new Error("then"))]]), "FAILED"],
  [
    "answers something whose getter throws something odd",
    () => Object.defineProperty({}, "x", { enumerable: true, get: throwing(Object.create(null)) }),
    "INVALID_OUTPUT",
  ],
])("a handler that %s fails its own call only, whatever the log makes of it", async (_what, handler, code) => {
  const unhandled: unknown[] = [];
  const note = (error: unknown): void => void unhandled.push(error);
  process.on("unhandledRejection", note);
  onTestFinished(() => void process.off("unhandledRejection", note));
  const lines: string[] = [];
  const log = {
    debug() {},
    info() {},
    warn() {},
    error: (fields: object, message: string) => lines.push(`${message} ${JSON.stringify(fields)}`),
  };
  const room = await openRoom();
  const bar = await join(room, "Bar", { log });
  bar.handle("odd", handler);
  bar.handle("echo", (data) => data);
  const foo = await join(room, "Foo");
  const answer = foo.peer("Bar").get("echo", 1);
  expect(await failure(foo.peer("Bar").get("odd"))).toMatchObject({ code, outcome: "ran" });
  expect(await answer).toBe(1);
  expect(await foo.peer("Bar").get("echo", 2)).toBe(2);
  expect(lines.filter((line) => line.includes('"odd"'))).toHaveLength(1);
  expect(unhandled).toEqual([]);
});

function odd(_input: unknown, call: { fail(code: string, data: unknown): never }): never {
  return call.fail("constructor", 1);
}

test("an error code that every object knows is told as it came, not taken for a declared one", async () => {
  const schema = definePeer({ get: { odd: { errors: { NotFound: z.string() } } } });
  const network = bind<{ Bar: object }, { Bar: AnyUser }, unknown>({ Bar: schema });
  const room = await openRoom();
  const options = { log: "silent", room: { port: room.port } } as const;
  closeAfter(await network.joinRoom("Bar", { get: { odd } }, options));
  const foo = closeAfter(await network.joinRoom("Bar", { get: { odd } }, { ...options, name: "Foo" }));
  const error = await failure(foo.peers.Bar.get["odd"]?.() ?? Promise.resolve());
  expect(error).toMatchObject({ code: "constructor", outcome: "ran", data: 1 });
});

test.each<[string, () => never]>([
  ["a bigint", throwing(5n)],
  ["an object without a prototype", throwing(Object.create(null))],
])("a schema that throws %s, at once or later, refuses its own input only", async (_what, thrown) => {
  const now: Schema = { "~standard": { validate: thrown } };
  const later: Schema = { "~standard": { validate: async () => thrown() } };
  expect(await check(now, 1, "input")).toMatchObject({
    ok: false,
    text: expect.stringMatching(/^input: its schema failed: /),
  });
  expect(await check(later, 1, "input")).toMatchObject({
    ok: false,
    text: expect.stringMatching(/^input: its schema failed: /),
  });
});
