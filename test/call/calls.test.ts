import { expect, test } from "vitest";
import { z } from "zod";
import { contextKey, PeerError } from "../../src/index.ts";
import { bind } from "../../src/runtime.ts";
import { definePeer } from "../../src/schema/index.ts";
import { expectNothingLeft } from "../support/leftovers.ts";
import { failure, join, openRoom } from "../support/rooms.ts";
import { type AnyUser, closeAfter } from "../support/typed.ts";
import { until } from "../support/until.ts";

expectNothingLeft();

const barSchema = definePeer({
  get: {
    twice: { input: z.number(), output: z.number() },
    find: {
      input: z.object({ id: z.string() }),
      output: z.object({ title: z.string() }),
      errors: { NotFound: z.object({ id: z.string() }), Closed: z.void() },
    },
    later: { input: z.number().refine(async (n) => n > 0, "must be positive"), output: z.number() },
    secret: { output: z.string(), from: ["Worker"] },
    mine: { output: z.string(), fromNames: ["Baz"] },
    size: { input: z.object({ width: z.number().default(7) }), output: z.number() },
    slow: {},
  },
  send: { chat: z.object({ text: z.string().max(5) }) },
});
const fooSchema = definePeer({ get: { title: { output: z.string() } } });

interface Handlers {
  Bar: Record<string, Record<string, (input: never, call: never) => unknown>>;
  Foo: Record<string, Record<string, (input: never, call: never) => unknown>>;
}
const network = bind<Handlers, { Bar: AnyUser; Foo: AnyUser }, unknown>({ Bar: barSchema, Foo: fooSchema });

const usual = {
  get: {
    twice: (n: number) => n * 2,
    find: ({ id }: { id: string }, call: { fail(code: string, data?: unknown): never }) =>
      id === "1" ? { title: "one" } : call.fail(id === "0" ? "Closed" : "NotFound", id === "0" ? undefined : { id }),
    later: async (n: number) => n,
    secret: () => "s",
    mine: () => "m",
    size: ({ width }: { width: number }) => width,
    slow: () => new Promise(() => {}),
  },
  send: { chat: () => {} },
};

type Changes = { get?: Record<string, unknown>; send?: Record<string, unknown> };

async function pair(
  changes: Changes = {},
  options: { handling?: readonly ((call: never, next: () => Promise<unknown>) => Promise<unknown>)[] } = {},
): Promise<{ foo: AnyUser; bar: AnyUser; port: number }> {
  const room = await openRoom();
  const joined = { log: "silent", room: { port: room.port } } as const;
  const handlers = {
    get: { ...usual.get, ...changes.get },
    send: { ...usual.send, ...changes.send },
  } as unknown as Handlers["Bar"];
  const foo = closeAfter(await network.joinRoom("Foo", { get: { title: () => "the curious" } }, joined));
  const bar = closeAfter(await network.joinRoom("Bar", handlers, { ...joined, ...options } as never));
  return { foo, bar, port: room.port };
}

test("a get gives the answer, a send resolves when it was accepted, try gives a result", async () => {
  const heard: unknown[] = [];
  const { foo } = await pair({
    send: {
      chat: (data: unknown, call: { from: string; method: string }) => heard.push([data, call.from, call.method]),
    },
  });
  const { Bar } = foo.peers;
  expect(await Bar.get.twice(4)).toBe(8);
  await Bar.send.chat({ text: "hi" });
  expect(heard).toEqual([[{ text: "hi" }, "Foo", "Bar.chat"]]);
  expect(await Bar.try.find({ id: "1" })).toEqual({ ok: true, value: { title: "one" } });
});

test("declared errors arrive with code and data, and ran", async () => {
  const { foo } = await pair();
  const error = await failure(foo.peers.Bar.get.find({ id: "2" }));
  expect(error).toMatchObject({
    name: "PeerError",
    code: "NotFound",
    data: { id: "2" },
    outcome: "ran",
    method: "Bar.find",
    peer: "Bar",
  });
  expect(network.isError(error, "Bar.find", "NotFound")).toBe(true);
  expect(network.isError(error, "Bar.find")).toBe(true);
  expect(network.isError(error, "Bar.find", "Closed")).toBe(false);
  expect(network.isError(error, "Bar.twice", "NotFound")).toBe(false);
  const closed = await foo.peers.Bar.try.find({ id: "0" });
  expect(closed).toMatchObject({ ok: false, error: { code: "Closed", data: undefined } });
});

