import { LinkError } from "../../../src/base/errors.ts";
import { createSealer } from "../../../src/link/records.ts";
import { userStageSecrets } from "../../../src/crypto/key-schedule.ts";
import { nativeEngine } from "../../../src/crypto/native.ts";
import type { UserStageStep } from "../../../src/link/user-stage-initiator.ts";
import type { UserCheckStep } from "../../../src/link/user-stage-responder.ts";
import { encodeClose } from "../../../src/link/close.ts";
import { ALICE, give, play, runOf, stage } from "../../link/user-stage-driver.ts";
import { must, type Target, wordsOf } from "../target.ts";

const OPTIONS = { isFixed: true };
const { records } = play(stage(OPTIONS));
const [first, second, third, fourth] = records as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];

/** A side at each point where it takes a record, whose records come before, and which one is right. */
const POINTS = [
  { role: "initiator", right: first, before: [], make: () => stage(OPTIONS).user },
  { role: "responder", right: second, before: [], make: askingRoom },
  { role: "initiator", right: third, before: [first], make: answeredUser },
  { role: "responder", right: fourth, before: [second], make: provedRoom },
] as const;

function askingRoom() {
  const { room } = stage(OPTIONS);
  room.ask();
  return room;
}

function answeredUser() {
  const { user } = stage(OPTIONS);
  give(user, first);
  user.login(ALICE);
  return user;
}

function provedRoom() {
  const room = askingRoom();
  give(room, second);
  return room;
}

/** What stands in a record, sealed as somebody with the keys of the records would: so the fuzzing goes on behind the tag. */
function sealed(role: "initiator" | "responder", before: number, type: number, payload: Uint8Array): Uint8Array {
  const { i2r, r2i } = userStageSecrets(nativeEngine, runOf(role, OPTIONS).chain);
  const sealer = createSealer(nativeEngine, 1, true, { records: role === "initiator" ? r2i : i2r });
  for (let i = 0; i < before; i++) sealer.seal(6, []);
  return sealer.seal(type, [payload]);
}

/** What is in the right records: known by opening them, once. */
const PAYLOADS = POINTS.map(({ role, right, before }) => {
  const length = right.length - 4 - 16 - 1;
  const probe = sealed(role, before.length, 6, new Uint8Array(length));
  // ChaCha20 is a stream: what differs from the sealed zeros is the payload.
  return right.subarray(5, 5 + length).map((byte, at) => byte ^ (probe[5 + at] as number));
});

/** The user stage: the low bits of the first byte choose the point, bit 2 whether what follows is a record or what stands in one (its type, its payload). */
export const target: Target = {
  samples: [
    ...POINTS.map(({ right }, at) => Uint8Array.from([at, ...right])),
    ...PAYLOADS.map((payload, at) => Uint8Array.from([4 + at, 6, ...payload])),
    Uint8Array.from([5, 6, ...new Uint8Array(32)]),
    ...[0, 1, 2, 3].map((at) => Uint8Array.from([4 + at, 0x7f, ...encodeClose(9, "no")])),
  ],
  words: [
    Buffer.from("$2b$10$"),
    Buffer.from("$2b$16$"),
    Buffer.from("$2b$99$"),
    new Uint8Array(32),
    Uint8Array.of(0, 0, 0, 17),
  ],
  maxBytes: 320,
  run(input) {
    const choice = input[0] ?? 0;
    const { role, right, before, make } = POINTS[choice & 3] as (typeof POINTS)[number];
    const bytes =
      (choice & 4) === 0 ? input.subarray(1) : sealed(role, before.length, input[1] ?? 0, input.subarray(2));
    const step = give(make() as { receive: (record: never) => UserStageStep | UserCheckStep }, bytes);
    const isRight = Buffer.from(right).equals(bytes.subarray(0, right.length));
    if (step === undefined) return "waits";
    if (step.kind === "failed") {
      must(step.error instanceof LinkError, "another error than a LinkError");
      must(!/[\p{Cc}\p{Cs}]/u.test(step.error.message), "an error that spoils a log");
      must(!isRight, "what is right is refused");
      return `${choice & 7} ${wordsOf(step.error)}`;
    }
    // Record 1 and 2 hold a point of the sender's choice; records 3 and 4 a proof.
    must((choice & 3) < 2 || isRight, "it goes on after a proof that was changed");
    return `${choice & 7} ${step.kind}`;
  },
};
