import { DEFAULT_LIMITS } from "../../src/base/limits.ts";
import { describe, expect, test } from "vitest";

import { errorOfCode } from "../../src/link/handshake-refuse.ts";
import type { Link } from "../../src/link/link.ts";
import { expectNothingLeft } from "../support/leftovers.ts";
import { seeded, seedOfRun, soak } from "../support/seeded.ts";
import { bytesOf, dialHonestly, greeting, LinkEar, turns } from "./parties.ts";
import { RawPeer, RECORD } from "./raw-peer.ts";
import { inScene, type Scene, type SceneOptions, WAYS } from "./scene.ts";

expectNothingLeft();

const seed = seedOfRun();
console.log(`links, seed ${seed}`);

/** A scripted peer that is through the handshake, and the listener's end of its link. */
async function linked(scene: Scene): Promise<{ peer: RawPeer; link: Link; ear: LinkEar }> {
  const peer = await scene.attacker();
  const count = scene.room.links.length;
  await peer.shake(greeting({ encryption: scene.encryption }));
  await scene.room.until(() => scene.room.links.length > count);
  return { peer, ...scene.last };
}

/** The same scene with records sealed and only authenticated. */
async function bothWays(
  options: SceneOptions,
  way: "TCP" | "memory",
  run: (scene: Scene) => Promise<void>,
): Promise<void> {
  for (const encryption of [true, false]) await inScene(way, { ...options, encryption }, run);
}

const ping = (id: number): Uint8Array => Uint8Array.of(0, 0, 0, 0, 0, 0, 0, id);

