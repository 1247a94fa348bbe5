import { LinkError } from "../../../src/base/errors.ts";
import {
  decodeRelayPreface,
  encodeFrame,
  encodeRefuse,
  encodeRelayPreface,
  FrameReader,
} from "../../../src/link/handshake-frames.ts";
import type { Frame } from "../../../src/link/handshake.ts";
import { must, outcomeOf, piecesOf, type Target, wordsOf } from "../target.ts";

const hello = encodeFrame(1, Uint8Array.from([...Buffer.from("CRP1"), 1, 1, ...new Uint8Array(72)]));
const relay = encodeRelayPreface(new Uint8Array(16).fill(7));

interface Cut {
  readonly frames: readonly Frame[];
  readonly rest: Uint8Array;
  readonly error: Error | undefined;
}

/** All frames that a reader gives for these pieces, and where it stops. */
function cut(first: readonly number[] | undefined, pieces: readonly Uint8Array[]): Cut {
  const reader = new FrameReader(first);
  const frames: Frame[] = [];
  for (const piece of pieces) {
    reader.push(piece);
    for (;;) {
      const { value, error } = outcomeOf(() => reader.next(), LinkError);
      if (error !== undefined) return { frames, rest: reader.takeRest(), error };
      if (value === undefined) break;
      frames.push({ type: value.type, body: value.body.slice() });
    }
  }
  return { frames, rest: reader.takeRest(), error: undefined };
}

/** Frames before the keys: the first byte says who reads, the rest is what comes. */
export const target: Target = {
  samples: [0, 1, 2].flatMap((reader) =>
    [
      hello,
      relay,
      encodeRefuse(3, 5, "later"),
      encodeFrame(2, new Uint8Array(120)),
      encodeFrame(3, new Uint8Array(32)),
      Buffer.concat([hello, encodeFrame(3, new Uint8Array(32)), hello]),
    ].map((bytes) => Uint8Array.from([reader, ...bytes])),
  ),
  words: [hello, relay, Buffer.from("CRP1"), Uint8Array.of(4, 0), Uint8Array.of(4, 1)],
  run(input) {
    const first = [undefined, [1], [1, 5]][(input[0] ?? 0) % 3];
    const bytes = input.subarray(1);
    const whole = cut(first, [bytes.slice()]);
    const single = cut(first, piecesOf(bytes, 1));
    must(String(whole.error) === String(single.error), "another error when it comes byte by byte");
    must(same(whole.frames, single.frames), "other frames when it comes byte by byte");
    if (whole.error === undefined) {
      const again = Buffer.concat([...whole.frames.map(({ type, body }) => encodeFrame(type, body)), whole.rest]);
      must(again.equals(bytes), "the frames are not what came");
    } else must((whole.error as LinkError).code === "ERR_MALFORMED", "another code than ERR_MALFORMED");
    const prefaces = whole.frames.filter(({ type }) => type === 5).map(({ body }) => preface(body));
    return `${whole.frames.length > 3 ? "many" : whole.frames.map(({ type }) => Math.min(type, 6)).join()} ${prefaces.slice(0, 2).join()} ${whole.error === undefined ? "" : wordsOf(whole.error)}`;
  },
};

function preface(body: Uint8Array): number {
  const said = decodeRelayPreface(body);
  if ("relayId" in said && said.refuse === undefined) {
    // Which four bytes it begins with was checked where it came in.
    must(
      Buffer.from(encodeRelayPreface(said.relayId).subarray(7)).equals(body.subarray(4)),
      "another relayId than came",
    );
    return 0;
  }
  must(said.refuse === 1 || said.refuse === 12, "an unknown code");
  return said.refuse;
}

function same(one: readonly Frame[], other: readonly Frame[]): boolean {
  return (
    one.length === other.length &&
    one.every(({ type, body }, at) => type === other[at]?.type && Buffer.from(body).equals(other[at].body))
  );
}
