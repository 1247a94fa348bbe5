import { connect, createServer } from "node:net";
import type { AddressInfo } from "node:net";

import { expect, test } from "vitest";

import { dialTcp, listenTcp } from "../../src/pipe/tcp.ts";
import type { Pipe } from "../../src/pipe/pipe.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { expectNothingLeft } from "../support/leftovers.ts";
import { testPipes } from "./pipe-contract.ts";

expectNothingLeft();

for (const [name, host] of [
  ["TCP and IPv4", "127.0.0.1"],
  ["TCP and IPv6", "::1"],
] as const) {
  testPipes(name, () => ({
    host,
    listen: (port, accept) => listenTcp({ host, port, accept }),
    dial: (port) => dialTcp({ host, port }),
  }));
}

test("a name that nobody has is named in the error", async () => {
  const error = await dialTcp({ host: "no-such-host.invalid", port: 2428, timeoutMs: 5_000 }).catch(
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({ code: "ERR_UNREACHABLE" });
  expect((error as Error).message).toContain("no-such-host.invalid");
});

test("an empty host is refused before anything is opened", async () => {
  await expect(dialTcp({ host: " ", port: 1 })).rejects.toMatchObject({ code: "ERR_PARAM" });
});

test("a dialled port that nobody listens on says so", async () => {
  const listener = await listenTcp({ host: "127.0.0.1", port: 0, accept: () => {} });
  await listener.close();
  const { port } = listener.address;
  await expect(dialTcp({ host: "127.0.0.1", port })).rejects.toThrow(
    `nobody listens at 127.0.0.1:${port} (connection refused)`,
  );
});

test("an aborted dial rejects with the signal's reason and leaves no socket", async () => {
  const controller = new AbortController();
  const reason = new Error("changed my mind");
  const dialled = dialTcp({ host: "127.0.0.1", port: 9, signal: controller.signal });
  controller.abort(reason);
  await expect(dialled).rejects.toBe(reason);
  await expect(dialTcp({ host: "127.0.0.1", port: 9, signal: controller.signal })).rejects.toBe(reason);
});

test("limit pipe.connectMs: a dial that gets no answer ends after ten seconds", async () => {
  // A full backlog: the system accepts no further connection and does not refuse it either.
  const server = createServer();
  await new Promise<void>((resolve) => server.listen({ host: "127.0.0.1", port: 0, backlog: 0 }, resolve));
  const { port } = server.address() as AddressInfo;
  const clock = new ManualClock();
  const dialled = dialTcp({ host: "127.0.0.1", port, clock });
  clock.advance(9_999);
  expect(clock.pending).toBe(1);
  clock.advance(1);
  await expect(dialled).rejects.toThrow(`127.0.0.1:${port} did not answer within 10 s`);
  expect(clock.pending).toBe(0);
  server.close();
});

test("a listener on :: also takes IPv4 and shows its addresses as IPv4", async () => {
  const accepted: Pipe[] = [];
  const listener = await listenTcp({ host: "::", port: 0, accept: (pipe) => void accepted.push(pipe) });
  const near = await dialTcp({ host: "127.0.0.1", port: listener.address.port });
  while (accepted.length === 0) await new Promise((resolve) => setImmediate(resolve));
  expect(accepted[0]?.remote).toEqual({ host: "127.0.0.1", port: near.local.port });
  near.destroy();
  accepted[0]?.destroy();
  await listener.close();
});

test("limit pipe.lingerMs: a closing pipe whose other side neither reads nor ends is destroyed after two seconds", async () => {
  const clock = new ManualClock();
  const accepted: Pipe[] = [];
  const listener = await listenTcp({ host: "127.0.0.1", port: 0, clock, accept: (pipe) => void accepted.push(pipe) });
  const mute = connect({ host: "127.0.0.1", port: listener.address.port, allowHalfOpen: true });
  mute.on("error", () => {});
  mute.pause();
  while (accepted.length === 0) await new Promise((resolve) => setImmediate(resolve));
  const pipe = accepted[0] as Pipe;
  pipe.start({ data() {}, drain() {}, end() {} });
  for (let written = 0; written < 64 && pipe.write([new Uint8Array(1_048_576)]); ) written++;
  pipe.close();
  clock.advance(1_999);
  expect(clock.pending).toBe(1);
  clock.advance(1);
  mute.resume();
  await new Promise((resolve) => mute.on("end", resolve).on("error", resolve));
  mute.destroy();
  expect(mute.bytesRead).toBeGreaterThan(0);
  expect(clock.pending).toBe(0);
  await listener.close();
});

test("what a pipe was given is freed when the system has it, not before, and arrives whole; what it was only lent stays", async () => {
  const accepted: Pipe[] = [];
  const listener = await listenTcp({ host: "127.0.0.1", port: 0, accept: (pipe) => void accepted.push(pipe) });
  const near = await dialTcp({ host: "127.0.0.1", port: listener.address.port });
  while (accepted.length === 0) await new Promise((resolve) => setImmediate(resolve));
  const [far] = accepted as [Pipe];
  const drained = new Promise<void>((resolve) => near.start({ data() {}, drain: resolve, end() {} }));
  const lent = new Uint8Array(100_000).fill(9);
  near.write([lent]);
  const given: Uint8Array[] = [];
  // Nobody reads: what the system can't take waits here.
  for (let count = 1; near.buffered === 0 && count < 200; count++) {
    const parts = [new Uint8Array(50_000).fill(count), new Uint8Array(450_000).fill(count)];
    near.write(parts, true);
    if (near.buffered === 0)
      expect(
        parts.map(({ length }) => length),
        "taken at once",
      ).toEqual([0, 0]);
    given.push(...parts);
  }
  near.write([new Uint8Array(500_000).fill(given.length / 2 + 1)], true);
  expect(
    given.slice(-2).map(({ length }) => length),
    "still on their way",
  ).toEqual([50_000, 450_000]);
  const wanted = 100_000 + (given.length / 2 + 1) * 500_000;
  let came = 0;
  await new Promise<void>((resolve) => {
    far.start({
      data(chunk) {
        for (let at = 0; at < chunk.length; at += 10_000) {
          const place = came + at;
          const expected = place < 100_000 ? 9 : Math.floor((place - 100_000) / 500_000) + 1;
          if (chunk[at] !== expected % 256) expect.fail(`byte ${place} is ${chunk[at]}, not ${expected}`);
        }
        came += chunk.length;
        if (came === wanted) resolve();
      },
      drain() {},
      end() {},
    });
  });
  await drained;
  expect(given.reduce((sum, { length }) => sum + length, 0)).toBe(0);
  expect(lent.length).toBe(100_000);
  for (const pipe of [near, far]) pipe.destroy();
  await listener.close();
});

test("a pipe that is closed with unread bytes is free as soon as the other side ends", async () => {
  const clock = new ManualClock();
  const accepted: Pipe[] = [];
  const listener = await listenTcp({ host: "127.0.0.1", port: 0, clock, accept: (pipe) => void accepted.push(pipe) });
  const near = await dialTcp({ host: "127.0.0.1", port: listener.address.port, clock });
  while (accepted.length === 0) await new Promise((resolve) => setImmediate(resolve));
  const [far] = accepted as [Pipe];
  const ended = new Promise((resolve) => far.start({ data() {}, drain() {}, end: resolve }));
  far.write([new Uint8Array(100_000)]);
  near.close();
  expect(await ended).toBeUndefined();
  for (let round = 0; round < 200 && clock.pending > 0; round++) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(clock.pending).toBe(0);
  await listener.close();
});

test("a dial leaves from the local port that it is told to", async () => {
  const accepted: Pipe[] = [];
  const listener = await listenTcp({ host: "127.0.0.1", port: 0, accept: (pipe) => void accepted.push(pipe) });
  const { port } = listener.address;
  // A port that was free a moment ago.
  const probe = await listenTcp({ host: "127.0.0.1", port: 0, accept: () => {} });
  await probe.close();
  const localPort = probe.address.port;
  const near = await dialTcp({ host: "127.0.0.1", port, localHost: "127.0.0.1", localPort });
  expect(near.local).toEqual({ host: "127.0.0.1", port: localPort });
  while (accepted.length === 0) await new Promise((resolve) => setImmediate(resolve));
  expect(accepted[0]?.remote.port).toBe(localPort);
  for (const pipe of [near, ...accepted]) pipe.destroy();
  await listener.close();
});
