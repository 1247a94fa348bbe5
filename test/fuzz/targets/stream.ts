import { Deframer } from "../../../src/session/deframer.ts";
import { CREDIT, DROP } from "../../../src/session/frames.ts";
import { sessionLimits } from "../../../src/session/limits.ts";
import { ProtocolViolation } from "../../../src/session/violation.ts";
import { fragments, frame, readMessages, u32 } from "../../session/naive.ts";
import { must, outcomeOf, piecesOf, type Target, wordsOf } from "../target.ts";

/** Small ones, so that messages over them fit an input. */
const LIMITS = sessionLimits({
  messageBytes: 60_000,
  assemblyBytes: 60_000 + 4 * 20_000,
  assemblyMessages: 4,
  freeBytes: 20_000,
});
const CHUNK = [2_000, 16_000, 16_000];

interface Told {
  readonly messages: readonly string[];
  readonly granted: number;
  readonly unfinished: number;
  readonly error: Error | undefined;
}

function deframed(pieces: readonly Uint8Array[]): Told {
  const messages: string[] = [];
  let granted = 0;
  const deframer = new Deframer(LIMITS, {
    message: (kind, channel, payload) =>
      void messages.push(`${kind} ${channel} ${Buffer.from(payload).toString("latin1")}`),
    credited: (number, bytes) => void messages.push(`credit ${number} ${bytes}`),
    grant: (_number, bytes) => void (granted += bytes),
    forgetGrant: () => {},
  });
  for (const piece of pieces) {
    const { error } = outcomeOf(() => deframer.push(piece), ProtocolViolation);
    if (error !== undefined) return { messages, granted, unfinished: deframer.unfinished, error };
  }
  must(deframer.unfinished <= LIMITS.assemblyMessages, "more messages are unfinished than may be");
  return { messages, granted, unfinished: deframer.unfinished, error: undefined };
}

const big = { kind: 0x11, channel: 5, payload: Buffer.alloc(18_000, 3) };
const other = { kind: 0x12, channel: 6, payload: Buffer.alloc(19_000, 4) };

/** The stream of a peer. */
export const target: Target = {
  samples: [
    Buffer.concat([
      frame(0x10, 0, Buffer.from("hello")),
      frame(0x11, 1, Buffer.alloc(0)),
      frame(0x16, 2 ** 32 - 1, Buffer.alloc(40, 1)),
    ]),
    Buffer.concat([...fragments(big, CHUNK), frame(0x14, 5, Buffer.from("x"))]),
    Buffer.concat([
      ...fragments(big, CHUNK).slice(0, 1),
      ...fragments(other, CHUNK),
      ...fragments(big, CHUNK).slice(1),
    ]),
    Buffer.concat([
      ...fragments(big, CHUNK).slice(0, 1),
      frame(DROP, 0, Buffer.alloc(0)),
      frame(CREDIT, 9, u32(70_000)),
    ]),
    Buffer.concat([5, 6, 7, 8].flatMap((channel) => fragments({ ...big, channel }, [1_100]).slice(0, 1))),
    Buffer.concat(fragments({ ...big, payload: Buffer.alloc(16_400) }, [2_000, 14_000])),
    Buffer.concat(
      [0, 1].flatMap((at) =>
        fragments({ ...big, channel: at, payload: Buffer.alloc(50_000) }, [16_000, 3_900]).slice(0, 2),
      ),
    ),
    Buffer.concat(fragments({ ...big, payload: Buffer.alloc(50_000, 9) }, [10_000, 8_000, 16_000, 16_000])),
  ],
  words: [
    frame(0x11, 5, Buffer.alloc(0)),
    frame(DROP, 0, Buffer.alloc(0)),
    frame(CREDIT, 0, u32(1)),
    Buffer.concat([frame(0x91, 7, u32(20_000)).subarray(0, 5), Buffer.of(0, 4, 4), u32(20_000), Buffer.alloc(1_024)]),
  ],
  maxBytes: 60_000,
  run(input) {
    const whole = deframed([input]);
    const pieces = deframed(piecesOf(input, input.length < 600 ? 1 : 997));
    must(String(whole.error) === String(pieces.error), "another error when it comes in pieces");
    must(
      whole.messages.join("\n") === pieces.messages.join("\n") &&
        whole.granted === pieces.granted &&
        whole.unfinished === pieces.unfinished,
      "other messages when it comes in pieces",
    );
    if (whole.error !== undefined) return wordsOf(whole.error);
    let naive: readonly { kind: number; channel: number; payload: Buffer }[] | undefined;
    try {
      naive = readMessages(Buffer.from(input));
    } catch {
      // The stream ends within a frame.
      return `open ${Math.min(whole.messages.length, 3)} ${whole.unfinished}`;
    }
    const plain = whole.messages.filter((message) => !message.startsWith("credit"));
    must(
      plain.length === naive.length &&
        naive.every(
          ({ kind, channel, payload }, at) => `${kind} ${channel} ${payload.toString("latin1")}` === plain[at],
        ),
      "other messages than a plain reader finds",
    );
    return `whole ${Math.min(whole.messages.length, 5)} ${whole.unfinished} ${whole.granted > 0}`;
  },
};
