import { describe, expect, test } from "vitest";
import { systemRandom } from "../../src/base/random.ts";
import { Identity, identityFrom } from "../../src/crypto/identity.ts";
import { nativeEngine } from "../../src/crypto/native.ts";
import { CODE } from "../../src/link/handshake-refuse.ts";
import { encodeIdentity, type IdentityRules, type Judge, verifyIdentity } from "../../src/link/identity.ts";
import type { Link } from "../../src/link/link.ts";
import { MemoryNetwork } from "../../src/pipe/memory.ts";
import { engines } from "../crypto/engines.ts";
import { expectNothingLeft } from "../support/leftovers.ts";
import { crp1 } from "../vectors/crp1.ts";
import { hex, toHex } from "../vectors/load.ts";
import { Answerer, bytesOf, dialHonestly, greeting, LinkEar, secretOf, turns } from "./parties.ts";
import { RawPeer, RECORD } from "./raw-peer.ts";
import { inScene, type Scene, type SceneOptions, WAYS } from "./scene.ts";

expectNothingLeft();

const runs = crp1.runs.filter(({ identity }) => identity !== undefined);

/** Any identity, whose private half the test has. */
function anybody(): Identity {
  return new Identity(identityFrom(systemRandom, nativeEngine).identity, "identity", nativeEngine);
}

/** The private half of a seed. */
function identityOf(seed: Uint8Array, engine = nativeEngine): Identity {
  return new Identity(identityFrom(() => seed.slice(), engine).identity, "identity", engine);
}

test.each(engines)("the records and their keys are those of a second implementation, on the $name engine", (engine) => {
  expect(runs.length).toBe(5);
  for (const { input, keys, identity } of runs) {
    const linkId = hex(keys?.sessionId ?? "");
    const initiator = { role: "initiator", linkId, localName: input.nameI, remoteName: input.nameR } as const;
    const responder = { role: "responder", linkId, localName: input.nameR, remoteName: input.nameI } as const;
    for (const [facts, other, seed, expected] of [
      [initiator, responder, input.identityI, identity?.[0]],
      [responder, initiator, input.identityR, identity?.[1]],
    ] as const) {
      const own = identityOf(hex(seed ?? ""), engine);
      const payload = encodeIdentity(own, facts);
      expect(toHex(payload)).toBe(`${expected?.public}${expected?.signature}`);
      expect(own.key).toBe(`id:${Buffer.from(expected?.public ?? "", "hex").toString("base64url")}`);
      expect(verifyIdentity(engine, payload, other)).toBe(own.key);
      expect(verifyIdentity(engine, payload, facts)).toBeUndefined(); // one's own, come back
    }
  }
});

describe("an identity record", () => {
  const facts = { role: "initiator", linkId: new Uint8Array(32).fill(7), localName: "Foo", remoteName: "Bar" } as const;
  const other = { role: "responder", linkId: facts.linkId, localName: "Bar", remoteName: "Foo" } as const;

  test("is refused with any bit of it flipped, and with a byte more or less", () => {
    const payload = encodeIdentity(anybody(), facts);
    expect(verifyIdentity(nativeEngine, payload, other)).toBeDefined();
    for (let bit = 0; bit < payload.length * 8; bit++) {
      const flipped = payload.slice();
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(verifyIdentity(nativeEngine, flipped, other), `bit ${bit}`).toBeUndefined();
    }
    expect(verifyIdentity(nativeEngine, payload.slice(0, 95), other)).toBeUndefined();
    expect(verifyIdentity(nativeEngine, new Uint8Array([...payload, 0]), other)).toBeUndefined();
  });

  test("is refused on another link, for other names and for names that are cut elsewhere", () => {
    const payload = encodeIdentity(anybody(), facts);
    const wrong = [
      { linkId: new Uint8Array(32).fill(8) },
      { localName: "Baz" },
      { remoteName: "Fo" },
      { localName: "oBar", remoteName: "Fo" },
      { localName: "Foo", remoteName: "Bar" },
      { role: "initiator" as const },
    ];
    for (const change of wrong)
      expect(verifyIdentity(nativeEngine, payload, { ...other, ...change }), JSON.stringify(change)).toBeUndefined();
  });

  test.each([
    ["of small order", "0100000000000000000000000000000000000000000000000000000000000000"],
    ["of small order, another one", "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"],
    ["not canonical", "f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"],
    ["not on the curve", "0200000000000000000000000000000000000000000000000000000000000000"],
  ])("with a key that is %s is refused, though any signature may fit it", (_what, key) => {
    // R = the key of order 1, S = 0: verifies under keys of small order where nobody looks.
    const signature = `0100000000000000000000000000000000000000000000000000000000000000${"00".repeat(32)}`;
    for (const engine of engines) expect(verifyIdentity(engine, hex(key + signature), other)).toBeUndefined();
  });
});

