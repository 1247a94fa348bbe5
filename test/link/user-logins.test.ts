import { describe, expect, test } from "vitest";
import { hashPasswords } from "../../src/crypto/hash-passwords.ts";
import { nativeEngine } from "../../src/crypto/native.ts";
import { UserPassword } from "../../src/crypto/user-password.ts";
import { Initiator } from "../../src/link/handshake-initiator.ts";
import { Responder } from "../../src/link/handshake-responder.ts";
import { UserTable } from "../../src/link/user-table.ts";
import { systemRandom } from "../../src/base/random.ts";
import { RecordReader, type SealedRecord } from "../../src/link/records.ts";
import type { UserStageInitiator } from "../../src/link/user-stage-initiator.ts";
import { expectNothingLeft } from "../support/leftovers.ts";
import { until } from "../support/until.ts";
import { bytesOf, dialHonestly, greeting, secretOf, turns } from "./parties.ts";
import { RawPeer } from "./raw-peer.ts";
import { inScene, type Scene, type SceneOptions, WAYS } from "./scene.ts";
import { insider, sent } from "./user-stage-driver.ts";

expectNothingLeft();

const passwords = { Foo: "123456", Bar: "654321", Witness: "I was there" };
const table = await hashPasswords(passwords, { cost: 4 });
const users = new UserTable(table, undefined, nativeEngine, systemRandom);
/** One per user and guess, so that bcrypt runs once for each. */
const right = new UserPassword(passwords.Foo, nativeEngine);
const wrong = new UserPassword("1234567", nativeEngine);
const witness = new UserPassword(passwords.Witness, nativeEngine);

const withUsers: SceneOptions = { handshake: { users }, witness };

/** A member that goes through the user stage step by step. */
class StagedPeer extends RawPeer {
  stage!: UserStageInitiator;
  readonly #records = new RecordReader();
  #read = 0;

  /** The handshake up to CONFIRM. */
  async confirm(name = "Foo", user = right): Promise<void> {
    const initiator = new Initiator(greeting({ name, user }));
    this.write(initiator.hello);
    const reply = await this.frame();
    this.#read = reply.body.length + 3;
    const outcome = initiator.receive(reply);
    if ("error" in outcome || outcome.stage === undefined) throw new Error("no user stage");
    this.stage = outcome.stage;
    this.write(outcome.send);
  }

  /** The next record as it came. */
  async next(): Promise<SealedRecord> {
    for (;;) {
      this.#records.push(this.received.subarray(this.#read));
      this.#read = this.received.length;
      const record = this.#records.next();
      if (record !== undefined) return record;
      const had = this.received.length;
      await this.until(() => this.received.length > had || this.ended !== undefined);
      if (this.received.length === had) throw new Error("the pipe ended");
    }
  }

  /** Answers record 1 with the keys of a password. */
  async logIn(user = right): Promise<void> {
    const asked = this.stage.receive(await this.next());
    if (asked.kind !== "derive") throw new Error("not asked");
    this.write(sent(this.stage.login(await user.keysFor(asked.setting))));
  }
}

async function stagedPeer(scene: Scene): Promise<StagedPeer> {
  return new StagedPeer(await scene.dial());
}

