import { describe, expect, test } from "vitest";
import type { LinkError } from "../../src/base/errors.ts";
import type { Engine } from "../../src/crypto/engine.ts";
import { keySecret, type Purpose, type Secret } from "../../src/crypto/secret.ts";
import { UserPassword } from "../../src/crypto/user-password.ts";
import type { Established, HelloInfo, ResponderConfig } from "../../src/link/handshake.ts";
import { decodeRelayPreface, encodeRelayPreface } from "../../src/link/handshake-frames.ts";
import { encodeExtension } from "../../src/link/handshake-hello.ts";
import { Initiator } from "../../src/link/handshake-initiator.ts";
import { Responder } from "../../src/link/handshake-responder.ts";
import type { SealedRecord } from "../../src/link/records.ts";
import type { UserStageInitiator } from "../../src/link/user-stage-initiator.ts";
import type { UserStageResponder } from "../../src/link/user-stage-responder.ts";
import { UserTable } from "../../src/link/user-table.ts";
import { engines } from "../crypto/engines.ts";
import { crp1, type Run, type Side, type UserSide } from "../vectors/crp1.ts";
import { hex, toHex } from "../vectors/load.ts";
import { answerBytes, firstBytes, frameOf, passwordOnce } from "./handshake-driver.ts";

function secretFor(engine: Engine, input: Run["input"], password: string | undefined): Secret {
  return input.purpose <= 2
    ? passwordOnce(password ?? "", input.purpose as 1 | 2, engine)
    : keySecret(hex(input.ticket ?? ""), input.purpose as 3 | 4 | 5, engine);
}

/** The extensions of a vector without those that the machine makes of its config. */
function furtherExtensions(all: string, end: string | undefined, suites: Uint8Array | undefined): Uint8Array {
  const ours =
    (end === undefined ? "" : toHex(encodeExtension(2, hex(end)))) +
    (suites === undefined ? "" : toHex(encodeExtension(3, suites)));
  expect(all).toContain(ours);
  return hex(all.replace(ours, ""));
}

function userOf(engine: Engine, { user }: Run["input"]): UserPassword | undefined {
  return user && new UserPassword(user.password, engine);
}

function withoutUser(engine: Engine, { input, ...rest }: Run): Initiator {
  const { user: _, ...without } = input;
  return initiatorOf(engine, { ...rest, input: without });
}

/** The table of the responder; an empty one where a run needs nothing but that it asks. */
function tableOf(engine: Engine, { user, extensionsR }: Run["input"]): UserTable | undefined {
  if (!extensionsR.startsWith("010000")) return undefined;
  return new UserTable(user?.table ?? {}, hex(user?.fakeKey ?? "00".repeat(16)), engine, () =>
    hex(user?.fakePrsU ?? ""),
  );
}

function initiatorOf(engine: Engine, { input }: Run): Initiator {
  const suites = input.suitesI && Uint8Array.from(input.suitesI);
  return new Initiator({
    engine,
    random: () => hex(input.nonceI),
    purpose: input.purpose,
    name: input.nameI,
    peerName: input.expectedPeer,
    encryption: input.encrypt,
    secret: secretFor(engine, input, input.password),
    ticketId: input.ticketId === undefined ? undefined : hex(input.ticketId),
    end: input.endI === undefined ? undefined : hex(input.endI),
    suites: input.suitesI,
    extensions: furtherExtensions(input.extensionsI, input.endI, suites),
    scalar: hex(input.ya),
    user: userOf(engine, input),
    userScalar: input.user && hex(input.user.yu),
  });
}

function responderOf(engine: Engine, { input, suite }: Run): Responder {
  const chosen = input.suitesR && input.suitesI ? Uint8Array.of(suite ?? 1) : undefined;
  const secret = secretFor(engine, input, input.passwordR ?? input.password);
  return new Responder({
    engine,
    random: () => hex(input.nonceR),
    name: input.nameR,
    encryption: input.encrypt,
    suites: input.suitesR ?? undefined,
    serves: (purpose) => purpose === input.purpose,
    secretFor: (hello) => (toHex(hello.ticketId) === (input.ticketId ?? "00".repeat(16)) ? secret : undefined),
    end: () => (input.endR === undefined ? undefined : hex(input.endR)),
    users: tableOf(engine, input),
    extensions: furtherExtensions(input.extensionsR.replace(/^010000/, ""), input.endR, chosen),
    scalar: hex(input.yb),
    userScalar: input.user && hex(input.user.yr),
  });
}