test("data of a declared error that its schema refuses is INVALID_OUTPUT", async () => {
  const { foo } = await pair({
    get: {
      find: (_: unknown, call: { fail(code: string, data?: unknown): never }) => call.fail("NotFound", { id: 3 }),
    },
  });
  expect(await failure(foo.peers.Bar.get.find({ id: "2" }))).toMatchObject({ code: "INVALID_OUTPUT", outcome: "ran" });
});

test("input that the schema refuses never reaches the handler, and the error says where it is wrong", async () => {
  let runs = 0;
  const { foo } = await pair({ get: { find: () => runs++ }, send: { chat: () => runs++ } });
  const error = await failure(foo.peers.Bar.get.find({ id: 5 }));
  expect(error).toMatchObject({ code: "INVALID_INPUT", outcome: "did not run" });
  expect(error.message).toContain("input.id");
  expect(await failure(foo.peers.Bar.send.chat({ text: "too long" }))).toMatchObject({
    code: "INVALID_INPUT",
    outcome: "did not run",
  });
  expect(await failure(foo.peers.Bar.get.later(-1))).toMatchObject({ code: "INVALID_INPUT", outcome: "did not run" });
  expect(await foo.peers.Bar.get.later(1)).toBe(1);
  expect(runs).toBe(0);
});

test("defaults of the schema are filled in before the handler sees the input", async () => {
  const { foo } = await pair();
  expect(await foo.peers.Bar.get.size({})).toBe(7);
});

test("an answer that the schema refuses is INVALID_OUTPUT, and ran", async () => {
  const { foo } = await pair({ get: { twice: () => "eight" } });
  expect(await failure(foo.peers.Bar.get.twice(4))).toMatchObject({ code: "INVALID_OUTPUT", outcome: "ran" });
});

test("an answer that can't be sent is INVALID_OUTPUT and names the place", async () => {
  const { foo } = await pair({ get: { find: () => ({ title: () => "no" }) } });
  const error = await failure(foo.peers.Bar.get.find({ id: "1" }));
  expect(error).toMatchObject({ code: "INVALID_OUTPUT", outcome: "ran" });
  expect(error.message).toContain("output.title");
});

test("input that can't be sent is refused where it was given", async () => {
  const { foo } = await pair();
  const error = await failure(foo.peers.Bar.get.find({ id: Symbol("x") }));
  expect(error).toMatchObject({ code: "INVALID_INPUT", outcome: "did not run" });
  expect(error.message).toContain("input.id");
});

test("case 76: a handler that throws, whatever and however, fails its own call only, and no text of it crosses the wire", async () => {
  const things: (() => unknown)[] = [
    () => {
      throw new Error("secret /etc/passwd");
    },
    async () => {
      throw new Error("secret /etc/passwd");
    },
    () => {
      throw undefined;
    },
    () => Promise.reject("secret"),
    // oxlint-disable-next-line unicorn/no-thenable -- what a handler might return
    () => ({ then: (_: unknown, reject: (error: unknown) => void) => reject(new Error("secret")) }),
  ];
  let turn = 0;
  const { foo } = await pair({ get: { twice: () => things[turn++ % things.length]?.() } });
  for (const _ of things) {
    const error = await failure(foo.peers.Bar.get.twice(1));
    expect(error).toMatchObject({ code: "FAILED", outcome: "ran", data: undefined });
    expect(`${error.message}${JSON.stringify(error)}`).not.toContain("secret");
  }
  expect(await foo.peers.Bar.get.size({})).toBe(7);
});

test("case 73: getters and thenables in an answer arrive as plain data", async () => {
  const { foo } = await pair({
    get: {
      find: () => ({
        get title() {
          return "got";
        },
      }),
    },
  });
  expect(await foo.peers.Bar.get.find({ id: "1" })).toEqual({ title: "got" });
});

test("a handler that never answers costs its caller the deadline, and may have run", async () => {
  let signal: AbortSignal | undefined;
  const { foo } = await pair({
    get: { slow: (_: unknown, call: { signal: AbortSignal }) => ((signal = call.signal), new Promise(() => {})) },
  });
  expect(await foo.peers.Bar.get.twice(2)).toBe(4); // connected by now, so the call leaves at once
  expect(await failure(foo.peers.Bar.get.slow(undefined, { timeoutMs: 60 }))).toMatchObject({
    code: "TIMEOUT",
    outcome: "may have run",
  });
  await until(() => signal?.aborted === true);
  expect(await foo.peers.Bar.get.twice(1)).toBe(2);
});

