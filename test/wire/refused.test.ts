import vm from "node:vm";
import { expect, test } from "vitest";
import { DEFAULT_VALUE_LIMITS, decodeValue, encodeValue, ValueError } from "../../src/wire/values.ts";
import { same } from "./same.ts";

function refusalOf(value: unknown, limits = DEFAULT_VALUE_LIMITS): string {
  try {
    encodeValue(value, limits);
  } catch (error) {
    expect(error).toBeInstanceOf(ValueError);
    return (error as ValueError).describe("input");
  }
  return "sent";
}

class Point {
  x = 1;
}

/** What newer engines have, and Node 20's types leave out. */
type Resizable = new (
  length: number,
  options: { maxByteLength: number },
) => ArrayBuffer & { resize(length: number): void };

test("what can't be sent is refused with the path to it", () => {
  const items = [1, 2, 3, { when: () => 1 }];
  expect(refusalOf({ items })).toBe("input.items[3].when: a function can't be sent");
  expect(refusalOf(() => 1)).toBe("input: a function can't be sent");
  expect(refusalOf([Symbol("s")])).toBe("input[0]: a symbol can't be sent");
  expect(refusalOf({ "a b": [{ "": Point }] })).toBe('input["a b"][0][""]: a function can\'t be sent');
  expect(refusalOf({ p: new Point() })).toBe("input.p: an instance of Point can't be sent (send a plain object)");
  expect(refusalOf(new Map([["k", new Point()]]))).toContain('input.get("k"): an instance of Point');
  expect(refusalOf(new Map([[new Point(), 1]]))).toContain("input.keys()[0]: an instance of Point");
  expect(refusalOf(new Set([1, Symbol("s")]))).toBe("input.values()[1]: a symbol can't be sent");
  expect(refusalOf({ a: Promise.resolve() })).toBe("input.a: a promise can't be sent (await it first)");
  expect(refusalOf(JSON.parse('{"a":{"__proto__":1}}'))).toBe("input.a.__proto__: a key __proto__ can't be sent");
});

test("an array that says it has a length that none can have is refused", () => {
  for (const length of [-5, 1.5, Number.NaN, 2 ** 32, "2", undefined]) {
    const list = new Proxy([1, 2], { get: (target, key) => (key === "length" ? length : Reflect.get(target, key)) });
    expect(refusalOf({ list })).toBe("input.list: an array without a length can't be sent");
  }
});

test("of an object the members that Object.keys names are sent, of an array its items alone; a hole is undefined", () => {
  const [hidden, list] = [Symbol("hidden"), Object.assign([1, 2], { extra: 1 })];
  Object.defineProperty(list, hidden, { value: 1, enumerable: true });
  const sent = decodeValue(encodeValue([Math, { a: 1, [hidden]: 2 }, list, [1, , 3]])) as unknown[]; // oxlint-disable-line no-sparse-arrays
  expect(same(sent, [{}, { a: 1 }, [1, 2], [1, undefined, 3]])).toBe(true);
  expect(Reflect.ownKeys(sent[2] as object)).toEqual(["0", "1", "length"]);
});

test("instances of classes are refused, subclasses of what can be sent too", () => {
  class MyMap extends Map {}
  class MyList extends Array {}
  class MyDate extends Date {}
  class MyBytes extends Uint8Array {}
  class Bare extends (null as unknown as ObjectConstructor) {}
  const refused = [
    new MyMap(),
    new MyList(),
    new MyDate(),
    new MyBytes(1),
    Object.create(Bare.prototype),
    Object.create(Map.prototype),
    Object.create({ inherited: 1 }),
    new Error("e"),
    /r/,
    new WeakMap(),
    new URL("a:b"),
    new ArrayBuffer(1),
    new SharedArrayBuffer(1),
    new DataView(new ArrayBuffer(1)),
    Object(1),
    Object("s"),
    Object(1n),
    new Proxy(new Map(), {}),
    (function* () {})(),
  ];
  for (const value of refused) expect(refusalOf([value])).toMatch(/^input\[0\]: /);
});

