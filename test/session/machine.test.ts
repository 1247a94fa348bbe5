import { expect, test } from "vitest";
import { ACK, ATTACH, DATA, END } from "../../src/session/frames.ts";
import { type Action, Machine, type Source } from "../../src/session/machine.ts";
import { u64 } from "./naive.ts";

/** A source of so many bytes, each with its offset's last digit as value. */
class Digits implements Source {
  left: number;
  mostAtOnce = Number.POSITIVE_INFINITY;
  asked: number[][] = [];

  constructor(left: number) {
    this.left = left;
  }

  pull(roomBytes: number, offset: number, inFlightBytes: number): Uint8Array[] {
    this.asked.push([roomBytes, offset, inFlightBytes]);
    const length = Math.min(this.left, roomBytes, this.mostAtOnce);
    this.left -= length;
    return length === 0 ? [] : [Uint8Array.from({ length }, (_, at) => (offset + at) % 10)];
  }
}

const NONE = new Digits(0);
const attach = (recv: number): Buffer => Buffer.concat([Buffer.of(ATTACH), u64(recv)]);
const ack = (recv: number): Buffer => Buffer.concat([Buffer.of(ACK), u64(recv)]);
const data = (offset: number, bytes: string): Buffer =>
  Buffer.concat([Buffer.of(DATA), u64(offset), Buffer.from(bytes)]);
const end = (recv: number, reason: number, text = ""): Buffer =>
  Buffer.concat([Buffer.of(END), u64(recv), Buffer.of(reason), Buffer.from(text)]);

function machine(options: { windowBytes?: number; links?: number; closesLinks?: boolean } = {}): Machine {
  return new Machine(
    { windowBytes: options.windowBytes ?? 1_000, links: options.links ?? 3 },
    options.closesLinks ?? false,
  );
}

/** A machine with an attached link 1, whose peer has nothing yet. */
function attached(options: Parameters<typeof machine>[0] = {}): Machine {
  const one = machine(options);
  one.linkProven(1, 0);
  one.record(1, attach(0));
  return one;
}

/** Actions as short texts. */
function shown(actions: readonly Action[]): string[] {
  return actions.map((action) => {
    switch (action.type) {
      case "send":
        return `send ${action.link} ${frames(Buffer.concat(action.parts))}`;
      case "deliver":
        return `deliver ${Buffer.from(action.bytes).toString()}`;
      case "close":
        return `close ${action.link} ${action.code}`;
      case "destroy":
        return `destroy ${action.link}`;
      case "alone":
        return "alone";
      default:
        return `ended ${action.reason} ${action.byPeer ? "by peer" : "by us"} ${action.peerReceived}: ${action.text}`;
    }
  });
}

function frames(record: Buffer): string {
  const texts: string[] = [];
  for (let at = 0; at < record.length; at += 9) {
    const offset = Number(record.readBigUInt64BE(at + 1));
    const type = record[at];
    if (type === ATTACH || type === ACK) texts.push(`${type === ATTACH ? "ATTACH" : "ACK"} ${offset}`);
    else if (type === DATA) return [...texts, `DATA ${offset}+${record.length - at - 9}`].join(" ");
    else return [...texts, `END ${offset} ${record[at + 9]} ${record.subarray(at + 10).toString()}`].join(" ").trim();
  }
  return texts.join(" ");
}

test("a proven link is told what this side has, at once", () => {
  const one = machine();
  expect(shown(one.linkProven(1, 0))).toEqual(["send 1 ATTACH 0"]);
  one.record(1, Buffer.concat([attach(0), data(0, "abc")]));
  expect(shown(one.linkProven(2, 0))).toEqual(["send 2 ATTACH 3"]);
});

test("the first bytes of a session need not wait for the peer's ATTACH; with bytes on their way another link must", () => {
  const one = machine();
  one.linkProven(1, 0);
  expect(shown(one.flush(new Digits(5), false))).toEqual(["send 1 DATA 0+5"]);
  one.linkLost(1);
  one.linkProven(2, 0);
  expect(shown(one.flush(NONE, true)), "what the peer has is not known").toEqual([]);
  one.record(2, attach(2));
  expect(shown(one.flush(NONE, true))).toEqual(["send 2 DATA 2+3"]);
});

