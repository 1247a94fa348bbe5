import { expect, test } from "vitest";
import type { MethodCodec } from "../../src/call/contract.ts";
import { DEFAULT_LIMITS } from "../../src/base/limits.ts";
import {
  CALL_HEADER_BYTES,
  CONTRACT,
  GET,
  readCallHeader,
  RESULT,
  SAME_SCHEMA,
  SEND,
  writeCallHeader,
} from "../../src/wire/frames.ts";
import { decodeValue, encodeAfter, encodeValue, isShaped, type ShapeCodec } from "../../src/wire/values.ts";
import { turns } from "../support/until.ts";
import { CallBench } from "./call-bench.ts";

/** What is sent without keys, to whom, and what becomes of it where the other end has another schema. */

const shape: ShapeCodec = {
  write(out, value: { text: string }) {
    const keys = out.open(value);
    out.text(value.text);
    out.close(keys - 1);
  },
  read(from) {
    from.open(1);
    const value = { text: from.text() };
    from.close();
    return value;
  },
};
const codec: MethodCodec = { fingerprint: "00aa", input: shape, output: shape };
const method = { name: "x", word: "get", codec } as const;
const input = { text: "hello" };

/** The peer's contract: of each method its fingerprint, if it has one. */
function told(methods: Readonly<Record<string, string | undefined>>): Uint8Array {
  return encodeValue([
    "Bar",
    Object.entries(methods).map(([name, one]) => (one === undefined ? [name, "any"] : [name, "any", one])),
  ]);
}

/** The calls that leave now: flags, whether the input has no keys, and the input. */
function calls(bench: CallBench): [flags: number, isShaped: boolean, input: unknown][] {
  return bench
    .frames()
    .filter(({ kind }) => kind === GET || kind === SEND)
    .map(({ payload }) => {
      const { flags, valueAt } = readCallHeader(payload) as { flags: number; valueAt: number };
      return [flags, isShaped(payload, valueAt), decodeValue(payload, valueAt, shape)];
    });
}

function shaped(value: unknown, flags = SAME_SCHEMA, number = 1): Uint8Array {
  const payload = encodeAfter(CALL_HEADER_BYTES, value, shape);
  writeCallHeader(payload, number, flags, 60_000);
  return payload;
}

test("an input goes without keys to a peer with the same fingerprint, and to no other; what does not fit has its keys", () => {
  const bench = new CallBench();
  bench.open();
  bench.start("x", { input, method }); // by name: nothing is known of the peer yet
  expect(calls(bench)).toEqual([[2, false, input]]);
  bench.receive(CONTRACT, 0, told({ x: "00aa", y: "00aa", z: undefined }));
  bench.start("x", { input, method });
  bench.start("x", { input: { text: 5 }, method });
  bench.start("x", { input: { text: "a", more: 1 }, method });
  bench.start("x", { input, method: { ...method, codec: { ...codec, fingerprint: "00ab" } } });
  bench.start("x", { input });
  bench.start("z", { input, method });
  bench.start("x", { input, method, options: { meta: { a: "b" } } });
  expect(calls(bench)).toEqual([
    [SAME_SCHEMA, true, input],
    [SAME_SCHEMA, false, { text: 5 }],
    [SAME_SCHEMA, false, { text: "a", more: 1 }],
    [0, false, input],
    [0, false, input],
    [0, false, input],
    [SAME_SCHEMA | 1, false, [{ a: "b" }, input]],
  ]);
});

test("an answer goes without keys to a caller that says it has the same schema, and is read as what it is", async () => {
  const bench = new CallBench();
  bench.handle("x", (given) => given, { codec });
  bench.open("y");
  await turns(1);
  const [contract] = bench.frames();
  expect(decodeValue(contract?.payload as Uint8Array)).toEqual(["Foo", [["x", "any", "00aa"]]]);
  bench.receive(GET, 1, shaped(input));
  bench.receive(GET, 2, shaped(input, 0));
  bench.receive(GET, 3, shaped({ text: "a", more: 1 }));
  await turns(1);
  const answers = bench.frames();
  expect(answers.map(({ payload }) => [isShaped(payload, 0), decodeValue(payload, 0, shape)])).toEqual([
    [true, input],
    [false, input],
    [false, { text: "a", more: 1 }],
  ]);
  bench.receive(CONTRACT, 0, told({ x: "00aa" }));
  const call = bench.start("x", { input, method });
  const { channel = 0 } = bench.frames()[0] ?? {};
  bench.receive(RESULT, channel, answers[0]?.payload);
  await turns(1);
  expect(call.told).toBe("value [object Object]");
});