/** Runs the user stage of a run: every record of both sides must be that of the vector. The links, or the errors where there are none. */
async function replayUserStage(
  run: Run,
  engine: Engine,
  user: UserStageInitiator,
  room: UserStageResponder,
): Promise<readonly [Established, Established] | readonly [string, string]> {
  const records = run.wire.filter(({ kind }) => kind === "record").map(({ bytes }) => bytes);
  const next = (sent: Uint8Array): SealedRecord => {
    expect(toHex(sent), run.name).toBe(records.shift());
    return { lengthPrefix: sent.subarray(0, 4), body: sent.subarray(4) };
  };
  const asked = user.receive(next(room.ask()));
  if (asked.kind !== "derive") throw new Error(`${run.name}: not asked`);
  expect(asked.setting, run.name).toBe(run.userStage?.setting);
  const keys = await userOf(engine, run.input)?.keysFor(asked.setting);
  if (keys === undefined) throw new Error(`${run.name}: no password`);
  expect([toHex(keys.prsU), toHex(keys.seed)], run.name).toEqual([run.userStage?.client.prsU, run.userStage?.seed]);
  const answer = user.login(keys);
  if (answer.kind !== "send") throw new Error(`${run.name}: no answer`);
  const proof = room.receive(next(answer.send));
  if (proof.kind !== "send") throw new Error(`${run.name}: no proof`);
  const login = user.receive(next(proof.send));
  if (login.kind === "derive" || login.send === undefined) throw new Error(`${run.name}: no last record`);
  const end = room.receive(next(login.send));
  if (login.kind === "done" && end.kind === "done") return [login.established, end.established];
  if (login.kind !== "failed" || end.kind !== "failed") throw new Error(`${run.name}: the sides disagree`);
  expect(records, run.name).toEqual([]);
  return [login.error.code, `closed ${end.error.received}`];
}

/** Replays the records of a run: each must open at the other side, hold what the vector says, and be sealed alike. */
function replayRecords(run: Run, initiator: Established, responder: Established): number {
  const payloads = [...(run.payloads ?? [])];
  const onLink = run.wire.filter(({ kind }) => kind === "record").slice(run.userStage === undefined ? 0 : 4);
  for (const { from, bytes } of onLink) {
    const record = hex(bytes);
    const { sealer } = from === "i" ? initiator : responder;
    const { opener } = from === "i" ? responder : initiator;
    const { type, payload } = opener.open(record.subarray(0, 4), record.subarray(4));
    if (type === 5) {
      const expected = payloads.shift();
      const plaintext = opener.unbox(payload);
      expect([from, type, toHex(plaintext)], run.name).toEqual([expected?.from, expected?.type, expected?.plaintext]);
      const box = sealer.box(plaintext);
      expect(toHex(box), run.name).toBe(toHex(payload));
    } else if (type === 3) {
      // The pong that answers the one ping of every run.
      expect(toHex(payload), run.name).toBe("0102030405060708");
    } else if (type < 3) {
      const expected = payloads.shift();
      expect([from, type, toHex(payload)], run.name).toEqual([expected?.from, expected?.type, expected?.payload]);
    } else expect([4, 0x7f], run.name).toContain(type);
    // In two parts: what is cut where does not show.
    const cut = payload.length >> 1;
    expect(toHex(sealer.seal(type, [payload.subarray(0, cut), payload.subarray(cut)])), run.name).toBe(bytes);
  }
  expect(payloads, run.name).toEqual([]);
  return onLink.length;
}

