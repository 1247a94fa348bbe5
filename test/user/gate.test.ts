import { expect, test } from "vitest";
import type { Environment } from "../../src/link/environment.ts";
import type { Pipe } from "../../src/pipe/pipe.ts";
import { dialTcp } from "../../src/pipe/tcp.ts";
import { Server } from "../../src/server/server.ts";
import { expectNothingLeft } from "../support/leftovers.ts";
import { failure, join, openRoom } from "../support/rooms.ts";
import { until } from "../support/until.ts";

expectNothingLeft();

/** Notes whom a user dials, by port. */
function watched(): { environment: Partial<Environment>; ports: number[]; pipes: Pipe[] } {
  const ports: number[] = [];
  const pipes: Pipe[] = [];
  const dial: Environment["dial"] = async (options) => {
    ports.push(options.port);
    const pipe = await dialTcp(options);
    pipes.push(pipe);
    return pipe;
  };
  return { environment: { dial }, ports, pipes };
}

const ROUND = { timeoutMs: 1_200 };

// The one with the smaller name dials: Bar dials Foo, and Foo dials Zed.
test.each<[string, string, object]>([
  ["Bar, which dials Foo,", "Bar", { deny: ["Foo"] }],
  ["Zed, which Foo dials,", "Zed", { deny: ["Foo"] }],
  ["Bar", "Bar", { allow: ["Somebody"] }],
  ["Zed", "Zed", { allow: ["Somebody"] }],
])("%s does not talk to Foo: neither calls nor is called, whoever dials", async (_what, name, lists) => {
  const room = await openRoom();
  const { environment, ports } = watched();
  const closed = await join(room, name, { ...lists, environment });
  const foo = await join(room, "Foo");
  let calls = 0;
  for (const user of [closed, foo]) user.handle("count", () => ++calls);
  const out = failure(closed.peer("Foo").get("count", undefined, ROUND));
  const back = failure(foo.peer(name).get("count", undefined, ROUND));
  expect(await out).toMatchObject({ code: "TIMEOUT", outcome: "did not run" });
  expect((await out).message).toContain("Foo is not among those that this user may talk to");
  expect(await back).toMatchObject({ code: "TIMEOUT", outcome: "did not run" });
  expect(calls).toBe(0);
  expect([closed.peer("Foo").path, foo.peer(name).path]).toEqual([undefined, undefined]);
  expect(ports, "it dialled the Room alone").toEqual([room.port]);
});

test("who may talk talks, in both directions, and over a new connection when the old one breaks", async () => {
  const room = await openRoom();
  const { environment, pipes } = watched();
  const bar = await join(room, "Bar", { allow: ["Foo"], deny: ["Zed"], environment });
  const foo = await join(room, "Foo", { allow: ["Bar"] });
  for (const user of [bar, foo]) user.handle("echo", (data) => data);
  expect(await bar.peer("Foo").get("echo", 1)).toBe(1);
  expect(await foo.peer("Bar").get("echo", 2)).toBe(2);
  await room.close(); // from here on a session's own key is all there is
  for (const pipe of pipes) if (pipe.remote.port !== room.port) pipe.destroy();
  expect(await foo.peer("Bar").get("echo", 3, { timeoutMs: 10_000 })).toBe(3);
  await until(() => bar.peer("Foo").path !== undefined);
});

// A name in another spelling of Unicode looks the same, and would be on no list.
const SPELLED = "Ba\u0308r";

test.each<[string, object, string]>([
  ["in another spelling", { deny: [SPELLED] }, "deny: .* is not in Unicode normal form C"],
  ["with a space behind it", { deny: ["Bar "] }, 'deny: "Bar " .* begins or ends with a space'],
  ["that is empty", { allow: [""] }, 'allow: "" .* is empty'],
  ["that is no text", { allow: ["Bar", 5] }, "allow: 5 .* is no text"],
  ["that is undefined", { deny: [undefined] }, "deny: undefined .* is no text"],
])("a name %s is told, instead of keeping nobody out", async (_what, lists, message) => {
  const room = await openRoom();
  const refusal = { name: "TypeError", message: expect.stringMatching(message) as string };
  expect(await failure(join(room, "Foo", lists))).toMatchObject(refusal);
  expect(await failure(Server.listen({ port: 0, log: "silent", ...lists }))).toMatchObject(refusal);
});