describe.each(WAYS)("users prove themselves over %s", (way) => {
  test("a right password gives a link on which the name is proven, with records right behind the last one", () =>
    inScene(way, withUsers, async (scene) => {
      const link = await dialHonestly(await scene.dial(), { clock: scene.clock, user: right });
      link.send([bytesOf("at once")]);
      await scene.room.until(() => scene.room.links.length === 2);
      await scene.last.ear.until(() => scene.last.ear.bytes > 0);
      expect(scene.last.ear.texts).toEqual(["at once"]);
      expect([scene.last.link.remoteName, scene.last.link.isUserProven, link.isUserProven]).toEqual([
        "Foo",
        true,
        true,
      ]);
      expect(scene.room.refused).toEqual([]);
      link.destroy();
    }));

  test("case 34: a wrong password and an unknown name are ERR_AUTH at both ends, and one counted failure each", () =>
    inScene(way, withUsers, async (scene) => {
      for (const name of ["Foo", "Nobody"]) {
        const dialled = dialHonestly(await scene.dial(), {
          name,
          user: wrong,
          address: "room.example:2428",
          clock: scene.clock,
        });
        await expect(dialled).rejects.toMatchObject({ code: "ERR_AUTH" });
        await expect(dialled).rejects.toThrow(
          `wrong password of the user ${name}: the Room at room.example:2428 has another`,
        );
      }
      await scene.room.until(() => scene.room.refused.length === 2);
      expect(scene.room.refused).toMatchObject(
        ["Foo", "Nobody"].map((name) => ({
          reason: "wrong user password",
          name,
          error: { code: "ERR_AUTH", message: `"${name}" did not prove that it knows its password` },
        })),
      );
    }));

  test("case 88: hanging up once the answer is known is counted for the source, and for the name", () =>
    inScene(way, withUsers, async (scene) => {
      for (let round = 1; round <= 4; round++) {
        const timers = scene.clock.pending;
        const peer = await stagedPeer(scene);
        await peer.confirm();
        const waitMs = [0, 500, 1_000, 2_000][round - 1] ?? 0;
        // The deadline of the stage, and the wait that the failures of the name cost.
        if (waitMs > 0) await until(() => scene.clock.pending === timers + 2);
        scene.clock.advance(waitMs);
        await peer.logIn();
        await peer.next();
        peer.pipe.destroy();
        await scene.room.until(() => scene.room.refused.length === round);
      }
      expect(scene.room.refused.map(({ reason }) => reason)).toEqual(Array(4).fill("wrong user password"));
      expect(scene.room.refused.map(({ refusedForS }) => refusedForS > 0)).toEqual([false, false, false, true]);
      await expect(dialHonestly(await scene.dial(), { clock: scene.clock, user: right })).rejects.toMatchObject({
        code: "ERR_REFUSED",
        received: 4,
      });
      scene.clock.advance(10_001);
      const back = await timed(scene, { user: right });
      expect(back.waitedMs).toBe(4_000);
    }));

  test("case 88: hanging up before that costs nothing: nothing was learned", () =>
    inScene(way, withUsers, async (scene) => {
      for (let round = 1; round <= 5; round++) {
        const peer = await stagedPeer(scene);
        await peer.confirm();
        await peer.next();
        peer.pipe.destroy();
        await scene.room.until(() => scene.room.refused.length === round);
      }
      expect(scene.room.refused.map(({ reason }) => reason)).toEqual(Array(5).fill("hung up"));
      expect(scene.room.refused.at(-1)?.refusedForS).toBe(0);
    }));

  test("limit handshake.userStageMs: who stalls after the answer is counted at the deadline of 20 s, who stalls before is late", () =>
    inScene(way, withUsers, async (scene) => {
      const [asked, answered] = [await stagedPeer(scene), await stagedPeer(scene)];
      await asked.confirm("Foo");
      await asked.next();
      await answered.confirm("Bar", wrong);
      await answered.logIn(wrong);
      await answered.next();
      scene.clock.advance(19_999);
      await turns();
      expect([asked.ended, answered.ended]).toEqual([undefined, undefined]);
      scene.clock.advance(1);
      await asked.untilEnded();
      await answered.untilEnded();
      expect(new Set(scene.room.refused.map(({ reason, name }) => `${name}: ${reason}`))).toEqual(
        new Set(["Foo: deadline", "Bar: wrong user password"]),
      );
    }));

  test("case 40: a record before the question, and a flood in the stage, are fatal and not kept", () =>
    inScene(way, withUsers, async (scene) => {
      const early = await stagedPeer(scene);
      const initiator = new Initiator(greeting({ user: right }));
      early.write(initiator.hello);
      const outcome = initiator.receive(await early.frame());
      if ("error" in outcome) throw outcome.error;
      early.write(outcome.send, insider("initiator").seal(new Uint8Array(32)));
      await early.untilEnded();
      const flood = await stagedPeer(scene);
      await flood.confirm("Bar");
      await flood.next();
      flood.write(Uint8Array.of(0, 0, 0, 220, 1)); // the longest body takes 219: what follows is not waited for
      await flood.untilEnded();
      expect(scene.room.refused.map(({ reason }) => reason)).toEqual(["malformed", "malformed"]);
    }));

  test("each failure of a name doubles its wait there, up to 8 s; another name does not wait, a right password ends it", () =>
    inScene(way, { ...withUsers, limits: { penalty: { refuseAbove: 1e9 } } }, async (scene) => {
      const waits: number[] = [];
      for (let round = 0; round < 7; round++) waits.push((await timed(scene, { user: wrong })).waitedMs);
      expect(waits).toEqual([0, 500, 1_000, 2_000, 4_000, 8_000, 8_000]);
      const other = new UserPassword(passwords.Bar, nativeEngine);
      const outcomes = [
        await timed(scene, { name: "Bar", user: other }),
        await timed(scene, { user: right }),
        await timed(scene, { user: right }),
      ];
      expect(outcomes).toEqual([
        { waitedMs: 0, isIn: true },
        { waitedMs: 8_000, isIn: true },
        { waitedMs: 0, isIn: true },
      ]);
    }));

  test("case 37: a Room that hangs up in the stage is an error that is tried again, and nothing of the user left", () =>
    inScene(way, withUsers, async (scene) => {
      for (const at of [0, 1, 2]) {
        const [mine, theirs] = scene.network.pair();
        const rogue = new RawPeer(theirs);
        const dialled = dialHonestly(mine, { clock: scene.clock, user: right });
        const failed = expect(dialled).rejects.toMatchObject({ code: "ERR_TRUNCATED" });
        const responder = new Responder({
          engine: nativeEngine,
          random: systemRandom,
          name: "Room",
          encryption: true,
          suites: [2, 1],
          users,
          serves: () => true,
          secretFor: () => secretOf("right horse"),
        });
        const reply = responder.hello(await rogue.frame());
        if (reply.error !== undefined) throw reply.error;
        rogue.write(reply.send);
        const confirmed = responder.confirm(await rogue.frame());
        if (confirmed.error !== undefined || confirmed.stage === undefined) throw new Error("no user stage");
        const upToConfirm = rogue.received.length;
        if (at > 0) rogue.write(confirmed.stage.ask());
        if (at > 1) await rogue.until(() => rogue.received.length === upToConfirm + 53);
        rogue.pipe.close();
        await failed;
        expect(rogue.received.length).toBe(upToConfirm + (at > 1 ? 53 : 0)); // never the 133 bytes of record 4
      }
    }));
});

/** Logs in and leaves again: how long that had to wait, by the scene's clock. */
async function timed(
  scene: Scene,
  greets: { name?: string; user: UserPassword },
): Promise<{ waitedMs: number; isIn: boolean }> {
  const timers = scene.clock.pending;
  const outcome: { isIn?: boolean } = {};
  void dialHonestly(await scene.dial(), { clock: scene.clock, ...greets }).then(
    (link) => {
      link.destroy();
      outcome.isIn = true;
    },
    () => (outcome.isIn = false),
  );
  for (let waitedMs = 0; ; waitedMs += 500) {
    // The user's deadline, and the Room's, and while it waits with its question that one's timer too.
    await until(() => outcome.isIn !== undefined || scene.clock.pending === timers + 3);
    if (outcome.isIn !== undefined) {
      await until(() => scene.clock.pending === timers);
      return { waitedMs, isIn: outcome.isIn };
    }
    scene.clock.advance(500);
  }
}
