import { decodeContract, encodeContract, PeerContract } from "../../../src/call/contract.ts";
import { ProtocolViolation } from "../../../src/session/violation.ts";
import {
  CALL_HEADER_BYTES,
  HAS_NAME,
  readCallHeader,
  readCallName,
  writeCallHeader,
} from "../../../src/wire/frames.ts";
import { encodeValue } from "../../../src/wire/values.ts";
import { varyValue } from "../vary-value.ts";
import { must, outcomeOf, type Target, wordsOf } from "../target.ts";

const contracts = [
  { kind: undefined, methods: [] },
  {
    kind: "Bar",
    methods: [
      { name: "test", word: "get" as const },
      { name: "chat", word: "send" as const },
      { name: "__proto__", word: "any" as const },
    ],
  },
  {
    kind: "k".repeat(64),
    methods: Array.from({ length: 40 }, (_, at) => ({ name: `method ${at}`, word: "any" as const })),
  },
];

/** A contract, and the header of a call: the first byte says which. */
export const target: Target = {
  samples: [
    ...contracts.map((one) => Uint8Array.from([0, ...encodeContract(one)])),
    Uint8Array.from([0, ...encodeValue([undefined, [["x"]]])]),
    Uint8Array.from([
      0,
      ...encodeValue([
        undefined,
        [
          ["", "get"],
          ["x".repeat(65), "get"],
        ],
      ]),
    ]),
    Uint8Array.from([1, 0, 1, 1, 0, 0, 1, 0, 5]),
    Uint8Array.from([1, 0, 2, 2, 0, 0, 1, 0, 0xc3, 0xa9, 5]),
    Uint8Array.of(1, 255, 255, 255, 255, 255, 255, 255),
  ],
  words: [
    encodeValue("get"),
    encodeValue("send"),
    encodeValue("any"),
    encodeValue(undefined),
    encodeValue(null),
    encodeValue([]),
  ],
  vary: (input, roll) => varyValue(input, 1, roll),
  run(input) {
    const bytes = input.subarray(1);
    if (((input[0] ?? 0) & 1) === 1) {
      const header = readCallHeader(bytes);
      const isNamed = bytes.length >= CALL_HEADER_BYTES && ((bytes[2] as number) & HAS_NAME) !== 0;
      const nameBytes = isNamed ? Buffer.from(bytes).readUInt16BE(0) : 0;
      must(
        (header === undefined) === bytes.length < CALL_HEADER_BYTES + nameBytes,
        "a header of too few bytes, or none of enough",
      );
      if (header === undefined) return isNamed ? "short name" : "short";
      must(header.valueAt === CALL_HEADER_BYTES + nameBytes, "a value from elsewhere");
      must(readCallName(bytes, header).length <= nameBytes, "a name from nowhere");
      const again = new Uint8Array(CALL_HEADER_BYTES);
      writeCallHeader(again, header.method, header.flags, header.timeoutMs);
      must(Buffer.from(again).equals(bytes.subarray(0, CALL_HEADER_BYTES)), "another header than came");
      return isNamed ? "name" : "header";
    }
    const { value, error } = outcomeOf(() => decodeContract(bytes), ProtocolViolation);
    if (error !== undefined) return wordsOf(error);
    const again = decodeContract(encodeContract(value));
    must(JSON.stringify(again) === JSON.stringify(value), "another contract when it is written and read again");
    const contract = new PeerContract(value);
    for (const { name } of value.methods) must(contract.numberOf(name, "get") !== undefined, "a method that is lost");
    must(
      typeof contract.numberOf("toString", "get") === "string" || value.methods.some(({ name }) => name === "toString"),
      "a method from nowhere",
    );
    return `contract ${Math.min(value.methods.length, 3)} ${typeof value.kind}`;
  },
};
