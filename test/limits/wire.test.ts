// At the cap, and one over, with the shipped defaults: what both ends must agree on.
import { expect, test } from "vitest";
import { concat } from "../../src/crypto/bytes.ts";
import { DEFAULT_LIMITS } from "../../src/base/limits.ts";
import { decodeContract } from "../../src/call/contract.ts";
import { Registry } from "../../src/call/registry.ts";
import { decodeClose, encodeClose } from "../../src/link/close.ts";
import { encodeExtension } from "../../src/link/handshake-hello.ts";
import { FrameReader } from "../../src/link/handshake-frames.ts";
import { Initiator } from "../../src/link/handshake-initiator.ts";
import { decodeRefuseBody, encodeRefuseBody } from "../../src/link/handshake-refuse.ts";
import { decodeName } from "../../src/link/names.ts";
import { RecordReader } from "../../src/link/records.ts";
import { decodeToRoom, decodeToUser } from "../../src/wire/room-messages.ts";
import { DEFAULT_VALUE_LIMITS, decodeValue, encodeValue } from "../../src/wire/values.ts";
import { bytesOf, greeting } from "../link/parties.ts";

const W = DEFAULT_LIMITS.wire;
const V = DEFAULT_LIMITS.values;

const frameOf = (length: number): FrameReader => {
  const reader = new FrameReader();
  reader.push(Uint8Array.of(2, length >> 8, length & 255));
  return reader;
};
const extensionsOf = (bytes: number): Uint8Array => encodeExtension(77, new Uint8Array(bytes - 3));
const closeOf = (length: number): Uint8Array => concat([Uint8Array.of(0, 14), bytesOf("x".repeat(length))]);
const readerOf = (payload: number): RecordReader => {
  const records = new RecordReader();
  const length = Buffer.alloc(4);
  length.writeUInt32BE(1 + payload + 16);
  records.push(length);
  return records;
};
const contractOf = (methods: number): Uint8Array =>
  encodeValue([undefined, Array.from({ length: methods }, (_, at) => [`m${at}`, "any"])]);
const namedContract = (length: number): Uint8Array => encodeValue([undefined, [["x".repeat(length), "any"]]]);
const joinOf = (count: number): Uint8Array =>
  encodeValue({ type: "join", kind: undefined, port: 5_000, addresses: Array(count).fill("10.0.0.1"), lan: "auto" });
const hereOf = (count: number): Uint8Array =>
  encodeValue({ type: "here", members: Array.from({ length: count }, (_, at) => ({ name: `n${at}` })) });

test("limit wire.handshakeFrameBytes: a body of 1,024 bytes is waited for, one of 1,025 is refused by its header", () => {
  const fits = frameOf(W.handshakeFrameBytes);
  expect(fits.next()).toBeUndefined();
  fits.push(new Uint8Array(W.handshakeFrameBytes));
  expect(fits.next()?.body).toHaveLength(W.handshakeFrameBytes);
  expect(() => frameOf(W.handshakeFrameBytes + 1).next()).toThrow("longer than 1024");
});

test("limit wire.extensionsBytes: extensions of 512 bytes in all are said, 513 are not", () => {
  const plain = { suites: undefined } as const;
  expect(() => new Initiator({ ...greeting(plain), extensions: extensionsOf(W.extensionsBytes) })).not.toThrow();
  expect(() => new Initiator({ ...greeting(plain), extensions: extensionsOf(W.extensionsBytes + 1) })).toThrow(
    RangeError,
  );
});

test("limit wire.suites: a HELLO lists eight suites, not nine", () => {
  const suites = Array.from({ length: W.suites + 1 }, (_, at) => at + 1);
  expect(() => new Initiator(greeting({ suites: suites.slice(1) }))).not.toThrow();
  expect(() => new Initiator(greeting({ suites }))).toThrow(RangeError);
});

test("limit wire.nameBytes: a name of 64 bytes is one, of 65 is none", () => {
  expect(decodeName(new Uint8Array(W.nameBytes).fill(0x61))).toBe("a".repeat(W.nameBytes));
  expect(decodeName(new Uint8Array(W.nameBytes + 1).fill(0x61))).toBeUndefined();
});

