import { connect } from "node:net";
import { expect, test, vi } from "vitest";
import type { Logger } from "../../src/base/log.ts";
import { expectNothingLeft } from "../support/leftovers.ts";
import { join, openRoom } from "../support/rooms.ts";

expectNothingLeft();

const full = (): void => {
  throw new Error("no space left");
};

test("a Room whose logger throws goes on: strangers come and go, members join, bans hold", async () => {
  const spy = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  try {
    const log: Logger = { debug: full, info: full, warn: full, error: full };
    const room = await openRoom({ log });
    const stranger = connect(room.port, "127.0.0.1").on("error", () => {});
    stranger.end("GET / HTTP/1.0\r\n\r\n");
    await new Promise((done) => stranger.once("close", done));
    const foo = await join(room, "Foo");
    expect(room.names).toEqual(["Foo"]);
    await room.bans.add("127.0.0.1");
    await vi.waitFor(() => expect(room.names).toEqual([]));
    await foo.close();
    await room.close();
  } finally {
    spy.mockRestore();
  }
});