test("plain objects and built-ins of another realm are sent like our own", () => {
  const values = vm.runInNewContext(
    "[{ a: [1] }, new Map([[1, { b: 2 }]]), new Set([1]), new Date(5), new Uint8Array([1]), new Float32Array([1.5])]",
  ) as unknown[];
  const own = [{ a: [1] }, new Map([[1, { b: 2 }]]), new Set([1]), new Date(5), Uint8Array.of(1), Float32Array.of(1.5)];
  expect(same(decodeValue(encodeValue(values)), own)).toBe(true);
  const foreign = vm.runInNewContext(
    "[new (class A {})(), new (class B extends Map {})(), /r/, new Error('e')]",
  ) as unknown[];
  for (const value of foreign) expect(refusalOf(value)).toContain("can't be sent");
});

test("a cycle is named by where it begins and where it closes", () => {
  const parent: Record<string, unknown> = { child: { list: [0] } };
  (parent.child as { list: unknown[] }).list.push(parent);
  expect(refusalOf({ parent })).toBe("input.parent.child.list[1]: a cycle can't be sent (it is value.parent again)");
  const self: unknown[] = [];
  self.push(self);
  expect(refusalOf(self)).toBe("input[0]: a cycle can't be sent (it is value again)");
  const map = new Map<string, unknown>();
  map.set("me", new Set([map]));
  expect(refusalOf(map)).toBe('input.get("me").values()[0]: a cycle can\'t be sent (it is value again)');
});

test("the same object twice is no cycle: it arrives as two", () => {
  const shared = { a: 1 };
  expect(decodeValue(encodeValue([shared, shared, { shared }]))).toEqual([shared, shared, { shared }]);
});

const nested = (levels: number): unknown => {
  let value: unknown = 1;
  for (let i = 0; i < levels; i++) value = i % 2 ? [value] : { a: value };
  return value;
};

test("each limit lets its own number pass and refuses one more, on both sides alike", () => {
  const none = { ...DEFAULT_VALUE_LIMITS, depth: 512, nodes: 1e9, containers: 1e9, bigintBytes: 1e6, bytes: 1e9 };
  const cases: [name: string, fits: unknown, over: unknown, refusal: RegExp][] = [
    ["depth", nested(64), nested(65), /64 levels deep/],
    [
      "containers",
      Array.from({ length: 99_999 }, () => []),
      Array.from({ length: 100_000 }, () => []),
      /100000 arrays and objects/,
    ],
    ...[Uint8Array, Int8Array].map((kind): (typeof cases)[number] => [
      kind.name,
      Array.from({ length: 99_999 }, () => new kind(0)),
      Array.from({ length: 100_000 }, () => new kind(0)),
      /100000 arrays and objects/,
    ]),
    ["nodes", Array.from({ length: 999_999 }, () => 1), Array.from({ length: 1_000_000 }, () => 1), /1000000 values/],
    ["bigintBytes", -(2n ** 8191n), 2n ** 8191n, /bigint of more than 1024 bytes/],
    ["bytes", "x".repeat(16 * 1_048_576 - 5), "x".repeat(16 * 1_048_576 - 4), /too large|more than 16777216 bytes/],
  ];
  for (const [name, fits, over, refusal] of cases) {
    const bytes = encodeValue(fits);
    expect(encodeValue(decodeValue(bytes)).length, name).toBe(bytes.length);
    expect(refusalOf(over), name).toMatch(refusal);
    const smuggled = encodeValue(over, none);
    expect(() => decodeValue(smuggled), name).toThrow(refusal);
    expect(decodeValue(smuggled, 0, undefined, none), name).not.toBe(undefined);
  }
});

test("depth counts Maps and Sets once each", () => {
  let value: unknown = 1;
  for (let i = 0; i < 64; i++) value = i % 2 ? new Map([[value, 1]]) : new Set([value]);
  expect(same(decodeValue(encodeValue(value)), value)).toBe(true);
  expect(refusalOf([value])).toContain("64 levels deep");
});

