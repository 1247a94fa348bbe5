import { describe, expect, test } from "vitest";

import { Initiator } from "../../src/link/handshake-initiator.ts";
import { soak, seeded, seedOfRun } from "../support/seeded.ts";
import { expectNothingLeft } from "../support/leftovers.ts";
import { bytesOf, dialHonestly, greeting, turns } from "./parties.ts";
import { RECORD } from "./raw-peer.ts";
import { inScene, WAYS } from "./scene.ts";

expectNothingLeft();

const seed = seedOfRun();
console.log(`strangers, seed ${seed}`);
const chance = seeded(seed);

describe.each(WAYS)("what strangers try over %s", (way) => {
  test("case 2: a wrong password is ERR_AUTH at both ends and one counted failure", () =>
    inScene(way, {}, async (scene) => {
      const dialled = dialHonestly(await scene.dial(), {
        password: "wrong horse",
        address: "room.example:2428",
        clock: scene.clock,
      });
      await expect(dialled).rejects.toMatchObject({ code: "ERR_AUTH" });
      await expect(dialled).rejects.toThrow(/wrong room password: the Room at room\.example:2428/);
      await scene.room.until(() => scene.room.refused.length > 0);
      expect(scene.room.refused).toMatchObject([{ reason: "wrong secret", name: "Foo", error: { code: "ERR_AUTH" } }]);
      await turns();
      expect(scene.room.refused).toHaveLength(1);
    }));

  test("case 3: hanging up after REPLY is counted", () =>
    inScene(way, {}, async (scene) => {
      for (let round = 1; round <= 4; round++) {
        const peer = await scene.attacker();
        await peer.greet(greeting());
        peer.pipe.destroy();
        await scene.room.until(() => scene.room.refused.length === round);
      }
      expect(scene.room.refused.map(({ reason }) => reason)).toEqual(Array(4).fill("wrong secret"));
      expect(scene.room.refused.map(({ refusedForS }) => Math.round(refusedForS))).toEqual([0, 0, 0, 10]);
      const refused = dialHonestly(await scene.dial(), { clock: scene.clock });
      await expect(refused).rejects.toMatchObject({ code: "ERR_REFUSED", received: 4, retryAfter: 10 });
      scene.clock.advance(10_001);
      (await dialHonestly(await scene.dial(), { clock: scene.clock })).destroy();
    }));

  test("case 4: stalling after REPLY is counted at the deadline", () =>
    inScene(way, {}, async (scene) => {
      const peer = await scene.attacker();
      await peer.greet(greeting());
      scene.clock.advance(9_999);
      await turns();
      expect(peer.ended).toBeUndefined();
      scene.clock.advance(1);
      await peer.untilEnded();
      expect(scene.room.refused).toMatchObject([{ reason: "wrong secret", error: { code: "ERR_TIMEOUT" } }]);
    }));

  test("case 4: a connection that makes room for another one after REPLY is counted", () =>
    inScene(way, { limits: { admission: { unproven: 1, earlyDropFrom: 1 } } }, async (scene) => {
      for (let round = 1; round <= 4; round++) {
        const peer = await scene.attacker("1.2.3.4");
        await peer.greet(greeting());
        const other = await scene.attacker("::1");
        await peer.untilEnded();
        await scene.room.until(() => scene.room.refused.length === 2 * round - 1);
        other.pipe.destroy();
        await scene.room.until(() => scene.room.refused.length === 2 * round);
      }
      const guesses = scene.room.refused.filter(({ reason }) => reason === "wrong secret");
      expect(guesses.map(({ refusedForS }) => Math.round(refusedForS))).toEqual([0, 0, 0, 10]);
    }));

  test("case 12: a second CONFIRM is fatal", () =>
    inScene(way, {}, async (scene) => {
      const peer = await scene.attacker();
      const confirm = await peer.greet(greeting());
      peer.write(confirm, confirm);
      await peer.untilEnded();
      expect(scene.last.link.remoteName).toBe("Foo");
      expect(scene.last.ear.ends).toMatchObject([{ code: "ERR_RECORD" }]);
    }));

  test("case 13: a record before CONFIRM is fatal and is not delivered", () =>
    inScene(way, {}, async (scene) => {
      const peer = await scene.attacker();
      const confirm = await peer.greet(greeting());
      peer.write(peer.seal(RECORD.data, bytesOf("early")), confirm);
      await peer.untilEnded();
      expect(scene.room.links).toHaveLength(1);
      expect(scene.room.refused).toMatchObject([{ reason: "wrong secret" }]);
    }));

  test("case 89: bytes behind HELLO are fatal before REPLY goes out", () =>
    inScene(way, {}, async (scene) => {
      const peer = await scene.attacker();
      peer.write(new Initiator(greeting()).hello, bytesOf("x"));
      await peer.untilEnded();
      expect(peer.received).toHaveLength(0);
    }));

  test("records right behind CONFIRM are delivered, in the same chunk or not", () =>
    inScene(way, {}, async (scene) => {
      const peer = await scene.attacker();
      const confirm = await peer.greet(greeting());
      peer.write(confirm, peer.seal(RECORD.data, bytesOf("at once")));
      await scene.room.until(() => scene.room.links.length === 2);
      await scene.last.ear.until(() => scene.last.ear.bytes > 0);
      expect(scene.last.ear.texts).toEqual(["at once"]);
    }));

  test.each([1_025, 65_535])("case 27: a frame that says it has %i bytes is closed before it comes", (length) =>
    inScene(way, {}, async (scene) => {
      const peer = await scene.attacker();
      peer.write(Uint8Array.of(1, length >>> 8, length));
      await peer.untilEnded();
      expect(peer.received).toHaveLength(0);
      expect(scene.room.refused).toMatchObject([{ reason: "no hello" }]);
    }),
  );

  test.each([
    ["HTTP", bytesOf("GET / HTTP/1.1\r\nHost: example\r\n\r\n")],
    ["a TLS ClientHello", Uint8Array.of(0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3)],
    ["an SSH banner", bytesOf("SSH-2.0-OpenSSH_9.6\r\n")],
    ["a megabyte of noise", Uint8Array.from({ length: 1_048_576 }, () => Math.floor(chance() * 256))],
  ])("case 28: %s gets no answer and is closed at once", (_name, bytes) =>
    inScene(way, {}, async (scene) => {
      const peer = await scene.attacker();
      peer.write(bytes);
      await peer.untilEnded();
      expect(peer.received).toHaveLength(0);
      expect(scene.room.refused).toMatchObject([{ reason: "no hello" }]);
    }),
  );

  test("case 29: one byte per second is closed at ten seconds", () =>
    inScene(way, {}, async (scene) => {
      const peer = await scene.attacker();
      const { hello } = new Initiator(greeting());
      for (let second = 0; second < 10; second++) {
        peer.write(hello.subarray(second, second + 1));
        await turns();
        expect(peer.ended).toBeUndefined();
        scene.clock.advance(1_000);
      }
      await peer.untilEnded();
      expect(peer.received).toHaveLength(0);
      expect(scene.room.refused).toMatchObject([
        { reason: "deadline", error: { message: "no whole handshake within 10 s" } },
      ]);
    }));

  test("limit handshake.firstByteMs: a connection that says nothing is closed after five seconds", () =>
    inScene(way, {}, async (scene) => {
      const peer = await scene.attacker();
      await turns();
      scene.clock.advance(4_999);
      await turns();
      expect(peer.ended).toBeUndefined();
      scene.clock.advance(1);
      await peer.untilEnded();
      expect(scene.room.refused).toMatchObject([{ reason: "deadline", error: { message: "nothing came within 5 s" } }]);
    }));

  test("case 33: a peer that never reads and never goes on is closed at the deadline", () =>
    inScene(way, {}, async (scene) => {
      const pipe = await scene.dial();
      pipe.write([new Initiator(greeting()).hello]);
      await turns();
      scene.clock.advance(10_000);
      await scene.room.until(() => scene.room.refused.length === 1);
      expect(scene.room.listener.unproven).toBe(0);
    }));

  test("case 16: encryption on against off, in both orders, names both settings at both ends", async () => {
    for (const [here, there] of [
      [true, false],
      [false, true],
    ] as const) {
      await inScene(way, { encryption: there }, async (scene) => {
        const dialled = dialHonestly(await scene.dial(), { encryption: here, clock: scene.clock });
        await expect(dialled).rejects.toMatchObject({ code: "ERR_ENCRYPTION_MISMATCH" });
        await expect(dialled).rejects.toThrow(
          `encryption is ${here ? "on here and off there" : "off here and on there"}`,
        );
        expect(scene.room.refused).toMatchObject([{ reason: "refused", error: { code: "ERR_ENCRYPTION_MISMATCH" } }]);
        expect(scene.room.refused[0]?.error.message).toContain(
          there ? "on here and off there" : "off here and on there",
        );
      });
    }
  });
});

