import { ACK, ATTACH, DATA, END } from "../../../src/session/frames.ts";
import { sessionLimits } from "../../../src/session/limits.ts";
import { type Action, Machine } from "../../../src/session/machine.ts";
import { u64 } from "../../session/naive.ts";
import { must, type Target } from "../target.ts";

const LIMITS = sessionLimits(undefined);
const COMMITTED = 1_000;

function frame(type: number, offset: number, ...rest: number[]): Uint8Array {
  return Uint8Array.from([type, ...u64(offset), ...rest]);
}

/** Records as an input: of each the link, its length, its bytes. */
function records(...list: readonly (readonly [link: number, payload: Uint8Array])[]): Uint8Array {
  return Buffer.concat(
    list.flatMap(([link, payload]) => [Uint8Array.of(link, payload.length >>> 8, payload.length), payload]),
  );
}

const attach = (link = 0, recv = 0) => [link, frame(ATTACH, recv)] as const;

/** A session over two links, whose other end says what comes. */
export const target: Target = {
  samples: [
    records(
      attach(),
      [0, frame(DATA, 0, 1, 2, 3)],
      [0, Buffer.concat([frame(ACK, 500), frame(DATA, 3, 4, 5)])],
      [0, frame(END, 1_000, 0)],
    ),
    records(
      attach(),
      attach(1, 10),
      [0, frame(DATA, 0, ...new Uint8Array(40))],
      [1, frame(DATA, 20, ...new Uint8Array(60))],
      [1, frame(ACK, 1_000)],
    ),
    records(
      attach(),
      [0, frame(DATA, 5, 1)],
      attach(1, 1_000),
      [1, frame(DATA, 0, 1, 2)],
      [1, frame(END, 0, 1, ...Buffer.from("why not"))],
    ),
  ],
  words: [
    frame(ATTACH, 0),
    frame(ACK, 1_000),
    frame(DATA, 0, 1),
    frame(END, 0, 3),
    u64(2 ** 53 - 1),
    Buffer.alloc(8, 255),
    Uint8Array.of(0, 0, 9),
  ],
  run(input) {
    const machine = new Machine(LIMITS, (input.length & 1) === 1);
    machine.linkProven(0, 1);
    machine.flush({ pull: () => [new Uint8Array(COMMITTED)] }, false);
    machine.linkProven(1, 0);
    let delivered = 0;
    let seen = "";
    for (let at = 0; at + 3 <= input.length; ) {
      const [link, high, low] = input.subarray(at) as unknown as [number, number, number];
      const end = Math.min(input.length, at + 3 + high * 256 + low);
      const before = { ended: machine.ended, acked: machine.acked, recv: machine.recv };
      const actions = machine.record(link & 1, input.slice(at + 3, end));
      at = end;
      must(!before.ended || actions.length === 0, "a session that is over does something");
      must(
        machine.acked >= before.acked && machine.acked <= machine.committed,
        "acknowledged less than before, or more than was sent",
      );
      must(machine.recv >= before.recv, "has less of the stream than before");
      for (const action of actions) if (action.type === "deliver") delivered += action.bytes.length;
      if (!machine.ended) must(machine.recv === delivered, "another length was delivered than is acknowledged");
      must(machine.out.end === COMMITTED, "bytes of our own stream are lost");
      if (machine.ended && !before.ended) seen += endOf(actions);
      else if (seen.length < 40) seen += actions.map(({ type }) => type[0]).join("");
    }
    return seen;
  },
};

function endOf(actions: readonly Action[]): string {
  const ended = actions.filter((action) => action.type === "ended");
  must(ended.length === 1 && actions.at(-1)?.type === "ended", "a session ends once, and last of all");
  const [{ reason, text, byPeer }] = ended as [(typeof ended)[number] & { type: "ended" }];
  must(text.length <= 400 && !/\p{Cc}/u.test(text), "a text that spoils a log");
  return ` ${reason} ${byPeer ? "by the peer" : text.replaceAll(/\d+/g, "N")}`;
}