for (const engine of engines) {
  describe(`${engine.name} engine`, () => {
    test("the 30 runs of the vectors give every frame and record of theirs, at both sides", async () => {
      let [opened, stages, records] = [0, 0, 0];
      for (const run of crp1.runs) {
        const frames = run.wire.filter(({ kind }) => kind === "frame");
        const initiator = initiatorOf(engine, run);
        expect(toHex(initiator.hello), run.name).toBe(frames[0]?.bytes);
        const responder = responderOf(engine, run);
        const reply = responder.hello(frameOf(initiator.hello));
        expect(reply.send && toHex(reply.send), run.name).toBe(frames[1]?.bytes);
        const last = initiator.receive(frameOf(reply.send ?? new Uint8Array(0)));
        expect(last.send && toHex(last.send), run.name).toBe(frames[2]?.bytes);
        const end = responder.confirm(frameOf(last.send ?? new Uint8Array(0)));
        if ("error" in last || end.error !== undefined) {
          const errors = ["error" in last ? last.error.code : "", end.error?.code];
          expect(errors, run.name).toEqual([run.result.initiator[0], run.result.responder[0]]);
          expect([responder.hasReplied, run.result.countedAsGuess], run.name).toEqual([true, true]);
          continue;
        }
        let sides: readonly [Established, Established];
        if (last.stage !== undefined && end.stage !== undefined) {
          stages++;
          const outcome = await replayUserStage(run, engine, last.stage, end.stage);
          if (typeof outcome[0] === "string") {
            expect(outcome, run.name).toEqual([run.result.initiator[0], run.result.responder[0]]);
            expect([end.stage.hasProved, run.result.countedAsGuess], run.name).toEqual([true, true]);
            continue;
          }
          sides = outcome as typeof sides;
        } else sides = [last.established, end.established] as typeof sides;
        opened++;
        const { input, keys } = run;
        for (const [side, local, remote, localEnd, remoteEnd] of [
          [sides[0], input.nameI, input.nameR, input.endI, input.endR],
          [sides[1], input.nameR, input.nameI, input.endR, input.endI],
        ] as const) {
          expect([side.localName, side.remoteName, side.purpose, side.encryption, side.suite], run.name).toEqual([
            local,
            remote,
            input.purpose,
            input.encrypt,
            run.suite ?? 1,
          ]);
          expect(side.isUserProven, run.name).toBe(run.userStage !== undefined);
          expect(toHex(side.linkId), run.name).toBe(keys?.sessionId);
          expect(side.localEnd && toHex(side.localEnd), run.name).toBe(localEnd);
          expect(side.remoteEnd && toHex(side.remoteEnd), run.name).toBe(remoteEnd);
          expect(side.ticketId && toHex(side.ticketId), run.name).toBe(input.ticketId);
          const hasResume = [2, 3, 4].includes(input.purpose);
          expect(side.resume && [toHex(side.resume.secret), toHex(side.resume.ticketId)], run.name).toEqual(
            hasResume ? [keys?.resume?.secret, keys?.resume?.ticketId] : undefined,
          );
        }
        records += replayRecords(run, ...sides);
      }
      expect([crp1.runs.length, stages, opened, records]).toEqual([30, 10, 24, 210]);
    });

    test("case 36: a client without a user password refuses each REPLY that asks for one", () => {
      let runs = 0;
      for (const run of crp1.runs) {
        if (run.userStage === undefined) continue;
        runs++;
        const [, reply] = run.wire.map(({ bytes }) => bytes);
        const refused = withoutUser(engine, run).receive(frameOf(hex(reply ?? "")));
        if (!("error" in refused)) throw new Error(`${run.name}: accepted`);
        expect([refused.error.code, toHex(refused.send ?? new Uint8Array(0))], run.name).toEqual([
          "ERR_AUTH",
          "04000400090000",
        ]);
        expect([refused.isAboutUser, refused.error.message], run.name).toEqual([
          true,
          expect.stringContaining('asks for the password of the user "'),
        ]);
      }
      expect(runs).toBe(10);
    });

    test("a responder gives the exact answer of all 64 refusals, and computes nothing on a curve before a low-order point", () => {
      const counts = { silent: 0, refused: 0 };
      for (const { name, config, sent, answer } of crp1.refusals.responder) {
        let curveWork = 0;
        const counting: Engine = {
          ...engine,
          scalar(bytes) {
            curveWork++;
            return engine.scalar(bytes);
          },
        };
        const responder = new Responder(refusalConfig(counting, config));
        const outcome = firstBytes(hex(sent), responder);
        expect(outcome?.error, name).toBeDefined();
        expect(toHex(outcome?.send ?? new Uint8Array(0)), name).toBe(answer);
        expect(responder.hasReplied, name).toBe(false);
        expect(curveWork, name).toBe(name.startsWith("low-order") ? 1 : 0);
        if (answer === "") counts.silent++;
        else counts.refused++;
      }
      expect(counts).toEqual({ silent: 6, refused: 58 });
    });

    test("cases 20, 36: an initiator gives the exact error and answer of all 45 refusals, of every REFUSE code too, and changes nothing of its own", () => {
      let count = 0;
      for (const { name, config, hello, received, expect: expected } of crp1.refusals.initiator) {
        count++;
        const initiator = new Initiator({
          engine,
          random: () => hex(config.nonceI),
          purpose: config.purpose,
          name: config.name,
          peerName: config.expect ?? "",
          encryption: config.encrypt,
          secret: passwordOnce(config.password, config.purpose, engine),
          end: config.end === undefined ? undefined : hex(config.end),
          suites: config.suites,
          scalar: hex(config.ya),
          user: config.userPassword === undefined ? undefined : new UserPassword(config.userPassword, engine),
        });
        expect(toHex(initiator.hello), name).toBe(hello);
        const outcome = answerBytes(hex(received), initiator);
        if (outcome === undefined || !("error" in outcome)) throw new Error(`${name}: accepted`);
        const { error } = outcome;
        expect([error.code, toHex(outcome.send ?? new Uint8Array(0))], name).toEqual([expected.error, expected.answer]);
        expect([error.received, error.retryAfter], name).toEqual([expected.peerCode, expected.retryAfter]);
      }
      expect(count).toBe(45);
    });
  });
}

