/**
 * What a user and the Room say to each other on their link: one value per data record, in a box where it holds a secret.
 *
 *   user                                Room
 *     join (in a box) ----------------->           first, once
 *     <------------- name token (in a box)         what the name is taken back with at the next join
 *     <------------------------- welcome           admitted; `count` members follow in `here` messages
 *     <------------------ here, gone               members, as they come and go, many at a time in busy moments
 *     introduce ----------------------->           I want to talk to that member
 *     <--- ticket (in a box)                       to the one who answers first; it says `ready`, and the other one gets its own
 *     ready --------------------------->
 *     <-------------------------- absent           no introduction: the member is not here, or no path is known
 */
import { Buffer } from "node:buffer";
import { DEFAULT_LIMITS } from "../base/limits.ts";
import { decodeValue, encodeValue, type ValueLimits } from "./values.ts";

/** A member, as others see it. The kind is claimed, the name proven. */
export interface Member {
  readonly name: string;
  readonly kind: string | undefined;
}

export interface Candidate {
  readonly host: string;
  readonly port: number;
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

export interface Introduce {
  readonly type: "introduce";
  readonly name: string;
}

export interface Ready {
  readonly type: "ready";
  readonly ticketId: Uint8Array;
}

export type ToRoom = Join | Introduce | Ready;

export interface Welcome {
  readonly type: "welcome";
  readonly count: number;
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

export interface Ticket {
  readonly type: "ticket";
  readonly ticketId: Uint8Array;
  readonly secret: Uint8Array;
  /** The other one of the pair. */
  readonly name: string;
  readonly kind: string | undefined;
  /** Where it may be reached. */
  readonly candidates: readonly Candidate[];
  readonly expiresMs: number;
  /** True for the one that dials at once; the other one says `ready` and dials only if nobody comes. */
  readonly first: boolean;
}

export type ToUser = Welcome | Here | Gone | Absent;

/** What comes in boxes. */
export type Boxed = Ticket | NameToken;

export const TOKEN_BYTES = 32;

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
  const message = asFields(decodeValue(payload, 0, TO_ROOM));
  switch (message.type) {
    case "join":
      return {
        type: "join",
        kind: message.kind === undefined ? undefined : kindOf(message.kind),
        port: number(message, "port", PORT_MAX),
        addresses: list(message, "addresses", MAX_ADDRESSES).map((one) => short(one, "addresses")),
        publicHost: optional(message, "publicHost"),
        lan: text(message, "lan"),
        token: message.token === undefined ? undefined : bytes(message, "token", TOKEN_BYTES),
      };
    case "introduce":
      return { type: "introduce", name: text(message, "name") };
    case "ready":
      return { type: "ready", ticketId: bytes(message, "ticketId", 16) };
    default:
      throw new Error(`${shown(message.type)} is no message to a Room`);
  }
}

/** @throws Error saying what is wrong with a message. */
export function decodeToUser(payload: Uint8Array): ToUser {
  const message = fieldsOf(payload);
  switch (message.type) {
    case "welcome":
      return { type: "welcome", count: number(message, "count", 1_000_000) };
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
    default:
      throw new Error(`${shown(message.type)} is no message to a user`);
  }
}

/** Reads what came in a box. @throws Error saying what is wrong with it. */
export function decodeBoxed(payload: Uint8Array): Boxed {
  const message = fieldsOf(payload);
  return message.type === "token" ? { type: "token", token: bytes(message, "token", TOKEN_BYTES) } : ticketOf(message);
}

/** @throws Error saying what is wrong with a ticket. */
export function decodeTicket(payload: Uint8Array): Ticket {
  return ticketOf(fieldsOf(payload));
}

function ticketOf(message: Fields): Ticket {
  if (message.type !== "ticket") throw new Error("a box of the Room holds a ticket");
  return {
    type: "ticket",
    ticketId: bytes(message, "ticketId", 16),
    secret: bytes(message, "secret", 32),
    name: text(message, "name"),
    kind: optional(message, "kind"),
    candidates: list(message, "candidates", MAX_ADDRESSES).map((one) => {
      const candidate = asFields(one);
      return { host: text(candidate, "host"), port: number(candidate, "port", PORT_MAX) };
    }),
    expiresMs: number(message, "expiresMs", 600_000),
    first: message.first === true,
  };
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
  const value = fields[key];
  if (!(value instanceof Uint8Array) || value.length !== length) throw new Error(`${key} must be ${length} bytes`);
  return value;
}

function list(fields: Fields, key: string, most: number): readonly unknown[] {
  const value = fields[key];
  if (!Array.isArray(value) || value.length > most) throw new Error(`${key} must be a list of at most ${most}`);
  return value;
}