describe.each(WAYS)("a link over %s", (way) => {
  test("carries data and boxes both ways, in order, whatever the encryption setting", () =>
    bothWays({}, way, async (scene) => {
      const near = await dialHonestly(await scene.dial(), { encryption: scene.encryption, clock: scene.clock });
      const ear = new LinkEar();
      near.start(ear);
      near.send([bytesOf("one "), bytesOf("two")]);
      near.sendSealed(bytesOf("secret"));
      near.send([]);
      await scene.room.until(() => scene.room.links.length === 2);
      const far = scene.last;
      await far.ear.until(() => far.ear.received.length === 2 && far.ear.boxes.length === 1);
      expect(far.ear.texts).toEqual(["one two", ""]);
      expect(new TextDecoder().decode(far.ear.boxes[0])).toBe("secret");
      far.link.send([new Uint8Array(65_536).fill(3)]);
      far.link.sendSealed(new Uint8Array(65_520));
      await ear.until(() => ear.boxes.length === 1);
      expect(ear.received.map(({ length }) => length)).toEqual([65_536]);
      expect(near.linkId).toEqual(far.link.linkId);
      expect([near.localName, near.remoteName, far.link.remoteName]).toEqual(["Foo", "Room", "Foo"]);
      near.destroy();
      await far.ear.until(() => far.ear.ends.length > 0);
    }));

  test("a close says why, flushes what was sent before it, and is the last event once", () =>
    inScene(way, {}, async (scene) => {
      const near = await dialHonestly(await scene.dial(), { clock: scene.clock });
      const ear = new LinkEar();
      near.start(ear);
      await scene.room.until(() => scene.room.links.length === 2);
      const far = scene.last;
      for (let index = 0; index < 30; index++) near.send([new Uint8Array(50_000)]);
      near.close(14, "enough");
      near.close();
      near.send([bytesOf("too late")]);
      near.sendSealed(bytesOf("too late"));
      expect(near.isOpen).toBe(false);
      expect(await near.ping(10)).toBeUndefined();
      await far.ear.until(() => far.ear.ends.length > 0);
      expect(far.ear.bytes).toBe(1_500_000);
      expect(far.ear.ends).toEqual([errorOfCode(14, "enough")]);
      expect(far.ear.ends[0]).toMatchObject({ code: "ERR_REFUSED", received: 14 });
      await turns();
      expect(ear.ends).toEqual([]);
      expect(far.link.isOpen).toBe(false);
    }));

  test("an orderly close has no error", () =>
    inScene(way, {}, async (scene) => {
      const { peer, ear } = await linked(scene);
      peer.write(peer.seal(RECORD.close, Uint8Array.of(0, 0)));
      await peer.untilEnded();
      expect(ear.ends).toEqual([undefined]);
    }));

  test("case 54: an end between records, or inside of one, without a close is ERR_TRUNCATED", async () => {
    for (const cut of ["between records", "inside of a record", "by a reset"]) {
      await inScene(way, {}, async (scene) => {
        const { peer, ear } = await linked(scene);
        peer.write(peer.seal(RECORD.data, bytesOf("whole")));
        await ear.until(() => ear.bytes > 0);
        if (cut === "inside of a record") peer.write(peer.seal(RECORD.data, bytesOf("half")).subarray(0, 9));
        if (cut === "by a reset") peer.pipe.destroy();
        else peer.pipe.close();
        await ear.until(() => ear.ends.length > 0);
        expect(ear.texts).toEqual(["whole"]);
        expect(ear.ends).toMatchObject([{ code: "ERR_TRUNCATED" }]);
      });
    }
  });

  test("case 55: what comes behind a close is ignored, and the socket is closed", () =>
    inScene(way, {}, async (scene) => {
      const { peer, ear } = await linked(scene);
      peer.write(peer.seal(RECORD.close, Uint8Array.of(0, 0)), peer.seal(RECORD.data, bytesOf("ghost")));
      peer.write(peer.seal(RECORD.data, bytesOf("ghost")));
      await peer.untilEnded();
      expect(ear.received).toEqual([]);
      expect(ear.ends).toEqual([undefined]);
    }));

  test("case 56: after a record that does not open nothing opens, and nothing is answered", () =>
    bothWays({}, way, async (scene) => {
      const { peer, ear } = await linked(scene);
      const answered = peer.received.length;
      const forged = peer.seal(RECORD.data, bytesOf("forged"));
      forged[forged.length - 1] = (forged.at(-1) as number) ^ 1;
      peer.write(forged, peer.seal(RECORD.data, bytesOf("genuine")), peer.seal(RECORD.ping, ping(1)));
      await peer.untilEnded();
      expect(ear.received).toEqual([]);
      expect(ear.ends).toMatchObject([{ code: "ERR_RECORD" }]);
      expect(peer.received).toHaveLength(answered);
    }));

  test("case 59: forty pings in ten seconds are answered in order, one more closes the link (limit link.pings, limit link.pingWindowMs)", () =>
    inScene(way, {}, async (scene) => {
      const { peer, ear } = await linked(scene);
      for (let id = 0; id < 40; id++) peer.write(peer.seal(RECORD.ping, ping(id)));
      for (let id = 0; id < 40; id++) expect(await peer.record()).toEqual({ type: RECORD.pong, payload: ping(id) });
      scene.clock.advance(9_999);
      peer.write(peer.seal(RECORD.ping, ping(40)));
      const { type, payload } = await peer.record();
      expect({ type, text: new TextDecoder().decode(payload.subarray(2)) }).toEqual({
        type: RECORD.close,
        text: "too many pings",
      });
      expect(ear.ends).toMatchObject([{ code: "ERR_REFUSED" }]);
    }));

  test("pings at a decent pace go on for ever", () =>
    inScene(way, {}, async (scene) => {
      const { peer, ear } = await linked(scene);
      for (let id = 0; id < 100; id++) {
        peer.write(peer.seal(RECORD.ping, ping(id)));
        expect(await peer.record()).toEqual({ type: RECORD.pong, payload: ping(id) });
        scene.clock.advance(300);
      }
      expect(ear.ends).toEqual([]);
    }));

  test("case 59: a pong that nobody asked for is fatal", () =>
    inScene(way, {}, async (scene) => {
      const { peer, ear } = await linked(scene);
      peer.write(peer.seal(RECORD.pong, ping(1)));
      await peer.untilEnded();
      expect(ear.ends).toMatchObject([{ code: "ERR_MALFORMED" }]);
    }));

  test("case 59: a pong with other bytes than those of the ping, or more, is fatal", async () => {
    for (const spoil of [(id: Uint8Array) => id.map((byte) => byte ^ 1), (id: Uint8Array) => Uint8Array.of(...id, 0)]) {
      await inScene(way, {}, async (scene) => {
        const { peer, link, ear } = await linked(scene);
        const answered = link.ping(1_000);
        peer.write(peer.seal(RECORD.pong, spoil((await peer.record()).payload)));
        await peer.untilEnded();
        expect(await answered).toBeUndefined();
        expect(ear.ends).toMatchObject([{ code: "ERR_MALFORMED" }]);
      });
    }
  });

  test.each([
    ["type 0", 0, 8],
    ["an identity that is not the first record", RECORD.identity, 96],
    ["a user stage record outside of it", RECORD.userStage, 32],
    ["type 7", 7, 0],
    ["type 255", 255, 1],
    ["a ping of 7 bytes", RECORD.ping, 7],
    ["a pong of 9 bytes", RECORD.pong, 9],
    ["a close of 1 byte", RECORD.close, 1],
    ["a close with a text of 201 bytes", RECORD.close, 203],
  ])("case 60: %s is fatal", (_name, type, length) =>
    bothWays({}, way, async (scene) => {
      const { peer, ear } = await linked(scene);
      peer.write(peer.seal(RECORD.ping, ping(1))); // an identity may be the first record
      peer.write(peer.seal(type, new Uint8Array(length).fill(0x41)), peer.seal(RECORD.data, bytesOf("ghost")));
      await peer.untilEnded();
      expect(ear.received).toEqual([]);
      expect(ear.ends).toMatchObject([{ code: "ERR_MALFORMED" }]);
    }),
  );

  test("case 61: segments of one byte and of a megabyte give the same records", () =>
    inScene(way, {}, async (scene) => {
      const chance = seeded(seed);
      const sizes = Array.from({ length: 60 }, () => Math.floor(chance() ** 6 * 65_536));
      const { peer, ear } = await linked(scene);
      const stream = new Uint8Array(
        Buffer.concat(sizes.map((size) => peer.seal(RECORD.data, new Uint8Array(size).fill(size)))),
      );
      const short = stream.subarray(0, 6_000);
      for (let at = 0; at < short.length; at++) {
        peer.write(short.subarray(at, at + 1));
        if (at % 16 === 0) await turns(1);
      }
      peer.write(stream.subarray(short.length));
      await ear.until(() => ear.received.length === sizes.length);
      expect(ear.received.map(({ length }) => length)).toEqual(sizes);
      expect(ear.received.every((payload) => payload.every((byte) => byte === (payload.length & 0xff)))).toBe(true);
    }));

  test("case 58: a flood of tiny records is all handled, while other links are served in between", () =>
    inScene(way, {}, async (scene) => {
      const { peer, ear } = await linked(scene);
      const witness = await dialHonestly(await scene.dial("::1"), { clock: scene.clock });
      witness.start(new LinkEar());
      const count = soak(6_000);
      const flood: Uint8Array[] = [];
      for (let index = 0; index < count; index++)
        flood.push(peer.seal(RECORD.data, Uint8Array.of(index).subarray(0, index & 1)));
      peer.write(new Uint8Array(Buffer.concat(flood)));
      // How far the flood is when a ping of another link comes back: the flood takes its turns, it does not go first.
      let pings = 0;
      while (ear.received.length < count && pings < 1_000) {
        expect(await witness.ping(60_000)).toBeDefined();
        scene.clock.advance(400);
        pings++;
      }
      expect(pings).toBeGreaterThan(3);
      await ear.until(() => ear.received.length === count);
      expect(ear.bytes).toBe(Math.floor(count / 2));
      witness.destroy();
    }));

  test("a payload is its owner's to keep, unless the owner says that it is done with it", () =>
    bothWays({}, way, async (scene) => {
      const near = await dialHonestly(await scene.dial(), { encryption: scene.encryption, clock: scene.clock });
      const kept: { payload: Uint8Array; count: number }[] = [];
      const done: Uint8Array[] = [];
      let count = 0;
      let enough!: () => void;
      const all = new Promise<void>((resolve) => (enough = resolve));
      const ear = new LinkEar();
      near.start({
        sealed: ear.sealed,
        drain: ear.drain,
        closed: ear.closed,
        data(payload) {
          expect([payload.length, payload.every((byte) => byte === count)]).toEqual([65_000, true]);
          const isKept = count % 7 === 3;
          if (isKept) kept.push({ payload, count });
          else done.push(payload);
          if (++count === 100) enough();
          return !isKept;
        },
      });
      await scene.room.until(() => scene.room.links.length === 2);
      for (let n = 0; n < 100; n++) {
        scene.last.link.send([new Uint8Array(65_000).fill(n)]);
        if (n % 10 === 0) scene.last.link.sendSealed(new Uint8Array(60_000).fill(n));
      }
      await all;
      expect(ear.boxes.map((box) => [box.length, box[0], box.at(-1)])).toEqual(
        Array.from({ length: 10 }, (_, n) => [60_000, n * 10, n * 10]),
      );
      for (const { payload, count: n } of kept)
        expect([payload.length, payload.every((byte) => byte === n)]).toEqual([65_000, true]);
      const freed = done.filter(({ length }) => length === 0).length;
      // Without encryption payloads are parts of what came, which may hold a record that is kept.
      expect(freed).toBeGreaterThanOrEqual(scene.encryption ? done.length : way === "TCP" ? 20 : 0);
      near.destroy();
      await scene.last.ear.until(() => scene.last.ear.ends.length > 0);
    }));

  test("a link that is given away tells its new owner", () =>
    inScene(way, {}, async (scene) => {
      const { peer, link, ear } = await linked(scene);
      const next = new LinkEar();
      const { sealed, drain, closed } = ear;
      link.start({ data: () => link.start(next), sealed, drain, closed });
      peer.write(peer.seal(RECORD.data, bytesOf("first")), peer.seal(RECORD.data, bytesOf("second")));
      peer.write(peer.seal(RECORD.data, bytesOf("third")));
      await next.until(() => next.received.length === 2);
      expect(next.texts).toEqual(["second", "third"]);
    }));

  test("an owner that throws loses this link alone, and the exception is logged", () =>
    inScene(way, {}, async (scene) => {
      for (const event of ["data", "sealed", "closed"] as const) {
        const { peer, link } = await linked(scene);
        const broken = new LinkEar();
        link.start({
          data: broken.data,
          sealed: broken.sealed,
          drain: broken.drain,
          closed: broken.closed,
          [event]: () => {
            throw new Error(`a fault in ${event}`);
          },
        });
        const box = (peer.established ?? expect.fail("no keys")).sealer.box(bytesOf("x"));
        peer.write(
          peer.seal(RECORD.data, bytesOf("x")),
          peer.seal(RECORD.sealed, box),
          peer.seal(RECORD.close, Uint8Array.of(0, 0)),
        );
        await peer.untilEnded();
        expect(link.isOpen).toBe(false);
        expect(scene.room.log.lines.at(-1)).toMatchObject({
          level: "error",
          fields: { err: { message: `a fault in ${event}` } },
        });
        if (event !== "closed")
          expect(broken.ends).toMatchObject([{ code: "ERR_INTERNAL", cause: { message: `a fault in ${event}` } }]);
      }
    }));

  test("writable turns false when the other side does not read, and drain tells when it is true again", () =>
    inScene(way, {}, async (scene) => {
      const { peer, link, ear } = await linked(scene);
      peer.pipe.pause();
      let sent = 0;
      while (link.writable) {
        link.send([new Uint8Array(60_000)]);
        sent++;
        await turns(1);
      }
      expect(link.bufferedBytes).toBeGreaterThanOrEqual(65_536);
      expect(ear.drains).toBe(0);
      peer.pipe.resume();
      await ear.until(() => ear.drains === 1);
      expect(link.writable).toBe(true);
      for (let index = 0; index < sent; index++) expect((await peer.record()).payload).toHaveLength(60_000);
    }));

  test("limit link.bufferedBytes: a link whose owner ignores writable is destroyed at 16 MiB, not the process", () =>
    inScene(way, {}, async (scene) => {
      const { peer, link, ear } = await linked(scene);
      peer.pipe.pause();
      let most = 0;
      for (let index = 0; index < 1_000 && link.isOpen; index++) {
        most = link.bufferedBytes;
        link.send([new Uint8Array(60_000)]);
        await turns(1);
      }
      expect(ear.ends).toMatchObject([{ code: "ERR_SLOW_CONSUMER" }]);
      expect(most).toBeLessThanOrEqual(DEFAULT_LIMITS.link.bufferedBytes);
      expect(most).toBeGreaterThan(DEFAULT_LIMITS.link.bufferedBytes - 61_000);
    }));

  test("a link that nobody has started reads nothing: the other side is asked to wait", () =>
    inScene(way, {}, async (scene) => {
      const near = await dialHonestly(await scene.dial(), { clock: scene.clock });
      await scene.room.until(() => scene.room.links.length === 2);
      const far = scene.last.link;
      let sent = 0;
      for (; far.writable && sent < 2_000; sent++) {
        far.send([new Uint8Array(60_000)]);
        await turns(1);
      }
      expect(far.writable).toBe(false);
      const ear = new LinkEar();
      near.start(ear);
      await ear.until(() => ear.bytes === sent * 60_000);
      near.destroy();
    }));
});
