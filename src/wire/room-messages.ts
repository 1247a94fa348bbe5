/**
 * What a user and the Room say to each other on their link: one value per record, in a box where it holds a secret.
 *
 *   user                                Room
 *     join (in a box) ----------------->           first, once
 *     <------------- name token (in a box)         what the name is taken back with at the next join
 *     <------------------------- welcome           admitted; `count` members follow in `here` messages
 *     <------------------ here, gone               members, as they come and go, many at a time in busy moments
 *     <-------------------- call (in a box)        the Room will dial this user's listener once, with that pass
 *     called -------------------------->           it came through: the listener is reachable from outside
 *     moved --------------------------->           this machine's own addresses are others now
 *
 *   one                                 Room                                  other
 *     introduce (in a box) ----------->                                               I want to talk to that member: a ticket of mine for us two
 *     <------------ introduced (in a box)   ticket (in a box) ----------------->      where the other one may be reached
 *                                           <--------------------------- answer       the REPLY to the HELLO that came with the ticket
 *     <------------------------- answer
 *     <------------------------- absent                                               no introduction: the member is not here, or barred
 *     <--------------------- candidates   candidates --------------------------->     there are others by now
 *   either one
 *     punch -------------------------->                                               try to open a hole between us two
 *     <----------------- probe (in a box)   probe (in a box) ------------------>      dial two ports of the Room from a fresh one of yours
 *     <------------------------ go, noGo    go, noGo --------------------------->     what the Room saw of the other's: dial it now; or why that leads nowhere
 *
 * A pass is 16 random bytes by which the Room knows a connection to it: the first frame on it is RELAY with that pass. PROTOCOL §3.1.
 */
import { Buffer } from "node:buffer";
import { DEFAULT_LIMITS } from "../base/limits.ts";
import { decodeValue, encodeValue, type ValueLimits } from "./values.ts";

/** A member, as others see it. The kind is claimed, the name proven. */
export interface Member {
  readonly name: string;
  readonly kind: string | undefined;
}

/** An address where a member may be reached. */
export interface Candidate {
  readonly host: string;
  readonly port: number;
  readonly path: "lan" | "public";
}

export interface Join {
  readonly type: "join";
  readonly kind: string | undefined;
  /** The port it listens on for others. */
  readonly port: number;
  /** Its local addresses. */
  readonly addresses: readonly string[];
  readonly publicHost: string | undefined;
  /** "auto", or the name of a local network. */
  readonly lan: string;
  /** The name token of the last join, in a box alone. One that is wrong is as good as none. */
  readonly token?: Uint8Array | undefined;
}

/** Holds a secret: in a box alone. */
export interface Introduce {
  readonly type: "introduce";
  readonly name: string;
  readonly ticketId: Uint8Array;
  readonly secret: Uint8Array;
  /** A HELLO frame of purpose 4 or 5, for a link through the Room. Absent: none is wanted. */
  readonly hello?: Uint8Array | undefined;
}

/** From the one that was given a ticket with a HELLO, and from the Room to the other one. */
export interface Answer {
  readonly type: "answer";
  readonly ticketId: Uint8Array;
  /** A REPLY or REFUSE frame. */
  readonly frame: Uint8Array;
}

export interface Punch {
  readonly type: "punch";
  readonly ticketId: Uint8Array;
}

export interface Called {
  readonly type: "called";
  readonly pass: Uint8Array;
}

export interface Moved {
  readonly type: "moved";
  /** As in `join`. */
  readonly addresses: readonly string[];
}

export type ToRoom = Join | Introduce | Answer | Punch | Called | Moved;

export interface Welcome {
  readonly type: "welcome";
  readonly count: number;
  /** The address that the Room sees this user at. */
  readonly host: string;
}

export interface Here {
  readonly type: "here";
  readonly members: readonly Member[];
}

export interface Gone {
  readonly type: "gone";
  readonly names: readonly string[];
  /** The Room has barred where they came from: sessions with them end. */
  readonly barred?: boolean | undefined;
}

/** Kept by the user, and shown to this Room at its next join: then its name is its own at once. */
export interface NameToken {
  readonly type: "token";
  readonly token: Uint8Array;
}

export interface Absent {
  readonly type: "absent";
  readonly name: string;
  readonly why: string;
}

/** To the one that asked for an introduction, when the other one is told too. */
export interface Introduced {
  readonly type: "introduced";
  readonly ticketId: Uint8Array;
  /** Where the other one may be reached, the best first. */
  readonly candidates: readonly Candidate[];
  /** For a connection to the Room that it splices with one of the other's. Absent: the Room does not. */
  readonly pass?: Uint8Array | undefined;
}

/** To either one of the two: the Room has learned more about where the other one may be reached. */
export interface Candidates {
  readonly type: "candidates";
  readonly ticketId: Uint8Array;
  /** All of them. */
  readonly candidates: readonly Candidate[];
}