test("bytes that went out before the peer's ATTACH came are not sent twice", () => {
  const one = machine();
  one.linkProven(1, 0);
  one.flush(new Digits(5), false);
  one.record(1, attach(0));
  expect(shown(one.flush(NONE, false))).toEqual([]);
});

test("an acknowledgement rides along with data, goes alone only when asked, and only once", () => {
  const one = attached();
  expect(shown(one.record(1, data(0, "abc")))).toEqual(["deliver abc"]);
  expect(one.unackedBytes).toBe(3);
  expect(shown(one.flush(NONE, false))).toEqual([]);
  expect(shown(one.flush(new Digits(2), false))).toEqual(["send 1 ACK 3 DATA 0+2"]);
  expect(one.unackedBytes).toBe(0);
  one.record(1, data(3, "d"));
  expect(shown(one.flush(NONE, true))).toEqual(["send 1 ACK 4"]);
  expect(shown(one.flush(NONE, true))).toEqual([]);
});

test("no more is committed than the window, and acknowledged bytes make room", () => {
  const one = attached({ windowBytes: 10 });
  const source = new Digits(100);
  expect(shown(one.flush(source, false))).toEqual(["send 1 DATA 0+10"]);
  expect(shown(one.flush(source, false))).toEqual([]);
  one.record(1, ack(4));
  expect([one.out.start, one.out.end]).toEqual([4, 10]);
  expect(shown(one.flush(source, false))).toEqual(["send 1 DATA 10+4"]);
  expect(source.asked).toEqual([
    [10, 0, 0],
    [4, 10, 6],
  ]);
});

test("a record has at most 65,536 bytes, also when much is sent again", () => {
  const one = attached({ windowBytes: 200_000 });
  const source = new Digits(200_000);
  source.mostAtOnce = 30_000;
  while (one.flush(source, false).length > 0);
  expect(one.committed).toBe(200_000);
  one.linkLost(1);
  one.linkProven(2, 0);
  one.record(2, Buffer.concat([attach(10), data(0, "x")]));
  const sizes: number[] = [];
  const bytes: Buffer[] = [];
  for (let actions = one.flush(NONE, true); actions.length > 0; actions = one.flush(NONE, true)) {
    const [action] = actions;
    if (action?.type !== "send") throw new Error("only sending was expected");
    const record = Buffer.concat(action.parts);
    sizes.push(record.length);
    bytes.push(record.subarray(sizes.length === 1 ? 18 : 9));
  }
  expect(Math.max(...sizes)).toBeLessThanOrEqual(65_536);
  expect(sizes.length).toBe(4);
  const again = Buffer.concat(bytes);
  expect(again.length).toBe(200_000 - 10);
  expect(again.every((byte, at) => byte === (at + 10) % 10)).toBe(true);
});

test("bytes that came before are skipped, and the rest is delivered", () => {
  const one = attached();
  expect(shown(one.record(1, data(0, "abcd")))).toEqual(["deliver abcd"]);
  expect(shown(one.record(1, data(1, "bcd")))).toEqual([]);
  expect(shown(one.record(1, data(2, "cdef")))).toEqual(["deliver ef"]);
  expect(one.recv).toBe(6);
});

test("a gap destroys the link and nothing else", () => {
  const one = attached();
  one.linkProven(2, 0);
  one.record(2, attach(0));
  expect(shown(one.record(2, data(1, "x")))).toEqual(["destroy 2"]);
  expect(one.cur?.id).toBe(1);
  expect(shown(one.record(1, data(2 ** 53, "x")))).toEqual(["destroy 1", "alone"]);
  expect([one.ended, one.recv]).toEqual([false, 0]);
  expect(shown(one.record(1, data(0, "late")))).toEqual([]);
});