/** An engine that shows what it made: every hash and product, as it is by now. */
function watch(engine: Engine): { engine: Engine; left: () => Set<string>; wipedScalars: () => number } {
  const made: Uint8Array[] = [];
  const keep = (bytes: Uint8Array): Uint8Array => {
    made.push(bytes);
    return bytes;
  };
  let wipedScalars = 0;
  const watched: Engine = {
    ...engine,
    sha512: (...parts) => keep(engine.sha512(...parts)),
    hmacSha512: (key, ...parts) => keep(engine.hmacSha512(key, ...parts)),
    scalar(bytes) {
      const scalar = engine.scalar(bytes);
      return {
        times(point) {
          const product = scalar.times(point);
          return product && keep(product);
        },
        wipe() {
          wipedScalars++;
          scalar.wipe();
        },
      };
    },
  };
  return { engine: watched, left: () => new Set(made.map(toHex)), wipedScalars: () => wipedScalars };
}

test("both sides wipe K, ISK, prk, the keys of the tags, the chain and their scalars", () => {
  for (const engine of engines) {
    const watched = watch(engine);
    const run = crp1.runs[0] as Run;
    const initiator = initiatorOf(watched.engine, run);
    const responder = responderOf(watched.engine, run);
    const outcome = initiator.receive(frameOf(responder.hello(frameOf(initiator.hello)).send ?? new Uint8Array(0)));
    expect(responder.confirm(frameOf(outcome.send ?? new Uint8Array(0))).error).toBeUndefined();
    const { K, ISK, prk, kTa, kTb, chain } = run.handshake as Side;
    const left = watched.left();
    expect([K, ISK, prk, kTa, kTb, chain].filter((secret) => left.has(secret))).toEqual([]);
    // What was watched is what there is: the secrets of the records live on.
    expect(left.has(run.keys?.i2r.S ?? "")).toBe(true);
    expect(watched.wipedScalars()).toBe(2);
  }
});