test("keys and values of objects count as values, entries of Maps too", () => {
  const limits = { ...DEFAULT_VALUE_LIMITS, nodes: 5 };
  expect(refusalOf({ a: 1, b: 2 }, limits)).toBe("sent");
  expect(refusalOf({ a: 1, b: 2, c: 3 }, limits)).toBe("input: more than 5 values");
  expect(refusalOf({ a: 1, b: [2] }, limits)).toBe("input.b: more than 5 values");
  expect(refusalOf(new Map([[1, 1], [2, 2]]), limits)).toBe("sent"); // biome-ignore format: one line
  expect(() => decodeValue(encodeValue({ a: 1, b: [2] }), 0, undefined, limits)).toThrow("more than 5 values");
});

test("a getter that throws, and a container that changes meanwhile, are refused and not half sent", () => {
  const broken = {
    a: [
      {
        get b(): number {
          throw new Error("no b today");
        },
      },
    ],
  };
  expect(refusalOf(broken)).toBe("input.a[0].b: reading it threw: no b today");
  const map = new Map<string, unknown>();
  map.set("first", {
    get drop() {
      map.delete("second");
      return 1;
    },
  });
  map.set("second", 2);
  expect(refusalOf({ map })).toBe("input.map: changed while it was being encoded");
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  expect(refusalOf([revoked.proxy])).toContain("input[0]: reading it threw");
  expect(refusalOf(revoked.proxy)).toContain("could not be encoded");
});

test("a binary whose memory is taken away while it is being encoded is refused", () => {
  const data = new Uint8Array(50_000).fill(1);
  const value = {
    data,
    get after() {
      structuredClone(data.buffer, { transfer: [data.buffer] });
      return 1;
    },
  };
  expect(refusalOf(value)).toContain("changed its size");
});

test.each([Uint8Array, Float32Array, BigInt64Array])("a %s whose memory is gone is refused", (kind) => {
  const gone = new kind(4);
  structuredClone(gone.buffer, { transfer: [gone.buffer] });
  expect(refusalOf({ gone })).toBe(`input.gone: a ${kind.name} whose memory is gone can't be sent`);
  const buffer = new (ArrayBuffer as unknown as Resizable)(32, { maxByteLength: 64 });
  const cutOff = new kind(buffer, 8, 1);
  buffer.resize(4);
  expect(refusalOf([cutOff])).toBe(`input[0]: a ${kind.name} whose memory is gone can't be sent`);
});

test.each([9, 9_000, 90_000])("a binary that says it has %d bytes sends those that it has", (said) => {
  encodeValue(Array.from({ length: 4_000 }, () => "a secret that stood there")); // fills what is used again
  const liar = Uint8Array.of(1, 2);
  Object.defineProperty(liar, "byteLength", { value: said });
  class Liar extends Buffer {
    override get byteLength(): number {
      return said;
    }
  }
  const alike = Object.setPrototypeOf(Buffer.from([3]), Liar.prototype) as Buffer;
  expect(decodeValue(encodeValue({ liar, alike }))).toEqual({ liar: Uint8Array.of(1, 2), alike: Uint8Array.of(3) });
});

test("bytes that are cut anywhere are refused as cut", () => {
  const values = [
    2 ** 40,
    -70_000,
    "x".repeat(40),
    new Uint8Array(40),
    Float64Array.of(1, 2),
    new Date(5),
    2n ** 100n,
    [1, ["two", { three: 3 }]],
    new Map([["key", new Set([1, undefined])]]),
  ];
  for (const value of values) {
    const bytes = encodeValue(value);
    for (let length = 1; length < bytes.length; length++)
      expect(() => decodeValue(bytes.slice(0, length)), `${length} of ${bytes.length} bytes`).toThrow(
        "the end of the bytes inside a value",
      );
  }
});
