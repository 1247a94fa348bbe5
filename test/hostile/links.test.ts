import { expect, test } from "vitest";
import type { Environment } from "../../src/link/environment.ts";
import { keySecret } from "../../src/crypto/secret.ts";
import { DATA } from "../../src/session/frames.ts";
import { u64 } from "../session/naive.ts";
import { expectNothingLeft } from "../support/leftovers.ts";
import { failure } from "../support/rooms.ts";
import { turns, until } from "../support/until.ts";
import { call, contract, send } from "./script.ts";
import { ECHO, endOf, heapBytes, MIB, NEVER, NOTE, type Scene, sceneOf, VICTIMS } from "./scene.ts";
import { ScriptedPeer } from "./scripted-peer.ts";

expectNothingLeft();

/** Somebody whose session goes on, with a call under way. */
async function withSession(scene: Scene, name?: string): Promise<ScriptedPeer> {
  const peer = await scene.attacker(name);
  peer.say(call(1, NEVER), send(2, NOTE, "first"));
  await peer.answer(2);
  expect(scene.victim.peer(peer.meeting.name).path).toBe("lan");
  return peer;
}

/** A dial with a key that must be refused with 6, without any work on a curve by the victim. */
async function expectUnknown(scene: Scene, dial: () => Promise<ScriptedPeer>): Promise<void> {
  await scene.calls.stop(); // nobody else's handshake may count
  const before = scene.curveWork();
  expect(await failure(dial())).toMatchObject({ code: "ERR_TICKET", received: 6 });
  await turns();
  expect(scene.curveWork()).toBe(before);
}

test.each(VICTIMS)(
  "case 94: a key that is unknown, of another pair, or under a third name is refused with 6 and no curve work, at a %s",
  async (is) => {
    const scene = await sceneOf(is);
    const peer = await withSession(scene);
    const other = await withSession(scene, "Another");
    const key = new Uint8Array(32).fill(5);
    const ownKey = peer.link.resume ?? expect.fail("no key");
    const secret = keySecret(key, 5, scene.environment.engine);
    await expectUnknown(scene, () => peer.resume({ ticketId: new Uint8Array(16).fill(9), secret }));
    await expectUnknown(scene, () => peer.resume({ name: "Another" }));
    await expectUnknown(scene, () => peer.resume({ name: "A third" }));
    await expectUnknown(scene, () => other.resume({ ticketId: ownKey.ticketId }));
    await expectUnknown(scene, () => peer.resume({ name: "Foo", end: endOf(1) }));
    for (const one of [peer, other]) {
      one.say(call(3, ECHO, "goes on"));
      expect(await one.answer(3)).toMatchObject({ value: "goes on" });
      one.link.close();
    }
    expect(await scene.honest.get("echo", 1)).toBe(1);
  },
);

test.each(VICTIMS)("case 94: after the session ended its key is unknown, at a %s", async (is) => {
  const scene = await sceneOf(is);
  const peer = await withSession(scene);
  peer.say(call(1, NEVER)); // a call opened twice
  await until(() => peer.isOver);
  await expectUnknown(scene, () => peer.resume());
  expect(await scene.honest.get("echo", 1)).toBe(1);
});

test("a right id with a wrong secret proves nothing, and the session of its owner goes on", async () => {
  const scene = await sceneOf("Server");
  const peer = await withSession(scene);
  const secret = keySecret(new Uint8Array(32).fill(5), 5, scene.environment.engine);
  expect(await failure(peer.resume({ secret }))).toMatchObject({ code: "ERR_AUTH" });
  peer.say(call(3, ECHO, "goes on"));
  expect(await peer.answer(3)).toMatchObject({ value: "goes on" });
  await scene.calls.expectWell();
});

test.each(VICTIMS)(
  "case 95: a gap ends its link and delivers nothing; over the next link the stream goes on where it was, at a %s",
  async (is) => {
    const scene = await sceneOf(is);
    const peer = await withSession(scene);
    const next = send(3, NOTE, "second");
    peer.data(peer.offset + 1, next);
    await until(() => peer.isOver);
    expect(peer.end).toBeUndefined();
    expect(scene.notes).toEqual(["first"]);
    const again = await peer.resume();
    again.attach(peer.recv);
    await until(() => again.attached !== undefined);
    expect(again.attached).toBe(peer.offset);
    again.offset = peer.offset;
    again.recv = peer.recv;
    again.say(next);
    await again.answer(3);
    expect(scene.notes).toEqual(["first", "second"]);
    await scene.calls.expectWell();
    again.link.close();
  },
);

