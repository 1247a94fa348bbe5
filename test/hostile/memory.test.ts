import { expect, test } from "vitest";
import { DEFAULT_LIMITS } from "../../src/base/limits.ts";
import { MAX_CALLS_IN_FLIGHT } from "../../src/call/caller.ts";
import { MAX_CANCELLED_RUNNING } from "../../src/call/dispatcher.ts";
import { LIGHT_INPUT_BYTES, MAX_INPUT_BYTES } from "../../src/call/inputs.ts";
import { MessageQueue } from "../../src/call/messages.ts";
import { ERROR, FREE_MESSAGE, GET, RESULT, SEND } from "../../src/wire/frames.ts";
import type { ShapeReader } from "../../src/wire/shape-reader.ts";
import { decodeValue, encodeValue, lastMemory } from "../../src/wire/values.ts";
import { fragments } from "../session/naive.ts";
import { expectNothingLeft } from "../support/leftovers.ts";
import { turns, until } from "../support/until.ts";
import { CallBench } from "../call/call-bench.ts";
import { call, callPayload, cancel, chunked, send } from "./script.ts";
import { ECHO, heapBytes, MIB, NEVER, NOTE, sceneOf, VICTIMS } from "./scene.ts";
import type { ScriptedPeer } from "./scripted-peer.ts";

expectNothingLeft();

const BUSY = { kind: ERROR, value: ["BUSY", false, expect.any(String), undefined] };

/** A call with a big input, as a whole: who grants credit has the memory for it. */
function big(kind: number, channel: number, method: number, input: unknown): Uint8Array {
  const payload = Buffer.from(callPayload(method, input));
  return Buffer.concat(
    fragments(
      { kind, channel, payload },
      Array.from({ length: Math.ceil(payload.length / 16_000) }, () => 16_000),
    ),
  );
}

/** 100 kB on the wire, and some 28 MiB by what they count. */
const ARRAYS = Array.from({ length: 99_990 }, () => []);

/** Says a call with a big input, waits for credit, and until it was taken. */
async function sayBig(peer: ScriptedPeer, channel: number, method: number, input: unknown): Promise<void> {
  const frames = big(GET, channel, method, input);
  const credits = peer.credits.length + 1;
  peer.say(frames.subarray(0, 4 * 16_012));
  await until(() => peer.credits.length >= credits || peer.isOver);
  peer.say(frames.subarray(4 * 16_012));
  await peer.taken();
}

test("100,000 gets to a handler that never answers: 1,024 run, the others are BUSY", async () => {
  const scene = await sceneOf("User");
  const before = await heapBytes();
  const peer = await scene.attacker();
  await peer.flood(chunked(100_000, 4_000, (n) => call(n + 1, NEVER)));
  await until(() => peer.answered === 100_000 - MAX_CALLS_IN_FLIGHT);
  expect(await peer.answer(100_000)).toEqual(BUSY);
  expect(peer.answers.has(1)).toBe(false);
  peer.answers.clear();
  expect((await heapBytes()) - before).toBeLessThan(10 * MIB);
  await scene.calls.expectWell();
  peer.link.close();
});

test("who cancels calls whose handlers run on does not thereby get any number of them to run", async () => {
  const bench = new CallBench();
  let running = 0;
  bench.handle("never", () => {
    running++;
    return new Promise(() => {});
  });
  bench.open();
  for (let channel = 1; channel <= 9_900; channel++) {
    bench.called(GET, channel, 1);
    bench.receive(0x15, channel);
  }
  for (let channel = 10_001; channel <= 12_000; channel++) bench.called(GET, channel, 1);
  expect(running).toBe(MAX_CALLS_IN_FLIGHT + MAX_CANCELLED_RUNNING);
});

test.each(VICTIMS)(
  "inputs under way take so much, then big ones are refused and small ones pass, at a %s",
  async (is) => {
    const scene = await sceneOf(is);
    const before = await heapBytes();
    const peer = await scene.attacker();
    for (const channel of [1, 2, 3]) await sayBig(peer, channel, NEVER, ARRAYS);
    expect(await peer.answer(3)).toEqual(BUSY);
    expect(peer.answers.size).toBe(1);
    expect((await heapBytes()) - before).toBeLessThan(MAX_INPUT_BYTES);
    peer.say(call(4, ECHO, new Uint8Array(LIGHT_INPUT_BYTES - 300)));
    expect(await peer.answer(4)).toMatchObject({ kind: RESULT });
    const other = await scene.attacker("Another");
    await sayBig(other, 1, NOTE, ARRAYS);
    expect(await other.answer(1)).toMatchObject({ kind: RESULT });
    await scene.calls.expectWell();
    peer.link.close();
    other.link.close();
  },
);