/** What a listener in a scene asks of whom: of Foo alone, so that honest others get in. */
function asking(judge: Judge, own?: Identity): SceneOptions {
  const identity: IdentityRules = { own, judgeOf: (name) => (name === "Foo" ? judge : undefined) };
  return { config: { identity } };
}

/** A scripted Foo that is through the handshake, and has sent nothing behind it. */
async function shaken(scene: Scene): Promise<RawPeer> {
  const peer = await scene.attacker();
  await peer.shake(greeting({ encryption: scene.encryption }));
  return peer;
}

function identityRecord(peer: RawPeer, own: Identity): Uint8Array {
  if (peer.established === undefined) throw new Error("no keys yet");
  return peer.seal(RECORD.identity, encodeIdentity(own, peer.established));
}

/** Everything that a scripted peer gets until the other side ends the pipe. */
async function everything(peer: RawPeer): Promise<{ type: number; payload: Uint8Array }[]> {
  await peer.untilEnded();
  const records: { type: number; payload: Uint8Array }[] = [];
  for (;;) {
    const record = await peer.record().catch(() => undefined);
    if (record === undefined) return records;
    records.push(record);
  }
}

function codeOf({ type, payload }: { type: number; payload: Uint8Array }): number {
  return type === RECORD.close ? ((payload[0] as number) << 8) | (payload[1] as number) : -1;
}

/** Foo was refused for its identity: it was told so, it got nothing else, and the owner of the listener never had a link. */
async function expectRefused(scene: Scene, peer: RawPeer, problem: string): Promise<void> {
  const came = await everything(peer);
  expect(codeOf(came.at(-1) ?? { type: 0, payload: new Uint8Array(0) })).toBe(CODE.authentication);
  for (const { type } of came.slice(0, -1)) expect([RECORD.identity, RECORD.ping]).toContain(type);
  expect(scene.room.links.map(({ remoteName }) => remoteName)).toEqual(["Witness"]);
  const told = scene.room.log.lines.filter(({ fields }) => "event" in fields && fields.event === "identity refused");
  expect(told).toMatchObject([{ level: "warn", fields: { reason: problem, name: "Foo" } }]);
  await turns();
  expect(scene.room.listener.links).toBe(1);
}

