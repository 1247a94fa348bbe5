import { describe, expect, test } from "vitest";
import { concat } from "../../src/crypto/bytes.ts";
import type { Purpose } from "../../src/crypto/secret.ts";
import { encodeRefuse } from "../../src/link/handshake-frames.ts";
import { encodeExtension } from "../../src/link/handshake-hello.ts";
import { Initiator } from "../../src/link/handshake-initiator.ts";
import { Responder } from "../../src/link/handshake-responder.ts";
import { engines } from "../crypto/engines.ts";
import { hex, load, toHex } from "../vectors/load.ts";
import {
  END_I,
  END_R,
  framed,
  frameOf,
  handshake,
  initiatorConfig,
  passwordOnce,
  responderConfig,
  secretOf,
  type Tamper,
  TICKET_ID,
  withBytes,
} from "./handshake-driver.ts";

const points = (
  load("cpace-x25519-low-order.json") as {
    readonly cases: readonly { readonly u: string; readonly mustAbort: boolean }[];
  }
).cases;
const purposes = [1, 2, 3, 4, 5] as const;
/** Offsets in the frames, header included. */
const AT = { purpose: 7, flags: 8, replyFlags: 4 };

/** Replaces the last 32 bytes but `after` of a frame: a point. */
const withPoint =
  (u: Uint8Array, after = 0) =>
  (bytes: Uint8Array): Uint8Array =>
    withBytes(bytes, bytes.length - after - 32, u);

/** Replaces one run of bytes by another of any length, in a frame, and says the new length in its header. */
function replaced(bytes: Uint8Array, from: Uint8Array, to: Uint8Array): Uint8Array {
  const at = toHex(bytes).indexOf(toHex(from)) / 2;
  if (at < 3) throw new Error("not in there");
  return framed(bytes[0] ?? 0, concat([bytes.subarray(3, at), to, bytes.subarray(at + from.length)]));
}

const zeros = (length: number): readonly number[] => Array.from({ length }, () => 0);
const setBit255: Tamper = (bytes) => withBytes(bytes, bytes.length - 1, [(bytes.at(-1) ?? 0) | 0x80]);
const shorter: Tamper = (bytes) => framed(bytes[0] ?? 0, bytes.subarray(3, -1));
const longer: Tamper = (bytes) => framed(bytes[0] ?? 0, concat([bytes.subarray(3), Uint8Array.of(0)]));
const asPurpose =
  (purpose: number): Tamper =>
  (bytes) =>
    withBytes(bytes, AT.purpose, [purpose]);

/** The field of a name: its length, then its bytes. */
const nameField = (name: string): Uint8Array => concat([Uint8Array.of(name.length), new TextEncoder().encode(name)]);
const renamed: Tamper = (bytes) => replaced(bytes, nameField("bob"), nameField("carol"));

/** An extension list with extension 3 alone, or an empty one. */
function suitesList(suites: readonly number[] | undefined): Uint8Array {
  const extension = suites === undefined ? new Uint8Array(0) : encodeExtension(3, Uint8Array.from(suites));
  return concat([Uint8Array.of(0, extension.length), extension]);
}
const swapped =
  (from: readonly number[], to: readonly number[] | undefined): Tamper =>
  (bytes) =>
    replaced(bytes, suitesList(from), suitesList(to));

/** The first failure of a handshake between the default sides that somebody tampers with. */
function failure(purpose: Purpose, tamper: { hello?: Tamper; reply?: Tamper; confirm?: Tamper }): string | undefined {
  return handshake(initiatorConfig(purpose), responderConfig(purpose), tamper).errors[0];
}