test("of inputs of 15 MiB four may be under way, not five; one that ends makes room for another", async () => {
  const bench = new CallBench();
  const ends: (() => void)[] = [];
  bench.handle("never", () => new Promise<void>((resolve) => ends.push(resolve)));
  await turns(1);
  bench.open();
  bench.pull();
  const part = new Uint8Array(15 * MIB);
  for (const channel of [1, 2, 3, 4, 5]) bench.called(GET, channel, 1, part);
  expect(bench.pull()).toEqual(["ERROR 5 BUSY"]);
  ends.at(-1)?.();
  await turns(1);
  expect(bench.pull()).toEqual(["RESULT 4"]);
  for (const channel of [6, 7]) bench.called(GET, channel, 1, part);
  expect(bench.pull()).toEqual(["ERROR 7 BUSY"]);
  bench.called(GET, 8, 1, new Uint8Array(4 * MIB - 10_000));
  bench.called(GET, 9, 1, new Uint8Array(LIGHT_INPUT_BYTES - 300));
  expect(bench.pull(), "a light one fits beside all that").toEqual([]);
  bench.called(GET, 10, 1, new Uint8Array(LIGHT_INPUT_BYTES + 1));
  expect(bench.pull()).toEqual(["ERROR 10 BUSY"]);
});

test("an honest caller waits where its peer would refuse, also behind inputs of many small parts, and all is answered", async () => {
  const bench = new CallBench();
  bench.open("x");
  bench.pull();
  const calls = Array.from({ length: 4 }, () => bench.start("x", { input: ARRAYS }));
  const leaves = (): string[] => {
    const names: string[] = [];
    for (let round = 0; round < 100; round++) {
      names.push(...bench.pull().filter((name) => name.startsWith("GET")));
      for (let number = 0; number < 8; number++) bench.conversation.outbox.credited(number, 2 ** 31);
    }
    return [...new Set(names)];
  };
  expect(leaves()).toEqual(["GET 1", "GET 2"]);
  const small = bench.start("x");
  expect(leaves()).toEqual(["GET 3"]);
  bench.receive(RESULT, 1);
  expect(leaves()).toEqual(["GET 4"]);
  bench.receive(RESULT, 2);
  expect(leaves()).toEqual(["GET 5"]);
  for (const channel of [3, 4, 5]) bench.receive(RESULT, channel);
  await turns(1);
  expect([small, ...calls].map(({ told }) => told)).toEqual(Array(5).fill("value undefined"));
});

test("the largest input that there may be leaves, however many light ones are in flight, and no second one beside it", () => {
  const bench = new CallBench();
  bench.open("x");
  bench.pull();
  const largest = Array.from({ length: 99_998 }, () => Array(9).fill("a"));
  const light = new Uint8Array(LIGHT_INPUT_BYTES - 300);
  let left = 0;
  for (let count = 2; count < MAX_CALLS_IN_FLIGHT; count++) {
    bench.start("x", { input: light });
    left += bench.pull().length;
  }
  expect(left).toBe(MAX_CALLS_IN_FLIGHT - 2);
  const leaves = (): string[] => {
    const ids = new Set<string>();
    for (let round = 0; round < 100; round++) {
      for (const name of bench.pull()) ids.add(name);
      for (let number = 0; number < 8; number++) bench.conversation.outbox.credited(number, 2 ** 31);
    }
    return [...ids];
  };
  for (let count = 0; count < 2; count++) bench.start("x", { input: largest });
  expect(leaves()).toEqual([`GET ${MAX_CALLS_IN_FLIGHT - 1}`]);
  bench.receive(RESULT, MAX_CALLS_IN_FLIGHT - 1);
  expect(leaves()).toEqual([`GET ${MAX_CALLS_IN_FLIGHT}`]);
});

const MANY = 200_000;
const few = <Item>(item: (at: number) => Item, count = 60_000): Item[] =>
  Array.from({ length: count }, (_, at) => item(at));
