/** Shapes as JSON Schema, draft 2020-12. What JSON can't say says so under "x-chatroom": bytes, dates, bigints, maps and sets travel as themselves. */
import type { Bounds, Shape, Shapes } from "./shape.ts";

export type JsonSchema = Readonly<Record<string, unknown>> | boolean;

/** Formats of zod that JSON Schema knows under a name of its own. */
const FORMATS: Readonly<Record<string, string>> = {
  email: "email",
  url: "uri",
  uuid: "uuid",
  guid: "uuid",
  ipv4: "ipv4",
  ipv6: "ipv6",
  datetime: "date-time",
  date: "date",
  time: "time",
  duration: "duration",
};

const INTEGERS = /^(?:safeint|u?int(?:32|64))$/;

/** A schema with everything that it refers to; where it refers to itself it has that id, so that it may stand anywhere. */
export function jsonSchemaOf({ shape, cycles }: Shapes, id: string): JsonSchema {
  const schema = convert(shape);
  if (cycles.length === 0 || typeof schema === "boolean") return schema;
  return {
    $id: `chatroom:${id}`,
    ...schema,
    $defs: Object.fromEntries(cycles.map((cycle, at) => [`cycle${at}`, convert(cycle)])),
  };
}

function convert(shape: Shape): JsonSchema {
  const schema = convertKind(shape);
  const { checks = [] } = shape;
  if (checks.length === 0 || typeof schema === "boolean") return schema;
  return { ...schema, "x-chatroom-checks": checks };
}

function convertKind(shape: Shape): JsonSchema {
  switch (shape.kind) {
    case "string":
      return { type: "string", ...lengths(shape, "Length"), ...formats(shape.rules) };
    case "number": {
      const { rules = [] } = shape;
      const divisors = rules.filter((rule) => rule.startsWith("multiple of ")).map((rule) => Number(rule.slice(12)));
      return {
        type: rules.some((rule) => INTEGERS.test(rule)) ? "integer" : "number",
        ...values(shape),
        ...(divisors[0] === undefined ? {} : { multipleOf: divisors[0] }),
      };
    }
    case "bigint":
      return { type: "integer", "x-chatroom": "bigint", ...values(shape) };
    case "date":
      return { type: "string", format: "date-time", "x-chatroom": "Date" };
    case "nan":
      return { type: "number", "x-chatroom": "NaN" };
    case "boolean":
    case "null":
      return { type: shape.kind };
    case "undefined":
      return { "x-chatroom": "undefined", not: {} };
    case "unknown":
    case "custom":
      return {};
    case "never":
      return false;
    case "values":
      return { enum: shape.values.map(valueOf) };
    case "template":
      return { type: "string", pattern: sourceOf(shape.pattern) };
    case "array":
      return { type: "array", items: convert(shape.element), ...lengths(shape, "Items") };
    case "set":
      return {
        type: "array",
        items: convert(shape.element),
        ...lengths(shape, "Items"),
        uniqueItems: true,
        "x-chatroom": "Set",
      };
    case "map": {
      const pair = {
        type: "array",
        prefixItems: [convert(shape.key), convert(shape.value)],
        items: false,
        minItems: 2,
      };
      return { type: "array", items: pair, ...lengths(shape, "Items"), "x-chatroom": "Map" };
    }
    case "tuple": {
      // With a rest, zod takes an item that is not there for undefined.
      const required = shape.items.findLastIndex((item) => !item.optional && !(shape.rest && mayBeMissing(item.shape)));
      return {
        type: "array",
        prefixItems: shape.items.map((item) => convert(item.shape)),
        items: shape.rest ? convert(shape.rest) : false,
        ...(required >= 0 ? { minItems: required + 1 } : {}),
      };
    }
    case "object": {
      const fields = Object.entries(shape.fields);
      const required = fields.filter(([, { optional }]) => !optional).map(([name]) => name);
      const { others } = shape;
      return {
        type: "object",
        properties: Object.fromEntries(fields.map(([name, field]) => [name, convert(withoutUndefined(field.shape))])),
        ...(required.length > 0 ? { required } : {}),
        ...(others === undefined ? {} : { additionalProperties: others === "refused" ? false : convert(others) }),
      };
    }
    case "record": {
      const keys = shape.key.kind === "values" ? shape.key.values.map((key) => String(valueOf(key))) : undefined;
      if (keys === undefined)
        return {
          type: "object",
          additionalProperties: convert(shape.value),
          ...(shape.key.kind === "string" && shape.key.rules === undefined
            ? {}
            : { propertyNames: convert(keyOf(shape.key)) }),
        };
      return {
        type: "object",
        properties: Object.fromEntries(keys.map((key) => [key, convert(shape.value)])),
        ...(shape.partial || keys.length === 0 || mayBeMissing(shape.value) ? {} : { required: keys }),
        additionalProperties: false,
      };
    }
    case "union": {
      const options = shape.options.map(convert);
      return shape.exclusive ? { oneOf: options } : { anyOf: options };
    }
    case "intersection":
      return { allOf: shape.parts.map(convert) };
    case "instance":
      return { type: "string", contentEncoding: "base64", "x-chatroom": shape.name };
    default:
      return { $ref: `#/$defs/cycle${shape.as}` };
  }
}

