import { expect, test } from "vitest";

import { nativeEngine } from "../../src/crypto/native.ts";
import type { Engine } from "../../src/crypto/engine.ts";
import { keySecret, type Secret } from "../../src/crypto/secret.ts";
import { AddressSet } from "../../src/link/address-set.ts";
import { encodeFrame, encodeRefuse, encodeRelayPreface } from "../../src/link/handshake-frames.ts";
import { Initiator } from "../../src/link/handshake-initiator.ts";
import type { HelloInfo } from "../../src/link/handshake.ts";
import type { LinkListenerConfig } from "../../src/link/listener.ts";
import type { Pipe } from "../../src/pipe/pipe.ts";
import { expectNothingLeft } from "../support/leftovers.ts";
import { Answerer, bytesOf, dialHonestly, greeting, LinkEar, secretOf, turns } from "./parties.ts";
import { inScene } from "./scene.ts";

expectNothingLeft();

const patient = { limits: { link: { idleMs: 1e9, deadMs: 1e9 } } } as const;

const ticket = (byte: number, purpose: 3 | 5 = 3): Secret =>
  keySecret(new Uint8Array(32).fill(byte), purpose, nativeEngine);

/** An engine that counts its multiplications on the curve. */
function countingEngine(): { engine: Engine; count: () => number } {
  let multiplied = 0;
  const engine: Engine = {
    ...nativeEngine,
    scalar(bytes) {
      const scalar = nativeEngine.scalar(bytes);
      return {
        times(point) {
          multiplied++;
          return scalar.times(point);
        },
        wipe: () => scalar.wipe(),
      };
    },
  };
  return { engine, count: () => multiplied };
}

test("case 32: of 200 HELLO per second from one source failing ones are refused before curve work, succeeding ones never", async () => {
  const { engine, count } = countingEngine();
  await inScene("memory", { ...patient, handshake: { engine } }, async (scene) => {
    const before = count();
    let refused = 0;
    for (let index = 0; index < 200; index++) {
      scene.clock.advance(5);
      const error: unknown = await dialHonestly(await scene.dial(), {
        clock: scene.clock,
        password: "wrong horse",
      }).catch((reason: unknown) => reason);
      if ((error as { received?: number }).received !== undefined) refused++;
      await scene.room.until(() => scene.room.refused.length === index + 1);
    }
    // Four guesses, then the penalty refuses what comes.
    expect(refused).toBe(196);
    expect(count() - before).toBe(2 * 4);
    for (let index = 0; index < 200; index++) {
      scene.clock.advance(5);
      (await dialHonestly(await scene.dial("10.0.0.1"), { clock: scene.clock })).close();
      await turns(4);
    }
    expect(count() - before).toBe(2 * 204);
  });
});

test("a blacklisted address is told that it is barred, and nobody else", () =>
  inScene("memory", { config: { blacklist: new AddressSet(["10.6.6.6"]) } }, async (scene) => {
    await expect(dialHonestly(await scene.dial("10.6.6.6"), { clock: scene.clock })).rejects.toMatchObject({
      received: 4,
    });
    expect(scene.room.refused).toMatchObject([{ reason: "blacklisted", host: "10.6.6.6", refusedForS: 0 }]);
  }));

test("what a refusal tells holds no secrets", () =>
  inScene("memory", {}, async (scene) => {
    const password = "correct battery staple";
    await dialHonestly(await scene.dial(), { clock: scene.clock, password }).catch(() => {});
    await scene.room.until(() => scene.room.refused.length === 1);
    expect(Object.keys(scene.room.refused[0] ?? {}).toSorted()).toEqual([
      "error",
      "host",
      "name",
      "port",
      "reason",
      "refusedForS",
    ]);
    expect(JSON.stringify(scene.room.refused) + scene.room.refused[0]?.error.message).not.toMatch(/battery|horse/);
  }));

test("a closed listener ends what is on its way, refuses what comes, and leaves links alone", () =>
  inScene("memory", {}, async (scene) => {
    const room = new Answerer({ clock: scene.clock });
    const pipes = await scene.network.listen({ host: "other", port: 1, accept: room.listener.accept });
    const dial = (): Promise<Pipe> => scene.network.dial({ host: "other", port: 1 });
    const link = await dialHonestly(await dial(), { clock: scene.clock });
    await room.until(() => room.links.length === 1);
    const silent = await dial();
    const ended = new Promise((resolve) => silent.start({ data() {}, drain() {}, end: resolve }));
    expect(room.listener.unproven).toBe(1);
    room.listener.close();
    room.listener.close();
    await ended;
    expect(room.refused).toMatchObject([{ reason: "closing", refusedForS: 0 }]);
    const late = await dial();
    await new Promise((resolve) => late.start({ data() {}, drain() {}, end: resolve }));
    expect(room.listener.unproven).toBe(0);
    link.start(new LinkEar());
    expect(await link.ping(1_000)).toBeDefined();
    link.destroy();
    room.close();
    await pipes.close();
  }));