test("an acknowledgement that says less than an earlier one is old, and nothing", () => {
  const one = attached();
  one.flush(new Digits(10), false);
  one.record(1, ack(8));
  one.record(1, ack(3));
  expect(one.acked).toBe(8);
  one.linkProven(2, 0);
  one.record(2, attach(5));
  expect(one.acked).toBe(8);
  expect(shown(one.flush(NONE, false)), "and never sent again").toEqual(["send 2 DATA 8+2"]);
});

const lies: [string, Buffer, string][] = [
  ["an ACK of one byte more than was sent", ack(6), "6 bytes acknowledged of 5"],
  ["an ACK of 2^64 - 1", Buffer.concat([Buffer.of(ACK), Buffer.alloc(8, 0xff)]), "bytes acknowledged of 5"],
  ["an END of one byte more than was sent", end(6, 0), "6 bytes acknowledged of 5"],
  ["an empty record", Buffer.alloc(0), "a record is empty"],
  ["DATA without bytes", data(0, ""), "a DATA frame is empty"],
  ["an ACK that is cut short", ack(0).subarray(0, 8), "a frame is cut short"],
  ["bytes behind an ACK", Buffer.concat([ack(0), Buffer.of(ACK)]), "a frame is cut short"],
  ["an unknown type", Buffer.concat([Buffer.of(5), u64(0)]), "unknown type 5"],
  ["type 0", Buffer.concat([Buffer.of(0), u64(0)]), "unknown type 0"],
  ["a second ATTACH (case 95)", attach(0), "attached twice"],
  ["an END without a reason", end(0, 0).subarray(0, 9), "an END has a wrong length"],
  ["an END with a text of 201 bytes", end(0, 0, "x".repeat(201)), "an END has a wrong length"],
];

test.each(lies)("%s ends the session as a breach of the rules, and the peer is told", (_name, record, text) => {
  const one = attached();
  one.flush(new Digits(5), false);
  const actions = shown(one.record(1, record));
  expect(actions.length).toBe(3);
  expect(actions[0]).toMatch(/^send 1 END 0 1 /);
  expect(actions[0]).toContain(text);
  expect(actions[1]).toBe("close 1 12");
  expect(actions[2]).toMatch(/^ended protocol by us undefined: /);
  expect(one.ended).toBe(true);
  expect(one.out.chunks, "nothing is kept").toEqual([]);
});

test.each([
  ["DATA", data(0, "x")],
  ["ACK", ack(0)],
  ["END", end(0, 0)],
])("%s as the first frame on a link ends the session", (_name, record) => {
  const one = machine();
  one.linkProven(1, 0);
  expect(shown(one.record(1, record)).at(-1)).toContain("first frame on a link must be ATTACH");
});

test("an ATTACH of more than was sent ends the session", () => {
  const one = machine();
  one.linkProven(1, 0);
  expect(shown(one.record(1, attach(1))).at(-1)).toContain("1 bytes acknowledged of 0");
});

test("END of the peer ends the session with what the peer had received, and closes its links in order", () => {
  const one = attached();
  one.linkProven(2, 0);
  one.flush(new Digits(9), false);
  expect(shown(one.record(1, Buffer.concat([ack(2), end(4, 0, "bye\n")])))).toEqual([
    "close 1 0",
    "close 2 0",
    "ended done by peer 4: bye ",
  ]);
  expect(shown(one.record(1, data(0, "late")))).toEqual([]);
  expect(shown(one.flush(new Digits(1), true))).toEqual([]);
});

test("an END that says less than was acknowledged before counts as much as was acknowledged", () => {
  const one = attached();
  one.flush(new Digits(9), false);
  one.record(1, ack(7));
  expect(shown(one.record(1, end(4, 1, "no"))).at(-1)).toBe("ended protocol by peer 7: no");
});

test("a reason that is not known reads as a failure", () => {
  expect(shown(attached().record(1, end(0, 77))).at(-1)).toMatch(/^ended failed by peer/);
});

