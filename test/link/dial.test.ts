import { getEventListeners } from "node:events";

import { describe, expect, test } from "vitest";

import { systemRandom } from "../../src/base/random.ts";
import { nativeEngine } from "../../src/crypto/native.ts";
import { keySecret, passwordSecret } from "../../src/crypto/secret.ts";
import { answerLink } from "../../src/link/answer.ts";
import { dialLink } from "../../src/link/dial.ts";
import { encodeRefuse } from "../../src/link/handshake-frames.ts";
import { DEFAULT_LIMITS } from "../../src/base/limits.ts";
import type { InitiatorConfig, ResponderConfig } from "../../src/link/handshake.ts";
import { Responder } from "../../src/link/handshake-responder.ts";
import { MemoryNetwork } from "../../src/pipe/memory.ts";
import type { Pipe } from "../../src/pipe/pipe.ts";
import { dialTcp, listenTcp } from "../../src/pipe/tcp.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { expectNothingLeft } from "../support/leftovers.ts";
import { bytesOf, dialHonestly, KeptLog, LinkEar, secretOf, turns } from "./parties.ts";
import { RawPeer } from "./raw-peer.ts";

expectNothingLeft();

const network = new MemoryNetwork();
const at = "room.example:2428";

/** A pipe to a scripted responder. */
async function toScripted(): Promise<{ pipe: Pipe; peer: RawPeer }> {
  const [pipe, other] = network.pair();
  return { pipe, peer: new RawPeer(other) };
}

describe("what a dialler is told", () => {
  test.each([
    [1, "ERR_VERSION"],
    [2, "ERR_ENCRYPTION_MISMATCH"],
    [3, "ERR_BUSY"],
    [4, "ERR_REFUSED"],
    [5, "ERR_REFUSED"],
    [6, "ERR_TICKET"],
    [7, "ERR_NAME"],
    [8, "ERR_NAME"],
    [9, "ERR_AUTH"],
    [11, "ERR_TIMEOUT"],
    [12, "ERR_MALFORMED"],
    [13, "ERR_REFUSED"],
    [99, "ERR_REFUSED"],
  ])(
    "case 20: a forged REFUSE %i is an error and nothing else: nothing is sent again or with less",
    async (code, error) => {
      const { pipe, peer } = await toScripted();
      const dialled = dialHonestly(pipe, { address: at });
      await peer.frame();
      const sent = peer.received.length;
      peer.write(encodeRefuse(code, 7, "do as I say"));
      await expect(dialled).rejects.toMatchObject({ code: error, received: code, retryAfter: 7 });
      await expect(dialled).rejects.toThrow(/room\.example:2428.*peer says: "do as I say"/);
      await peer.untilEnded();
      expect(peer.received).toHaveLength(sent);
    },
  );

  test.each([
    ["an HTTP server", bytesOf("HTTP/1.1 400 Bad Request\r\n\r\n")],
    ["a mail server", bytesOf("220 mail.example ESMTP\r\n")],
    ["a TLS alert", Uint8Array.of(0x15, 3, 1, 0, 2, 2, 40)],
    ["a REPLY that is too long", Uint8Array.of(2, 255, 255)],
    ["a REPLY of nonsense", Uint8Array.of(2, 0, 3, 1, 1, 1)],
  ])("%s at the address is recognised as something else than ChatRoom", async (name, bytes) => {
    const { pipe, peer } = await toScripted();
    const dialled = dialHonestly(pipe, { address: at });
    peer.write(bytes);
    await expect(dialled).rejects.toMatchObject({ code: "ERR_MALFORMED" });
    await expect(dialled).rejects.toThrow(
      name === "a REPLY of nonsense" ? at : `something else than ChatRoom answers at ${at}`,
    );
    await peer.untilEnded();
  });

  test("an answer with more bytes behind it is refused before anything is confirmed", async () => {
    const { pipe, peer } = await toScripted();
    const dialled = dialHonestly(pipe, { address: at });
    const responder = new Responder(
      answerer({ name: "Room", serves: () => true, secretFor: () => secretOf("right horse") }),
    );
    const { send } = responder.hello(await peer.frame());
    peer.write(send ?? expect.fail("no REPLY"), bytesOf("x"));
    await expect(dialled).rejects.toMatchObject({ code: "ERR_MALFORMED" });
    await peer.untilEnded();
  });

  test("a connection that is closed without an answer says whose", async () => {
    const { pipe, peer } = await toScripted();
    const dialled = dialHonestly(pipe, { address: at });
    await peer.frame();
    peer.pipe.destroy();
    await expect(dialled).rejects.toMatchObject({ code: "ERR_TRUNCATED" });
    await expect(dialled).rejects.toThrow(`the Room at ${at} closed the connection without an answer`);
  });

  test("limit handshake.wholeMs: no answer is an error after ten seconds, and nothing is left on the clock", async () => {
    const clock = new ManualClock();
    const { pipe, peer } = await toScripted();
    const dialled = dialHonestly(pipe, { address: at, clock });
    clock.advance(9_999);
    await turns();
    expect(peer.ended).toBeUndefined();
    clock.advance(1);
    await expect(dialled).rejects.toMatchObject({ code: "ERR_TIMEOUT" });
    await expect(dialled).rejects.toThrow(`the Room at ${at} took the connection but did not answer within 10 s`);
    await peer.untilEnded();
    expect(clock.pending).toBe(0);
  });

  test("an aborted dial rejects with the signal's reason and ends the pipe", async () => {
    const clock = new ManualClock();
    const controller = new AbortController();
    const reason = new Error("enough");
    const [first, answering] = network.pair();
    const room = new RawPeer(answering);
    const made = dialHonestly(first, { clock, signal: controller.signal });
    await room.answer(answerer({ name: "Room", serves: () => true, secretFor: () => secretOf("right horse") }));
    (await made).destroy();
    expect(getEventListeners(controller.signal, "abort")).toHaveLength(0);
    const { pipe, peer } = await toScripted();
    const dialled = dialHonestly(pipe, { clock, signal: controller.signal });
    await peer.frame();
    controller.abort(reason);
    await expect(dialled).rejects.toBe(reason);
    await peer.untilEnded();
    expect(clock.pending).toBe(0);
    const [late, other] = network.pair();
    await expect(dialHonestly(late, { signal: controller.signal })).rejects.toBe(reason);
    other.destroy();
  });

  test("a name that can't be said is refused before anything is sent", async () => {
    const { pipe, peer } = await toScripted();
    await expect(dialHonestly(pipe, { name: "" })).rejects.toBeInstanceOf(TypeError);
    await peer.untilEnded();
    expect(peer.received).toHaveLength(0);
  });

  test.each([
    ["empty", ""],
    ["longer than 1,024 bytes", "x".repeat(1_025)],
    ["half of a surrogate pair", "\ud800"],
    ["with a control character", "a\u0007b"],
  ])("case 21: a password that is %s gets a clear error and is not part of it", (_name, password) => {
    expect(() => passwordSecret(password, 1, nativeEngine)).toThrow(/password/);
    if (password.length > 0) expect(() => passwordSecret(password, 1, nativeEngine)).not.toThrow(password);
  });
});

