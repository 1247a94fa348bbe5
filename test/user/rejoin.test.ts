import { expect, test } from "vitest";
import type { Environment } from "../../src/link/environment.ts";
import { dialTcp } from "../../src/pipe/tcp.ts";
import { User } from "../../src/user/user.ts";
import { expectNothingLeft } from "../support/leftovers.ts";
import { failure, join, openRoom } from "../support/rooms.ts";
import { until } from "../support/until.ts";

expectNothingLeft();

test("a call made while there is no Room reaches a peer that joined the new Room first", async () => {
  let maySeeRoom = Promise.resolve();
  let show!: () => void;
  const dial: Environment["dial"] = async (options) => {
    await maySeeRoom;
    return dialTcp(options);
  };
  const first = await openRoom();
  const { port } = first;
  const foo = await join(first, "Foo", { environment: { dial } });
  maySeeRoom = new Promise((resolve) => (show = resolve));
  await first.close();
  const second = await openRoom({ port });
  const bar = await join(second, "Bar");
  bar.handle("echo", (data) => data);
  const call = foo.peer("Bar").get("echo", 1, { timeoutMs: 10_000 });
  show();
  expect(await call).toBe(1);
});

test("a listenPort that is taken ends the join, names the port and leaves no link behind", async () => {
  const room = await openRoom();
  const taken = await openRoom();
  const error = await failure(User.join("Foo", { log: "silent", room: { port: room.port }, listenPort: taken.port }));
  expect(error).toMatchObject({ name: "LinkError", code: "ERR_UNREACHABLE" });
  expect(error.message).toContain(String(taken.port));
  const foo = await join(room, "Foo");
  await until(() => room.names.length === 1);
  expect(foo.name).toBe("Foo");
});