test("an owner whose onLink, onRefused or secretFor throws loses that connection alone", async () => {
  const faults: Partial<LinkListenerConfig>[] = [
    {
      onLink: () => {
        throw new Error("a fault of the owner");
      },
    },
    {
      onRefused: () => {
        throw new Error("a fault of the owner");
      },
    },
  ];
  for (const config of faults) {
    await inScene("memory", {}, async (scene) => {
      const room = new Answerer({ clock: scene.clock, config });
      const pipes = await scene.network.listen({ host: "other", port: 1, accept: room.listener.accept });
      const password = config.onLink === undefined ? "wrong horse" : "right horse";
      const dialled = dialHonestly(await scene.network.dial({ host: "other", port: 1 }), {
        clock: scene.clock,
        password,
      });
      await dialled.then((link) => link.close()).catch(() => {});
      await turns();
      expect(room.log.lines).toMatchObject([{ level: "error", fields: { err: { message: "a fault of the owner" } } }]);
      expect([room.listener.links, room.listener.unproven]).toEqual([0, 0]);
      await pipes.close();
    });
  }
  await inScene("memory", {}, async (scene) => {
    const room = new Answerer({
      clock: scene.clock,
      handshake: {
        secretFor: () => {
          throw new Error("a fault of the owner");
        },
      },
    });
    const pipes = await scene.network.listen({ host: "other", port: 1, accept: room.listener.accept });
    const dialled = dialHonestly(await scene.network.dial({ host: "other", port: 1 }), { clock: scene.clock });
    await expect(dialled).rejects.toMatchObject({ code: "ERR_TRUNCATED" });
    expect(room.log.lines).toHaveLength(1);
    expect(room.refused).toMatchObject([{ reason: "refused", refusedForS: 0 }]);
    await pipes.close();
  });
});

test("a listener's own name is checked when it is made", () => {
  expect(() => new Answerer({ handshake: { name: " Room" } })).toThrow(TypeError);
});

test("case 41: an unknown ticket is refused without curve work; a wrong proof of a known one is told, hanging up is not", async () => {
  const { engine, count } = countingEngine();
  const ticketId = new Uint8Array(16).fill(5);
  const wrong: HelloInfo[] = [];
  const greet = { purpose: 3, peerName: "Room", ticketId } as const;
  await inScene(
    "memory",
    {
      ...patient,
      handshake: {
        engine,
        serves: (purpose) => purpose === 1 || purpose === 3,
        secretFor: (hello) =>
          hello.purpose === 1 ? greeting().secret : hello.ticketId[0] === 5 ? ticket(7) : undefined,
      },
      config: { onWrongTicket: (hello) => wrong.push(hello) },
    },
    async (scene) => {
      const before = count();
      const unknown = dialHonestly(await scene.dial(), {
        ...greet,
        clock: scene.clock,
        secret: ticket(7),
        ticketId: new Uint8Array(16).fill(6),
      });
      await expect(unknown).rejects.toMatchObject({ code: "ERR_TICKET", received: 6 });
      expect(count()).toBe(before);
      for (let round = 0; round < 5; round++) {
        const loser = await scene.attacker();
        await loser.greet(greeting({ ...greet, secret: ticket(7) }));
        loser.pipe.destroy();
        await scene.room.until(() => scene.room.refused.length === round + 2);
      }
      expect(scene.room.refused.slice(1).map(({ reason, refusedForS }) => `${reason} ${refusedForS}`)).toEqual(
        Array(5).fill("hung up 0"),
      );
      expect(wrong).toEqual([]);
      const thief = await scene.attacker();
      thief.write(new Initiator(greeting({ ...greet, secret: ticket(8) })).hello);
      await thief.frame();
      thief.write(encodeFrame(3, new Uint8Array(32)));
      await thief.untilEnded();
      expect(scene.room.refused.at(-1)).toMatchObject({ reason: "wrong secret", name: "Foo" });
      expect(wrong).toMatchObject([{ name: "Foo", purpose: 3, ticketId }]);
      const link = await dialHonestly(await scene.dial(), { ...greet, clock: scene.clock, secret: ticket(7) });
      link.destroy();
    },
  );
});

test("a ticket holder that refuses REPLY hung up; a wrong proof of a resume key costs its source nothing", () =>
  inScene(
    "memory",
    {
      handshake: {
        serves: () => true,
        secretFor: (hello) => (hello.purpose === 1 ? greeting().secret : ticket(7, hello.purpose as 3 | 5)),
      },
      config: { onWrongTicket: () => expect.fail("no ticket was guessed at") },
    },
    async (scene) => {
      const ticketId = new Uint8Array(16).fill(5);
      const racer = await scene.attacker();
      racer.write(new Initiator(greeting({ purpose: 3, peerName: "Room", ticketId, secret: ticket(7) })).hello);
      await racer.frame();
      racer.write(encodeRefuse(9));
      await racer.untilEnded();
      const watcher = await scene.attacker();
      watcher.write(new Initiator(greeting({ purpose: 5, peerName: "Room", ticketId, secret: ticket(7, 5) })).hello);
      await watcher.frame();
      watcher.write(encodeFrame(3, new Uint8Array(32)));
      await watcher.untilEnded();
      expect(scene.room.refused.map(({ reason }) => reason)).toEqual(["hung up", "wrong secret"]);
      for (let count = 0; count < 3; count++) {
        const guesser = await scene.attacker();
        await guesser.greet(greeting());
        guesser.pipe.destroy();
        await scene.room.until(() => scene.room.refused.length === count + 3);
      }
      // Three guesses are the most that a source has free: neither of the two above was one.
      expect(scene.room.refused.at(-1)?.refusedForS).toBe(0);
    },
  ));