describe.each(WAYS)("a listener that asks for an identity, over %s", (way) => {
  const foo = anybody();

  test.each([true, false])(
    "takes the one that it asks for, and then all that came behind it (encryption %s)",
    (encryption) =>
      inScene(way, { ...asking(foo.key, anybody()), encryption }, async (scene) => {
        const peer = await shaken(scene);
        peer.write(
          identityRecord(peer, foo),
          peer.seal(RECORD.data, bytesOf("one")),
          peer.seal(RECORD.data, bytesOf("two")),
        );
        await scene.room.until(() => scene.room.links.length === 2);
        const { link, ear } = scene.last;
        expect(link.identity).toBe(foo.key);
        await ear.until(() => ear.received.length === 2);
        expect(ear.texts).toEqual(["one", "two"]);
        link.send([bytesOf("back")]);
        expect([(await peer.record()).type, (await peer.record()).type]).toEqual([RECORD.identity, RECORD.ping]);
        expect(await peer.record()).toEqual({ type: RECORD.data, payload: bytesOf("back") });
        expect(scene.room.links[0]?.identity).toBeUndefined();
      }),
  );

  test.each([
    ["data", (peer: RawPeer) => peer.seal(RECORD.data, bytesOf("me first"))],
    ["a ping", (peer: RawPeer) => peer.seal(RECORD.ping, new Uint8Array(8))],
    [
      "a box",
      (peer: RawPeer) => peer.seal(RECORD.sealed, peer.established?.sealer.box(bytesOf("me first")) ?? expect.fail()),
    ],
    ["a record of no known type", (peer: RawPeer) => peer.seal(99)],
    ["an empty record", (peer: RawPeer) => peer.seal(RECORD.data)],
  ])("case 90: refuses whose first record is %s, its identity second", (_what, first) =>
    inScene(way, asking(foo.key), async (scene) => {
      const peer = await shaken(scene);
      peer.write(first(peer), identityRecord(peer, foo));
      await expectRefused(scene, peer, "none shown");
    }),
  );

  test("refuses whoever answers a ping before it shows an identity: it has none", () =>
    inScene(way, asking(foo.key), async (scene) => {
      const peer = await shaken(scene);
      const { type, payload } = await peer.record();
      expect(type).toBe(RECORD.ping);
      peer.write(peer.seal(RECORD.pong, payload));
      await expectRefused(scene, peer, "none shown");
    }));

  test("limit handshake.identityMs: refuses whoever shows none within 10 s, not a moment before", () =>
    inScene(way, asking(foo.key, anybody()), async (scene) => {
      const peer = await shaken(scene);
      await peer.until(() => peer.received.length > 200); // REPLY, an identity, a ping
      scene.clock.advance(9_999);
      await turns();
      expect(peer.ended).toBeUndefined();
      scene.clock.advance(1);
      await expectRefused(scene, peer, "none shown");
    }));

  test("refuses another one than the pinned, and tells both", () =>
    inScene(way, asking(foo.key), async (scene) => {
      const peer = await shaken(scene);
      const other = anybody();
      peer.write(identityRecord(peer, other), peer.seal(RECORD.data, bytesOf("payload")));
      await expectRefused(scene, peer, "another one");
      const [{ message } = { message: "" }] = scene.room.log.lines;
      expect(message).toContain(`the identity of "Foo" is not the pinned one`);
      expect(message).toContain(other.key);
      expect(message).toContain(foo.key);
    }));

  test("case 46: refuses a signature from another link, or of its own role", () =>
    inScene(way, asking(foo.key, foo), async (scene) => {
      const first = await shaken(scene);
      const replayed = encodeIdentity(foo, first.established ?? expect.fail());
      const { payload: reflected } = await first.record();
      first.pipe.destroy();
      expect(reflected.length).toBe(96);
      for (const payload of [replayed, reflected]) {
        scene.room.log.lines.length = 0;
        const peer = await shaken(scene);
        if (payload === reflected) expect(payload.slice(0, 32)).toEqual(foo.publicKey);
        peer.write(peer.seal(RECORD.identity, payload));
        await expectRefused(scene, peer, "malformed");
      }
      scene.room.log.lines.length = 0;
      const peer = await shaken(scene);
      peer.write(peer.seal(RECORD.identity, (await peer.record()).payload)); // the listener's own, from this very link
      await expectRefused(scene, peer, "malformed");
    }));

  test("refuses a record with a bit flipped, cut or too long", () =>
    inScene(way, asking(foo.key), async (scene) => {
      for (const spoil of [
        (bytes: Uint8Array) => bytes.with(3, (bytes[3] as number) ^ 4),
        (bytes: Uint8Array) => bytes.with(40, (bytes[40] as number) ^ 1),
        (bytes: Uint8Array) => bytes.with(95, (bytes[95] as number) ^ 128),
        (bytes: Uint8Array) => bytes.slice(0, 95),
        (bytes: Uint8Array) => new Uint8Array([...bytes, 0]),
        () => new Uint8Array(0),
        () => new Uint8Array(65_536),
      ]) {
        scene.room.log.lines.length = 0;
        const peer = await shaken(scene);
        peer.write(peer.seal(RECORD.identity, spoil(encodeIdentity(foo, peer.established ?? expect.fail()))));
        await expectRefused(scene, peer, "malformed");
      }
    }));

  test("counts those as proven: no penalty for a member with another identity", () =>
    inScene(way, asking(foo.key), async (scene) => {
      for (let time = 0; time < 8; time++) {
        scene.room.log.lines.length = 0;
        const peer = await shaken(scene);
        peer.write(identityRecord(peer, anybody()));
        await expectRefused(scene, peer, "another one");
      }
      expect(scene.room.refused).toEqual([]);
    }));

  test("keeps nothing of those that go away, close or break while it waits", () =>
    inScene(way, asking(foo.key), async (scene) => {
      for (const end of [
        (peer: RawPeer) => peer.pipe.destroy(),
        (peer: RawPeer) => peer.pipe.close(),
        (peer: RawPeer) => peer.write(peer.seal(RECORD.close, Uint8Array.of(0, 0))),
        (peer: RawPeer) => peer.write(new Uint8Array(100)),
      ]) {
        const peer = await shaken(scene);
        end(peer);
        while (scene.room.listener.links > 1) await turns(1);
      }
      expect(scene.room.links.length).toBe(1);
      expect(scene.room.log.lines).toEqual([]);
    }));
});

