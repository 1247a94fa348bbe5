import { type Field, NOTHING, type Sides, type Type } from "./model.ts";
import type { Place } from "./place.ts";
import type { Problem } from "./problem.ts";
import type { Span } from "./source-tree.ts";
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

/** What a type is replaced with after its problem was noted, so that the walk can go on. */
const UNKNOWN: Type = { kind: "plain", text: "unknown" };

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
      return unionOf((def.values ?? []).map(literal));
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
  if (isNumericEnum || place.namesEnum) return refuse(TS_ENUM);
  return unionOf(entries.map(([, value]) => literal(value)));
}

function readCustom(schema: ZodSchema, place: Place, refuse: (message: string, at?: Span) => Type): Type {
  const known = classOf(schema);
  const isInstance = known !== undefined || hasTrait(schema, "ZodInstanceOf");
  // A described schema has lost its class: then the text tells.
  const isBytes = known === undefined ? isInstance && place.argumentName === "Uint8Array" : known === Uint8Array;
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

function literal(value: unknown): Type {
  if (typeof value === "bigint") return { kind: "plain", text: `${value}n` };
  if (typeof value === "string") return { kind: "plain", text: JSON.stringify(value) };
  // A type can't say NaN or Infinity.
  if (typeof value === "number" && !Number.isFinite(value)) return { kind: "plain", text: "number" };
  return { kind: "plain", text: String(value) };
}

/** A union without nested unions and doubles, and without what another member already covers. */
export function unionOf(types: readonly Type[]): Type {
  const flat = types.flatMap((type) => (type.kind === "union" ? type.members : [type]));
  if (flat.some((type) => isPlain(type, "unknown"))) return UNKNOWN;
  const members = flat.filter((type, index) => {
    if (isPlain(type, "never")) return false;
    return type.kind !== "plain" || flat.findIndex((other) => isPlain(other, type.text)) === index;
  });
  const [first] = members;
  if (first === undefined) return { kind: "plain", text: "never" };
  return members.length === 1 ? first : { kind: "union", members };
}

/** Whether a value of the type may be left out altogether. */
export function allowsNothing(type: Type): boolean {
  if (type.kind === "union") return type.members.some(allowsNothing);
  return ["undefined", "void", "unknown"].some((text) => isPlain(type, text));
}

function withoutUndefined(type: Type): Type {
  if (type.kind === "union") return unionOf(type.members.filter((member) => !isPlain(member, "undefined")));
  return isPlain(type, "undefined") ? { kind: "plain", text: "never" } : type;
}

function asReadonly(type: Type): Type | undefined {
  switch (type.kind) {
    case "plain":
      return type.text === "Uint8Array" ? undefined : type;
    case "union": {
      const members = type.members.map(asReadonly);
      return members.every((member) => member !== undefined) ? { kind: "union", members } : undefined;
    }
    case "tuple":
      // zod's type forgets the items of a tuple that may be empty.
      return type.items[0]?.optional === false ? { ...type, readonly: true } : undefined;
    default:
      return { ...type, readonly: true };
  }
}

function isPlain(type: Type, text: string): boolean {
  return type.kind === "plain" && type.text === text;
}

function descriptionOf(schema: ZodSchema): string | undefined {
  let at: ZodSchema | undefined = schema;
  while (at !== undefined) {
    if (typeof at.description === "string" && at.description.trim() !== "") return at.description.trim();
    at = defOf(at).innerType;
  }
  return undefined;
}

const OLD_ZOD = 'this is a schema of zod 3: install zod 4, and import { z } from "zod"';
const NO_VALUE = "there is nothing here: is it imported from a file that imports this one?";
const NO_ZOD = "this is not a zod schema: write one, as in z.string()";
const BRANDED = "a brand exists for the compiler alone and does not travel: leave .brand() out";
const TYPE_ARGUMENTS =
  "a type argument tells the compiler what zod does not check: leave it out, and say it with the schema itself";
const COERCED =
  "what z.coerce accepts can't be said in a type: write the plain schema, as in z.number(), and convert before sending";
const CATCHALL =
  "a .catchall() schema can't be printed beside other keys: use z.looseObject({...}), or put the rest in a field of its own with z.record()";
const TS_ENUM = 'a TypeScript enum has no plain type: write its values, as in z.enum(["red", "green"])';
const INSTANCE =
  "instances of a class do not travel: write its fields with z.object({...}); of the built-in classes, z.date() and z.instanceof(Uint8Array) travel";
const CUSTOM = "what a custom check accepts can't be read from it: write a plain schema and refine it with .refine()";
const READONLY = ".readonly() has no exact plain type here: leave it out";
const RECURSIVE =
  "a schema that contains itself, or z.lazy(), has no plain type yet: end it at a fixed depth, or send a flat z.array(...) whose items name their parents";
const PIPED =
  "the type that comes out of a transform, pipe, codec or preprocess can't be read from the schema: declare what travels, and convert in the program";

/** The methods by which a chain becomes a schema of that type. */
const CHAINED: Readonly<Record<string, readonly string[]>> = {
  pipe: ["transform", "pipe"],
  intersection: ["and"],
};

/** Why schemas of some types are refused, with what to write instead. */
const REFUSALS: Readonly<Record<string, string>> = {
  any: "z.any() would switch checking off: write z.unknown()",
  symbol: "symbols are not supported: use z.enum([...]) or z.literal(...)",
  map: "maps are not supported: use z.record(key, value) or z.array(z.tuple([key, value]))",
  set: "sets are not supported: use z.array(...)",
  promise: "promises are not supported: declare the value; a handler may answer with a promise of it anyway",
  function: "functions are not supported: declare a method and call back through it",
  lazy: RECURSIVE,
  file: "files are not supported: send their bytes with z.instanceof(Uint8Array)",
  transform: PIPED,
  pipe: PIPED,
  success: "z.success() does not say what it parses: use z.boolean()",
  intersection: "an intersection has no plain type: use a.extend(b.shape), or one z.object({...})",
  template_literal: "template literals have no plain type yet: use z.string().regex(...)",
};