test("guesses of a server's password count like those of a Room's", () =>
  inScene(
    "memory",
    { handshake: { serves: () => true, secretFor: ({ purpose }) => secretOf("right horse", purpose as 1 | 2) } },
    async (scene) => {
      const peer = await scene.attacker();
      await peer.greet(greeting({ purpose: 2, secret: secretOf("right horse", 2) }));
      peer.pipe.destroy();
      await scene.room.until(() => scene.room.refused.length === 1);
      expect(scene.room.refused).toMatchObject([{ reason: "wrong secret" }]);
    },
  ));

test("splices that are wanted cost no HELLO tokens", () =>
  inScene("memory", { config: { relay: () => (pipe) => pipe.destroy() } }, async (scene) => {
    for (let count = 0; count < 50; count++) {
      const peer = await scene.attacker();
      peer.write(encodeRelayPreface(new Uint8Array(16)));
      await peer.untilEnded();
      expect(peer.received).toHaveLength(0);
    }
  }));

test("a relay preface hands the pipe over with what came behind it, and with nothing lost after", async () => {
  const taken: { pipe: Pipe; early: string; later: string[] }[] = [];
  await inScene(
    "memory",
    {
      config: {
        relay: (relayId) =>
          relayId[0] === 7
            ? (pipe, early) => {
                const splice = { pipe, early: new TextDecoder().decode(early), later: [] as string[] };
                taken.push(splice);
                void turns().then(() =>
                  pipe.start({
                    data: (chunk) => splice.later.push(new TextDecoder().decode(chunk)),
                    drain() {},
                    end() {},
                  }),
                );
              }
            : { code: relayId[0] === 8 ? 11 : 6 },
      },
    },
    async (scene) => {
      const peer = await scene.attacker();
      peer.write(encodeRelayPreface(new Uint8Array(16).fill(7)), bytesOf("HELLO"));
      while (taken.length === 0) await turns(1);
      peer.write(bytesOf("more"));
      while (taken[0]?.later.length === 0) await turns(1);
      expect(taken).toMatchObject([{ early: "HELLO", later: ["more"] }]);
      expect(scene.room.listener.unproven).toBe(0);
      taken[0]?.pipe.destroy();
      // case 96: unknown, too late, of a wrong length, of another version
      for (const [frame, code, reason] of [
        [encodeRelayPreface(new Uint8Array(16)), 6, "refused"],
        [encodeRelayPreface(new Uint8Array(16).fill(8)), 11, "hung up"],
        [encodeFrame(5, Uint8Array.of(0x43, 0x52, 0x50, 0x31, ...new Uint8Array(15))), 12, "malformed"],
        [encodeFrame(5, Uint8Array.of(0x43, 0x52, 0x50, 0x31, ...new Uint8Array(17))), 12, "malformed"],
        [encodeFrame(5, Uint8Array.of(0x43, 0x52, 0x50, 0x32, ...new Uint8Array(16))), 1, "refused"],
      ] as const) {
        const stranger = await scene.attacker(`10.0.0.${code}`);
        stranger.write(frame);
        const refused = await stranger.frame();
        expect([refused.type, refused.body[1]]).toEqual([4, code]);
        await stranger.untilEnded();
        expect(scene.room.refused.at(-1)?.reason).toBe(reason);
      }
    },
  );
});

test("a listener that splices nothing takes a relay preface for garbage", () =>
  inScene("memory", {}, async (scene) => {
    const peer = await scene.attacker();
    peer.write(encodeRelayPreface(new Uint8Array(16)));
    await peer.untilEnded();
    expect(peer.received).toHaveLength(0);
  }));

test("a link over the cap is closed with the reason after it was proven", () =>
  inScene("memory", { limits: { admission: { linksPerSource: 2 } } }, async (scene) => {
    const first = await scene.attacker("10.0.0.1");
    const second = await scene.attacker("10.0.0.1");
    const third = await scene.attacker("10.0.0.1");
    const confirms = [await first.greet(greeting()), await second.greet(greeting()), await third.greet(greeting())];
    for (const [index, peer] of [first, second, third].entries()) peer.write(confirms[index] as Uint8Array);
    const { type, payload } = await third.record();
    expect({ type, code: payload[1], text: new TextDecoder().decode(payload.subarray(2)) }).toEqual({
      type: 0x7f,
      code: 14,
      text: "too many links",
    });
    await third.untilEnded();
    await expect(dialHonestly(await scene.dial("10.0.0.1"), { clock: scene.clock })).rejects.toMatchObject({
      code: "ERR_BUSY",
      retryAfter: 10,
    });
  }));