describe("an undisturbed handshake", () => {
  test.each(purposes)("gives both sides the same link in purpose %i, and working records both ways", (purpose) => {
    const { initiator, responder, errors } = handshake(initiatorConfig(purpose), responderConfig(purpose));
    expect(errors).toEqual([]);
    expect(initiator?.linkId).toEqual(responder?.linkId);
    expect(initiator?.resume).toEqual(responder?.resume);
    expect(initiator?.resume !== undefined).toBe(purpose >= 2 && purpose <= 4);
    expect([initiator?.suite, responder?.suite]).toEqual([2, 2]);
    expect([initiator?.localEnd, initiator?.remoteEnd]).toEqual(
      purpose === 1 ? [undefined, undefined] : [END_I, END_R],
    );
    expect([responder?.localEnd, responder?.remoteEnd]).toEqual(
      purpose === 1 ? [undefined, undefined] : [END_R, END_I],
    );
    expect(responder?.ticketId).toEqual(purpose >= 3 ? TICKET_ID : undefined);
    for (const [from, to] of [
      [initiator, responder],
      [responder, initiator],
    ]) {
      const record = from?.sealer.seal(1, [Uint8Array.of(1, 2, 3)]) ?? new Uint8Array(0);
      expect(to?.opener.open(record.subarray(0, 4), record.subarray(4))).toEqual({
        type: 1,
        payload: Uint8Array.of(1, 2, 3),
      });
    }
  });

  test("between the two engines, in both roles, gives the same link", () => {
    for (const [a, b] of [engines, [...engines].toReversed()]) {
      const { initiator, responder } = handshake(
        initiatorConfig(2, { engine: a, suites: a?.suites() }),
        responderConfig(2, { engine: b, suites: b?.suites() }),
      );
      expect(initiator?.linkId).toBeDefined();
      expect(initiator?.linkId).toEqual(responder?.linkId);
      expect(initiator?.suite).toBe(1);
    }
  });
});

test("case 2: a wrong password is ERR_AUTH at both sides, and the responder knows that its REPLY was a guess", () => {
  const initiator = new Initiator(initiatorConfig(1, { secret: passwordOnce("passable", 1) }));
  const responder = new Responder(responderConfig(1));
  const reply = responder.hello(frameOf(initiator.hello));
  const outcome = initiator.receive(frameOf(reply.send ?? new Uint8Array(0)));
  expect("error" in outcome && outcome.error.code).toBe("ERR_AUTH");
  expect(outcome.send).toEqual(encodeRefuse(9));
  const { error } = responder.confirm(frameOf(outcome.send ?? new Uint8Array(0)));
  expect([error?.code, error?.received, responder.hasReplied]).toEqual(["ERR_AUTH", 9, true]);
});

test("case 5: the seven points of low order are refused by both sides", () => {
  const low = points.filter(({ mustAbort }) => mustAbort);
  for (const { u } of low) {
    expect(failure(1, { hello: withPoint(hex(u)) })).toBe("ERR_MALFORMED");
    expect(failure(1, { reply: withPoint(hex(u), 32) })).toBe("ERR_AUTH");
  }
  expect(low.length).toBe(7);
});

test("case 6: points that are not canonical or have bit 255 set are refused by the confirmation", () => {
  const odd = points.filter(({ mustAbort }) => !mustAbort);
  for (const { u } of odd) {
    expect(failure(1, { hello: withPoint(hex(u)) })).toBe("ERR_AUTH");
    expect(failure(1, { reply: withPoint(hex(u), 32) })).toBe("ERR_AUTH");
  }
  expect(odd.length).toBe(5);
  // The same point in another spelling: K is right, and the transcript is not.
  expect(failure(1, { hello: setBit255 })).toBe("ERR_AUTH");
});

test("case 7: a point of 31 or 33 bytes is malformed", () => {
  for (const change of [shorter, longer]) {
    expect(failure(1, { hello: change })).toBe("ERR_MALFORMED");
    expect(failure(1, { reply: change })).toBe("ERR_MALFORMED");
  }
});

test("case 8: HELLO reflected to its sender is refused, as an answer and by its own listener", () => {
  const initiator = new Initiator(initiatorConfig(3));
  const outcome = initiator.receive(frameOf(initiator.hello));
  expect("error" in outcome && [outcome.error.code, outcome.send]).toEqual(["ERR_MALFORMED", encodeRefuse(12)]);
  const ownListener = new Responder(responderConfig(3, { name: "alice" }));
  expect(ownListener.hello(frameOf(initiator.hello)).send).toEqual(encodeRefuse(6));
});

test("case 9: REPLY with Yb = Ya is refused like a wrong proof", () => {
  const initiator = new Initiator(initiatorConfig(1));
  const reply = new Responder(responderConfig(1)).hello(frameOf(initiator.hello)).send ?? new Uint8Array(0);
  const outcome = initiator.receive(frameOf(withPoint(initiator.hello.subarray(-32), 32)(reply)));
  expect("error" in outcome && [outcome.error.code, outcome.send]).toEqual(["ERR_AUTH", encodeRefuse(9)]);
});

