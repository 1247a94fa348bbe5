import { describe, expect, test } from "vitest";
import { systemRandom } from "../../src/base/random.ts";
import { Initiator } from "../../src/link/handshake-initiator.ts";
import { encodeRefuse } from "../../src/link/handshake-frames.ts";
import { expectNothingLeft } from "../support/leftovers.ts";
import { bytesOf, dialHonestly, greeting, turns } from "./parties.ts";
import { RECORD } from "./raw-peer.ts";
import { inScene, WAYS } from "./scene.ts";

expectNothingLeft();

describe.each(WAYS)("what somebody on the way sends again, or makes up, over %s", (way) => {
  test("case 10: a HELLO that was overheard gets another REPLY, and its old CONFIRM is a wrong proof that counts", () =>
    inScene(way, {}, async (scene) => {
      const { hello, confirm } = await overheard(scene);
      for (let round = 1; round <= 3; round++) {
        const peer = await scene.attacker();
        peer.write(hello);
        expect((await peer.frame()).type).toBe(2);
        const replied = peer.received.length;
        peer.write(confirm);
        await peer.untilEnded();
        expect(peer.received).toHaveLength(replied); // closed without a word
        await scene.room.until(() => scene.room.refused.length === round);
      }
      expect(scene.room.refused.map(({ reason, error }) => `${reason}, ${error.code}`)).toEqual(
        Array(3).fill("wrong secret, ERR_AUTH"),
      );
      expect(scene.room.links).toHaveLength(2); // the witness, and the honest one that was overheard
    }));

  test("case 10: HELLO and CONFIRM in one piece, as they were overheard, open nothing either", () =>
    inScene(way, {}, async (scene) => {
      const { hello, confirm, record } = await overheard(scene);
      const peer = await scene.attacker();
      peer.write(hello, confirm, record);
      await peer.untilEnded();
      await scene.room.until(() => scene.room.refused.length === 1);
      expect(scene.room.links).toHaveLength(2);
      expect(scene.room.ears[1]?.texts).toEqual(["once"]);
    }));

  test("case 11: the REPLY of another handshake is a wrong proof: ERR_AUTH, and REFUSE 9 goes back", () =>
    inScene(way, {}, async (scene) => {
      const other = await scene.attacker();
      const initiators = [new Initiator(greeting()), new Initiator(greeting())] as const;
      other.write(initiators[0].hello);
      const reply = await other.frame();
      const outcome = initiators[1].receive(reply);
      expect(outcome).toMatchObject({ error: { code: "ERR_AUTH" } });
      expect(outcome.send).toEqual(encodeRefuse(9));
      other.write(outcome.send ?? new Uint8Array(0));
      await other.untilEnded();
      await scene.room.until(() => scene.room.refused.length === 1);
      expect(scene.room.refused).toMatchObject([{ reason: "wrong secret" }]);
    }));

  test("case 11: a program that dials and is answered with an overheard REPLY sends no CONFIRM", async () => {
    await inScene(way, {}, async (scene) => {
      const other = await scene.attacker();
      other.write(new Initiator(greeting()).hello);
      await other.frame();
      const pipe = await scene.dial();
      const written: Uint8Array[] = [];
      const { start, write } = { start: pipe.start.bind(pipe), write: pipe.write.bind(pipe) };
      Object.assign(pipe, {
        start: (events: Parameters<typeof start>[0]) =>
          start({ ...events, data: () => events.data(other.received.slice()) }),
        write: (parts: readonly Uint8Array[]) => (written.push(...parts), write(parts)),
      });
      await expect(dialHonestly(pipe, { clock: scene.clock })).rejects.toMatchObject({ code: "ERR_AUTH" });
      expect(Buffer.concat(written.slice(1))).toEqual(Buffer.from(encodeRefuse(9)));
      await scene.room.until(() => scene.room.refused.length === 1);
    });
  });

  test.each([
    ["a digit of the plaintext", (record: Buffer) => record.write("9", record.indexOf("1 coin"))],
    ["the type", (record: Buffer) => (record[4] = RECORD.close)],
    ["the tag", (record: Buffer) => (record[record.length - 1] = (record.at(-1) as number) ^ 1)],
  ])("case 62: with encryption off, %s changed on the way is fatal, and nothing of it is delivered", (_what, change) =>
    inScene(way, { encryption: false }, async (scene) => {
      const { peer, ear } = await linkedOff(scene);
      const record = Buffer.from(peer.seal(RECORD.data, bytesOf("pay 1 coin")));
      expect(record.includes("pay 1 coin")).toBe(true);
      change(record);
      peer.write(record);
      await ear.until(() => ear.ends.length > 0);
      expect(ear.texts).toEqual(["first"]);
      expect(ear.ends).toMatchObject([{ code: "ERR_RECORD" }]);
      await peer.untilEnded();
    }),
  );

  test("case 62: with encryption off, a record made up or sent again is fatal, and what follows it is not delivered", async () => {
    for (const isMadeUp of [true, false]) {
      await inScene(way, { encryption: false }, async (scene) => {
        const { peer, ear, first } = await linkedOff(scene);
        const inner = Buffer.concat([Buffer.of(RECORD.data), bytesOf("pay all")]);
        const madeUp = Buffer.concat([Buffer.of(0, 0, 0, inner.length + 16), inner, systemRandom(16)]);
        peer.write(isMadeUp ? madeUp : first, peer.seal(RECORD.data, bytesOf("second")));
        await ear.until(() => ear.ends.length > 0);
        await turns();
        expect(ear.texts).toEqual(["first"]);
        expect(ear.ends).toMatchObject([{ code: "ERR_RECORD" }]);
      });
    }
  });
});

type Scene = Parameters<Parameters<typeof inScene>[2]>[0];

/** The bytes of an honest program that gets in, says something, and leaves. */
async function overheard(scene: Scene): Promise<{ hello: Uint8Array; confirm: Uint8Array; record: Uint8Array }> {
  const peer = await scene.attacker();
  const initiator = new Initiator(greeting());
  peer.write(initiator.hello);
  const outcome = initiator.receive(await peer.frame());
  if ("error" in outcome || outcome.established === undefined) throw new Error("the honest one is not let in");
  const record = outcome.established.sealer.seal(RECORD.data, [bytesOf("once")]);
  peer.write(outcome.send, record);
  await scene.room.until(() => scene.room.links.length === 2);
  const { ear } = scene.last;
  await ear.until(() => ear.bytes > 0);
  peer.pipe.destroy();
  await ear.until(() => ear.ends.length > 0);
  return { hello: initiator.hello, confirm: outcome.send, record };
}

/** An honest program whose records somebody on the way has in hand; its first one went through. */
async function linkedOff(scene: Scene) {
  const peer = await scene.attacker();
  await peer.shake(greeting({ encryption: false }));
  await scene.room.until(() => scene.room.links.length === 2);
  const { ear } = scene.last;
  const first = Buffer.from(peer.seal(RECORD.data, bytesOf("first")));
  peer.write(first);
  await ear.until(() => ear.bytes > 0);
  return { peer, ear, first };
}