/** To the other one. */
export interface Ticket {
  readonly type: "ticket";
  readonly ticketId: Uint8Array;
  readonly secret: Uint8Array;
  /** The one that asked for the introduction. */
  readonly name: string;
  readonly kind: string | undefined;
  readonly candidates: readonly Candidate[];
  readonly expiresMs: number;
  /** To be answered, if a link through the Room is to be: both or neither. */
  readonly hello?: Uint8Array | undefined;
  readonly pass?: Uint8Array | undefined;
}

/** Asks for two connections to the Room, from one fresh port. */
export interface Probe {
  readonly type: "probe";
  readonly ticketId: Uint8Array;
  /** For a connection to the Room's own port, and for one to `port`. */
  readonly passes: readonly [Uint8Array, Uint8Array];
  /** A second port of the Room; 0: it has none, and one connection is enough. */
  readonly port: number;
}

/** Where the other one's port is seen, to be dialled from the own one that was probed with. */
export interface Go {
  readonly type: "go";
  readonly ticketId: Uint8Array;
  readonly host: string;
  readonly port: number;
  /** To wait before, so that both dial at the same time. */
  readonly afterMs: number;
}

/** Why no hole can be opened: routers that give a port another address for each destination, or probes that did not come. */
export const NO_GO = ["my mapping", "its mapping", "my probe", "its probe"] as const;

export interface NoGo {
  readonly type: "noGo";
  readonly ticketId: Uint8Array;
  /** "my": of the one that is told. */
  readonly why: (typeof NO_GO)[number];
}

/** The Room dials the listener of the one that is told, at the address that it sees, and shows that pass. */
export interface Call {
  readonly type: "call";
  readonly pass: Uint8Array;
}

export type ToUser = Welcome | Here | Gone | Absent | Answer | Candidates | Go | NoGo;

/** What comes in boxes. */
export type Boxed = Introduced | Ticket | Probe | Call | NameToken;

export const TOKEN_BYTES = 32;

/** Of tickets and passes. */
export const ID_BYTES = 16;

export const SECRET_BYTES = 32;

/** Members per `here` or `gone` message, so that the longest names fit a record. */
export const MEMBERS_PER_MESSAGE: number = DEFAULT_LIMITS.wire.members;

/** Addresses a user may offer, and candidates a ticket may hold. */
export const MAX_ADDRESSES: number = DEFAULT_LIMITS.wire.addresses;

const PORT_MAX = 65_535;

/** Twice what the largest message to a Room takes, and a few fields that later versions may have: what is more costs nobody any time. */
const TO_ROOM: ValueLimits = { ...DEFAULT_LIMITS.values, depth: 4, nodes: 128, containers: 8, bytes: 16_384 };

/** In UTF-8. */
const MAX_KIND_BYTES = 64;

export function encodeToRoom(message: ToRoom): Uint8Array {
  return encodeValue(message);
}

export function encodeToUser(message: ToUser | Boxed): Uint8Array {
  return encodeValue(message);
}

/** @throws Error saying what is wrong with a message; the link it came on is then at fault. */
export function decodeToRoom(payload: Uint8Array): ToRoom {
  const message = asFields(decodeValue(payload, 0, undefined, TO_ROOM));
  switch (message.type) {
    case "join":
      return {
        type: "join",
        kind: message.kind === undefined ? undefined : kindOf(message.kind),
        port: number(message, "port", PORT_MAX),
        addresses: addressesOf(message),
        publicHost: optional(message, "publicHost"),
        lan: text(message, "lan"),
        token: message.token === undefined ? undefined : bytes(message, "token", TOKEN_BYTES),
      };
    case "introduce":
      return {
        type: "introduce",
        name: text(message, "name"),
        ticketId: bytes(message, "ticketId", ID_BYTES),
        secret: bytes(message, "secret", SECRET_BYTES),
        hello: message.hello === undefined ? undefined : frame(message, "hello"),
      };
    case "answer":
      return answerOf(message);
    case "punch":
      return { type: "punch", ticketId: bytes(message, "ticketId", ID_BYTES) };
    case "called":
      return { type: "called", pass: bytes(message, "pass", ID_BYTES) };
    case "moved":
      return { type: "moved", addresses: addressesOf(message) };
    default:
      throw new Error(`${shown(message.type)} is no message to a Room`);
  }
}

/** @throws Error saying what is wrong with a message. */
export function decodeToUser(payload: Uint8Array): ToUser {
  const message = fieldsOf(payload);
  switch (message.type) {
    case "welcome":
      return { type: "welcome", count: number(message, "count", 1_000_000), host: text(message, "host") };
    case "here":
      return {
        type: "here",
        members: list(message, "members", MEMBERS_PER_MESSAGE).map((one) => {
          const member = asFields(one);
          return { name: text(member, "name"), kind: optional(member, "kind") };
        }),
      };
    case "gone":
      return {
        type: "gone",
        names: list(message, "names", MEMBERS_PER_MESSAGE).map((one) => short(one, "names")),
        barred: message.barred === true || undefined,
      };
    case "absent":
      return { type: "absent", name: text(message, "name"), why: text(message, "why") };
    case "answer":
      return answerOf(message);
    case "candidates":
      return {
        type: "candidates",
        ticketId: bytes(message, "ticketId", ID_BYTES),
        candidates: candidatesOf(message),
      };
    case "go":
      return {
        type: "go",
        ticketId: bytes(message, "ticketId", ID_BYTES),
        host: text(message, "host"),
        port: number(message, "port", PORT_MAX),
        afterMs: number(message, "afterMs", 10_000),
      };
    case "noGo":
      return {
        type: "noGo",
        ticketId: bytes(message, "ticketId", ID_BYTES),
        why: NO_GO.find((why) => why === message.why) ?? "its probe",
      };
    default:
      throw new Error(`${shown(message.type)} is no message to a user`);
  }
}