test("cases 10 and 11: a replayed HELLO, an old CONFIRM and the REPLY of another handshake open nothing", () => {
  const initiator = new Initiator(initiatorConfig(2));
  const other = new Initiator(initiatorConfig(2));
  const first = new Responder(responderConfig(2));
  const second = new Responder(responderConfig(2));
  const reply = frameOf(first.hello(frameOf(initiator.hello)).send ?? new Uint8Array(0));
  second.hello(frameOf(initiator.hello));
  const outcome = initiator.receive(reply);
  if ("error" in outcome) throw outcome.error;
  expect(second.confirm(frameOf(outcome.send)).error?.code).toBe("ERR_AUTH");
  expect(first.confirm(frameOf(outcome.send)).error).toBeUndefined();
  const confused = other.receive(reply);
  expect("error" in confused && confused.error.code).toBe("ERR_AUTH");
});

test("cases 12 and 89: each machine takes the frames of its turn once", () => {
  const initiator = new Initiator(initiatorConfig(2));
  const responder = new Responder(responderConfig(2));
  expect(() => responder.confirm({ type: 3, body: new Uint8Array(32) })).toThrow("after HELLO");
  const reply = frameOf(responder.hello(frameOf(initiator.hello)).send ?? new Uint8Array(0));
  expect(() => responder.hello(frameOf(initiator.hello))).toThrow("one HELLO");
  const outcome = initiator.receive(reply);
  expect(() => initiator.receive(reply)).toThrow("one frame");
  const confirm = frameOf(outcome.send ?? new Uint8Array(0));
  expect(responder.confirm(confirm).error).toBeUndefined();
  expect(() => responder.confirm(confirm)).toThrow("once");
});

test("case 14: CONFIRM of 31, 33 or 0 bytes, or another frame in its place, is malformed", () => {
  for (const [type, length] of [
    [3, 31],
    [3, 33],
    [3, 0],
    [1, 32],
    [2, 32],
    [5, 32],
    [4, 3],
  ] as const) {
    const responder = new Responder(responderConfig(1));
    responder.hello(frameOf(new Initiator(initiatorConfig(1)).hello));
    const { error } = responder.confirm({ type, body: new Uint8Array(length) });
    expect([error?.code, responder.hasReplied]).toEqual(["ERR_MALFORMED", true]);
  }
});

test("case 15: a purpose changed on the way is refused, even where the same secret serves both", () => {
  expect(handshake(initiatorConfig(1), responderConfig(2), { hello: asPurpose(2) }).errors).toEqual(["ERR_AUTH"]);
  expect(handshake(initiatorConfig(3), responderConfig(4), { hello: asPurpose(4) }).errors).toEqual(["ERR_AUTH"]);
  expect(handshake(initiatorConfig(4), responderConfig(5), { hello: asPurpose(5) }).errors).toEqual(["ERR_AUTH"]);
  expect(handshake(initiatorConfig(1), responderConfig(3), { hello: asPurpose(3) }).errors).toEqual(["ERR_TICKET"]);
  expect(handshake(initiatorConfig(3), responderConfig(1), { hello: asPurpose(1) }).errors).toEqual(["ERR_MALFORMED"]);
});

test.each([true, false])(
  "case 16: encryption %s against the opposite is ERR_ENCRYPTION_MISMATCH with both settings, at both sides",
  (encryption) => {
    const initiator = new Initiator(initiatorConfig(2, { encryption }));
    const responder = new Responder(responderConfig(2, { encryption: !encryption }));
    const refused = responder.hello(frameOf(initiator.hello));
    expect(refused.send).toEqual(encodeRefuse(2));
    const outcome = initiator.receive(frameOf(refused.send ?? new Uint8Array(0)));
    const words = [encryption, !encryption].map((isOn) => (isOn ? "on here and off there" : "off here and on there"));
    expect(refused.error?.code).toBe("ERR_ENCRYPTION_MISMATCH");
    expect(refused.error?.message).toContain(words[1]);
    expect("error" in outcome && outcome.error.code).toBe("ERR_ENCRYPTION_MISMATCH");
    expect("error" in outcome && outcome.error.message).toContain(words[0]);
  },
);