test("cancelling reaches the handler's signal", async () => {
  const controller = new AbortController();
  let fired = false;
  const { foo } = await pair({
    get: {
      slow: (_: unknown, call: { signal: AbortSignal }) => {
        call.signal.addEventListener("abort", () => (fired = true));
        controller.abort();
        return new Promise(() => {});
      },
    },
  });
  expect(await failure(foo.peers.Bar.get.slow(undefined, { signal: controller.signal }))).toMatchObject({
    code: "CANCELLED",
    outcome: "may have run",
  });
  await until(() => fired);
});

test("a call that is cancelled before it was sent did not run", async () => {
  const { foo } = await pair();
  await foo.peers.Bar.get.twice(1);
  expect(await failure(foo.peers.Bar.get.slow(undefined, { signal: AbortSignal.abort() }))).toMatchObject({
    code: "CANCELLED",
    outcome: "did not run",
  });
  const controller = new AbortController();
  const call = failure(foo.peers.Bar.get.slow(undefined, { signal: controller.signal }));
  controller.abort(); // in the same tick: no byte of it has left
  expect(await call).toMatchObject({ code: "CANCELLED", outcome: "did not run" });
});

test.each([0, -1, Number.NaN, "60" as unknown as number])(
  "timeoutMs %s is refused with a TypeError",
  async (timeoutMs) => {
    const { foo } = await pair();
    expect(await failure(foo.peers.Bar.get.twice(1, { timeoutMs }))).toBeInstanceOf(TypeError);
  },
);

test("a kind or a name that may not call is refused, and its call did not run", async () => {
  const { foo } = await pair();
  expect(await failure(foo.peers.Bar.get.secret())).toMatchObject({ code: "REFUSED", outcome: "did not run" });
  expect(await failure(foo.peers.Bar.get.mine())).toMatchObject({ code: "REFUSED", outcome: "did not run" });
});

test.each(["__proto__", "toString", "then", "constructor", "handler", ""])(
  "case 72: the method %j is not found",
  async (name) => {
    const { foo } = await pair();
    const error = await failure(name === "" ? foo.peer("Bar").get("nothing") : foo.peer("Bar").get(name));
    expect(error).toMatchObject({ code: "NOT_FOUND", outcome: "did not run" });
    expect(error.message).toContain("twice");
  },
);

test("a send called as a get, and a get as a send, are told apart", async () => {
  const { foo } = await pair();
  expect((await failure(foo.peer("Bar").get("chat", { text: "a" }))).message).toContain("is a send, not a get");
  expect((await failure(foo.peer("Bar").tell("twice", 1))).message).toContain("is a get, not a send");
});

test("a handler calls its caller back, within the deadline and the cancellation of its own call", async () => {
  let remaining = 0;
  const { foo } = await pair({
    get: {
      find: async (
        _: unknown,
        call: { peer: { kind?: string; get: { title(): Promise<string> } }; deadline: Date },
      ) => {
        remaining = call.deadline.getTime() - Date.now();
        return { title: call.peer.kind === "Foo" ? await call.peer.get.title() : "?" };
      },
    },
  });
  expect(await foo.peers.Bar.get.find({ id: "1" }, { timeoutMs: 5_000 })).toEqual({ title: "the curious" });
  expect(remaining).toBeGreaterThan(3_000);
  expect(remaining).toBeLessThanOrEqual(5_016);
});

test("a caller of no kind is a stranger, who can be called back without types", async () => {
  const { bar, port } = await pair({
    get: {
      find: async (_: unknown, call: { peer: { kind?: string; get(name: string): Promise<string> } }) => ({
        title: `${String(call.peer.kind)} ${await call.peer.get("who")}`,
      }),
    },
  });
  const stranger = await join({ port }, "Baz");
  stranger.handle("who", () => "me");
  expect(await stranger.peer("Bar").get("find", { id: "1" })).toEqual({ title: "undefined me" });
  expect(bar.peer("Baz").path).toBe("lan");
});

