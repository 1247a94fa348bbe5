import { type Field, NOTHING, type Sides, type Type } from "./model.ts";
import type { Place } from "./place.ts";
import type { Problem } from "./problem.ts";
import {
  BRANDED,
  CATCHALL,
  CHAINED,
  COERCED,
  CUSTOM,
  INSTANCE,
  NO_VALUE,
  NO_ZOD,
  OLD_ZOD,
  READONLY,
  RECURSIVE,
  REFUSALS,
  TS_ENUM,
  TYPE_ARGUMENTS,
} from "./refusals.ts";
import type { Span } from "./source-tree.ts";
import { asReadonly, literalOf, UNKNOWN, unionOf, withoutUndefined } from "./type-algebra.ts";
import {
  classOf,
  defOf,
  hasTrait,
  isOldZodSchema,
  isPartialRecord,
  isZodSchema,
  type ZodDef,
  type ZodSchema,
} from "./zod.ts";

/** The side of a schema: what its sender passes, or what its receiver gets. */
type Side = keyof Sides;

interface Reading {
  side: Side;
  /** For messages: which part of the network is read. */
  about: string;
  problems: Problem[];
  /** The schemas that the walk is inside of, to find those that contain themselves. */
  inside: ReadonlySet<ZodSchema>;
}

/** Both sides of a schema as plain types; `about` names it in messages. What can't be printed exactly becomes a problem at its place. */
export function readSides(schema: unknown, place: Place, about: string, problems: Problem[]): Sides {
  const read = (side: Side) => readType(schema, place, { side, about, problems, inside: new Set() });
  return { sent: read("sent"), parsed: read("parsed") };
}

const NAMES: Readonly<Record<string, string>> = {
  string: "string",
  number: "number",
  nan: "number",
  boolean: "boolean",
  bigint: "bigint",
  date: "Date",
  null: "null",
  undefined: "undefined",
  void: "void",
  unknown: "unknown",
  never: "never",
};

function readType(schema: unknown, place: Place, reading: Reading): Type {
  const refuse = (message: string, at: Span = place.span): Type => {
    reading.problems.push({ file: place.file, ...at.start, message, about: reading.about });
    return UNKNOWN;
  };
  if (!isZodSchema(schema)) return refuse(isOldZodSchema(schema) ? OLD_ZOD : schema === undefined ? NO_VALUE : NO_ZOD);
  if (reading.inside.has(schema)) return refuse(RECURSIVE);
  const def = defOf(schema);
  const brand = place.method("brand");
  if (brand) return refuse(BRANDED, brand);
  if (place.hasTypeArguments && def.type !== "custom") return refuse(TYPE_ARGUMENTS);
  if (def.coerce === true) return refuse(COERCED);

  const deeper: Reading = { ...reading, inside: new Set(reading.inside).add(schema) };
  const inner = (): Type => readType(def.innerType, place.inner(def.type), deeper);
  switch (def.type) {
    case "array":
      return {
        kind: "array",
        element: readType(def.element, place.inner("array"), within(deeper, "[]")),
        readonly: false,
      };
    case "tuple":
      return readTuple(def, place, deeper);
    case "object":
      return readObject(def, place, deeper, refuse);
    case "record":
      return readRecord(def, place, deeper);
    case "union":
      return unionOf((def.options ?? []).map((option, index) => readType(option, place.item(index), deeper)));
    case "enum":
      return readEnum(def, place, refuse);
    case "literal":
      return unionOf((def.values ?? []).map(literalOf));
    case "optional":
      return hasTrait(schema, "$ZodExactOptional") ? inner() : unionOf([inner(), NOTHING]);
    case "nullable":
      return unionOf([inner(), { kind: "plain", text: "null" }]);
    case "default":
      return reading.side === "sent" ? unionOf([inner(), NOTHING]) : withoutUndefined(inner());
    case "prefault":
      return reading.side === "sent" ? unionOf([inner(), NOTHING]) : inner();
    case "nonoptional":
      return withoutUndefined(inner());
    case "catch":
      return inner();
    case "readonly":
      return asReadonly(inner()) ?? refuse(READONLY, place.method("readonly"));
    case "custom":
      return readCustom(schema, place, refuse);
    default: {
      const name = NAMES[def.type];
      if (name !== undefined) return { kind: "plain", text: name };
      const chained = place.method(...(CHAINED[def.type] ?? []));
      return refuse(REFUSALS[def.type] ?? `a schema of the type "${def.type}" has no plain type`, chained);
    }
  }
}