test("a value without keys is refused where its schema is not known, and where its bytes are no such value", async () => {
  const bench = new CallBench();
  bench.handle("plain", (given) => given);
  bench.handle("x", (given) => given, { codec });
  await turns(1);
  bench.open("y");
  bench.pull();
  bench.receive(GET, 1, shaped(input));
  bench.receive(GET, 2, shaped(input, SAME_SCHEMA, 2).subarray(0, -1));
  bench.receive(GET, 3, Buffer.concat([shaped(input, SAME_SCHEMA, 2), Buffer.of(0)]));
  await turns(1);
  expect(bench.pull()).toEqual(["ERROR 1 INVALID_INPUT", "ERROR 2 INVALID_INPUT", "ERROR 3 INVALID_INPUT"]);
  const call = bench.start("y", { input: 1, method: { name: "y", word: "get" } });
  const { channel = 0 } = bench.frames()[0] ?? {};
  bench.receive(RESULT, channel, encodeAfter(0, input, shape));
  await turns(1);
  expect(call.told).toBe("INVALID_OUTPUT: ran");
});

test("a call that waits, and meets a peer of another schema after all, gets its keys back", async () => {
  const bench = new CallBench();
  bench.open();
  bench.receive(CONTRACT, 0, told({ x: "00aa" }));
  const waiting = ["x", "x"].map((name) => bench.start(name, { input, method }));
  bench.end(); // nothing of them has left
  bench.open();
  bench.receive(CONTRACT, 0, told({ x: "00ab" }));
  expect(calls(bench)).toEqual([
    [2, false, input],
    [2, false, input],
  ]);
  const big = { text: "x".repeat(16_200) }; // waits for the contract
  bench.start("x", { input: big, method });
  expect(calls(bench)).toEqual([[0, false, big]]);
  bench.end();
  bench.open();
  bench.receive(CONTRACT, 0, told({ x: "00aa" }));
  const third = bench.start("x", { input: big, method });
  bench.end();
  bench.open();
  expect(calls(bench)).toEqual([]);
  bench.receive(CONTRACT, 0, told({ x: "00ab" }));
  expect(calls(bench)).toEqual([[0, false, big]]);
  await turns(1);
  expect([...waiting, third].map((call) => call.told)).toEqual([
    "DISCONNECTED: may have run",
    "DISCONNECTED: may have run",
    "waits",
  ]);
});

test("a call that waits and is too large with its keys ends, and says why", async () => {
  const bench = new CallBench();
  const most = DEFAULT_LIMITS.values.bytes;
  const big = { text: "x".repeat(most - 8) };
  expect(encodeAfter(0, big, shape).length).toBeLessThanOrEqual(most);
  expect(() => encodeAfter(0, big)).toThrow("bytes");
  bench.open();
  bench.receive(CONTRACT, 0, told({ x: "00aa" }));
  const call = bench.start("x", { input: big, method });
  bench.end(undefined, true);
  bench.open();
  bench.receive(CONTRACT, 0, told({ x: "00ab" }));
  await turns(1);
  expect(call.told).toBe("TOO_LARGE: did not run");
});

test("a handler that takes another's place with another schema is told to the peers", async () => {
  const bench = new CallBench();
  bench.handle("x", (given) => given, { codec });
  bench.open("y");
  await turns(1);
  expect(bench.pull()).toEqual(["CONTRACT 0"]);
  bench.handle("x", (given) => given, { codec });
  await turns(1);
  expect(bench.pull()).toEqual([]);
  bench.handle("x", (given) => given);
  await turns(1);
  expect(bench.frames().map(({ payload }) => decodeValue(payload))).toEqual([["Foo", [["x", "any"]]]]);
});

test("a fingerprint is a short text, or the session is at fault", () => {
  for (const fingerprint of [5, "x".repeat(33), null]) {
    const bench = new CallBench();
    bench.open();
    expect(() => bench.receive(CONTRACT, 0, encodeValue(["Bar", [["x", "any", fingerprint]]]))).toThrow("fingerprint");
  }
  const bench = new CallBench();
  bench.open();
  bench.receive(CONTRACT, 0, encodeValue(["Bar", [["x", "any", "x".repeat(32)]]]));
  expect(bench.conversation.contract?.shares("x", { fingerprint: "x".repeat(32) })).toBe(true);
});