/** A key that is not there is undefined, which some values may be. */
function mayBeMissing(shape: Shape): boolean {
  switch (shape.kind) {
    case "unknown":
    case "undefined":
      return shape.checks === undefined;
    case "values":
      return shape.values.includes("undefined");
    case "union":
      return shape.options.some(mayBeMissing);
    default:
      return false;
  }
}

/** Keys are texts. */
function keyOf(key: Shape): Shape {
  return key.kind === "number" ? { kind: "string", rules: ["number /^-?\\d+(?:\\.\\d+)?$/"] } : key;
}

/** In JSON a field that is undefined is left out. */
function withoutUndefined(shape: Shape): Shape {
  if (shape.kind !== "union") return shape;
  const options = shape.options.filter(({ kind }) => kind !== "undefined");
  return options.length === 1 && shape.checks === undefined ? (options[0] as Shape) : { ...shape, options };
}

function lengths({ min, max }: Bounds, what: "Length" | "Items"): Record<string, unknown> {
  return {
    ...(min === undefined ? {} : { [`min${what}`]: min }),
    ...(max === undefined ? {} : { [`max${what}`]: max }),
  };
}

function values({ min, max, isMinOpen, isMaxOpen }: Bounds): Record<string, unknown> {
  return {
    ...(min === undefined ? {} : { [isMinOpen ? "exclusiveMinimum" : "minimum"]: plain(min) }),
    ...(max === undefined ? {} : { [isMaxOpen ? "exclusiveMaximum" : "maximum"]: plain(max) }),
  };
}

/** Bigints are numbers in JSON, as exactly as it has them. */
function plain(bound: number | string): number {
  return Number(String(bound).replace(/n$/, ""));
}

/** A format where there is a name for it, and every pattern. */
function formats(rules: readonly string[] = []): Record<string, unknown> {
  const format = rules.map((rule) => FORMATS[rule.split(" ")[0] ?? ""]).find((one) => one !== undefined);
  const patterns = rules.flatMap((rule) => {
    const at = rule.indexOf("/");
    return at < 0 ? [] : [sourceOf(rule.slice(at))];
  });
  const [first, ...more] = patterns;
  return {
    ...(format === undefined ? {} : { format }),
    ...(first === undefined ? {} : { pattern: first }),
    ...(more.length === 0 ? {} : { allOf: more.map((pattern) => ({ pattern })) }),
  };
}

/** Of `/pattern/flags`. */
function sourceOf(pattern: string): string {
  return pattern.slice(1, pattern.lastIndexOf("/"));
}

function valueOf(text: string): unknown {
  if (text === "undefined") return null;
  if (/^-?\d+n$/.test(text)) return Number(text.slice(0, -1));
  return /^(?:NaN|-?Infinity)$/.test(text) ? null : JSON.parse(text);
}
