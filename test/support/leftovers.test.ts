import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Worker } from "node:worker_threads";
import { expect, onTestFinished, test } from "vitest";
import { Leftovers } from "./leftovers.ts";
import { turns, until } from "./until.ts";

function watching(): Leftovers {
  const leftovers = new Leftovers();
  leftovers.start();
  onTestFinished(() => leftovers.stop());
  return leftovers;
}

test("tells timers that nobody cleared, also those that hold no process, and forgets them when they fire or are cleared", async () => {
  const leftovers = watching();
  const timer = setTimeout(() => {}, 60_000).unref();
  const interval = setInterval(() => {}, 70_000);
  let hasFired = false;
  setTimeout(() => (hasFired = true), 1).unref();
  const lines = leftovers.list();
  expect(lines).toHaveLength(3);
  expect(lines[0]).toMatch(/^a timer of setTimeout, 60000 ms, made at .*leftovers\.test\.ts/);
  expect(lines[1]).toContain("a timer of setInterval, 70000 ms");
  await until(() => hasFired);
  clearTimeout(timer);
  interval[Symbol.dispose]();
  expect(leftovers.list()).toEqual([]);
});

test("tells sockets of both ends and servers, also those that hold no process, until they are closed", async () => {
  const leftovers = watching();
  const server = createServer().listen(0, "127.0.0.1").unref();
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const accepted = once(server, "connection") as Promise<[Socket]>;
  const near = connect(port, "127.0.0.1").unref();
  const [[far]] = await Promise.all([accepted, once(near, "connect")]);
  far.unref();
  await turns(2); // the connecting itself is over
  expect(leftovers.list().map((line) => line.replaceAll(/\d+/g, "N"))).toEqual([
    'a server, listening at {"address":"N.N.N.N","family":"IPvN","port":N}',
    expect.stringContaining("a socket, N to N.N.N.N:N"),
    expect.stringContaining("a socket, N to N.N.N.N:N"),
  ]);
  near.destroy();
  far.destroy();
  server.close();
  await until(() => leftovers.list().length === 0);
});

test("tells child processes and workers until they have ended", async () => {
  const leftovers = watching();
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
  child.unref();
  const worker = new Worker("setInterval(() => {}, 1000)", { eval: true });
  worker.unref();
  const lines = leftovers.list();
  expect(lines[0]).toMatch(/^the process \d+: .* -e setInterval/);
  expect(lines[1]).toMatch(/^a worker, thread \d+/);
  child.kill();
  await Promise.all([worker.terminate(), once(child, "exit")]);
  await until(() => leftovers.list().length === 0);
});

test("a test file that leaves something behind fails, though each of its tests passes", async () => {
  const vitest = fileURLToPath(new URL("../../node_modules/vitest/vitest.mjs", import.meta.url));
  const config = fileURLToPath(new URL("leaky.config.ts", import.meta.url));
  const run = promisify(execFile)(process.execPath, [vitest, "run", "--config", config], { timeout: 60_000 });
  const { code, stdout, stderr } = (await run.then(
    () => ({ code: 0, stdout: "", stderr: "" }),
    (error: unknown) => error,
  )) as { code: number; stdout: string; stderr: string };
  const told = stdout + stderr;
  expect(code, told).toBe(1);
  expect(told).toContain("left behind by this file");
  expect(told).toContain("a timer of setTimeout, 60000 ms, made at");
  expect(told).toContain("a server, listening at");
  expect(told).toContain("1 passed, 1 failed");
}, 60_000);
