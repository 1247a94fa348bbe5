import { expect, test } from "vitest";
import { DEFAULT_LIMITS } from "../../src/base/limits.ts";
import { FailureLog } from "../../src/call/failure-log.ts";
import { systemClock } from "../../src/base/clock.ts";
import { Deadlines } from "../../src/base/deadlines.ts";
import { loggerOf } from "../../src/base/log.ts";
import { MessageQueue } from "../../src/call/messages.ts";
import { Registry } from "../../src/call/registry.ts";
import { PeerEntries } from "../../src/node/peer-entries.ts";
import { decodeEnd, sessionEnded } from "../../src/session/bind.ts";

let lastByte = 0;

function entries(severalSelves = false): { all: PeerEntries; count: () => number; registry: Registry } {
  const registry = new Registry(undefined);
  const all = new PeerEntries(
    {
      clock: systemClock,
      deadlines: new Deadlines(systemClock),
      failures: new FailureLog(loggerOf("silent", "Foo"), systemClock, DEFAULT_LIMITS.audit),
      registry,
      messages: new MessageQueue(),
      views: { peer: () => undefined, peers: () => undefined },
      reach: () => {},
      absence: () => "nobody",
    },
    (bytes) => new Uint8Array(bytes).fill(++lastByte),
    severalSelves,
  );
  return { all, count: () => [...all].length, registry };
}

test("a stranger who has proved nothing leaves no entry, and gets the end that its proof will find", () => {
  const { all, count } = entries();
  for (let stranger = 0; stranger < 1_000; stranger++) all.endFor(`stranger ${stranger}`);
  expect(count()).toBe(0);
  const end = all.endFor("Bar");
  expect(all.handshakeOf(end)?.mine).toEqual(all.at("Bar").binding.end);
  expect(all.handshakeOf(new Uint8Array(16))).toBeUndefined();
});

test("peers with whom nothing goes on are forgotten when they become many, and no end is ever given twice", async () => {
  const { all, count } = entries();
  const busy = all.at("busy");
  const waits = busy.conversation.start({ word: "get", name: "x", label: "x", input: 1, options: { timeoutMs: 50 } });
  const ended = all.at("ended").binding;
  sessionEnded(ended);
  sessionEnded(ended);
  for (let peer = 0; peer < 3_000; peer++) all.at(`peer ${peer}`);
  expect(count()).toBeLessThanOrEqual(1_024);
  expect(all.at("busy")).toBe(busy);
  expect(decodeEnd(all.endFor("ended")).epoch).toBeGreaterThan(2);
  await expect(waits).rejects.toMatchObject({ code: "TIMEOUT", outcome: "did not run" });
});

/** How many programs this one is to two peers. */
function ends(severalSelves: boolean): number {
  const { all } = entries(severalSelves);
  for (const peer of ["eu", "us"]) all.at(peer);
  return new Set(["eu", "us"].map((peer) => decodeEnd(all.endFor(peer)).incarnation[0])).size;
}

test("a client is another program to each of its servers, everybody else one and the same to all", () => {
  expect([ends(false), ends(true)]).toEqual([1, 2]);
});