test.each([true, false])(
  "case 17: both flags flipped consistently on the way fail (initiator's encryption: %s)",
  (encryption) => {
    const { errors } = handshake(initiatorConfig(2, { encryption }), responderConfig(2, { encryption: !encryption }), {
      hello: (bytes) => withBytes(bytes, AT.flags, [encryption ? 0 : 1]),
      reply: (bytes) => withBytes(bytes, AT.replyFlags, [encryption ? 1 : 0]),
    });
    expect(errors).toEqual(["ERR_AUTH"]);
  },
);

test("case 18: every reserved flag bit is refused, in HELLO and in REPLY", () => {
  for (let bit = 1; bit < 8; bit++) {
    const set = (at: number) => (bytes: Uint8Array) => withBytes(bytes, at, [(bytes[at] ?? 0) | (1 << bit)]);
    expect(failure(1, { hello: set(AT.flags) })).toBe("ERR_MALFORMED");
    expect(failure(1, { reply: set(AT.replyFlags) })).toBe("ERR_MALFORMED");
  }
});

test("case 19: another version is refused with 1 before anything else of HELLO is looked at", () => {
  const responder = new Responder(responderConfig(1));
  expect(responder.hello({ type: 1, body: Uint8Array.of(0x43, 0x52, 0x50, 0x32, 1, 2, 3) }).send).toEqual(
    encodeRefuse(1),
  );
  expect(responder.hasReplied).toBe(false);
});

test("case 20: a REFUSE shows as what the peer says, with its text, and a malformed one as ERR_MALFORMED", () => {
  const said = new Initiator(initiatorConfig(1)).receive(frameOf(encodeRefuse(3, 6.2, "full\u202e house")));
  if (!("error" in said)) throw new Error("accepted");
  expect([said.error.code, said.error.retryAfter, said.send]).toEqual(["ERR_BUSY", 7, undefined]);
  expect(said.error.message).toBe(
    'the other side refused: it is busy; it asks to wait 7 s (peer says: "full\ufffd house")',
  );
  for (const body of [
    new Uint8Array(3),
    Uint8Array.of(0, 3, 0, 0, 0xff),
    Uint8Array.of(0, 3, 0, 0, 0x0a),
    concat([new Uint8Array(4), new Uint8Array(201).fill(0x61)]),
  ]) {
    const outcome = new Initiator(initiatorConfig(1)).receive({ type: 4, body });
    expect("error" in outcome && outcome.error.code).toBe("ERR_MALFORMED");
  }
});

test("REFUSE carries a cleaned text of at most 200 bytes, cut between characters, and at most 65,535 seconds", () => {
  const { body } = frameOf(encodeRefuse(3, 1e9, `line\n${"\u00e4".repeat(120)}`));
  expect([...body.subarray(0, 4)]).toEqual([0, 3, 255, 255]);
  const text = new TextDecoder("utf-8", { fatal: true }).decode(body.subarray(4));
  expect(text).toBe(`line ${"\u00e4".repeat(97)}`);
});

describe("case 25: extensions", () => {
  const offered = encodeExtension(200, Uint8Array.of(1, 2, 3));
  const answered = encodeExtension(201, Uint8Array.of(4));
  const refuse = (changed: Uint8Array): void => {
    const hello = (bytes: Uint8Array) => replaced(bytes, concat([Uint8Array.of(0, offered.length), offered]), changed);
    const reply = (bytes: Uint8Array) =>
      replaced(bytes, concat([Uint8Array.of(0, answered.length), answered]), changed);
    const plain = [
      initiatorConfig(1, { suites: undefined, extensions: offered }),
      responderConfig(1, { extensions: answered }),
    ] as const;
    expect(handshake(...plain).errors).toEqual([]);
    expect(handshake(...plain, { hello }).errors).toEqual(["ERR_MALFORMED"]);
    expect(handshake(...plain, { reply }).errors).toEqual(["ERR_MALFORMED"]);
  };
  test.each([
    ["a list longer than the body", [0xff, 0xff, 1]],
    ["a list of 513 bytes", [2, 1, 200, 1, 254, ...zeros(510)]],
    ["a value longer than the list", [0, 5, 200, 0, 3, 1, 2]],
    ["a header cut by the end of the list", [0, 2, 200, 0]],
    ["a list shorter than its content", [0, 3, 200, 0, 1, 7]],
    ["an id twice", [0, 6, 200, 0, 0, 200, 0, 0]],
    ["a session end of 15 bytes", [0, 18, 2, 0, 15, ...zeros(15)]],
    ["a session end of 17 bytes", [0, 20, 2, 0, 17, ...zeros(17)]],
    ["no suite at all", [0, 3, 3, 0, 0]],
  ])("with %s are malformed, in HELLO and in REPLY", (_, bytes) => refuse(Uint8Array.from(bytes)));

  test("of 512 bytes in all are taken", () => {
    const extensions = encodeExtension(77, new Uint8Array(509).fill(1));
    expect(
      handshake(initiatorConfig(1, { suites: undefined, extensions }), responderConfig(1, { extensions })).errors,
    ).toEqual([]);
  });
});

