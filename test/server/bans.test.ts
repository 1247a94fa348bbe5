import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { AuditLog } from "../../src/link/audit.ts";
import type { ClientOptions, ServerOptions } from "../../src/schema/server-types.ts";
import { Client } from "../../src/server/client.ts";
import { Server } from "../../src/server/server.ts";
import { from } from "../room/member-link.ts";
import { expectNothingLeft } from "../support/leftovers.ts";
import { failure } from "../support/rooms.ts";
import { until } from "../support/until.ts";

expectNothingLeft();

async function serve(options: ServerOptions = {}): Promise<Server> {
  const server = await Server.listen({ port: 0, log: "silent", ...options });
  onTestFinished(() => server.close({ graceMs: 500 }));
  return server;
}

async function open(name: string, options: ClientOptions = {}): Promise<Client> {
  const client = await Client.open(name, { log: "silent", ...options });
  onTestFinished(() => client.close({ graceMs: 500 }));
  return client;
}

test("a ban ends the sessions of a client at once, for both sides, and keeps it out; others go on", async () => {
  const server = await serve();
  let calls = 0;
  server.handle("count", () => ++calls);
  server.handle("never", () => new Promise(() => {}));
  const mallory = await open("Mallory", { environment: from("127.0.0.5"), reconnect: false });
  const foo = await open("Foo");
  await mallory.connect("Baz", { port: server.port });
  await foo.connect("Baz", { port: server.port });
  const waiting = failure(mallory.peer("Baz").get("never"));
  expect(await mallory.peer("Baz").get("count")).toBe(1);
  await server.bans.add("127.0.0.4/30", { reason: "noise" });
  expect((await waiting).message).toContain("this address is barred");
  await until(() => server.names.length === 1);
  expect(server.names).toEqual(["Foo"]);
  expect(await foo.peer("Baz").get("count")).toBe(2);
  const again = await open("Mallory", { environment: from("127.0.0.6"), reconnect: false });
  expect(await failure(again.connect("Baz", { port: server.port }))).toMatchObject({
    code: "ERR_REFUSED",
    received: 4,
    retryAfter: 60,
  });
  expect(await server.bans.lift("127.0.0.4/30")).toBe(true);
  await again.connect("Baz", { port: server.port });
  expect(await again.peer("Baz").get("count")).toBe(3);
});

test("a client that reconnects does not come back from a banned address, neither with its session's key nor with the password", async () => {
  const server = await serve();
  let calls = 0;
  server.handle("count", () => ++calls);
  const mallory = await open("Mallory", { environment: from("127.0.0.5") });
  await mallory.connect("Baz", { port: server.port });
  expect(await mallory.peer("Baz").get("count")).toBe(1);
  await server.bans.add("127.0.0.5");
  await until(() => server.names.length === 0 && mallory.names.length === 0);
  const error = await failure(mallory.peer("Baz").get("count", undefined, { timeoutMs: 800 }));
  expect(error).toMatchObject({ code: "TIMEOUT", outcome: "did not run" });
  expect([server.names, calls]).toEqual([[], 1]);
});

test("what the server fails to do for one client costs that client alone", async () => {
  const errors: string[] = [];
  const log = {
    debug() {},
    info() {},
    warn() {},
    error: (_fields: object, message: string) => void errors.push(message),
  };
  const audit = vi.spyOn(AuditLog.prototype, "note").mockImplementation((_event, reason) => {
    if (reason === "not allowed") throw new Error("a fault of ours");
  });
  onTestFinished(() => audit.mockRestore());
  const server = await serve({ deny: ["Mallory"], log });
  server.handle("echo", (data) => data);
  const mallory = await open("Mallory", { reconnect: false });
  await failure(mallory.connect("Baz", { port: server.port }));
  expect(errors).toEqual(["a client could not be let in"]);
  const foo = await open("Foo");
  await foo.connect("Baz", { port: server.port });
  expect(await foo.peer("Baz").get("echo", 1)).toBe(1);
});

test("bans of a server outlive it in its state file; a file that can't be used is an error at the start", async () => {
  const folder = mkdtempSync(join(tmpdir(), "chatroom-server-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const state = join(folder, "server.json");
  const first = await serve({ state });
  await first.bans.add("10.0.0.0/8", { seconds: 3_600 });
  await first.close();
  const second = await serve({ state });
  expect(second.bans.list()).toMatchObject([{ address: "10.0.0.0/8", until: expect.any(Date) }]);
  expect((await failure(Server.listen({ port: 0, log: "silent", state: folder }))).message).toContain("can't be used");
});