test("ending tells the peer over every link and closes them; a second time is nothing", () => {
  const one = attached();
  one.linkProven(2, 1);
  one.record(1, data(0, "abc"));
  expect(shown(one.end("done", "bye"))).toEqual([
    "send 1 END 3 0 bye",
    "send 2 END 3 0 bye",
    "close 1 0",
    "close 2 0",
    "ended done by us undefined: bye",
  ]);
  expect(one.end("done", "")).toEqual([]);
  expect(shown(one.linkProven(3, 0)), "a link that comes too late").toEqual(["destroy 3"]);
  expect(shown(one.linkLost(1))).toEqual([]);
});

test("a superseded session says so, in case the program that had it lives; a lost one just ends: there is nobody to tell", () => {
  const told = shown(attached().end("superseded", "restarted"));
  expect(told.slice(1)).toEqual(["close 1 0", "ended superseded by us undefined: restarted"]);
  expect(told[0]).toMatch(/^send 1 /);
  expect(shown(attached().end("lost", "cut"))).toEqual(["destroy 1", "ended lost by us undefined: cut"]);
});

test("the last link that goes leaves the session alone, an earlier one does not", () => {
  const one = attached();
  one.linkProven(2, 0);
  expect(shown(one.linkLost(1))).toEqual([]);
  expect(shown(one.linkLost(2))).toEqual(["alone"]);
  expect(shown(one.linkLost(2))).toEqual([]);
});

test("of several links the best class carries the stream, of equals the newest", () => {
  const one = attached();
  for (const [id, rank] of [
    [2, 2],
    [3, 0],
  ] as const)
    one.linkProven(id, rank);
  expect(one.cur?.id, "the newest of the best, as nothing was sent yet").toBe(3);
  one.flush(new Digits(1), false);
  one.linkLost(1);
  one.linkProven(4, 1);
  expect(one.cur?.id).toBe(3);
  one.linkLost(3);
  expect(one.cur?.id, "4 is better than 2, but what the peer has is not known on it").toBe(2);
  one.record(4, attach(0));
  expect(one.cur?.id).toBe(4);
});

test("a suspect link hands the stream over and takes it back when its pong comes; if all are suspect the newest keeps it", () => {
  const one = attached();
  one.linkProven(2, 1);
  one.record(2, attach(0));
  expect(one.cur?.id).toBe(1);
  one.linkSuspect(1, true);
  expect(one.cur?.id).toBe(2);
  one.linkSuspect(2, true);
  expect(one.cur?.id).toBe(2);
  one.linkSuspect(1, false);
  expect(one.cur?.id).toBe(1);
  one.linkSuspect(7, true);
  expect(one.cur?.id).toBe(1);
});

test("a suspect link of a better class does not take over from one that is well", () => {
  const one = machine();
  one.linkProven(1, 1);
  one.linkProven(2, 0);
  expect(one.cur?.id).toBe(2);
  one.linkSuspect(2, true);
  expect(one.cur?.id).toBe(1);
});

test("after a move the stream goes on where the peer is, and what went over the old link is sent again from there", () => {
  const one = attached();
  one.flush(new Digits(10), false);
  one.linkProven(2, 0);
  one.record(2, attach(4));
  expect(shown(one.flush(new Digits(3), false))).toEqual(["send 2 DATA 4+6"]);
  expect(shown(one.flush(new Digits(3), false))).toEqual(["send 2 DATA 10+3"]);
  one.linkLost(2);
  expect(shown(one.flush(NONE, false)), "back on the old one: only what did not go over it").toEqual([
    "send 1 DATA 10+3",
  ]);
});

test("an acknowledgement is due again on the link that takes over", () => {
  const one = attached();
  one.record(1, data(0, "abc"));
  one.flush(NONE, true);
  one.linkProven(2, 0);
  one.record(2, attach(0));
  one.record(1, data(3, "d"));
  expect(shown(one.flush(NONE, true))).toEqual(["send 2 ACK 4"]);
});

