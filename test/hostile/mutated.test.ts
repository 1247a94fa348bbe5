import { expect, test } from "vitest";
import { MAX_METHOD_CHARACTERS } from "../../src/call/contract.ts";
import { CALL_HEADER_BYTES, ERROR, GET, readCallHeader, RESULT, SEND, writeCallHeader } from "../../src/wire/frames.ts";
import { encodeAfter, encodeValue } from "../../src/wire/values.ts";
import { mutate, type Roll } from "../fuzz/mutate.ts";
import { varyValue } from "../fuzz/vary-value.ts";
import { frame } from "../session/naive.ts";
import { expectNothingLeft } from "../support/leftovers.ts";
import { seeded, seedOfRun, soak } from "../support/seeded.ts";
import { until } from "../support/until.ts";
import { contract } from "./script.ts";
import { ECHO, heapBytes, MIB, NEVER, NOTE, sceneOf, VICTIMS } from "./scene.ts";
import type { ScriptedPeer } from "./scripted-peer.ts";

expectNothingLeft();

const seed = seedOfRun();
console.log(`mutated messages, seed ${seed}`);

const MESSAGES = soak(50_000);
const AT_ONCE = 250;
const GROWTH_MIB = 10;

const VALUES: readonly unknown[] = [
  { text: "hello", n: 1, list: [1, 2, 3], deep: { a: { b: [null, true, 1.5] } } },
  [undefined, new Date(5), 5n, -(2n ** 100n), "é🂡", "\ud800x", -0, Number.NaN],
  new Map<unknown, unknown>([
    ["a", new Set([1, "two", new Map([[3, 4]])])],
    [[1], { b: 2 }],
  ]),
  [Uint8Array.of(1, 2, 3), Float32Array.of(1), BigUint64Array.of(5n), Int16Array.of(-1, 2)],
  { key: "x".repeat(40), long: "y".repeat(300), data: new Uint8Array(300) },
];

function rollOf(from: number): Roll {
  const chance = seeded(from);
  return (below) => Math.floor(chance() * below);
}

function pick<T>(list: readonly T[], roll: Roll): T {
  return list[roll(list.length)] as T;
}

/** The bytes of a value, changed: most as bytes, some as a value. */
function changed(bytes: Uint8Array, before: number, roll: Roll): Uint8Array {
  if (roll(8) === 0) return bytes;
  const varied = roll(4) === 0 ? varyValue(bytes, before, roll) : undefined;
  if (varied !== undefined) return varied;
  const other = encodeValue(pick(VALUES, roll));
  return Uint8Array.from([...bytes.subarray(0, before), ...mutate(bytes.subarray(before), other, [], 4_000, roll)]);
}

/** A call whose input, and now and then its header too, was changed; never one to the handler that does not answer. */
function callFrame(channel: number, roll: Roll): Uint8Array {
  const isSend = roll(4) === 0;
  let payload: Uint8Array = encodeAfter(CALL_HEADER_BYTES, pick(VALUES, roll));
  writeCallHeader(payload, isSend ? pick([0, NOTE], roll) : ECHO, 0, 60_000);
  payload = changed(payload, CALL_HEADER_BYTES, roll);
  if (roll(8) === 0) {
    // A header that is too short ends the session: that is a case of its own.
    const header = mutate(payload.subarray(0, CALL_HEADER_BYTES), payload, [], CALL_HEADER_BYTES, roll);
    payload.set(header);
  }
  if (payload[1] === NEVER && payload[0] === 0) payload[1] = ECHO;
  // So does a name that is too long, or would go on behind the frame.
  const { valueAt = Number.POSITIVE_INFINITY } = readCallHeader(payload) ?? {};
  if (valueAt > CALL_HEADER_BYTES + MAX_METHOD_CHARACTERS) payload.fill(0, 0, 2);
  return frame(isSend ? SEND : GET, channel, payload);
}