const ticketId = new Uint8Array(16).fill(5);
const end = new Uint8Array(16).fill(9);
const ticket = (byte: number) => keySecret(new Uint8Array(32).fill(byte), 4, nativeEngine);
const dialler = (changes: Partial<InitiatorConfig> = {}): InitiatorConfig => ({
  engine: nativeEngine,
  random: systemRandom,
  purpose: 4,
  name: "Bar",
  peerName: "Foo",
  encryption: true,
  secret: ticket(7),
  ticketId,
  end,
  suites: [2, 1],
  ...changes,
});
const answerer = (changes: Partial<ResponderConfig> = {}): ResponderConfig => ({
  engine: nativeEngine,
  random: systemRandom,
  name: "Foo",
  encryption: true,
  suites: [2, 1],
  serves: (purpose) => purpose === 4,
  secretFor: () => ticket(7),
  end: () => end,
  ...changes,
});
const context = { log: new KeptLog(), limits: DEFAULT_LIMITS };

describe("links between users", () => {
  test("two users prove themselves to each other on a pipe that either one opened", async () => {
    const clock = new ManualClock();
    const [near, far] = network.pair();
    const { signal } = new AbortController();
    const answered = answerLink(far, { ...context, clock, handshake: answerer(), signal });
    const dialled = dialLink(near, { ...context, clock, handshake: dialler(), signal });
    const [bar, foo] = await Promise.all([dialled, answered]);
    expect([bar.remoteName, foo.remoteName, bar.role, foo.role]).toEqual(["Foo", "Bar", "initiator", "responder"]);
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
    expect(foo.resume).toEqual(bar.resume);
    expect([foo.remoteEnd, bar.remoteEnd]).toEqual([end, end]);
    const ear = new LinkEar();
    foo.start(ear);
    bar.send([bytesOf("end to end")]);
    await ear.until(() => ear.bytes > 0);
    bar.close();
    await ear.until(() => ear.ends.length > 0);
    expect(clock.pending).toBe(0);
  });

  test("a wrong ticket is ERR_TICKET's cousin ERR_AUTH at both ends", async () => {
    const [near, far] = network.pair();
    const clock = new ManualClock();
    const answered = answerLink(far, { ...context, clock, handshake: answerer() });
    const dialled = dialLink(near, {
      ...context,
      clock,
      handshake: dialler({ secret: ticket(8) }),
    });
    await expect(dialled).rejects.toMatchObject({ code: "ERR_AUTH" });
    await expect(dialled).rejects.toThrow(/does not know the ticket of this introduction/);
    await expect(answered).rejects.toMatchObject({ code: "ERR_AUTH" });
    expect(clock.pending).toBe(0);
  });

  test("an aborted answer rejects with the signal's reason", async () => {
    const clock = new ManualClock();
    const controller = new AbortController();
    const { pipe, peer } = await toScripted();
    const answered = answerLink(pipe, { ...context, clock, handshake: answerer(), signal: controller.signal });
    controller.abort(new Error("enough"));
    await expect(answered).rejects.toThrow("enough");
    await peer.untilEnded();
    expect(clock.pending).toBe(0);
    const [late, other] = network.pair();
    await expect(
      answerLink(late, { ...context, clock, handshake: answerer(), signal: controller.signal }),
    ).rejects.toThrow("enough");
    other.destroy();
  });
});

test("over TCP too, a port where something else listens is recognised", async () => {
  const web: Pipe[] = [];
  const listener = await listenTcp({
    host: "127.0.0.1",
    port: 0,
    accept(pipe) {
      web.push(pipe);
      pipe.start({ data: () => pipe.write([bytesOf("HTTP/1.1 400 Bad Request\r\n\r\n")]), drain() {}, end() {} });
    },
  });
  const { port } = listener.address;
  const dialled = dialHonestly(await dialTcp({ host: "127.0.0.1", port }));
  await expect(dialled).rejects.toThrow(`something else than ChatRoom answers at 127.0.0.1:${port}`);
  for (const pipe of web) pipe.destroy();
  await listener.close();
});