test("limit wire.textBytes: texts of 200 bytes are read, 201 are malformed; our own are cut", () => {
  const text = "x".repeat(W.textBytes);
  expect(decodeClose(closeOf(W.textBytes), true)?.error?.message).toContain(text);
  expect(decodeClose(closeOf(W.textBytes + 1), true)).toBeUndefined();
  expect(encodeClose(14, "x".repeat(W.textBytes + 1))).toEqual(closeOf(W.textBytes));
  const refusal = encodeRefuseBody(3, 0, `${text}x`);
  expect(decodeRefuseBody(refusal)?.text).toBe(text);
  expect(decodeRefuseBody(concat([refusal, bytesOf("x")]))).toBeUndefined();
});

test("limit wire.recordBytes: a record of 64 KiB is taken, one byte more is refused by its header", () => {
  expect(readerOf(W.recordBytes).next()).toBeUndefined();
  expect(() => readerOf(W.recordBytes + 1).next()).toThrow(/65554/);
});

test("limit wire.methods: a program handles 10,000 methods and no more, and a contract with more breaks the rules", () => {
  const registry = new Registry(undefined);
  const add = (name: string): void => registry.handle({ name, word: "any", handler: () => {} });
  for (let count = 0; count < W.methods; count++) add(`m${count}`);
  expect(() => add("one more")).toThrow(RangeError);
  add("m0"); // again: it takes the place of the old one
  expect(decodeContract(contractOf(W.methods)).methods).toHaveLength(W.methods);
  expect(() => decodeContract(contractOf(W.methods + 1))).toThrow("at most 10,000 methods");
});

test("limit wire.methodCharacters: a method's name has 64 characters, not 65, here and in a contract", () => {
  const registry = new Registry(undefined);
  const add = (length: number): void => registry.handle({ name: "x".repeat(length), word: "any", handler: () => {} });
  add(W.methodCharacters);
  expect(() => add(W.methodCharacters + 1)).toThrow(TypeError);
  expect(decodeContract(namedContract(W.methodCharacters)).methods).toHaveLength(1);
  expect(() => decodeContract(namedContract(W.methodCharacters + 1))).toThrow("1 to 64 characters");
});

test("limit wire.addresses: a join offers eight addresses, with nine it is refused", () => {
  expect(decodeToRoom(joinOf(W.addresses))).toMatchObject({ type: "join" });
  expect(() => decodeToRoom(joinOf(W.addresses + 1))).toThrow("at most 8");
});

test("limit wire.members: a message tells of 300 members, with 301 it is refused", () => {
  expect(decodeToUser(hereOf(W.members))).toMatchObject({ type: "here" });
  expect(() => decodeToUser(hereOf(W.members + 1))).toThrow("at most 300");
});

const none = { ...DEFAULT_VALUE_LIMITS, depth: 512, nodes: 1e9, containers: 1e9, bigintBytes: 1e6, bytes: 1e9 };

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level++) value = [value];
  return value;
}

test.each([
  ["depth", nested(V.depth), nested(V.depth + 1), /64 levels deep/],
  ["nodes", Array(V.nodes - 1).fill(1), Array(V.nodes).fill(1), /1000000 values/],
  [
    "containers",
    Array.from({ length: V.containers - 1 }, () => []),
    Array.from({ length: V.containers }, () => []),
    /100000 arrays and objects/,
  ],
  ["bigintBytes", -(2n ** BigInt(8 * V.bigintBytes - 1)), 2n ** BigInt(8 * V.bigintBytes - 1), /bigint of more than/],
  ["bytes", "x".repeat(V.bytes - 5), "x".repeat(V.bytes - 4), /too large|more than 16777216 bytes/],
])("limit values.%s: so much is sent and taken, one more is refused at both ends", (_key, fits, over, refusal) => {
  const bytes = encodeValue(fits);
  expect(encodeValue(decodeValue(bytes))).toHaveLength(bytes.length);
  expect(() => encodeValue(over)).toThrow(refusal);
  expect(() => decodeValue(encodeValue(over, none))).toThrow(refusal);
});
