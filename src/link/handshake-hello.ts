// The bodies of HELLO and REPLY, PROTOCOL §3.1:
//
//   HELLO  "CRP1" | purpose u8 | flags u8 | nonceI[16] | ticketId[16] | nameLen u8 + name | peerLen u8 + peer name | extLen u16 + ext | Ya[32]
//   REPLY  version u8 = 1 | flags u8 | nonceR[16] | nameLen u8 + name | extLen u16 + ext | Yb[32] | Tb[32]
//   ext    (id u8 | len u16 | value)*, at most 512 bytes, no id twice
//
// The parsers check structure alone and copy nothing: what they give points into the body.
import { DEFAULT_LIMITS } from "../base/limits.ts";
import { concat } from "../crypto/bytes.ts";
import { CONFIRM_BYTES } from "../crypto/key-schedule.ts";
import { MAGIC } from "./handshake-frames.ts";

export const NONCE_BYTES = 16;
export const TICKET_ID_BYTES = 16;
/** incarnation[12] | epoch u32: a session end, SESSION. */
export const END_BYTES = 16;
export const MAX_SUITES: number = DEFAULT_LIMITS.wire.suites;

const VERSION = 1;
const POINT_BYTES = 32;
const MAX_EXTENSIONS_BYTES: number = DEFAULT_LIMITS.wire.extensionsBytes;
const FLAG_ENCRYPTION = 1;

/** Extensions by id; unknown ones are ignored, and authenticated like all else. */
export const EXT = {
  /** REPLY, no value: a user stage follows. */
  userStage: 1,
  /** HELLO and REPLY, 16 bytes: the sender's session end. */
  end: 2,
  /** HELLO, 1 to 8 bytes: AEAD suites in order of preference. REPLY, 1 byte: the chosen one. */
  suites: 3,
} as const;

export interface Hello {
  readonly purpose: number;
  readonly encryption: boolean;
  readonly ticketId: Uint8Array;
  readonly name: Uint8Array;
  readonly peerName: Uint8Array;
  /** A session end, where there is one. */
  readonly end: Uint8Array | undefined;
  /** The offered suites, where extension 3 is there. */
  readonly suites: Uint8Array | undefined;
  readonly Ya: Uint8Array;
  /** The body without Ya. */
  readonly ADa: Uint8Array;
}

export interface Reply {
  readonly encryption: boolean;
  readonly name: Uint8Array;
  readonly asksForUserStage: boolean;
  readonly end: Uint8Array | undefined;
  /** The chosen suite, where extension 3 is there. */
  readonly suite: number | undefined;
  readonly Yb: Uint8Array;
  readonly Tb: Uint8Array;
  /** The body without Yb and Tb. */
  readonly ADb: Uint8Array;
  /** The body without Tb. */
  readonly withoutTb: Uint8Array;
}

/** One extension, encoded. */
export function encodeExtension(id: number, value: Uint8Array): Uint8Array {
  return concat([Uint8Array.of(id, value.length >>> 8, value.length), value]);
}

/** ADa: the HELLO body without Ya. @throws RangeError when a part is too long to be said. */
export function encodeHello(hello: {
  readonly purpose: number;
  readonly encryption: boolean;
  readonly nonce: Uint8Array;
  readonly ticketId: Uint8Array;
  readonly name: Uint8Array;
  readonly peerName: Uint8Array;
  readonly extensions: Uint8Array;
}): Uint8Array {
  return concat([
    Uint8Array.from(MAGIC),
    Uint8Array.of(hello.purpose, hello.encryption ? FLAG_ENCRYPTION : 0),
    hello.nonce,
    hello.ticketId,
    Uint8Array.of(hello.name.length),
    hello.name,
    Uint8Array.of(hello.peerName.length),
    hello.peerName,
    ...extensionList(hello.extensions),
  ]);
}

/** ADb: the REPLY body without Yb and Tb. @throws RangeError when a part is too long to be said. */
export function encodeReply(reply: {
  readonly encryption: boolean;
  readonly nonce: Uint8Array;
  readonly name: Uint8Array;
  readonly extensions: Uint8Array;
}): Uint8Array {
  return concat([
    Uint8Array.of(VERSION, reply.encryption ? FLAG_ENCRYPTION : 0),
    reply.nonce,
    Uint8Array.of(reply.name.length),
    reply.name,
    ...extensionList(reply.extensions),
  ]);
}

