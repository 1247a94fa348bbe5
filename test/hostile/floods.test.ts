import { expect, test } from "vitest";
import { type Clock, systemClock } from "../../src/base/clock.ts";
import { DEFAULT_LIMITS } from "../../src/base/limits.ts";
import { DATA } from "../../src/session/frames.ts";
import { RawPeer, RECORD } from "../link/raw-peer.ts";
import { u64 } from "../session/naive.ts";
import { expectNothingLeft } from "../support/leftovers.ts";
import { soak } from "../support/seeded.ts";
import { turns, until } from "../support/until.ts";
import { call, chunked, NOTHING, send } from "./script.ts";
import { ECHO, endOf, heapBytes, MIB, NOTE, type Scene, sceneOf, VICTIMS } from "./scene.ts";

expectNothingLeft();

const TINY = soak(20_000);
/** No time passes, so that no turn is cut short: counts of records alone say how many are handled between two calls. That a turn is short in time too: turns.test.ts. */
const STANDING: Clock = { ...systemClock, now: () => 0 };

test(`case 58: ${TINY} records with a byte of the stream each are all handled, some hundreds between two calls of others, and pongs come`, async () => {
  const scene = await sceneOf("User", { clock: STANDING });
  await scene.calls.expectWell();
  const before = await heapBytes();
  const peer = await scene.attacker();
  await peer.taken();
  const one = Buffer.from(send(1, NOTE));
  const count = Math.ceil(TINY / one.length);
  const stream = Buffer.concat([...chunked(count, 1_000, (n) => send(n + 1, NOTE))]);
  const pings: (number | undefined)[] = [];
  let heard = 0;
  let most = 0;
  scene.calls.onAnswer = () => {
    most = Math.max(most, scene.notes.length - heard);
    heard = scene.notes.length;
  };
  // What was written meanwhile comes in pieces as large as a socket gives them, and not each record by itself.
  const arrive = async (): Promise<void> => {
    await turns(1);
    scene.network.thaw();
  };
  scene.network.freeze();
  for (let at = 0; at < stream.length; at++) {
    peer.data(peer.offset++, stream.subarray(at, at + 1));
    if (at % 5_000 === 0) void peer.link.ping(15_000).then((ms) => pings.push(ms));
    if (peer.link.bufferedBytes <= MIB) continue;
    await arrive();
    await until(() => peer.link.writable);
    scene.network.freeze();
  }
  await arrive();
  await until(() => peer.answered === count);
  await scene.calls.expectWell(1);
  console.log(`${stream.length} tiny records: at most ${most * one.length} between two answers to others`);
  expect(most * one.length).toBeLessThanOrEqual(8 * DEFAULT_LIMITS.link.recordsPerTurn);
  await until(() => pings.length > 0);
  expect(pings).not.toContain(undefined);
  await scene.calls.expectWell();
  peer.answers.clear();
  scene.notes.length = 0;
  expect((await heapBytes()) - before).toBeLessThan(10 * MIB);
});

test("case 77: who never reads its answers has them wait, costs others nothing, and leaves nothing", async () => {
  const scene = await sceneOf("Server");
  const page = new Uint8Array(MIB);
  let made = 0;
  scene.victim.handle("page", () => {
    made++;
    return page;
  });
  await turns();
  const before = await heapBytes();
  const peer = await scene.attacker();
  await peer.taken();
  peer.pipe.pause();
  for (let channel = 1; channel <= 200; channel++) peer.say(call(channel, 5));
  await until(() => made === 200);
  expect((await heapBytes()) - before).toBeLessThan(DEFAULT_LIMITS.calls.answerBytes + 10 * MIB);
  await scene.calls.expectWell(100);
  peer.pipe.destroy();
  await until(() => scene.victim.peer("Attacker").path === undefined);
  const again = (await scene.proven("Attacker", endOf(8))).attach();
  again.say(call(1, ECHO, "another program"));
  expect(await again.answer(1)).toMatchObject({ value: "another program" });
  expect((await heapBytes()) - before).toBeLessThan(10 * MIB);
  await scene.calls.expectWell();
});

test("case 58: acknowledgements without end are all handled", async () => {
  const scene = await sceneOf("Server");
  const peer = await scene.attacker();
  for (let n = 0; n < 10_000; n++) {
    peer.ack(0);
    if (!peer.link.writable) await until(() => peer.link.writable || peer.isOver);
  }
  peer.say(call(1, ECHO, "alive"));
  expect(await peer.answer(1)).toMatchObject({ value: "alive" });
  await scene.calls.expectWell();
});

/** A peer that seals what records it likes; it has attached. */
async function raw(scene: Scene, name?: string): Promise<RawPeer> {
  const { environment, host, port, ...meeting } = await scene.meeting(name);
  const { engine, random } = environment;
  const peer = new RawPeer(await environment.dial({ host, port }));
  await peer.shake({ engine, random, encryption: true, suites: engine.suites(), ...meeting });
  peer.write(peer.seal(RECORD.data, Buffer.concat([Buffer.of(1), u64(0)])));
  return peer;
}

/** The link went, and the session waits for its peer to come back. */
async function expectCut(scene: Scene, peer: RawPeer): Promise<void> {
  await peer.untilEnded();
  await until(() => scene.victim.peer("Attacker").path === undefined);
  await scene.calls.expectWell();
}

const PING = new Uint8Array(8);

test.each(VICTIMS)("case 59: a flood of pings ends its link, and nothing else, at a %s", async (is) => {
  const scene = await sceneOf(is);
  const peer = await raw(scene);
  for (let n = 0; n <= DEFAULT_LIMITS.link.pings; n++) peer.write(peer.seal(RECORD.ping, PING));
  await expectCut(scene, peer);
});

test.each<readonly [string, number, Uint8Array]>([
  ["case 59: a pong that nobody asked for", RECORD.pong, PING],
  ["a ping of seven bytes", RECORD.ping, PING.subarray(1)],
  ["case 60: a record of the type 0", 0, NOTHING],
  ["case 60: a record of the type 99", 99, NOTHING],
  ["case 60: an identity where it has no place", RECORD.identity, new Uint8Array(96)],
  ["case 60: a record of the user stage after the handshake", RECORD.userStage, new Uint8Array(32)],
  ["a close without a code", RECORD.close, NOTHING],
])("%s ends its link, and nothing else", async (_what, type, payload) => {
  const scene = await sceneOf("Server");
  const peer = await raw(scene);
  peer.write(peer.seal(type, payload));
  await expectCut(scene, peer);
});

test("case 61: a session whose bytes come one by one, or all in one piece, is the same session", async () => {
  const scene = await sceneOf("Server");
  const body = Buffer.concat([call(1, ECHO, "x".repeat(300)), call(2, NOTE, 2), call(3, NOTE, 3), call(4, NOTE, 4)]);
  for (const size of [1, 1 << 20]) {
    const peer = await raw(scene, `Attacker ${size}`);
    const records = [...body].map((byte, at) =>
      peer.seal(RECORD.data, Buffer.concat([Buffer.of(DATA), u64(at), Buffer.of(byte)])),
    );
    const bytes = Buffer.concat(records);
    for (let at = 0; at < bytes.length; at += size) {
      peer.write(bytes.subarray(at, at + size));
      if (at % 4_096 === 0) await turns(1);
    }
    await until(() => scene.notes.length === 3);
    expect(scene.notes.splice(0)).toEqual([2, 3, 4]);
    peer.write(peer.seal(RECORD.close, Uint8Array.of(0, 0)));
    await peer.untilEnded();
  }
  await scene.calls.expectWell();
});
