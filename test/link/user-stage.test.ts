import { describe, expect, test } from "vitest";
import { nativeEngine } from "../../src/crypto/native.ts";
import { costOf } from "../../src/crypto/passwords-setting.ts";
import type { Engine } from "../../src/crypto/engine.ts";
import { UserStageInitiator } from "../../src/link/user-stage-initiator.ts";
import { UserStageResponder } from "../../src/link/user-stage-responder.ts";
import { UserTable } from "../../src/link/user-table.ts";
import { engines } from "../crypto/engines.ts";
import { crp1 } from "../vectors/crp1.ts";
import { hex, toHex } from "../vectors/load.ts";
import {
  ALICE,
  ENTRY,
  give,
  insider,
  play,
  random,
  recordOf,
  runOf,
  sent,
  stage,
  VERIFIER,
  WRONG,
} from "./user-stage-driver.ts";

const SECRET = new Uint8Array(32).fill(8);
const table = (users: Record<string, string> = { alice: VERIFIER }, engine: Engine = nativeEngine): UserTable =>
  new UserTable(users, SECRET, engine, random);

/** The cost that a table of users with these costs makes up. */
function madeUpCost(...costs: number[]): number {
  const users = costs.map((cost, at) => [`user-${at}`, `$2b$${String(cost).padStart(2, "0")}$${VERIFIER.slice(7)}`]);
  return costOf(table(Object.fromEntries(users) as Record<string, string>).entryFor("nobody").setting);
}

const lengths = (records: readonly Uint8Array[]): number[] => records.map(({ length }) => length);

describe.each(engines)("$name engine", (engine) => {
  test("a right password opens the link, and both ends have the same one", () => {
    const { user, room, records } = play(stage({ engine }));
    if (user?.kind !== "done" || room?.kind !== "done") throw new Error("refused");
    expect(lengths(records)).toEqual([82, 53, 53, 133]);
    expect(toHex(user.established.linkId)).toBe(toHex(room.established.linkId));
    expect([user.established.isUserProven, room.established.isUserProven]).toEqual([true, true]);
    const record = user.established.sealer.seal(1, [Uint8Array.of(7)]);
    expect(room.established.opener.open(record.subarray(0, 4), record.subarray(4)).payload).toEqual(Uint8Array.of(7));
  });

  test("case 34: an unknown name and a wrong password get the same lengths, and the same end at both sides", () => {
    const wrong = play(stage({ engine, entry: table(undefined, engine).entryFor("alice") }), WRONG);
    const unknown = play(stage({ engine, name: "carol", entry: table(undefined, engine).entryFor("carol") }), ALICE);
    for (const { records, user, room } of [wrong, unknown]) {
      expect(lengths(records)).toEqual([82, 53, 53, 23]);
      expect(user).toMatchObject({ kind: "failed", error: { code: "ERR_AUTH" } });
      expect(room).toMatchObject({ kind: "failed", error: { code: "ERR_AUTH", received: 9 } });
    }
  });

  test("case 34: the made-up settings are those of the vectors, the same for a name whenever it comes", () => {
    for (const { key, name, cost, setting } of crp1.fakes) {
      const users = Object.fromEntries(
        [0, 1].map((at) => [`user-${at}`, `$2b$${String(cost).padStart(2, "0")}$${VERIFIER.slice(7)}`]),
      );
      const ours = new UserTable(users, hex(key), engine, random);
      const [first, again] = [ours.entryFor(name), ours.entryFor(name)];
      expect([first.setting, again.setting]).toEqual([setting, setting]);
      expect(toHex(first.prsU)).not.toBe(toHex(again.prsU));
    }
    expect(crp1.fakes.length).toBe(4);
  });
});

test("case 34: a made-up cost is the one that most users have, the lowest of several, and 10 where there are none", () => {
  expect([madeUpCost(12, 12, 4), madeUpCost(12, 6, 12, 6), madeUpCost(5), madeUpCost()]).toEqual([12, 6, 5, 10]);
});

const madeUpWith = (secret: string | undefined): string =>
  new UserTable({ alice: VERIFIER }, secret, nativeEngine, random).entryFor("carol").setting;

test("case 34: with another secret, and without one, a name has another setting", () => {
  const settings = [
    madeUpWith("0123456789abcdef"),
    madeUpWith("0123456789abcdeg"),
    madeUpWith(undefined),
    madeUpWith(undefined),
  ];
  expect(new Set(settings).size).toBe(4);
  expect(madeUpWith("0123456789abcdef")).toBe(settings[0]);
  for (const setting of settings) expect(setting.slice(0, 7)).toBe("$2b$04$");
});