function extensionList(bytes: Uint8Array): Uint8Array[] {
  if (bytes.length > MAX_EXTENSIONS_BYTES)
    throw new RangeError(`extensions take at most ${MAX_EXTENSIONS_BYTES} bytes, not ${bytes.length}`);
  return [Uint8Array.of(bytes.length >>> 8, bytes.length), bytes];
}

/** A HELLO body behind its magic, or undefined when its structure is wrong. */
export function parseHello(body: Uint8Array): Hello | undefined {
  const reader = new FieldReader(body, MAGIC.length);
  const purpose = reader.number();
  const flags = reader.number();
  reader.bytes(NONCE_BYTES);
  const ticketId = reader.bytes(TICKET_ID_BYTES);
  const name = reader.bytes(reader.number());
  const peerName = reader.bytes(reader.number());
  const extensions = reader.extensions();
  const adEnd = reader.at;
  const Ya = reader.bytes(POINT_BYTES);
  if (!reader.isExhausted || extensions === undefined || (flags & ~FLAG_ENCRYPTION) !== 0) return undefined;
  const suites = extensions.get(EXT.suites);
  if (suites !== undefined && (suites.length === 0 || suites.length > MAX_SUITES)) return undefined;
  return {
    purpose,
    encryption: flags === FLAG_ENCRYPTION,
    ticketId,
    name,
    peerName,
    end: extensions.get(EXT.end),
    suites,
    Ya,
    ADa: body.subarray(0, adEnd),
  };
}

/** Whether a REPLY body is of our version: its first check. */
export function isOurVersion(body: Uint8Array): boolean {
  return body[0] === VERSION;
}

/** A REPLY body behind its version, or undefined when its structure is wrong. */
export function parseReply(body: Uint8Array): Reply | undefined {
  const reader = new FieldReader(body, 1);
  const flags = reader.number();
  reader.bytes(NONCE_BYTES);
  const name = reader.bytes(reader.number());
  const extensions = reader.extensions();
  const adEnd = reader.at;
  const Yb = reader.bytes(POINT_BYTES);
  const Tb = reader.bytes(CONFIRM_BYTES);
  if (!reader.isExhausted || extensions === undefined || (flags & ~FLAG_ENCRYPTION) !== 0) return undefined;
  const userStage = extensions.get(EXT.userStage);
  const suite = extensions.get(EXT.suites);
  if (userStage !== undefined && userStage.length > 0) return undefined;
  if (suite !== undefined && suite.length !== 1) return undefined;
  return {
    encryption: flags === FLAG_ENCRYPTION,
    name,
    asksForUserStage: userStage !== undefined,
    end: extensions.get(EXT.end),
    suite: suite?.[0],
    Yb,
    Tb,
    ADb: body.subarray(0, adEnd),
    withoutTb: body.subarray(0, adEnd + POINT_BYTES),
  };
}

/** Reads fields one after the other. Once one is missing all later ones are empty or 0, and {@link isExhausted} stays false. */
class FieldReader {
  readonly #body: Uint8Array;
  #isShort = false;
  at: number;

  constructor(body: Uint8Array, at: number) {
    this.#body = body;
    this.at = at;
    if (body.length < at) this.#isShort = true;
  }

  /** Whether every field was there and nothing is left. */
  get isExhausted(): boolean {
    return !this.#isShort && this.at === this.#body.length;
  }

  bytes(length: number): Uint8Array {
    if (this.#isShort || this.#body.length - this.at < length) {
      this.#isShort = true;
      return new Uint8Array(0);
    }
    this.at += length;
    return this.#body.subarray(this.at - length, this.at);
  }

  number(size: 1 | 2 = 1): number {
    let value = 0;
    for (const byte of this.bytes(size)) value = (value << 8) | byte;
    return value;
  }

  /** The extension list by id, or undefined when it is malformed: too long, cut, an id twice, a session end of a wrong length. */
  extensions(): ReadonlyMap<number, Uint8Array> | undefined {
    const length = this.number(2);
    if (length > MAX_EXTENSIONS_BYTES) return undefined;
    const list = new FieldReader(this.bytes(length), 0);
    const byId = new Map<number, Uint8Array>();
    while (!list.isExhausted) {
      const id = list.number();
      const value = list.bytes(list.number(2));
      if (list.#isShort || byId.has(id)) return undefined;
      byId.set(id, value);
    }
    const end = byId.get(EXT.end);
    return end !== undefined && end.length !== END_BYTES ? undefined : byId;
  }
}