test("a listener that closes ends those whose identity it waits for", async () => {
  const [near, far] = new MemoryNetwork().pair();
  const answerer = new Answerer({ config: { identity: { judgeOf: () => anybody().key } } });
  answerer.listener.accept(far);
  const peer = new RawPeer(near);
  await peer.shake(greeting());
  expect((await peer.record()).type).toBe(RECORD.ping);
  answerer.listener.close();
  expect((await everything(peer)).map(codeOf)).toEqual([CODE.shuttingDown]);
  expect([answerer.links.length, answerer.listener.links]).toEqual([0, 0]);
});

describe("a function that judges", () => {
  const foo = anybody();

  test("is asked once, with the key; until it says yes nothing is handed up or sent, however much comes", async () => {
    const asked: (string | undefined)[] = [];
    let answer: ((yes: boolean) => void) | undefined;
    const judge: Judge = (key) => {
      asked.push(key);
      return new Promise((resolve) => (answer = resolve));
    };
    await inScene("memory", asking(judge), async (scene) => {
      const peer = await shaken(scene);
      peer.write(
        identityRecord(peer, foo),
        peer.seal(RECORD.data, bytesOf("payload")),
        peer.seal(RECORD.ping, new Uint8Array(8)),
      );
      while (asked.length === 0) await turns(1);
      await turns();
      expect(scene.room.links.length).toBe(1);
      expect((await peer.record()).type).toBe(RECORD.ping);
      answer?.(true);
      await scene.room.until(() => scene.room.links.length === 2);
      await scene.last.ear.until(() => scene.last.ear.received.length === 1);
      expect(scene.last.ear.texts).toEqual(["payload"]);
      expect((await peer.record()).type).toBe(RECORD.pong);
      expect(asked).toEqual([foo.key]);
    });
  });

  test.each<[string, Judge, RegExp]>([
    ["says no", () => false, /was not approved \(it shows id:[\w-]{43}\)$/],
    ["says no later", () => Promise.resolve(false), /was not approved/],
    [
      "throws",
      () => {
        throw new Error("look into known.json");
      },
      /was not approved .*: look into known.json$/,
    ],
    ["rejects", () => Promise.reject(new Error("look into known.json")), /: look into known.json$/],
    [
      "rejects with what can't be made a text",
      () => Promise.reject(Object.create(null)),
      /: what was thrown is no error$/,
    ],
    ["says anything but true", () => "yes" as unknown as boolean, /was not approved/],
  ])("that %s refuses; what it throws is told here and not there", (_what, judge, message) =>
    inScene("memory", asking(judge), async (scene) => {
      const peer = await shaken(scene);
      peer.write(identityRecord(peer, foo), peer.seal(RECORD.data, bytesOf("payload")));
      await expectRefused(scene, peer, "not approved");
      expect(scene.room.log.lines[0]?.message).toMatch(message);
      expect(new TextDecoder().decode(peer.received)).not.toContain("known.json");
    }),
  );

  test("that does not answer within 10 s refuses, and its late yes changes nothing", async () => {
    let answer: ((yes: boolean) => void) | undefined;
    await inScene(
      "memory",
      asking(() => new Promise((resolve) => (answer = resolve))),
      async (scene) => {
        const peer = await shaken(scene);
        peer.write(identityRecord(peer, foo));
        await turns();
        scene.clock.advance(10_000);
        await expectRefused(scene, peer, "not approved");
        answer?.(true);
        await turns();
        expect(scene.room.links.length).toBe(1);
      },
    );
  });

  test("is told of a peer that shows none, and may take it: nothing of what it sent is lost", () => {
    const asked: (string | undefined)[] = [];
    const judge: Judge = (key) => asked.push(key) > 0;
    return inScene("memory", asking(judge), async (scene) => {
      for (const first of ["data", "pong"] as const) {
        const count = scene.room.links.length;
        const peer = await shaken(scene);
        const ping = await peer.record();
        const more = peer.seal(first === "data" ? RECORD.data : RECORD.pong, ping.payload);
        peer.write(more, peer.seal(RECORD.data, bytesOf("second")));
        await scene.room.until(() => scene.room.links.length > count);
        const { link, ear } = scene.last;
        await ear.until(() => ear.received.length === (first === "data" ? 2 : 1));
        expect(ear.texts.at(-1)).toBe("second");
        expect(link.identity).toBeUndefined();
      }
      expect(asked).toEqual([undefined, undefined]);
    });
  });
});

const room = anybody();