test("case 26: an unknown extension is ignored, and one added, changed or removed on the way is refused", () => {
  const extensions = encodeExtension(99, Uint8Array.of(1));
  expect(handshake(initiatorConfig(2, { extensions }), responderConfig(2, { extensions })).errors).toEqual([]);
  const config = [initiatorConfig(1, { suites: undefined, extensions }), responderConfig(1)] as const;
  const list = concat([Uint8Array.of(0, extensions.length), extensions]);
  for (const changed of [
    Uint8Array.of(0, 0),
    Uint8Array.of(0, 4, 99, 0, 1, 2),
    Uint8Array.of(0, 7, 99, 0, 1, 1, 98, 0, 0),
  ]) {
    expect(handshake(...config, { hello: (bytes) => replaced(bytes, list, changed) }).errors).toEqual(["ERR_AUTH"]);
  }
});

describe("case 92: suites", () => {
  test.each([
    ["reordered", [1, 2]],
    ["shortened", [1]],
    ["stripped", undefined],
    ["lengthened", [2, 1, 9]],
  ])("a list that was %s on the way is refused", (_, list) => {
    expect(failure(1, { hello: swapped([2, 1], list) })).toBe("ERR_AUTH");
  });

  test("a choice that was not offered is refused, and one that was offered and not made too", () => {
    for (const [offered, chosen, error] of [
      [[2, 1], [1], "ERR_AUTH"],
      [[2, 1], undefined, "ERR_AUTH"],
      [[2, 1], [7], "ERR_MALFORMED"],
      [[2], [1], "ERR_MALFORMED"],
      [[2], undefined, "ERR_MALFORMED"],
      [[2, 9], [9], "ERR_MALFORMED"],
    ] as const) {
      const config = initiatorConfig(1, { suites: offered });
      expect(handshake(config, responderConfig(1), { reply: swapped([2], chosen) }).errors).toEqual([error]);
    }
  });

  test("a list that is empty, of nine suites or of unknown ones is refused", () => {
    for (const suites of [[], [1, 2, 3, 4, 5, 6, 7, 8, 9], [200, 201]]) {
      expect(failure(1, { hello: swapped([2, 1], suites) })).toBe("ERR_MALFORMED");
    }
    for (const suites of [[], [1, 2, 3, 4, 5, 6, 7, 8, 9]]) {
      expect(() => new Initiator(initiatorConfig(1, { suites }))).toThrow(RangeError);
    }
  });
});

test("case 93: a session end changed on the way is refused in either direction", () => {
  const otherEnd = new Uint8Array(16).fill(0x33);
  for (const purpose of [2, 3, 4, 5] as const) {
    const hello = (bytes: Uint8Array) => replaced(bytes, END_I, otherEnd);
    const reply = (bytes: Uint8Array) => replaced(bytes, END_R, otherEnd);
    expect(handshake(initiatorConfig(purpose), responderConfig(purpose), { hello }).errors).toEqual(["ERR_AUTH"]);
    expect(handshake(initiatorConfig(purpose), responderConfig(purpose), { reply }).errors).toEqual(["ERR_AUTH"]);
  }
});