/** Reads what came in a box. @throws Error saying what is wrong with it. */
export function decodeBoxed(payload: Uint8Array): Boxed {
  const message = fieldsOf(payload);
  const pass = (): Uint8Array | undefined =>
    message.pass === undefined ? undefined : bytes(message, "pass", ID_BYTES);
  switch (message.type) {
    case "token":
      return { type: "token", token: bytes(message, "token", TOKEN_BYTES) };
    case "introduced":
      return {
        type: "introduced",
        ticketId: bytes(message, "ticketId", ID_BYTES),
        candidates: candidatesOf(message),
        pass: pass(),
      };
    case "ticket":
      return {
        type: "ticket",
        ticketId: bytes(message, "ticketId", ID_BYTES),
        secret: bytes(message, "secret", SECRET_BYTES),
        name: text(message, "name"),
        kind: optional(message, "kind"),
        candidates: candidatesOf(message),
        expiresMs: number(message, "expiresMs", 600_000),
        hello: message.hello === undefined ? undefined : frame(message, "hello"),
        pass: pass(),
      };
    case "probe": {
      const [one, other] = list(message, "passes", 2).map((value) => sized(value, "passes", ID_BYTES));
      if (one === undefined || other === undefined) throw new Error("passes must be two");
      return {
        type: "probe",
        ticketId: bytes(message, "ticketId", ID_BYTES),
        passes: [one, other],
        port: number(message, "port", PORT_MAX),
      };
    }
    case "call":
      return { type: "call", pass: bytes(message, "pass", ID_BYTES) };
    default:
      throw new Error(`${shown(message.type)} is nothing that comes in a box`);
  }
}

function answerOf(message: Fields): Answer {
  return { type: "answer", ticketId: bytes(message, "ticketId", ID_BYTES), frame: frame(message, "frame") };
}

function addressesOf(message: Fields): string[] {
  return list(message, "addresses", MAX_ADDRESSES).map((one) => short(one, "addresses"));
}

function candidatesOf(message: Fields): Candidate[] {
  return list(message, "candidates", MAX_ADDRESSES).map((one) => {
    const candidate = asFields(one);
    const path = candidate.path === "lan" ? "lan" : "public";
    return { host: text(candidate, "host"), port: number(candidate, "port", PORT_MAX), path };
  });
}

/** Never by a toString of its own: that may be anything. */
function shown(type: unknown): string {
  return typeof type === "string" ? `"${type.slice(0, 20)}"` : "what has no type";
}

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(payload: Uint8Array): Fields {
  return asFields(decodeValue(payload));
}

function asFields(value: unknown): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new Error("a message must have fields");
  return value as Fields;
}

function short(value: unknown, key: string): string {
  if (typeof value !== "string" || value.length > 255)
    throw new Error(`${key} must be a text of at most 255 characters`);
  return value;
}

function text(fields: Fields, key: string): string {
  return short(fields[key], key);
}

function optional(fields: Fields, key: string): string | undefined {
  return fields[key] === undefined ? undefined : short(fields[key], key);
}

/** The Room passes it on to everybody: {@link MEMBERS_PER_MESSAGE} of them, and as many names, fit a record. */
function kindOf(value: unknown): string {
  if (typeof value !== "string" || Buffer.byteLength(value) > MAX_KIND_BYTES || /\p{C}/u.test(value))
    throw new Error(`kind must be a text of at most ${MAX_KIND_BYTES} bytes, without invisible characters`);
  return value;
}

function number(fields: Fields, key: string, most: number): number {
  const value = fields[key];
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value > most)
    throw new Error(`${key} must be a whole number from 0 to ${most}`);
  return value;
}

function bytes(fields: Fields, key: string, length: number): Uint8Array {
  return sized(fields[key], key, length);
}

/** A frame of a handshake, with its type and length. */
function frame(fields: Fields, key: string): Uint8Array {
  const value = fields[key];
  const most = 3 + DEFAULT_LIMITS.wire.handshakeFrameBytes;
  if (!(value instanceof Uint8Array) || value.length > most) throw new Error(`${key} must be at most ${most} bytes`);
  return value;
}

function sized(value: unknown, key: string, length: number): Uint8Array {
  if (!(value instanceof Uint8Array) || value.length !== length) throw new Error(`${key} must be ${length} bytes`);
  return value;
}

function list(fields: Fields, key: string, most: number): readonly unknown[] {
  const value = fields[key];
  if (!Array.isArray(value) || value.length > most) throw new Error(`${key} must be a list of at most ${most}`);
  return value;
}