const WEIGHED: [string, () => unknown][] = [
  ["short texts", () => few(() => "ab", MANY)],
  ["short bigints", () => few(() => 5n, MANY)],
  ["bigints", () => few(() => 2n ** 60n, MANY)],
  ["Dates", () => few((at) => new Date(at), MANY)],
  ["integers", () => few(() => 1, MANY)],
  ["fractions", () => few((at) => (at % 2 ? at + 0.5 : null), MANY)],
  ["texts that UTF-8 can't say", () => few(() => "\ud800", MANY)],
  ["empty arrays", () => few(() => [])],
  ["arrays of one", () => few(() => [1])],
  ["objects", () => few(() => ({ a: 1 }))],
  ["objects with keys of their own", () => few((at) => ({ [`k${at}`]: 1, [`l${at}`]: 1 }))],
  ["keys of one object", () => Object.fromEntries(few((at) => [`k${at}`, 1], MANY))],
  ["keys of one Map", () => new Map(few((at) => [`k${at}`, 1], MANY))],
  ["members of one Set", () => new Set(few((at) => `k${at}`, MANY))],
  ["Maps", () => few(() => new Map([[1, 1]]))],
  ["Sets", () => few(() => new Set([1]))],
  ["typed arrays", () => few(() => new Uint8Array(1))],
];

test.each(WEIGHED)("%s count about what they take, at both ends alike", async (_name, make) => {
  const bytes = encodeValue(make());
  const weight = bytes.length + lastMemory();
  await heapBytes();
  const before = await heapBytes();
  const held = [decodeValue(bytes)];
  expect(bytes.length + lastMemory()).toBe(weight);
  expect((await heapBytes()) - before).toBeLessThan(weight * 2);
  expect(held).toHaveLength(1);
});

const never = (): Promise<void> => new Promise(() => {});

test("an input that would be BUSY is refused before anything is built of it, one of a known shape before more is than there is room for", async () => {
  const bench = new CallBench();
  let built = 0;
  const read = (from: ShapeReader): unknown => {
    for (let left = from.items(); left > 0; left--) {
      for (let inner = from.items(); inner > 0; inner--) built += Number(from.text().length > 0);
      from.close();
    }
    from.close();
    return undefined;
  };
  bench.handle("never", never);
  bench.handle("shaped", never, { codec: { fingerprint: "", input: { write: () => {}, read } } });
  await turns(1);
  bench.open();
  bench.pull();
  for (const channel of [1, 2, 3, 4]) bench.called(GET, channel, 1, new Uint8Array(15.9 * MIB));
  // What is refused as soon as it is decoded: keys that collide.
  const chosen = new Set(Array.from({ length: 3_000 }, (_, at) => (BigInt(at) << 64n) + 5n));
  bench.called(GET, 5, 1, [chosen, ARRAYS]);
  expect(bench.pull()).toEqual(["ERROR 5 BUSY"]);
  bench.called(GET, 6, 1, [chosen]);
  expect(bench.pull(), "one that fits is looked at").toEqual(["ERROR 6 INVALID_INPUT"]);
  const lists = Buffer.from(`c1cd0bb8${"03a161a162a163".repeat(3_000)}`, "hex");
  bench.receive(GET, 7, Buffer.concat([callPayload(2), lists]));
  expect(bench.pull()).toEqual(["ERROR 7 BUSY"]);
  expect(built).toBeGreaterThan(0);
  expect(built).toBeLessThan(3_000);
});