test.each(VICTIMS)(
  `case 66: of ${MESSAGES} calls with changed bytes each is answered or ends its own session, and nothing is left of them, at a %s`,
  async (is) => {
    const roll = rollOf(seed + VICTIMS.indexOf(is));
    const scene = await sceneOf(is);
    const drained = drain(scene.victim.messages());
    let peer: ScriptedPeer | undefined;
    let [sent, answered, sessions, before] = [0, 0, 0, 0];
    for (const channels of batches(MESSAGES)) {
      if (peer === undefined || peer.isOver) {
        peer = await scene.attacker(`Attacker ${++sessions}`);
        peer.answers.clear();
      }
      const frames = channels.map((channel) => callFrame(channel, roll));
      sent += frames.length;
      // Once in a while what stands around the payload is changed as well, which may end the session.
      const isWhole = roll(20) > 0;
      if (!isWhole) {
        const at = roll(AT_ONCE);
        frames[at] = Buffer.from(mutate(frames[at] as Uint8Array, frames[0] as Uint8Array, [], 4_000, roll));
      }
      const answers = peer.answered;
      peer.say(...frames);
      await answeredOrOver(peer, channels, isWhole);
      answered += peer.answered - answers;
      peer.answers.clear();
      scene.notes.length = scene.times.length = 0;
      // What is compiled and filled once is there by now.
      if (before === 0 && sent >= MESSAGES / 5) before = await heapBytes();
    }
    console.log(`${sent} calls, ${answered} answers, ${sessions} sessions, seed ${seed}`);
    expect(answered).toBeGreaterThan(MESSAGES * 0.9);
    expect(scene.victim.peer("Foo").path).toBeDefined();
    await scene.calls.expectWell();
    scene.calls.latenciesMs.length = 0;
    expect(await heapBytes()).toBeLessThan(before + GROWTH_MIB * MIB);
    await scene.calls.stop();
    await scene.victim.close({ graceMs: 0 });
    await drained;
  },
  900_000,
);

/** The numbers of so many calls, some at a time. */
function* batches(messages: number): Generator<number[]> {
  for (let at = 1; at <= messages; at += AT_ONCE) yield Array.from({ length: AT_ONCE }, (_, index) => at + index);
}

/** Turns of the event loop in which every handler answers: they do at once. */
const TURNS = 2_000;

/**
 * Waits until everything that was asked is answered, or the session is over. Of frames that are whole none may be left without an answer; a length that was changed may
 * have the session wait for bytes that never come, and then its link is cut.
 */
async function answeredOrOver(peer: ScriptedPeer, channels: readonly number[], isWhole: boolean): Promise<void> {
  await peer.taken();
  const isAnswered = (): boolean => channels.every((channel) => peer.answers.has(channel));
  let turns = 0;
  await until(() => peer.isOver || isAnswered() || (!isWhole && ++turns > TURNS));
  if (!peer.isOver && !isAnswered()) peer.link.destroy();
  if (isWhole) expect(peer.end).toBeUndefined();
}

async function drain(messages: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of messages);
}

test.each(VICTIMS)(
  `of ${MESSAGES / 5} answers with changed bytes each settles its own call, once, and throws nothing elsewhere, at a %s`,
  async (is) => {
    const roll = rollOf(seed + 2 + VICTIMS.indexOf(is));
    const scene = await sceneOf(is);
    const peer = await scene.attacker();
    peer.say(contract([undefined, [["ask", "any"]]]));
    await peer.taken();
    const outcomes = new Map<string, number>();
    let before = 0;
    for (let asked = 0; asked < MESSAGES / 5; ) {
      const settled: Promise<unknown>[] = [];
      for (let n = 0; n < AT_ONCE; n++, asked++) {
        const call = scene.victim.peer("Attacker").get("ask", asked);
        settled.push(
          call.then(
            () => count(outcomes, "a value"),
            (error: { code?: string }) => count(outcomes, `${error.code}`.slice(0, 14)),
          ),
        );
      }
      await until(() => peer.calls.length === AT_ONCE);
      peer.say(
        ...peer.calls.map(({ channel }) => {
          const isError = roll(3) === 0;
          const bytes = isError
            ? encodeValue(
                pick(
                  [
                    ["NotFound", true, "no", { id: 1 }],
                    ["FAILED", true, "it threw", undefined],
                    ["BUSY", false, "later", undefined],
                  ],
                  roll,
                ),
              )
            : encodeValue(pick(VALUES, roll));
          return frame(isError ? ERROR : RESULT, channel, changed(bytes, 0, roll));
        }),
      );
      await Promise.all(settled);
      peer.heard.length = 0;
      if (before === 0 && asked >= MESSAGES / 20) before = await heapBytes();
    }
    const total = [...outcomes.values()].reduce((sum, one) => sum + one, 0);
    expect(total).toBe(Math.ceil(MESSAGES / 5 / AT_ONCE) * AT_ONCE);
    expect(peer.isOver).toBe(false);
    expect(outcomes.get("a value")).toBeGreaterThan(MESSAGES / 50);
    expect(outcomes.get("INVALID_OUTPUT")).toBeGreaterThan(MESSAGES / 50);
    await scene.calls.expectWell();
    scene.calls.latenciesMs.length = 0;
    outcomes.clear();
    expect(await heapBytes()).toBeLessThan(before + GROWTH_MIB * MIB);
  },
  900_000,
);

function count(outcomes: Map<string, number>, what: string): void {
  outcomes.set(what, (outcomes.get(what) ?? 0) + 1);
}
