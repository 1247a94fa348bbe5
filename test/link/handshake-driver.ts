import { systemRandom } from "../../src/base/random.ts";
import { concat } from "../../src/crypto/bytes.ts";
import type { Engine } from "../../src/crypto/engine.ts";
import { nativeEngine } from "../../src/crypto/native.ts";
import { keySecret, passwordSecret, type Purpose, type Secret } from "../../src/crypto/secret.ts";
import type {
  Established,
  Frame,
  HelloOutcome,
  InitiatorConfig,
  InitiatorOutcome,
  ResponderConfig,
} from "../../src/link/handshake.ts";
import { FrameReader } from "../../src/link/handshake-frames.ts";
import { Initiator } from "../../src/link/handshake-initiator.ts";
import { Responder } from "../../src/link/handshake-responder.ts";

const secrets = new Map<string, Secret>();

/** The secret of a password, computed once per test file. */
export function passwordOnce(password: string, purpose: 1 | 2, engine: Engine = nativeEngine): Secret {
  const key = `${engine.name} ${purpose} ${password}`;
  const secret = secrets.get(key) ?? passwordSecret(password, purpose, engine);
  secrets.set(key, secret);
  return secret;
}

export const TICKET_ID: Uint8Array = new Uint8Array(16).fill(0x66);
export const END_I: Uint8Array = new Uint8Array(16).fill(0x11);
export const END_R: Uint8Array = new Uint8Array(16).fill(0x22);

const tickets = new Map<Purpose, Secret>(
  ([3, 4, 5] as const).map((purpose) => [purpose, keySecret(new Uint8Array(32).fill(9), purpose, nativeEngine)]),
);

/** The secret that both sides of the default configs hold for a purpose. */
export function secretOf(purpose: Purpose): Secret {
  return tickets.get(purpose) ?? passwordOnce("Passable", purpose as 1 | 2);
}

/** An initiator "alice" that fits the responder "bob" below. */
export function initiatorConfig(purpose: Purpose, changes: Partial<InitiatorConfig> = {}): InitiatorConfig {
  return {
    engine: nativeEngine,
    random: systemRandom,
    purpose,
    name: "alice",
    peerName: purpose >= 3 ? "bob" : "",
    encryption: true,
    secret: secretOf(purpose),
    ticketId: purpose >= 3 ? TICKET_ID : undefined,
    end: purpose >= 2 ? END_I : undefined,
    suites: [2, 1],
    ...changes,
  };
}

/** A responder "bob" for one purpose. */
export function responderConfig(purpose: Purpose, changes: Partial<ResponderConfig> = {}): ResponderConfig {
  return {
    engine: nativeEngine,
    random: systemRandom,
    name: "bob",
    encryption: true,
    suites: [1, 2],
    serves: (asked) => asked === purpose,
    secretFor: (hello) =>
      purpose < 3 || (hello.name === "alice" && Buffer.compare(hello.ticketId, TICKET_ID) === 0)
        ? secretOf(purpose)
        : undefined,
    end: () => END_R,
    ...changes,
  };
}

/** The frame that these bytes are, which must be whole. */
export function frameOf(bytes: Uint8Array): Frame {
  const reader = new FrameReader();
  reader.push(bytes);
  const frame = reader.next();
  if (frame === undefined || reader.takeRest().length > 0) throw new Error("not one whole frame");
  return frame;
}

/** The frame as it is on the wire. */
export function framed(type: number, body: Uint8Array): Uint8Array {
  return concat([Uint8Array.of(type, body.length >>> 8, body.length), body]);
}

/** A copy with one bit changed. */
export function flipBit(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = new Uint8Array(bytes);
  copy[bit >>> 3] = (copy[bit >>> 3] ?? 0) ^ (1 << (bit & 7));
  return copy;
}

/** A copy with some bytes replaced. */
export function withBytes(bytes: Uint8Array, at: number, replacement: Uint8Array | readonly number[]): Uint8Array {
  const copy = new Uint8Array(bytes);
  copy.set(replacement, at);
  return copy;
}

/** What a listener does with the first bytes of a pipe: cut a frame, hand it over. Undefined: it waits for more. */
export function firstBytes(bytes: Uint8Array, responder: Responder): HelloOutcome | undefined {
  const reader = new FrameReader([1]);
  try {
    reader.push(bytes);
    const frame = reader.next();
    return frame && responder.hello(frame);
  } catch (error) {
    return { error: error as HelloOutcome["error"] & Error };
  }
}

/** What a dialler does with the bytes that come back. */
export function answerBytes(bytes: Uint8Array, initiator: Initiator): InitiatorOutcome | undefined {
  const reader = new FrameReader();
  try {
    reader.push(bytes);
    const frame = reader.next();
    return frame && initiator.receive(frame);
  } catch (error) {
    return { error: error as Error & { code: never } as never };
  }
}

/** Something that a man in the middle does to the bytes of a frame. */
export type Tamper = (bytes: Uint8Array) => Uint8Array;
const asIs: Tamper = (bytes) => bytes;

/** How a handshake went that somebody may have tampered with. */
export interface HandshakeResult {
  readonly initiator: Established | undefined;
  readonly responder: Established | undefined;
  /** The code of the first failure, wherever it was. */
  readonly errors: readonly string[];
}

function failed(code: string | undefined): HandshakeResult {
  return { initiator: undefined, responder: undefined, errors: [code ?? "waits for more"] };
}

/** Runs a handshake to its end, whatever that is. */
export function handshake(
  initiatorSide: InitiatorConfig,
  responderSide: ResponderConfig,
  tamper: { readonly hello?: Tamper; readonly reply?: Tamper; readonly confirm?: Tamper } = {},
): HandshakeResult {
  const initiator = new Initiator(initiatorSide);
  const responder = new Responder(responderSide);
  const first = firstBytes((tamper.hello ?? asIs)(initiator.hello), responder);
  if (first?.send === undefined || first.error !== undefined) return failed(first?.error?.code);
  const second = answerBytes((tamper.reply ?? asIs)(first.send), initiator);
  if (second === undefined || "error" in second) return failed(second?.error.code);
  const third = responder.confirm(frameOf((tamper.confirm ?? asIs)(second.send)));
  return third.error === undefined
    ? { initiator: second.established, responder: third.established, errors: [] }
    : { initiator: second.established, responder: undefined, errors: [third.error.code] };
}