test("cases 41, 42 and 94: an unknown ticket, a third name and a looped one are refused with 6, without work on a curve", () => {
  const [engine] = engines;
  let curveWork = 0;
  const counting = {
    ...engine,
    scalar: (bytes?: Uint8Array) => {
      curveWork++;
      return engine.scalar(bytes);
    },
    point: (u: Uint8Array) => {
      curveWork++;
      return engine.point(u);
    },
  };
  for (const purpose of [3, 4, 5] as const) {
    for (const changes of [{ ticketId: new Uint8Array(16) }, { name: "carol" }, { peerName: "carol" }]) {
      const { hello } = new Initiator(initiatorConfig(purpose, changes));
      const responder = new Responder(responderConfig(purpose, { engine: counting }));
      expect(responder.hello(frameOf(hello)).send).toEqual(encodeRefuse(6));
    }
  }
  expect(curveWork).toBe(0);
});

test("case 43: a relay that shows each side the other name it expects gets no link", () => {
  // alice dials bob; the relay leads her to carol, who was told to expect alice under the same ticket.
  const carol = responderConfig(4, { name: "carol" });
  expect(handshake(initiatorConfig(4), carol).errors).toEqual(["ERR_TICKET"]);
  expect(handshake(initiatorConfig(4), carol, { hello: renamed }).errors).toEqual(["ERR_NAME"]);
});

test("the owner's refusal comes before all checks of HELLO but its magic", () => {
  let asked = 0;
  const admit = () => {
    asked++;
    return { code: 4, retryAfter: 30, text: "slow down" };
  };
  const refused = new Responder(responderConfig(1, { admit })).hello({
    type: 1,
    body: Uint8Array.of(0x43, 0x52, 0x50, 0x39),
  });
  expect(refused.send).toEqual(encodeRefuse(4, 30, "slow down"));
  expect([refused.error?.code, refused.error?.retryAfter]).toEqual(["ERR_REFUSED", 30]);
  expect(
    new Responder(responderConfig(1, { admit })).hello({ type: 1, body: Uint8Array.of(0x43, 0x52, 0x51, 0x31) }).send,
  ).toBeUndefined();
  expect(asked).toBe(1);
  const confirmFirst = new Responder(responderConfig(1)).hello({
    type: 3,
    body: Uint8Array.of(0x43, 0x52, 0x50, 0x31),
  });
  expect([confirmFirst.send, confirmFirst.error?.code]).toEqual([undefined, "ERR_MALFORMED"]);
});

describe("a config that can't be right is refused at once", () => {
  const badInitiator: [string, () => unknown][] = [
    ["an invalid name", () => new Initiator(initiatorConfig(1, { name: " alice" }))],
    ["no peer name for a peer", () => new Initiator(initiatorConfig(3, { peerName: "" }))],
    ["no ticketId for a peer", () => new Initiator(initiatorConfig(3, { ticketId: undefined }))],
    ["a ticketId for a Room", () => new Initiator(initiatorConfig(1, { ticketId: TICKET_ID }))],
    ["a secret of another purpose", () => new Initiator(initiatorConfig(1, { secret: secretOf(2) }))],
    ["a session end of 15 bytes", () => new Initiator(initiatorConfig(2, { end: new Uint8Array(15) }))],
    ["extensions of 513 bytes", () => new Initiator(initiatorConfig(1, { extensions: new Uint8Array(513) }))],
    ["an invalid name of a responder", () => new Responder(responderConfig(1, { name: "" }))],
  ];
  test.each(badInitiator)("%s", (_, make) => expect(make).toThrow(/name|ticketId|secret|session end|extensions/));

  test("a secret of another purpose, given by the responder's owner", () => {
    const responder = new Responder(responderConfig(4, { secretFor: () => secretOf(3) }));
    expect(() => responder.hello(frameOf(new Initiator(initiatorConfig(4)).hello))).toThrow("purpose 3");
  });
});

test("what HELLO says is known once it passed, and no earlier", () => {
  const purpose: Purpose = 2;
  const responder = new Responder(responderConfig(purpose));
  expect(responder.info).toBeUndefined();
  responder.hello(frameOf(new Initiator(initiatorConfig(purpose)).hello));
  expect(responder.info).toMatchObject({ name: "alice", peerName: "", purpose, encryption: true });
});