test("both sides of a user stage wipe K2, ISK2, prk2, the chain, master and their scalars", async () => {
  for (const engine of engines) {
    const watched = watch(engine);
    const run = crp1.runs.find(({ userStage }) => userStage !== undefined) as Run;
    const initiator = initiatorOf(watched.engine, run);
    const responder = responderOf(watched.engine, run);
    const outcome = initiator.receive(frameOf(responder.hello(frameOf(initiator.hello)).send ?? new Uint8Array(0)));
    const end = responder.confirm(frameOf(outcome.send ?? new Uint8Array(0)));
    if ("error" in outcome || outcome.stage === undefined || end.error !== undefined || end.stage === undefined)
      throw new Error("no user stage");
    // The chain is what both still have.
    expect(watched.left().has(run.handshake?.chain ?? "")).toBe(true);
    await replayUserStage(run, watched.engine, outcome.stage, end.stage);
    const { client } = run.userStage as { client: UserSide };
    const left = watched.left();
    const secrets = [client.K2, client.ISK2, client.prk2, run.handshake?.chain ?? "", run.keys?.master ?? ""];
    expect(secrets.filter((secret) => secret === "" || left.has(secret))).toEqual([]);
    expect(left.has(run.keys?.i2r.S ?? "")).toBe(true);
    expect(watched.wipedScalars()).toBe(4);
  }
});

test("the relay prefaces of the vectors are encoded and decoded, and another length or version is refused", () => {
  let prefaces = 0;
  for (const { preface, input } of crp1.runs) {
    for (const { from, bytes } of preface ?? []) {
      prefaces++;
      const relayId = hex((from === "i" ? input.relayIdI : input.relayIdR) ?? "");
      expect(toHex(encodeRelayPreface(relayId))).toBe(bytes);
      const { type, body } = frameOf(hex(bytes));
      expect(type).toBe(5);
      expect(decodeRelayPreface(body)).toEqual({ relayId });
      expect(decodeRelayPreface(body.subarray(0, 19))).toEqual({ refuse: 12 });
      expect(decodeRelayPreface(Uint8Array.of(...body, 0))).toEqual({ refuse: 12 });
      expect(decodeRelayPreface(body.with(3, 0x32))).toEqual({ refuse: 1 });
    }
  }
  expect(prefaces).toBe(4);
  expect(() => encodeRelayPreface(new Uint8Array(15))).toThrow(RangeError);
});

type RefusalConfig = (typeof crp1.refusals.responder)[number]["config"];

function refusalConfig(engine: Engine, config: RefusalConfig): ResponderConfig {
  const { purpose, name, encrypt, password = "", suites = [1, 2], busyRetryAfter } = config;
  const key = keySecret(new Uint8Array(32), 3, engine);
  const knows = ({ ticketId, name: initiator, peerName, purpose: asked }: HelloInfo): boolean => {
    const id = toHex(ticketId);
    if (asked !== 5)
      return config.tickets?.some((t) => t.id === id && t.nameI === initiator && t.nameR === peerName) === true;
    const pair = [initiator, name].toSorted().join(" ");
    return (
      initiator !== name &&
      config.resumes?.some((r) => r.id === id && [...r.names].toSorted().join(" ") === pair) === true
    );
  };
  return {
    engine,
    random: (length) => new Uint8Array(length),
    name,
    encryption: encrypt,
    suites,
    admit: () => (busyRetryAfter === undefined ? undefined : { code: 3, retryAfter: busyRetryAfter }),
    serves: (asked) => asked === purpose,
    secretFor(hello) {
      if (hello.purpose <= 2) return passwordOnce(password, hello.purpose as 1 | 2, engine);
      return knows(hello) ? { ...key, purpose: hello.purpose } : undefined;
    },
  };
}

test("the errors that a program sees name what to do", () => {
  const purpose: Purpose = 1;
  const run = crp1.runs[0] as Run;
  const [engine] = engines;
  const mismatched = new Responder({
    engine,
    random: () => new Uint8Array(16),
    name: "room",
    encryption: false,
    serves: (asked) => asked === purpose,
    secretFor: () => undefined,
  }).hello(frameOf(initiatorOf(engine, run).hello));
  expect((mismatched.error as LinkError).message).toBe(
    "encryption is off here and on there; set the same on both sides",
  );
});