test("case 35: a setting that is none, or of a cost outside of 4 to 16, is ERR_PARAM before any bcrypt", () => {
  const Yr = new Uint8Array(32).fill(9);
  const from = performance.now();
  let count = 0;
  for (const text of [...crp1.badSettings, `$2b$31$${"a".repeat(21)}.`, `$2b$10$${"a".repeat(21)}=`]) {
    const { user } = stage();
    const setting = new TextEncoder().encode(text);
    const step = give(user, insider("responder").seal(setting, Yr));
    // One that is not 29 bytes long makes a record of a wrong length.
    const code = setting.length === 29 ? "ERR_PARAM" : "ERR_MALFORMED";
    expect(step, text).toMatchObject({ kind: "failed", error: { code } });
    if (step?.kind === "failed" && setting.length === 29) expect(sent(step).length).toBe(23); // close 12, and nothing else
    count++;
  }
  expect(performance.now() - from).toBeLessThan(50 * count);
  expect(count).toBe(10);
});

test("case 37: a member that poses as the Room without the verifier gets a point and a close, and no signature is made", () => {
  for (const entry of [
    { ...ENTRY, prsU: random(32) },
    { ...ENTRY, prsU: WRONG.prsU },
  ]) {
    let signatures = 0;
    const counting: Engine = {
      ...nativeEngine,
      ed25519Sign(seed, message) {
        signatures++;
        return nativeEngine.ed25519Sign(seed, message);
      },
    };
    const { records, user } = play(stage({ entry, userEngine: counting }));
    expect(user).toMatchObject({ kind: "failed", error: { code: "ERR_AUTH" } });
    expect(lengths(records)).toEqual([82, 53, 53, 23]);
    expect(signatures).toBe(0);
  }
});

test("case 37: our own point come back and points of low order end the login before it says anything but a close", () => {
  const { user: answering } = stage({ isFixed: true });
  const [setting, zero] = [new TextEncoder().encode(ENTRY.setting), new Uint8Array(32)];
  give(answering, insider("responder").seal(setting, new Uint8Array(32).fill(9)));
  const Yu = insider("responder").open(recordOf(sent(answering.login(ALICE))) ?? expect.fail("half a record"), 32);
  for (const Yr of [Yu, zero]) {
    const { user } = stage({ isFixed: true });
    expect(give(user, insider("responder").seal(setting, Yr))?.kind).toBe("derive");
    const step = user.login(ALICE);
    expect(step).toMatchObject({ kind: "failed", error: { code: "ERR_AUTH" } });
    expect(sent(step).length).toBe(23);
  }
  // And at the Room: destroyed without a word, before its proof.
  const Yr = insider("initiator").open(
    recordOf(stage({ isFixed: true }).room.ask()) ?? expect.fail("half a record"),
    61,
  );
  for (const point of [zero, Yr.subarray(29)]) {
    const { room } = stage({ isFixed: true });
    room.ask();
    const step = give(room, insider("initiator").seal(point));
    expect(step).toMatchObject({ kind: "failed", error: { code: "ERR_MALFORMED" } });
    expect(room.hasProved).toBe(false);
  }
});

/** What the last of these payloads, sent by the Room in this order, is for the user. */
function saidToUser(...payloads: Uint8Array[]): string {
  const { user } = stage();
  const room = insider("responder");
  let kind = "";
  for (const payload of payloads) {
    const step = give(user, room.seal(payload));
    kind = step?.kind === "failed" ? step.error.code : (step?.kind ?? "");
  }
  return kind;
}

test("case 40: records that come twice, too early or in another order are fatal", () => {
  const setting = new TextEncoder().encode(ENTRY.setting);
  const [Y, T] = [new Uint8Array(32).fill(9), new Uint8Array(32)];
  const one = Uint8Array.of(...setting, ...Y);
  expect(saidToUser(T)).toBe("ERR_MALFORMED"); // the proof first
  expect(saidToUser(one, one)).toBe("ERR_MALFORMED"); // asked twice
  expect(saidToUser(one, T)).toBe("ERR_MALFORMED"); // proved before the answer
  expect(saidToUser(one, new Uint8Array(0))).toBe("ERR_MALFORMED"); // and with nothing in it
  const early = stage().room; // before it asked
  expect(give(early, insider("initiator").seal(Y))).toMatchObject({ error: { code: "ERR_MALFORMED" } });
  const asked = stage();
  asked.room.ask();
  expect(give(asked.room, insider("initiator").seal(new Uint8Array(112)))).toMatchObject({
    error: { code: "ERR_MALFORMED" },
  });
  const twice = stage();
  const user = insider("initiator");
  twice.room.ask();
  expect(give(twice.room, user.seal(Y))?.kind).toBe("send");
  expect(give(twice.room, user.seal(Y))).toMatchObject({ error: { code: "ERR_MALFORMED" } });
  // The very bytes of a record again do not even open.
  const { user: again, room } = stage();
  const bytes = room.ask();
  give(again, bytes);
  expect(give(again, bytes)).toMatchObject({ error: { code: "ERR_RECORD" } });
  // Nor does anything after a failure.
  expect(() => room.ask()).toThrow("asked once");
});