/** Dials a scripted Room; what becomes of it. */
async function dialled(
  identity: IdentityRules,
  scripted: (peer: RawPeer) => Promise<void> | void,
  signal?: AbortSignal,
): Promise<{ link: Promise<Link>; peer: RawPeer }> {
  const [near, far] = new MemoryNetwork().pair();
  const peer = new RawPeer(far);
  const link = dialHonestly(near, { identity, signal });
  link.catch(() => {});
  await peer.answer({
    engine: nativeEngine,
    random: systemRandom,
    name: "Room",
    encryption: true,
    suites: [2, 1],
    serves: (purpose) => purpose === 1,
    secretFor: () => secretOf("right horse"),
  });
  await scripted(peer);
  return { link, peer };
}

describe("a dialler", () => {
  test("that pins its Room has no link before the Room proved itself, and sends it nothing", async () => {
    const { link, peer } = await dialled({ judgeOf: () => room.key }, () => {});
    let isThere = false;
    void link.then(() => (isThere = true));
    expect((await peer.record()).type).toBe(RECORD.ping);
    await turns();
    expect(isThere).toBe(false);
    peer.write(identityRecord(peer, room));
    expect((await link).identity).toBe(room.key);
    (await link).destroy();
  });

  test("that pins its Room refuses another one: ERR_IDENTITY, code 9, nothing sent", async () => {
    const { link, peer } = await dialled({ judgeOf: () => room.key }, (to) => to.write(identityRecord(to, anybody())));
    await expect(link).rejects.toMatchObject({
      code: "ERR_IDENTITY",
      message: expect.stringMatching(/^the Room at .*: the identity of "Room" is not the pinned one/),
    });
    const came = await everything(peer);
    expect(came.map(({ type }) => type)).toEqual([RECORD.ping, RECORD.close]);
    expect(came.map(codeOf)).toEqual([-1, CODE.authentication]);
  });

  test("that is given up while it waits hangs up", async () => {
    const over = new AbortController();
    const { link, peer } = await dialled({ judgeOf: () => room.key }, () => {}, over.signal);
    over.abort(new Error("given up"));
    await expect(link).rejects.toThrow("given up");
    await peer.untilEnded();
  });

  test("that asks for nothing refuses a wrong identity all the same, and one that comes second", async () => {
    const spoilt = await dialled({}, (peer) => peer.write(peer.seal(RECORD.identity, new Uint8Array(96))));
    const ear = new LinkEar();
    (await spoilt.link).start(ear);
    await ear.until(() => ear.ends.length > 0);
    expect(ear.ends).toMatchObject([{ code: "ERR_IDENTITY" }]);
    expect((await everything(spoilt.peer)).map(codeOf)).toEqual([CODE.authentication]);

    const second = await dialled({}, (peer) => {
      peer.write(identityRecord(peer, room), identityRecord(peer, room));
    });
    const other = new LinkEar();
    (await second.link).start(other);
    await other.until(() => other.ends.length > 0);
    expect(other.ends).toMatchObject([{ code: "ERR_MALFORMED" }]);
    expect((await second.link).identity).toBeUndefined(); // nobody asked
  });

  test("whose own identity is refused learns it as ERR_IDENTITY", async () => {
    const { link, peer } = await dialled({ own: room }, () => {});
    expect((await peer.record()).type).toBe(RECORD.identity);
    const ear = new LinkEar();
    (await link).start(ear);
    peer.write(peer.seal(RECORD.close, Uint8Array.of(0, 9), bytesOf("another identity is pinned here")));
    await ear.until(() => ear.ends.length > 0);
    expect(ear.ends).toMatchObject([
      { code: "ERR_IDENTITY", received: 9, message: expect.stringContaining("another identity is pinned here") },
    ]);
  });

  test("and an honest listener that both ask find each other", async () => {
    const foo = anybody();
    const [near, far] = new MemoryNetwork().pair();
    const answerer = new Answerer({ config: { identity: { own: room, judgeOf: () => foo.key } } });
    answerer.listener.accept(far);
    const link = await dialHonestly(near, { identity: { own: foo, judgeOf: () => room.key } });
    await answerer.until(() => answerer.links.length === 1);
    expect([link.identity, answerer.links[0]?.identity]).toEqual([room.key, foo.key]);
    const ear = new LinkEar();
    link.start(ear);
    answerer.links[0]?.send([bytesOf("hello")]);
    await ear.until(() => ear.received.length === 1);
    link.destroy();
    answerer.close();
  });
});
