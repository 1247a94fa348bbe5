import { expect, onTestFinished, test } from "vitest";
import { Room } from "../../src/room/room.ts";
import type { User } from "../../src/user/user.ts";
import { join } from "../support/rooms.ts";
import { seeded, seedOfRun, soak } from "../support/seeded.ts";
import { until } from "../support/until.ts";
import { fastClock } from "./clocks.ts";
import { watchSending } from "./counters.ts";
import { Line } from "./line.ts";

const SEED = seedOfRun();
const CALLS = soak(10_000);
const CUTS = soak(20);
const STALLS = soak(10);
const IN_FLIGHT = 128;

/** Counts what the sessions of this process send of their streams, and how much of it for another time. */
function countSent(): { streamBytes: number; againBytes: number } {
  const sent = { streamBytes: 0, againBytes: 0 };
  const restore = watchSending(({ committed }, before, actions) => {
    sent.streamBytes += committed - before;
    sent.againBytes -= committed - before;
    // The first part is the header of the DATA frame; an ACK has no other.
    for (const action of actions)
      if (action.type === "send") for (const part of action.parts.slice(1)) sent.againBytes += part.length;
  });
  onTestFinished(restore);
  return sent;
}

/** One of the two: what its handlers were given, in order. */
interface Side {
  readonly user: User;
  readonly gets: number[];
  readonly sends: number[];
}

