import { sessionLimits } from "../../../src/session/limits.ts";
import { portOption } from "../../../src/link/defaults.ts";
import { decodeValue, encodeValue } from "../../../src/wire/values.ts";
import { varyValue } from "../vary-value.ts";
import { must, outcomeOf, type Target } from "../target.ts";

const CHANGES: readonly unknown[] = [
  { windowBytes: 16_392 },
  { messageBytes: 2 ** 32 - 1, assemblyBytes: 2 ** 33 },
  { assemblyMessages: 2, freeBytes: 16_392, messageBytes: 1 },
  { windowBytes: -1, links: 0.5, queueSoftBytes: Number.NaN, queueHardBytes: "1" },
];

/** Limits that an option changes, as a value. */
export const part: Target = {
  samples: CHANGES.map((value) => encodeValue(value)),
  words: [
    "windowBytes",
    "bulkFloorBytes",
    "messageBytes",
    "assemblyBytes",
    "assemblyMessages",
    "freeBytes",
    "queueSoftBytes",
    "queueHardBytes",
    "links",
    0,
    1,
    2 ** 32,
    2 ** 53,
    -1,
    null,
    Infinity,
  ].map((value) => encodeValue(value)),
  maxBytes: 512,
  vary: (input, roll) => varyValue(input, 0, roll),
  run(input) {
    let changed: unknown;
    try {
      changed = decodeValue(input);
    } catch {
      return "no value";
    }
    if (typeof changed === "number") {
      const port = changed;
      const { value, error } = outcomeOf(() => portOption(port, "port", 1), TypeError);
      must(error !== undefined || (Number.isInteger(value) && value >= 0 && value <= 65_535), "a port that is none");
      return error === undefined ? "port" : "no port";
    }
    if (typeof changed !== "object" || changed === null || Array.isArray(changed)) return "no limits";
    // What a program sets by itself: numbers, and at worst other words.
    if (Object.values(changed).some((one) => typeof one === "object")) return "no numbers";
    const limits = changed;
    const { value, error } = outcomeOf(() => sessionLimits(limits), RangeError);
    if (error !== undefined) return error.message.replaceAll(/\d+/g, "N").slice(0, 60);
    must(
      value.assemblyBytes - value.assemblyMessages * value.freeBytes >= value.messageBytes &&
        value.windowBytes >= 16_392,
      "limits by which a message could never be sent",
    );
    return "limits";
  },
};