test("meta travels with the call, and handling functions wrap every handler, outermost first", async () => {
  const user = contextKey<string>("user");
  const order: string[] = [];
  type Call = {
    meta: Record<string, string>;
    context: { get(key: unknown): string; set(key: unknown, value: unknown): void };
  };
  const { foo } = await pair(
    { get: { find: (_: unknown, call: Call) => ({ title: call.context.get(user) }) } },
    {
      handling: [
        async (call: Call, next: () => Promise<unknown>) => {
          order.push("outer");
          call.context.set(user, call.meta["user"]);
          return next();
        },
        async (_call: Call, next: () => Promise<unknown>) => {
          order.push("inner");
          return next();
        },
      ] as never,
    },
  );
  expect(await foo.peers.Bar.get.find({ id: "1" }, { meta: { user: "ann" } })).toEqual({ title: "ann" });
  expect(order).toEqual(["outer", "inner"]);
});

test("all sends of one user are handled in order, big ones among them and schemas that take their time", async () => {
  const heard: number[] = [];
  const room = await openRoom();
  const foo = await join(room, "Foo");
  const bar = await join(room, "Bar");
  bar.handle("note", (data) => void heard.push((data as { n: number }).n));
  const sends: Promise<void>[] = [];
  for (let n = 0; n < 400; n++)
    sends.push(foo.peer("Bar").tell("note", { n, bytes: new Uint8Array(n % 40 === 0 ? 200_000 : n) }));
  await Promise.all(sends);
  expect(heard).toEqual(Array.from({ length: 400 }, (_, n) => n));
});

test("more calls than may be in flight all arrive, and the rest waits at the caller", async () => {
  const room = await openRoom();
  const foo = await join(room, "Foo");
  const bar = await join(room, "Bar");
  let running = 0;
  let most = 0;
  bar.handle("echo", async (data) => {
    most = Math.max(most, ++running);
    await new Promise((resolve) => setImmediate(resolve));
    running--;
    return data;
  });
  const answers = await Promise.all(Array.from({ length: 5_000 }, (_, n) => foo.peer("Bar").get("echo", n)));
  expect(answers).toEqual(Array.from({ length: 5_000 }, (_, n) => n));
  expect(most).toBeLessThanOrEqual(1_024);
});

test("slow handlers of sends hold the sender back instead of filling memory, and none is lost", async () => {
  const room = await openRoom();
  const foo = await join(room, "Foo");
  const bar = await join(room, "Bar");
  const heard: number[] = [];
  let running = 0;
  let most = 0;
  bar.handle("note", async (data) => {
    heard.push(data as number);
    most = Math.max(most, ++running);
    await new Promise((resolve) => setImmediate(resolve));
    running--;
  });
  await Promise.all(Array.from({ length: 6_000 }, (_, n) => foo.peer("Bar").tell("note", n)));
  expect(heard).toEqual(Array.from({ length: 6_000 }, (_, n) => n));
  expect(most).toBeLessThanOrEqual(1_024);
});

test("a send that nobody awaits and that fails ends nothing", async () => {
  const unhandled: unknown[] = [];
  const listen = (error: unknown): void => void unhandled.push(error);
  process.on("unhandledRejection", listen);
  const { foo } = await pair();
  void foo.peers.Bar.send.chat({ text: "too long" });
  void foo.peer("Bar").tell("nothing");
  expect(await foo.peers.Bar.get.twice(2)).toBe(4);
  await new Promise((resolve) => setImmediate(resolve));
  process.off("unhandledRejection", listen);
  expect(unhandled).toEqual([]);
});

test("a handler registered after the peers met is found", async () => {
  const room = await openRoom();
  const foo = await join(room, "Foo");
  const bar = await join(room, "Bar");
  bar.handle("one", () => 1);
  expect(await foo.peer("Bar").get("one")).toBe(1);
  bar.handle("two", () => 2);
  await bar.peer("Foo").send("the contract went before this");
  expect(await foo.peer("Bar").get("two")).toBe(2);
});

test("the input may be changed as soon as the call is made: what was meant then arrives", async () => {
  const room = await openRoom();
  const foo = await join(room, "Foo");
  const input = { n: 1 };
  const answer = foo.peer("Bar").get("echo", input);
  input.n = 2;
  const bar = await join(room, "Bar");
  bar.handle("echo", (data) => data);
  expect(await answer).toEqual({ n: 1 });
});

test("when the callee is closed its callers learn whether their calls may have run", async () => {
  const { foo, bar } = await pair();
  const call = failure(foo.peers.Bar.get.slow());
  await foo.peers.Bar.get.twice(1);
  await bar.close({ graceMs: 20 });
  const error = await call;
  expect(error).toBeInstanceOf(PeerError);
  expect(error).toMatchObject({ code: "DISCONNECTED", outcome: "may have run" });
});
