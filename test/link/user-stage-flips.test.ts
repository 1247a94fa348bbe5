import { expect, test } from "vitest";
import { portableEngine } from "../../src/crypto/portable.ts";
import { flipBit } from "./handshake-driver.ts";
import { ALICE, ENTRY, give, insider, play, sent, stage, type StageOptions } from "./user-stage-driver.ts";

const quick: readonly (readonly [string, StageOptions])[] = [
  ["suite 1", {}],
  ["suite 2, encryption off", { suite: 2, encryption: false }],
];
const thorough: readonly (readonly [string, StageOptions])[] = [
  ["suite 2", { suite: 2 }],
  ["suite 1, encryption off", { encryption: false }],
  ["portable engine", { engine: portableEngine }],
];
const configs = process.env["SOAK"] === undefined ? quick : [...quick, ...thorough];

test.each(configs)("case 1: every flip of one bit in the four records is refused (%s)", (_name, config) => {
  const options: StageOptions = { ...config, isFixed: true };
  const { records, user, room } = play(stage(options));
  expect([user?.kind, room?.kind]).toEqual(["done", "done"]);
  const [one, two, three, four] = records as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
  expect(records.map(({ length }) => length)).toEqual([82, 53, 53, 133]);
  const accepted: string[] = [];
  let flips = 0;
  const flipAll = (name: string, record: Uint8Array, outcome: (flipped: Uint8Array) => string | undefined): void => {
    for (let bit = 0; bit < record.length * 8; bit++, flips++) {
      const kind = outcome(flipBit(record, bit));
      // A length that says more than there is makes it wait, until its deadline.
      if (kind !== "failed" && kind !== undefined) accepted.push(`${name} bit ${bit}: ${kind}`);
    }
  };
  flipAll("record 1", one, (flipped) => give(stage(options).user, flipped)?.kind);
  flipAll("record 2", two, (flipped) => {
    const side = stage(options).room;
    side.ask();
    return give(side, flipped)?.kind;
  });
  flipAll("record 3", three, (flipped) => {
    const side = stage(options).user;
    give(side, one);
    side.login(ALICE);
    return give(side, flipped)?.kind;
  });
  flipAll("record 4", four, (flipped) => {
    const side = stage(options).room;
    side.ask();
    give(side, two);
    return give(side, flipped)?.kind;
  });
  expect(accepted).toEqual([]);
  expect(flips).toBe(2_568);
});

test.each(configs)(
  "case 1: somebody who has the keys of the records changes no bit of what is in them unnoticed (%s)",
  (_name, config) => {
    const options: StageOptions = { ...config, isFixed: true };
    const genuine = play(stage(options));
    const [one, two, three] = genuine.records as [Uint8Array, Uint8Array, Uint8Array];
    const payloads = plaintexts(genuine.records, options);
    const accepted: string[] = [];
    let flips = 0;
    const flipAll = (number: number, outcome: (payload: Uint8Array) => string | undefined): void => {
      const payload = payloads[number - 1] as Uint8Array;
      for (let bit = 0; bit < payload.length * 8; bit++, flips++) {
        const kind = outcome(flipBit(payload, bit));
        if (kind !== "failed") accepted.push(`record ${number} bit ${bit}: ${kind}`);
      }
    };
    // The user that was asked something else answers, and must not believe what the Room proves for its own question.
    flipAll(1, (payload) => {
      const { user, room } = stage(options);
      const asked = give(user, insider("responder", options).seal(payload));
      if (asked?.kind !== "derive") return asked?.kind;
      room.ask();
      const proof = give(room, sent(user.login(ALICE)));
      return give(user, sent(proof))?.kind;
    });
    flipAll(2, (payload) => {
      const { user, room } = stage(options);
      give(user, room.ask());
      user.login(ALICE);
      const proof = give(room, insider("initiator", options).seal(payload));
      return proof?.kind === "failed" ? "failed" : give(user, sent(proof))?.kind;
    });
    flipAll(3, (payload) => {
      const { user } = stage(options);
      const room = insider("responder", options);
      room.seal(payloads[0] as Uint8Array); // record 1: the next seal is record 3
      give(user, one);
      user.login(ALICE);
      return give(user, room.seal(payload))?.kind;
    });
    flipAll(4, (payload) => {
      const { room } = stage(options);
      const user = insider("initiator", options);
      user.seal(payloads[1] as Uint8Array);
      room.ask();
      give(room, two);
      return give(room, user.seal(payload))?.kind;
    });
    expect(accepted).toEqual([]);
    expect([flips, three.length, ENTRY.setting.length]).toEqual([1_896, 53, 29]);
  },
);

/** What is in the four records. */
function plaintexts(records: readonly Uint8Array[], options: StageOptions): Uint8Array[] {
  const [user, room] = [insider("initiator", options), insider("responder", options)];
  const lengths = [61, 32, 32, 112];
  return records.map((bytes, at) =>
    (at % 2 === 0 ? user : room).open(
      { lengthPrefix: bytes.subarray(0, 4), body: bytes.subarray(4) },
      lengths[at] as number,
    ),
  );
}
