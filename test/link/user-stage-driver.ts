import { LinkError } from "../../src/base/errors.ts";
import { systemRandom } from "../../src/base/random.ts";
import type { Engine, Suite } from "../../src/crypto/engine.ts";
import { nativeEngine } from "../../src/crypto/native.ts";
import { bcrypt } from "../../src/crypto/passwords-bcrypt.ts";
import { settingOf } from "../../src/crypto/passwords-setting.ts";
import { parseEntry, type UserEntry, type UserKeys, userKeys, verifierOf } from "../../src/crypto/verifier.ts";
import type { RunFacts } from "../../src/link/handshake-keys.ts";
import { RecordReader, type SealedRecord } from "../../src/link/records.ts";
import { MAX_STAGE_BODY_BYTES, type UserStageRun, UserStageRecords } from "../../src/link/user-stage.ts";
import { UserStageInitiator, type UserStageStep } from "../../src/link/user-stage-initiator.ts";
import { type UserCheckStep, UserStageResponder } from "../../src/link/user-stage-responder.ts";

const hashed = await bcrypt([
  { password: "123456", setting: settingOf(4, new Uint8Array(16).fill(1)) },
  { password: "654321", setting: settingOf(4, new Uint8Array(16).fill(1)) },
]);

/** What alice's right password gives, and what the table has of her. */
export const ALICE: UserKeys = userKeys(nativeEngine, hashed[0] as string);
export const VERIFIER: string = verifierOf(nativeEngine, hashed[0] as string);
export const ENTRY: UserEntry = parseEntry(nativeEngine, VERIFIER) as UserEntry;
/** What a wrong password gives under the same setting. */
export const WRONG: UserKeys = userKeys(nativeEngine, hashed[1] as string);

export interface StageOptions {
  readonly engine?: Engine;
  readonly suite?: Suite;
  readonly encryption?: boolean;
  readonly name?: string;
  /** Names the link: th and chain are made of it. */
  readonly link?: number;
  readonly entry?: UserEntry;
  readonly userEngine?: Engine;
  /** Fixed scalars, so that every run is the same. */
  readonly isFixed?: boolean;
}

/** What the handshake hands to one side. */
export function runOf(role: RunFacts["role"], options: StageOptions): UserStageRun {
  const {
    engine = nativeEngine,
    userEngine = engine,
    suite = 1,
    encryption = true,
    name = "alice",
    link = 1,
  } = options;
  const isUser = role === "initiator";
  return {
    engine: isUser ? userEngine : engine,
    facts: {
      role,
      purpose: 1,
      localName: isUser ? name : "Room",
      remoteName: isUser ? "Room" : name,
      encryption,
      suite,
      localEnd: undefined,
      remoteEnd: undefined,
      ticketId: undefined,
      isUserProven: true,
    },
    th: new Uint8Array(64).fill(link),
    chain: new Uint8Array(64).fill(link + 100),
    scalar: options.isFixed === true ? new Uint8Array(32).fill(isUser ? 5 : 6) : undefined,
  };
}

/** Both sides of one stage. */
export function stage(options: StageOptions = {}): { user: UserStageInitiator; room: UserStageResponder } {
  return {
    user: new UserStageInitiator(runOf("initiator", options)),
    room: new UserStageResponder(runOf("responder", options), options.entry ?? ENTRY),
  };
}

/** Somebody who has the keys of the stage's records and says with them what it wants. */
export function insider(role: RunFacts["role"], options: StageOptions = {}): UserStageRecords {
  return new UserStageRecords(runOf(role, options));
}

/** The record that these bytes are; undefined: more bytes are waited for. @throws LinkError for a length that can't be. */
export function recordOf(bytes: Uint8Array): SealedRecord | undefined {
  const reader = new RecordReader(MAX_STAGE_BODY_BYTES);
  reader.push(bytes);
  return reader.next();
}

type Side = { receive(record: SealedRecord): UserStageStep | UserCheckStep };

/** Gives bytes to a side as its driver does. Undefined: it waits for more, until its deadline. */
export function give<One extends Side>(side: One, bytes: Uint8Array): ReturnType<One["receive"]> | undefined {
  try {
    const record = recordOf(bytes);
    return record && (side.receive(record) as ReturnType<One["receive"]>);
  } catch (error) {
    if (error instanceof LinkError) return { kind: "failed", error } as ReturnType<One["receive"]>;
    throw error;
  }
}

/** What a step sends, which it must. */
export function sent(step: UserStageStep | UserCheckStep | undefined): Uint8Array {
  if (step === undefined || !("send" in step) || step.send === undefined)
    throw new Error(`nothing is sent: ${step?.kind} ${step?.kind === "failed" ? step.error.message : ""}`);
  return step.send;
}

/** How far a stage goes with these keys: every record that was sent, and how both sides end. */
export function play(
  sides: { user: UserStageInitiator; room: UserStageResponder },
  keys: UserKeys = ALICE,
): { records: Uint8Array[]; user: UserStageStep | undefined; room: UserCheckStep | undefined } {
  const { user, room } = sides;
  const records = [room.ask()];
  const asked = give(user, records[0] as Uint8Array);
  if (asked?.kind !== "derive") return { records, user: asked, room: undefined };
  const answer = user.login(keys);
  if (answer.kind !== "send") return { records, user: answer, room: undefined };
  records.push(answer.send);
  const proof = give(room, answer.send);
  if (proof?.kind !== "send") return { records, user: undefined, room: proof };
  records.push(proof.send);
  const login = give(user, proof.send);
  records.push(sent(login));
  return { records, user: login, room: give(room, sent(login)) };
}

export const random = systemRandom;
