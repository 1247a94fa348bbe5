import { LinkError } from "../../../src/base/errors.ts";
import { MAX_BODY_BYTES, MIN_BODY_BYTES, RecordReader } from "../../../src/link/records.ts";
import { pair } from "../../link/records-driver.ts";
import { must, outcomeOf, piecesOf, type Target, wordsOf } from "../target.ts";

/** What the honest side sends on each of the four kinds of link: encryption off and on, each suite. */
const KINDS = [0, 1, 2, 3].map((kind) => {
  const make = () => pair((kind & 1) === 1, (kind & 2) === 0 ? 1 : 2);
  const { sealer } = make();
  const records = [1, 2, 1, 5, 0x7f].map((type, at) =>
    sealer.seal(type, [type === 5 ? sealer.box(Buffer.from("secret")) : new Uint8Array(at * 9).fill(at)]),
  );
  return { make, records, stream: Buffer.concat(records) };
});

interface Cut {
  readonly bodies: readonly Uint8Array[];
  readonly error: Error | undefined;
  readonly isInside: boolean;
}

function cut(pieces: readonly Uint8Array[]): Cut {
  const reader = new RecordReader();
  const bodies: Uint8Array[] = [];
  for (const piece of pieces) {
    reader.push(piece);
    for (;;) {
      const { value, error } = outcomeOf(() => reader.next(), LinkError);
      if (error !== undefined) return { bodies, error, isInside: false };
      if (value === undefined) break;
      bodies.push(Buffer.concat([value.lengthPrefix, value.body]));
    }
  }
  return { bodies, error: undefined, isInside: reader.isInsideRecord };
}

/** The bytes of a link behind the handshake: the first byte says which kind of link. */
export const target: Target = {
  samples: KINDS.flatMap(({ stream, records }, kind) =>
    [stream, ...records].map((bytes) => Uint8Array.from([kind, ...bytes])),
  ),
  words: [
    Uint8Array.of(0, 0, 0, 16),
    Uint8Array.of(0, 0, 0, 17),
    Uint8Array.of(0, 1, 0, 17),
    Uint8Array.of(0, 1, 0, 18),
    Uint8Array.of(255, 255, 255, 255),
  ],
  run(input) {
    const { make, records } = KINDS[(input[0] ?? 0) & 3] as (typeof KINDS)[number];
    const bytes = input.subarray(1);
    const whole = cut([bytes.slice()]);
    for (const size of [1, 7]) {
      const pieces = cut(piecesOf(bytes, size));
      must(
        String(pieces.error) === String(whole.error) && pieces.isInside === whole.isInside,
        "another end when it comes in pieces",
      );
      must(Buffer.concat(pieces.bodies).equals(Buffer.concat(whole.bodies)), "other records when it comes in pieces");
    }
    const { opener } = make();
    let opened = 0;
    let dead: Error | undefined;
    for (const body of whole.bodies) {
      must(body.length - 4 >= MIN_BODY_BYTES && body.length - 4 <= MAX_BODY_BYTES, "a length that can't be");
      const { value, error } = outcomeOf(() => opener.open(body.subarray(0, 4), body.subarray(4)), LinkError);
      if (error !== undefined) {
        must((error as LinkError).code === "ERR_RECORD", "another code than ERR_RECORD");
        dead ??= error;
        continue;
      }
      must(dead === undefined, "a record opens after one that did not");
      must(Buffer.from(records[opened] ?? []).equals(body), "a record opens that the other side never sealed");
      opened++;
      if (value.type !== 5) continue;
      const { payload } = value;
      const box = outcomeOf(() => opener.unbox(payload), LinkError);
      must(
        box.error === undefined && Buffer.from(box.value).toString() === "secret",
        "a box that was sealed does not open",
      );
    }
    opener.wipe();
    return `${opened} ${dead === undefined ? "" : "dead"} ${whole.error === undefined ? String(whole.isInside) : wordsOf(whole.error)}`;
  },
};