function readTuple(def: ZodDef, place: Place, reading: Reading): Type {
  const schemas = def.items ?? [];
  const items = schemas.map((item, index) => ({
    type: readType(item, place.item(index), within(reading, `[${index}]`)),
    optional: schemas.slice(index).every((later) => isOptional(later, reading.side)),
  }));
  const rest = def.rest ? readType(def.rest, place.inner("rest"), within(reading, "[]")) : undefined;
  return { kind: "tuple", items, rest, readonly: false };
}

function readObject(def: ZodDef, place: Place, reading: Reading, refuse: (message: string) => Type): Type {
  const catchall = def.catchall && defOf(def.catchall).type;
  if (catchall !== undefined && catchall !== "never" && catchall !== "unknown") return refuse(CATCHALL);
  const fields = Object.entries(def.shape ?? {}).map(([name, schema]): Field => {
    const at = place.field(name);
    const type = readType(schema, at, within(reading, `.${name}`));
    const described = descriptionOf(schema);
    return { name, type, optional: isOptional(schema, reading.side), doc: at.doc ?? described, origin: at.origin };
  });
  if (fields.length === 0) {
    const value: Type = { kind: "plain", text: catchall === "unknown" ? "unknown" : "never" };
    return { kind: "record", key: { kind: "plain", text: "string" }, value, partial: false, readonly: false };
  }
  return { kind: "object", fields, open: catchall === "unknown", readonly: false };
}

function readRecord(def: ZodDef, place: Place, reading: Reading): Type {
  const key = readType(def.keyType, place.inner("key"), reading);
  const value = readType(def.valueType, place.inner("record"), within(reading, "[]"));
  const isPartial = isPartialRecord(def) || (reading.side === "sent" && isOptional(def.valueType, "sent"));
  return { kind: "record", key, value, partial: isPartial, readonly: false };
}

function readEnum(def: ZodDef, place: Place, refuse: (message: string) => Type): Type {
  const entries = Object.entries(def.entries ?? {});
  // TypeScript adds a way back from each number to its name.
  const isNumericEnum = entries.some(
    ([key, value]) => typeof value === "string" && def.entries?.[value] === Number(key),
  );
  if (isNumericEnum || place.beginsWithEnum) return refuse(TS_ENUM);
  return unionOf(entries.map(([, value]) => literalOf(value)));
}

function readCustom(schema: ZodSchema, place: Place, refuse: (message: string, at?: Span) => Type): Type {
  const known = classOf(schema);
  const isInstance = known !== undefined || hasTrait(schema, "ZodInstanceOf");
  // A described schema has lost its class: then the text tells.
  const isBytes = known === undefined ? isInstance && place.beginsWith("Uint8Array") : known === Uint8Array;
  if (!isBytes) return refuse(isInstance ? INSTANCE : CUSTOM);
  const properties = place.method("properties");
  return properties ? refuse(CUSTOM, properties) : { kind: "plain", text: "Uint8Array" };
}

/** The reading of a part. */
function within(reading: Reading, part: string): Reading {
  return { ...reading, about: `${reading.about}${part}` };
}

/** Whether a key of that schema may be missing, on that side: zod's own rule, as its types state it. */
function isOptional(schema: ZodSchema | undefined, side: Side): boolean {
  const def = schema && defOf(schema);
  switch (def?.type) {
    case "optional":
      return true;
    case "default":
    case "prefault":
      return side === "sent";
    case "nullable":
    case "readonly":
    case "catch":
      return isOptional(def.innerType, side);
    case "union":
      return def.options?.some((option) => isOptional(option, side)) ?? false;
    default:
      return false;
  }
}

function descriptionOf(schema: ZodSchema): string | undefined {
  let at: ZodSchema | undefined = schema;
  while (at !== undefined) {
    if (typeof at.description === "string" && at.description.trim() !== "") return at.description.trim();
    at = defOf(at).innerType;
  }
  return undefined;
}