test("running sends hold 64 MiB at most: the next ones wait, in order, and none is lost", async () => {
  const bench = new CallBench();
  const ends: (() => void)[] = [];
  const began: number[] = [];
  bench.handle("slow", (input) => {
    began.push((input as [number])[0]);
    return new Promise<void>((resolve) => ends.push(resolve));
  });
  await turns(1);
  bench.open();
  bench.pull();
  const part = new Uint8Array(13 * MIB);
  for (let channel = 1; channel <= 9; channel++) bench.called(SEND, channel, 1, [channel, part]);
  await turns(2);
  expect(began).toEqual([1, 2, 3, 4, 5]);
  expect(bench.pull()).toEqual(began.map((channel) => `RESULT ${channel}`));
  ends.shift()?.();
  await turns(2);
  expect(began).toEqual([1, 2, 3, 4, 5, 6]);
  for (let end = ends.shift(); end !== undefined; end = ends.shift()) {
    end();
    await turns(2);
  }
  expect(began).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test("inputs of an ended session do not count in the next one", async () => {
  const bench = new CallBench();
  const ends: (() => void)[] = [];
  bench.handle("never", () => new Promise<void>((resolve) => ends.push(resolve)));
  const part = new Uint8Array(15 * MIB);
  for (let session = 0; session < 2; session++) {
    bench.open();
    bench.pull();
    for (let channel = 1; channel <= 4; channel++) bench.called(GET, channel, 1, part);
    expect(bench.pull()).toEqual([]);
    bench.end();
    for (const end of ends.splice(0)) end();
    await turns(2);
  }
});

test("a caller lets go of an input as soon as it has left, not when the call ends", async () => {
  const scene = await sceneOf("User");
  await scene.calls.stop();
  const before = await heapBytes();
  const abort = new AbortController();
  const held: Promise<unknown>[] = [];
  let kept = 0;
  scene.victim.handle("keep", (data) => {
    kept += (data as Uint8Array).length;
    return new Promise(() => {});
  });
  await turns();
  for (let n = 1; n <= 4; n++) {
    held.push(scene.honest.get("keep", new Uint8Array(10 * MIB), { signal: abort.signal }).catch(() => {}));
    await until(() => kept === n * 10 * MIB);
  }
  expect((await heapBytes()) - before).toBeLessThan(50 * MIB); // the callee's share alone
  abort.abort();
  await Promise.all(held);
});

test.each(VICTIMS)("a flood of free messages fills its sender's share: others' still arrive, at a %s", async (is) => {
  const scene = await sceneOf(is);
  const before = await heapBytes();
  const peer = await scene.attacker();
  await peer.flood(chunked(30_000, 4_000, (n) => send(n + 1, FREE_MESSAGE, n)));
  await until(() => peer.answered === 30_000);
  expect((await peer.answer(DEFAULT_LIMITS.calls.freeMessages)).kind).toBe(RESULT);
  expect(await peer.answer(DEFAULT_LIMITS.calls.freeMessages + 1)).toEqual(BUSY);
  peer.answers.clear();
  for (let n = 0; n < 100; n++) await scene.honest.send(`honest ${n}`);
  expect((await heapBytes()) - before).toBeLessThan(10 * MIB);
  let honest = 0;
  for await (const { from } of scene.victim.messages()) {
    if (from === "Foo" && ++honest === 100) break;
  }
  peer.say(send(1, FREE_MESSAGE, "again"));
  expect(await peer.answer(1)).toMatchObject({ kind: RESULT });
  await scene.calls.expectWell();
});

test("many peers that flood the queue leave room for others, in messages and in bytes", () => {
  const queue = new MessageQueue();
  const taken = (from: string, bytes: number): number => {
    for (let count = 0; ; count++) if (!queue.push({ from, data: 1 }, bytes)) return count;
  };
  const shares = ["a", "b", "c", "d", "e", "f"].map((from) => taken(from, 7));
  expect(shares).toEqual([10_000, 10_000, 10_000, 5_000, 2_500, 1_250]);
  expect(queue.push({ from: "honest", data: 1 }, 7)).toBe(true);
  const full = new MessageQueue();
  const push = (from: string, bytes: number): boolean => full.push({ from, data: 1 }, bytes);
  for (const from of ["a", "b", "c"])
    expect([push(from, 1), push(from, DEFAULT_LIMITS.calls.freeMessageBytes - 1), push(from, 1)]).toEqual([
      true,
      true,
      false,
    ]);
  expect([push("d", 1), push("d", DEFAULT_LIMITS.calls.freeMessageBytes / 2 - 1)]).toEqual([true, true]);
  expect([push("d", 1), push("e", 1), push("e", DEFAULT_LIMITS.calls.freeMessageBytes / 4)]).toEqual([
    false,
    true,
    true,
  ]);
});

test("30,000 sends to a handler that never ends: 1,024 run, as many wait, the rest is refused", async () => {
  const scene = await sceneOf("Server");
  const before = await heapBytes();
  const peer = await scene.attacker();
  await peer.flood(chunked(30_000, 4_000, (n) => send(n + 1, NEVER)));
  await until(() => peer.answered === 30_000 - MAX_CALLS_IN_FLIGHT);
  expect(await peer.answer(MAX_CALLS_IN_FLIGHT)).toMatchObject({ kind: RESULT });
  expect(peer.answers.has(MAX_CALLS_IN_FLIGHT + 1)).toBe(false);
  expect(await peer.answer(30_000)).toEqual(BUSY);
  peer.answers.clear();
  expect((await heapBytes()) - before).toBeLessThan(10 * MIB);
  peer.say(cancel(MAX_CALLS_IN_FLIGHT + 1), send(200_000, NOTE, "waits too"));
  await peer.taken();
  expect(scene.notes).toEqual([]);
  await scene.calls.expectWell();
  peer.link.close();
});
