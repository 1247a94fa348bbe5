import {
  type Boxed,
  decodeBoxed,
  decodeToRoom,
  decodeToUser,
  encodeToRoom,
  encodeToUser,
  type ToRoom,
  type ToUser,
} from "../../../src/wire/room-messages.ts";
import { encodeValue, ValueError } from "../../../src/wire/values.ts";
import { same } from "../../wire/same.ts";
import { varyValue } from "../vary-value.ts";
import { must, type Target, wordsOf } from "../target.ts";

const ticketId = new Uint8Array(16).fill(1);
const secret = new Uint8Array(32).fill(2);
const TO_ROOM: readonly ToRoom[] = [
  {
    type: "join",
    kind: "Foo",
    port: 5_000,
    addresses: ["10.0.0.1", "fe80::1"],
    publicHost: "example.org",
    lan: "auto",
  },
  { type: "join", kind: undefined, port: 0, addresses: [], publicHost: undefined, lan: "home" },
  { type: "introduce", name: "Bar", ticketId, secret, hello: Uint8Array.of(1, 0, 1, 9) },
  { type: "introduce", name: "Bar", ticketId, secret, hello: undefined },
  { type: "answer", ticketId, frame: Uint8Array.of(2, 0, 1, 9) },
  { type: "punch", ticketId },
  { type: "called", pass: ticketId },
  { type: "moved", addresses: ["10.0.0.1"] },
];
const TO_USER: readonly ToUser[] = [
  { type: "welcome", count: 2, host: "10.0.0.1" },
  {
    type: "here",
    members: [
      { name: "Foo", kind: undefined },
      { name: "__proto__", kind: "Bar" },
    ],
  },
  { type: "gone", names: ["Foo", "Bar"] },
  { type: "absent", name: "Bar", why: "it is not here" },
  { type: "answer", ticketId, frame: Uint8Array.of(4, 0, 0) },
  { type: "go", ticketId, host: "203.0.113.7", port: 40_000, afterMs: 12 },
  { type: "noGo", ticketId, why: "my mapping" },
];
const candidates = [{ host: "10.0.0.1", port: 5_000, path: "lan" }] as const;
const BOXED: readonly Boxed[] = [
  { type: "token", token: secret },
  { type: "introduced", ticketId, candidates, pass: ticketId },
  {
    type: "ticket",
    ticketId,
    secret,
    name: "Bar",
    kind: undefined,
    candidates,
    expiresMs: 30_000,
    hello: Uint8Array.of(1, 0, 0),
    pass: ticketId,
  },
  { type: "probe", ticketId, passes: [ticketId, ticketId], port: 2_429 },
  { type: "call", pass: ticketId },
];

/** What the two say to each other: a decoder, and the encoder of what it gives. */
const DIALECTS: readonly ((bytes: Uint8Array) => { message: { type: string }; again: () => unknown })[] = [
  (bytes) => {
    const message = decodeToRoom(bytes);
    return { message, again: () => decodeToRoom(encodeToRoom(message)) };
  },
  (bytes) => {
    const message = decodeToUser(bytes);
    return { message, again: () => decodeToUser(encodeToUser(message)) };
  },
  (bytes) => {
    const message = decodeBoxed(bytes);
    return { message, again: () => decodeBoxed(encodeToUser(message)) };
  },
];

const KEYS = [
  "type",
  "toString",
  "valueOf",
  "constructor",
  "__proto__",
  "names",
  "kind",
  "port",
  "addresses",
  "publicHost",
  "lan",
  "name",
  "ticketId",
  "members",
  "count",
  "why",
  "secret",
  "candidates",
  "host",
  "expiresMs",
  "hello",
  "frame",
  "pass",
  "passes",
  "path",
  "token",
  "afterMs",
  "join",
  "welcome",
  "here",
  "ticket",
  "introduce",
  "introduced",
  "answer",
  "punch",
  "called",
  "moved",
  "probe",
  "go",
  "noGo",
  "call",
  "its mapping",
];

/** Messages between a user and the Room: the first byte says who reads. */
export const target: Target = {
  samples: [
    ...TO_ROOM.map((message) => Uint8Array.from([0, ...encodeToRoom(message)])),
    ...TO_USER.map((message) => Uint8Array.from([1, ...encodeToUser(message)])),
    ...BOXED.map((message) => Uint8Array.from([2, ...encodeToUser(message)])),
  ],
  words: [
    ...KEYS.map((key) => encodeValue(key)),
    encodeValue(null),
    encodeValue({ toString: null }),
    encodeValue(65_536),
    encodeValue(-1),
    encodeValue(1.5),
    encodeValue([]),
    encodeValue(new Uint8Array(16)),
    encodeValue(new Map()),
    encodeValue("x".repeat(256)),
  ],
  vary: (input, roll) => varyValue(input, 1, roll),
  run(input) {
    const read = DIALECTS[(input[0] ?? 0) % DIALECTS.length] as (typeof DIALECTS)[number];
    let told: ReturnType<typeof read>;
    try {
      told = read(input.subarray(1));
    } catch (error) {
      // An Error of its own or of the values inside; a TypeError would be a fault of ours.
      if (!(error instanceof Error) || ![Error, ValueError].includes(error.constructor as typeof Error))
        throw new Error(`throws ${String(error)}, which it does not document`, { cause: error });
      must(error.message.length < 300, "a long error");
      return wordsOf(error);
    }
    must(same(told.again(), told.message), "another message when it is written and read again");
    return told.message.type;
  },
};