test("what was acknowledged over a link that is lost is acknowledged at once over the one that takes over: the first may not have arrived", () => {
  const one = attached();
  one.linkProven(2, 1);
  one.record(2, attach(0));
  one.record(1, data(0, "abc"));
  expect(shown(one.flush(NONE, true))).toEqual(["send 1 ACK 3"]);
  one.linkLost(1);
  expect(shown(one.flush(NONE, false))).toEqual(["send 2 ACK 3"]);
  expect(shown(one.flush(NONE, false))).toEqual([]);
  one.record(2, data(3, "d"));
  expect(shown(one.flush(NONE, false)), "what nobody was told can wait").toEqual([]);
});

test("what only the ATTACH on a link said is acknowledged at once when that link is lost", () => {
  const one = attached();
  one.record(1, data(0, "abc"));
  one.linkProven(2, 0);
  expect([one.cur?.id, one.unackedBytes]).toEqual([2, 0]);
  one.linkLost(2);
  expect(shown(one.flush(NONE, false))).toEqual(["send 1 ACK 3"]);
});

test("what ATTACH said needs no acknowledgement on its link", () => {
  const one = attached();
  one.record(1, data(0, "abc"));
  one.linkLost(1);
  one.linkProven(2, 0);
  one.record(2, attach(0));
  expect(one.unackedBytes).toBe(0);
  expect(shown(one.flush(NONE, true))).toEqual([]);
});

test("the side that closes links closes a superseded one when its bytes are through and the peer is heard elsewhere, not before", () => {
  const one = attached({ closesLinks: true });
  one.flush(new Digits(10), false);
  one.linkProven(2, 0);
  one.record(2, attach(4));
  one.flush(NONE, false);
  expect(shown(one.record(1, ack(10))), "the peer still sends on the old one").toEqual([]);
  expect(shown(one.record(2, ack(10)))).toEqual(["close 1 0"]);
  expect(one.links.map((link) => link.id)).toEqual([2]);
});

test("a superseded link stays while bytes that went over it are not acknowledged", () => {
  const one = attached({ closesLinks: true });
  one.flush(new Digits(10), false);
  one.linkProven(2, 0);
  one.record(2, attach(4));
  one.flush(NONE, false);
  expect(shown(one.record(2, ack(9)))).toEqual([]);
  expect(shown(one.record(2, data(0, "x"))), "data of the peer is no acknowledgement").toEqual(["deliver x"]);
  expect(shown(one.record(2, ack(10)))).toEqual(["close 1 0"]);
});

test("data of the peer tells where it sends, as an acknowledgement does", () => {
  const one = attached({ closesLinks: true });
  one.linkProven(2, 0);
  one.record(2, attach(0));
  expect(shown(one.record(1, data(0, "x")))).toEqual(["deliver x"]);
  expect(shown(one.record(2, data(1, "y")))).toEqual(["close 1 0", "deliver y"]);
});

test("a link on which the peer has not spoken yet is not closed: it may take over", () => {
  const one = attached({ closesLinks: true });
  one.flush(new Digits(1), false);
  one.linkProven(2, 0);
  expect(shown(one.record(1, ack(1)))).toEqual([]);
  one.record(2, attach(1));
  expect(one.cur?.id).toBe(2);
});

test("the other side never closes a superseded link", () => {
  const one = attached();
  one.linkProven(2, 0);
  one.record(2, attach(0));
  expect(shown(one.record(2, data(0, "x")))).toEqual(["deliver x"]);
  expect(one.links.length).toBe(2);
});

test("of more than three links one goes: a suspect one first, else the oldest that carries nothing", () => {
  const one = attached();
  one.linkProven(2, 1);
  one.linkProven(3, 1);
  expect(shown(one.linkProven(4, 1))).toEqual(["destroy 2", "send 4 ATTACH 0"]);
  one.linkSuspect(4, true);
  expect(shown(one.linkProven(5, 1))).toEqual(["destroy 4", "send 5 ATTACH 0"]);
  expect(one.links.map((link) => link.id)).toEqual([1, 3, 5]);
  const single = attached({ links: 1 });
  expect(shown(single.linkProven(2, 5))).toEqual(["destroy 1", "send 2 ATTACH 0"]);
});