function answering(user: User): Side {
  const side: Side = { user, gets: [], sends: [] };
  user.handle("echo", async (input) => {
    const { n, text } = input as { n: number; text: string };
    side.gets.push(n);
    if (n % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
    return [n, text.length, text.slice(-20)];
  });
  user.handle("note", (input) => void side.sends.push((input as { n: number }).n));
  return side;
}

/** Calls to the other one, numbered in the order in which they begin, so many at once. Resolves when all have settled, with what went wrong. */
async function callAll(
  from: User,
  to: string,
  most: number,
  chance: () => number,
  isEnough: () => boolean = () => false,
): Promise<{ wrong: string[]; count: number }> {
  const peer = from.peer(to);
  const wrong: string[] = [];
  let last = 0;
  const worker = async (): Promise<void> => {
    while (last < most && !isEnough()) {
      const n = ++last;
      const size = chance() < 0.02 ? Math.floor(chance() * 65_536) : Math.floor(chance() * 200);
      const text = `${"x".repeat(size)} of ${from.name} ${n}`;
      try {
        if (chance() < 0.5) await peer.tell("note", { n, text });
        else {
          const answer = JSON.stringify(await peer.get("echo", { n, text }));
          if (answer !== JSON.stringify([n, text.length, text.slice(-20)])) wrong.push(`${n}: ${answer}`);
        }
      } catch (error) {
        wrong.push(`${n}: ${String(error)}`);
      }
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
  return { wrong, count: last };
}

/** All that one side was asked ran once, and its sends in order. */
function expectEachOnce(sides: readonly Side[], count: number): void {
  for (const { gets, sends } of sides) {
    expect(gets.length + sends.length).toBe(count);
    expect(new Set([...gets, ...sends]).size).toBe(count);
    expect(sends).toEqual(sends.toSorted((one, other) => one - other));
  }
}

test(`${CALLS} calls over TCP connections that are cut ${CUTS} times at any byte: each is answered, each handler runs once, sends stay in order`, async () => {
  const chance = seeded(SEED);
  const sent = countSent();
  const line = await Line.open();
  onTestFinished(() => line.close());
  let room = await Room.open({ port: 0, log: "silent" });
  onTestFinished(() => room.close());
  const { port } = room;
  const environment = { dial: line.dialExcept(port) };
  const foo = answering(await join(room, "Foo", { environment }));
  const bar = answering(await join(room, "Bar", { environment }));
  expect(await foo.user.peer("Bar").get("echo", { n: 0, text: "" })).toEqual([0, 0, ""]);
  foo.gets.length = bar.gets.length = 0;

  const startedAt = performance.now();
  const calls = Promise.all([
    callAll(foo.user, "Bar", CALLS / 2, chance),
    callAll(bar.user, "Foo", CALLS / 2, chance),
  ]).finally(() => line.uncut());
  // A quarter of the cuts is near the beginning of the next connection: in its handshake, or in its first records.
  const meanBytes = (CALLS * 600) / CUTS;
  let cuts = 0;
  for (; cuts < CUTS; cuts++) {
    const bytes = Math.floor(chance() < 0.25 ? chance() * 1_500 : chance() * meanBytes);
    const isDone = await Promise.race([line.cutAfter(bytes, chance() < 0.5 ? "reset" : "end"), calls]);
    if (isDone !== undefined) break;
    if (cuts === Math.floor(CUTS * 0.4)) await room.close();
    if (cuts === Math.floor(CUTS * 0.7)) room = await Room.open({ port, log: "silent" });
  }
  const wrong = (await calls).flatMap((side) => side.wrong);
  const seconds = (performance.now() - startedAt) / 1_000;
  console.log(
    `cuts: seed ${SEED}: ${CALLS} calls, ${cuts} cuts, ${line.opened} connections, ${line.carried} bytes carried, ` +
      `${sent.againBytes} of ${sent.streamBytes} bytes of the streams sent again, ${Math.round(CALLS / seconds)} calls/s`,
  );
  expect(wrong).toEqual([]);
  expect(cuts).toBe(CUTS);
  expect(line.opened).toBeGreaterThan(CUTS);
  expect(sent.againBytes).toBeGreaterThan(0);
  expectEachOnce([foo, bar], CALLS / 2);
});

test(`connections that stall ${STALLS} times, and go on when another one has taken over: what comes late and twice counts once`, async () => {
  const chance = seeded(SEED);
  const sent = countSent();
  // So slow that what is sent again is still on its way when the first connection goes on.
  const line = await Line.open({ bytesPerSecond: 3_000_000, delayMs: 1, bufferBytes: 65_536 });
  onTestFinished(() => line.close());
  const room = await Room.open({ port: 0, log: "silent" });
  onTestFinished(() => room.close());
  // Suspicion takes a fraction of a second.
  const environment = { dial: line.dialExcept(room.port), clock: fastClock(20) };
  const foo = answering(await join(room, "Foo", { environment }));
  const bar = answering(await join(room, "Bar", { environment }));
  const enough = new AbortController();
  const calls = Promise.all([
    callAll(foo.user, "Bar", Number.POSITIVE_INFINITY, chance, () => enough.signal.aborted),
    callAll(bar.user, "Foo", Number.POSITIVE_INFINITY, chance, () => enough.signal.aborted),
  ]);
  await until(() => foo.gets.length > 0 && bar.gets.length > 0);
  for (let stall = 0; stall < STALLS; stall++) {
    const { opened } = line;
    line.hold(chance() < 0.5 ? ["forth", "back"] : chance() < 0.5 ? ["forth"] : ["back"]);
    await until(() => line.opened > opened);
    // Somewhere in the handshake of the other one, or while it sends again what the first one has kept.
    await new Promise((resolve) => setTimeout(resolve, chance() * 40));
    line.release();
    const before = foo.gets.length + bar.gets.length;
    await until(() => foo.gets.length + bar.gets.length > before + IN_FLIGHT);
  }
  enough.abort();
  const [ours, theirs] = await calls;
  console.log(
    `stalls: seed ${SEED}: ${ours.count + theirs.count} calls, ${STALLS} stalls, ${line.opened} connections, ${sent.againBytes} of ${sent.streamBytes} bytes of the streams sent again`,
  );
  expect([...ours.wrong, ...theirs.wrong]).toEqual([]);
  expect(sent.againBytes).toBeGreaterThan(0);
  expectEachOnce([bar], ours.count);
  expectEachOnce([foo], theirs.count);
});