test("a close record may come in place of any, and shows as what it says", () => {
  const { user } = stage();
  expect(give(user, insider("responder").close(11))).toMatchObject({ error: { code: "ERR_TIMEOUT", received: 11 } });
  const { user: deriving, room } = stage();
  const records = insider("responder");
  room.ask();
  give(deriving, records.seal(new TextEncoder().encode(ENTRY.setting), new Uint8Array(32).fill(9)));
  expect(give(deriving, records.close(13))).toMatchObject({ error: { code: "ERR_REFUSED", received: 13 } });
  expect(give(room, insider("initiator").close(0))).toMatchObject({ error: { code: "ERR_TRUNCATED" } });
});

test("a stage that fails, or is given up, leaves no chain behind", () => {
  for (const end of ["fails", "is given up"]) {
    const [userRun, roomRun] = [runOf("initiator", {}), runOf("responder", {})];
    const [user, room] = [new UserStageInitiator(userRun), new UserStageResponder(roomRun, ENTRY)];
    const asked = room.ask();
    if (end === "fails") {
      expect(give(user, insider("responder").close(13))?.kind).toBe("failed");
      expect(give(room, insider("initiator").close(9))?.kind).toBe("failed");
    } else {
      expect(give(user, asked)?.kind).toBe("derive");
      user.wipe();
      room.wipe();
    }
    for (const { chain } of [userRun, roomRun])
      expect(
        chain.every((byte) => byte === 0),
        end,
      ).toBe(true);
  }
});

/** The signature that alice makes on a link, as a thief of her verifier who poses as the Room there gets it. */
function signatureOf(link: number, name = "alice"): Uint8Array {
  let stolen: Uint8Array | undefined;
  const thief: Engine = {
    ...nativeEngine,
    ed25519Verify(P, message, signature) {
      stolen = signature;
      return nativeEngine.ed25519Verify(P, message, signature);
    },
  };
  const { room } = play(stage({ engine: thief, userEngine: nativeEngine, link, name }));
  expect(room?.kind).toBe("done"); // the verifier poses as the Room: the protocol does not promise otherwise
  return stolen as Uint8Array;
}

/** The native engine, but for what it gives as a signature. */
function signing(ed25519Sign: Engine["ed25519Sign"]): Engine {
  return { ...nativeEngine, ed25519Sign };
}

test("case 86: a thief of the verifier can't log in: with no seed, another's, or a signature of another link or name", () => {
  const seed = random(32);
  const attempts: [string, Engine][] = [
    ["no seed", signing(() => new Uint8Array(64))],
    ["a seed of its own", signing((_, message) => nativeEngine.ed25519Sign(seed, message))],
    ["another message", signing((own) => nativeEngine.ed25519Sign(own, new Uint8Array(64)))],
    ["a signature of another link", signing(() => signatureOf(2))],
    ["a signature under another name", signing(() => signatureOf(1, "alice2"))],
  ];
  for (const [name, userEngine] of attempts) {
    const { records, room } = play(stage({ userEngine, engine: nativeEngine }), ALICE);
    expect(lengths(records), name).toEqual([82, 53, 53, 133]);
    expect(room, name).toMatchObject({ kind: "failed", error: { code: "ERR_AUTH" } });
  }
  const honest = play(stage({ userEngine: signing((own, message) => nativeEngine.ed25519Sign(own, message)) }));
  expect(honest.room?.kind).toBe("done"); // the way of the attempts is a good one
});

test("case 87: a thief of the verifier between a user and the real Room can't pass her signature on", () => {
  const stolen = signatureOf(1);
  const relaying: Engine = { ...nativeEngine, ed25519Sign: () => stolen };
  const { room } = play(stage({ link: 2, userEngine: relaying }), { prsU: ENTRY.prsU, seed: new Uint8Array(32) });
  expect(room).toMatchObject({ kind: "failed", error: { code: "ERR_AUTH" } });
});
