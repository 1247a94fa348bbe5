/**
 * What a login costs each side in CPU time, with and without the user stage, bcrypt left out: `npm run bench -- --logins`. Both sides
 * are in one process and hand bytes to each other; there are no sockets, and no system calls.
 */
import { systemRandom as random } from "../src/base/random.ts";
import { nativeEngine as engine } from "../src/crypto/native.ts";
import { freshSetting } from "../src/crypto/passwords-setting.ts";
import { passwordSecret } from "../src/crypto/secret.ts";
import { UserPassword } from "../src/crypto/user-password.ts";
import { userKeys, verifierOf } from "../src/crypto/verifier.ts";
import type { Frame } from "../src/link/handshake.ts";
import { FrameReader } from "../src/link/handshake-frames.ts";
import { Initiator } from "../src/link/handshake-initiator.ts";
import { Responder } from "../src/link/handshake-responder.ts";
import { RecordReader, type SealedRecord } from "../src/link/records.ts";
import { MAX_STAGE_BODY_BYTES } from "../src/link/user-stage.ts";
import { UserTable } from "../src/link/user-table.ts";
import { median } from "./metrics.ts";

const ROUNDS = 5;
const LOGINS = 1_000;
const WARM = 300;
const PASSWORD = "a password of one user";

const secret = passwordSecret("a password for measuring", 1, engine);
const suites = engine.suites();
const common = { engine, random, encryption: true, suites };
/** What bcrypt gives has this form; which 31 characters it ends with makes no difference to the time. */
const hash = `${freshSetting(4, random)}${"e".repeat(31)}`;
const keys = userKeys(engine, hash);
const users = new UserTable({ alice: verifierOf(engine, hash) }, undefined, engine, random);
const user = new UserPassword(PASSWORD, engine);

/** CPU time of both sides, µs. */
const spent = { room: 0, user: 0 };

/** Runs a step of one side and counts its time. */
function on<Result>(side: keyof typeof spent, step: () => Result): Result {
  const { user: before, system } = process.cpuUsage();
  const result = step();
  const after = process.cpuUsage();
  spent[side] += after.user + after.system - before - system;
  return result;
}

function frameOf(bytes: Uint8Array): Frame {
  const reader = new FrameReader();
  reader.push(bytes);
  return reader.next() as Frame;
}

function recordOf(bytes: Uint8Array): SealedRecord {
  const reader = new RecordReader(MAX_STAGE_BODY_BYTES);
  reader.push(bytes);
  return reader.next() as SealedRecord;
}

/** @throws when a side refuses: then nothing is measured. */
function login(withStage: boolean): void {
  const initiator = on(
    "user",
    () => new Initiator({ ...common, purpose: 1, name: "alice", peerName: "", secret, ...(withStage ? { user } : {}) }),
  );
  const config = { ...common, name: "Room", serves: () => true, secretFor: () => secret };
  const responder = on("room", () => new Responder(withStage ? { ...config, users } : config));
  const reply = on("room", () => responder.hello(frameOf(initiator.hello)));
  if (reply.error !== undefined) throw reply.error;
  const confirm = on("user", () => initiator.receive(frameOf(reply.send)));
  if ("error" in confirm) throw confirm.error;
  const outcome = on("room", () => responder.confirm(frameOf(confirm.send)));
  if (outcome.error !== undefined) throw outcome.error;
  if (!withStage) return;
  const { stage } = outcome;
  const asked = confirm.stage;
  if (stage === undefined || asked === undefined) throw new Error("there is no user stage");
  const challenge = on("room", () => stage.ask());
  const derive = on("user", () => asked.receive(recordOf(challenge)));
  if (derive.kind !== "derive") throw new Error(`the user was to derive its keys: ${derive.kind}`);
  const answer = on("user", () => asked.login(keys));
  if (answer.kind !== "send") throw new Error(`the user was to answer: ${answer.kind}`);
  const proof = on("room", () => stage.receive(recordOf(answer.send)));
  if (proof.kind !== "send") throw new Error(`the Room was to prove itself: ${proof.kind}`);
  const signed = on("user", () => asked.receive(recordOf(proof.send)));
  if (signed.kind !== "done") throw new Error(`the user was to be in: ${signed.kind}`);
  const done = on("room", () => stage.receive(recordOf(signed.send)));
  if (done.kind !== "done") throw new Error(`the Room was to be content: ${done.kind}`);
}

function measure(withStage: boolean, count: number): { room: number; user: number } {
  spent.room = spent.user = 0;
  for (let at = 0; at < count; at++) login(withStage);
  return { room: spent.room / count / 1_000, user: spent.user / count / 1_000 };
}

const rounds: { without: ReturnType<typeof measure>; with: ReturnType<typeof measure> }[] = [];
measure(true, WARM);
for (let round = 0; round < ROUNDS; round++)
  rounds.push({ without: measure(false, LOGINS), with: measure(true, LOGINS) });
const ms = (side: "room" | "user", which: "without" | "with"): number => median(rounds.map((one) => one[which][side]));
console.log(`${ROUNDS} rounds of ${LOGINS}, medians; CPU ms per login, bcrypt and sockets left out\n`);
console.log("| | Room | user |\n| --- | --- | --- |");
for (const which of ["without", "with"] as const)
  console.log(`| ${which} the user stage | ${ms("room", which).toFixed(3)} | ${ms("user", which).toFixed(3)} |`);
const added = (side: "room" | "user"): string => (ms(side, "with") - ms(side, "without")).toFixed(3);
console.log(`| the user stage CPU ms per login | ${added("room")} | ${added("user")} |`);