test("case 95: what was sent before is skipped, however often and in whatever pieces it is sent again", async () => {
  const scene = await sceneOf("Server");
  const peer = await scene.attacker();
  await peer.taken();
  const start = peer.offset;
  const frames = [1, 2, 3, 4, 5].map((n) => Buffer.from(send(n, NOTE, n)));
  const stream = Buffer.concat(frames);
  for (let end = 1; end <= stream.length; end++) {
    for (const from of [0, Math.floor(end / 2), end - 1]) peer.data(start + from, stream.subarray(from, end));
  }
  peer.offset = start + stream.length;
  for (let at = 0; at < stream.length; at += 7) peer.data(start + at, Buffer.alloc(stream.length - at, 0xff));
  peer.ack(0).ack(1); // less than was acknowledged before
  await peer.answer(5);
  await peer.taken();
  peer.say(call(6, ECHO, "alive"));
  expect(await peer.answer(6)).toMatchObject({ value: "alive" });
  expect(scene.notes).toEqual([1, 2, 3, 4, 5]);
  expect(peer.answered).toBe(6);
  await scene.calls.expectWell();
});

test("case 95: an ATTACH that says less than was acknowledged rewinds nothing; one that says more than was sent ends the session", async () => {
  const scene = await sceneOf("Server");
  const peer = await withSession(scene);
  const rewound = (await peer.resume()).attach(0);
  rewound.offset = peer.offset;
  rewound.recv = peer.recv;
  rewound.say(call(3, ECHO, "goes on"));
  expect(await rewound.answer(3)).toMatchObject({ value: "goes on" });
  expect(rewound.heard).toEqual([]);
  const lying = (await peer.resume()).attach(2 ** 50);
  await until(() => lying.isOver);
  expect(lying.end).toMatchObject({ reason: 1, text: expect.stringContaining("bytes acknowledged of") });
  await until(() => rewound.isOver && peer.isOver);
  await scene.calls.expectWell();
});

/** Dials whose first words leave at once, the others when they are told to. */
function heldUp(environment: Environment): { environment: Environment; release: () => void } {
  const waiting: (() => void)[] = [];
  const dial: Environment["dial"] = async (options) => {
    const pipe = await environment.dial(options);
    const write = pipe.write.bind(pipe);
    let isFirst = true;
    pipe.write = (parts) => {
      if (isFirst) write(parts);
      else waiting.push(() => void write(parts));
      isFirst = false;
      return true;
    };
    return pipe;
  };
  return { environment: { ...environment, dial }, release: () => waiting.forEach((go) => go()) };
}

test("case 95: a late link of a program that was replaced ends nothing, and the key of its session is gone", async () => {
  const scene = await sceneOf("Server");
  const dead = await scene.proven("Attacker", endOf(1));
  dead.attach().say(contract(), call(1, NEVER));
  await dead.taken();
  const { environment, release } = heldUp(scene.environment);
  const late = await ScriptedPeer.meet({ ...(await scene.meeting("Attacker", endOf(1))), environment });
  dead.pipe.destroy();
  await turns();
  const alive = (await scene.proven("Attacker", endOf(2))).attach();
  alive.say(contract(), call(1, NEVER), send(2, NOTE, "new"));
  await alive.answer(2);
  late.attach().say(contract(), send(2, NOTE, "late"));
  release();
  await until(() => late.isOver);
  expect(await failure(dead.resume())).toMatchObject({ code: "ERR_TICKET" });
  alive.say(call(3, ECHO, "goes on"));
  expect(await alive.answer(3)).toMatchObject({ value: "goes on" });
  expect(scene.notes).toEqual(["new"]);
  await scene.calls.expectWell();
});

test("who copies the ends of a session without its key neither joins nor ends it", async () => {
  const scene = await sceneOf("Server");
  const peer = await withSession(scene);
  const copy = await scene.proven("Attacker", endOf(7));
  copy.attach().record(Uint8Array.of(DATA), u64(peer.offset), send(3, NOTE, "not mine"));
  await until(() => copy.isOver);
  peer.say(call(4, ECHO, "goes on"));
  expect(await peer.answer(4)).toMatchObject({ value: "goes on" });
  expect(scene.notes).toEqual(["first"]);
  await scene.calls.expectWell();
});

test("a peer that brings a hundred links has three at a time, each as good as the others, and the session goes on", async () => {
  const scene = await sceneOf("User");
  const before = await heapBytes();
  const peer = await withSession(scene);
  const links: ScriptedPeer[] = [];
  for (let n = 0; n < 100; n++) links.push((await peer.resume()).attach(peer.recv));
  await until(() => links.filter(({ isOver }) => isOver).length + (peer.isOver ? 1 : 0) >= 98);
  const last = links.at(-1) ?? expect.fail("no link");
  await until(() => last.attached !== undefined);
  expect([peer, ...links].filter(({ isOver }) => !isOver)).toHaveLength(3);
  last.offset = peer.offset;
  last.recv = peer.recv;
  last.say(send(9, NOTE, "over the last"));
  await until(() => scene.notes.length === 2);
  for (const { link } of [peer, ...links]) link.destroy();
  await scene.calls.expectWell();
  expect((await heapBytes()) - before).toBeLessThan(10 * MIB);
});