describe("floods of strangers", () => {
  test("case 30: of 500 silent connections from 4 sources 8 each are kept, and an honest program gets in", () =>
    inScene("memory", {}, async (scene) => {
      await Promise.all(Array.from({ length: 500 }, (_, index) => scene.dial(`10.0.0.${index % 4}`)));
      await turns();
      expect(scene.room.listener.unproven).toBeLessThanOrEqual(32);
      expect(scene.room.listener.unproven).toBeGreaterThanOrEqual(16);
      const link = await dialHonestly(await scene.dial("10.0.0.9"), { clock: scene.clock });
      link.destroy();
    }));

  test("an honest program gets in although strangers from anywhere hold every place", () =>
    inScene("memory", {}, async (scene) => {
      for (let index = 0; index < 200; index++) await scene.dial(`10.0.${index}.1`);
      await turns();
      expect(scene.room.listener.unproven).toBe(64);
      const link = await dialHonestly(await scene.dial("10.9.9.9"), { clock: scene.clock });
      await scene.room.until(() => scene.room.links.length === 2);
      expect(scene.room.listener.unproven).toBe(63);
      link.destroy();
    }));

  test("case 31: connecting and closing again and again ends in a penalty that drains", () =>
    inScene("memory", { limits: { link: { idleMs: 1e9, deadMs: 1e9 } } }, async (scene) => {
      const count = soak(200);
      for (let index = 0; index < count; index++) {
        (await scene.dial()).destroy();
        if (index % 8 === 7) await turns(4);
      }
      await scene.room.until(() => scene.room.refused.length === count);
      expect(scene.room.refused.at(-1)?.refusedForS).toBeGreaterThan(0);
      await expect(dialHonestly(await scene.dial(), { clock: scene.clock })).rejects.toMatchObject({ received: 4 });
      scene.clock.advance(600_000);
      (await dialHonestly(await scene.dial(), { clock: scene.clock })).destroy();
    }));
});
