import type { CheckedTypes, TypePath } from "./checked-types.ts";
import { type Field, type NamedType, NOTHING, type Sides, type Type } from "./model.ts";
import { pascalCase } from "./names.ts";
import type { Place } from "./place.ts";
import type { Problem } from "./problem.ts";
import { CUSTOM, INSTANCE, NO_VALUE, NO_ZOD, OLD_ZOD, REFUSALS, TOO_DEEP } from "./refusals.ts";
import type { Span } from "./source-tree.ts";
import { asKey, asReadonly, contains, isAlike, literalOf, UNKNOWN, unionOf, withoutUndefined } from "./type-algebra.ts";
import {
  classOf,
  defOf,
  hasTrait,
  isOptionalKey,
  isOldZodSchema,
  isPartialRecord,
  isZodSchema,
  lazyOf,
  partsOfSchema,
  type ZodDef,
  type ZodSchema,
} from "./zod.ts";

/** The side of a schema: what its sender passes, or what its receiver gets. */
type Side = keyof Sides;

interface Reading {
  side: Side;
  /** For messages: which part of the network is read. */
  about: string;
  /** The same part, as the compiler finds it from the definition of the kind. */
  path: TypePath;
  depth: number;
  /** Whether it is a part of a template literal, which the compiler knows as a whole only. */
  inTemplate: boolean;
}

/** Where a schema in a schema stands: in the text, and by the compiler. */
interface Inner {
  place: Place;
  path: TypePath;
  about?: string;
}

/** Stands in a template for what only the compiler knows. */
const UNSEEN: Type = { kind: "plain", text: "string" };

/** Schemas within schemas; more of them are one without an end. */
const MAX_DEPTH = 100;

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

/** The classes whose instances travel, by their names. */
const SENDABLE: ReadonlyMap<string, unknown> = new Map(
  [
    Uint8Array,
    Int8Array,
    Uint8ClampedArray,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
    Float32Array,
    Float64Array,
    BigInt64Array,
    BigUint64Array,
    Date,
  ].map((known) => [known.name, known]),
);

/** Reads the schemas of one kind as plain types. What can't be printed exactly becomes a problem at its place. */
export class TypeReader {
  /** Types that contain themselves, in the order in which they were met. */
  readonly types: NamedType[] = [];
  readonly #kind: string;
  readonly #checked: CheckedTypes;
  readonly #hasErased: boolean;
  readonly #problems: Problem[];
  readonly #named = new Map<ZodSchema, NamedType>();
  readonly #recursive = new Set<ZodSchema>();
  readonly #refused = new Set<string>();
  /** Schemas whose parts were searched for cycles. */
  readonly #searched = new Set<ZodSchema>();

  /** @param hasErased whether there are brands, enums or type arguments, perhaps where the text can't be followed */
  constructor(
    kind: string,
    { checked, hasErased }: { checked: CheckedTypes; hasErased: boolean },
    problems: Problem[],
  ) {
    this.#kind = kind;
    this.#checked = checked;
    this.#hasErased = hasErased;
    this.#problems = problems;
  }

  /** Both sides of a schema; `about` names it in messages, `path` leads to it from the definition of the kind. */
  readSides(schema: unknown, place: Place, about: string, path: TypePath): Sides {
    if (isZodSchema(schema)) this.#findCycles(schema, new Set());
    const read = (side: Side): Type => this.#read(schema, place, { side, about, path, depth: 0, inTemplate: false });
    return { sent: read("sent"), parsed: read("parsed") };
  }

  /** Settles the names of types that contain themselves, once everything is read; those that are `taken` are left to others. */
  nameTypes(taken: ReadonlySet<string>): void {
    for (const type of this.#checked.named) {
      type.name = this.#nameOf(type.name);
      this.types.push(type);
    }
    const names = new Set(taken);
    for (const type of this.types) {
      let name = type.name;
      for (let count = 2; names.has(name) || names.has(`${name}Parsed`); count++) name = `${type.name}${count}`;
      type.name = type.parsedName = name;
      names.add(name).add(`${name}Parsed`);
    }
    // A type that names one whose sides differ has sides that differ, too.
    for (let left = this.types; ; ) {
      const different = left.filter(({ sent, parsed }) => !isAlike(sent, parsed));
      if (different.length === 0) return;
      for (const type of different) type.parsedName = `${type.name}Parsed`;
      left = left.filter((type) => !different.includes(type));
    }
  }

  /** Notes every schema that is reached from itself. */
  #findCycles(schema: ZodSchema, inside: Set<ZodSchema>): void {
    if (inside.has(schema)) return void this.#recursive.add(schema);
    if (this.#searched.has(schema) || inside.size > MAX_DEPTH) return;
    inside.add(schema);
    for (const part of partsOfSchema(schema)) this.#findCycles(part, inside);
    inside.delete(schema);
    this.#searched.add(schema);
  }

  #read(schema: unknown, place: Place, reading: Reading): Type {
    const refuse = (message: string, at: Span = place.span): Type => this.#refuse(place, reading, message, at);
    if (!isZodSchema(schema))
      return refuse(isOldZodSchema(schema) ? OLD_ZOD : schema === undefined ? NO_VALUE : NO_ZOD);
    if (reading.depth > MAX_DEPTH) {
      const [whole = reading.about] = /^\S+ [^.[]+/.exec(reading.about) ?? [];
      return this.#refuse(place, { ...reading, about: whole }, TOO_DEEP);
    }
    const asked = this.#mayHaveLost(schema, place, reading) ? this.#typeOf(reading) : undefined;
    if (asked !== undefined && typeof asked !== "string") return asked;
    return this.#recursive.has(schema)
      ? this.#readNamed(schema, place, reading)
      : this.#readBody(schema, place, reading);
  }

  /** Whether the compiler has to be asked, for neither data nor text tell of a brand, an enum or a type argument. */
  #mayHaveLost(schema: ZodSchema, place: Place, { path, inTemplate }: Reading): boolean {
    if (!this.#hasErased || place.isKnown || inTemplate) return false;
    return partsOfSchema(schema).length === 0 || this.#checked.isNarrowed(path);
  }

  /** A type's name among those of all kinds. */
  #nameOf(own: string): string {
    return `${this.#kind}${pascalCase(own) || "Type"}`;
  }

  #readNamed(schema: ZodSchema, place: Place, reading: Reading): Type {
    const known = this.#named.get(schema);
    if (known !== undefined) return { kind: "named", of: known, side: reading.side };
    const { constant } = place;
    const own = constant?.name ?? place.maker;
    const name = own === undefined ? `${pascalCase(reading.about)}Node` : this.#nameOf(own);
    const of: NamedType = {
      name,
      parsedName: name,
      sent: UNKNOWN,
      parsed: UNKNOWN,
      doc: constant?.doc,
      origin: constant && { file: place.file, key: constant.key, whole: constant.span },
    };
    this.#named.set(schema, of);
    this.types.push(of);
    of.sent = this.#readBody(schema, place, { ...reading, side: "sent" });
    of.parsed = this.#readBody(schema, place, { ...reading, side: "parsed" });
    return { kind: "named", of, side: reading.side };
  }

  #readBody(schema: ZodSchema, place: Place, reading: Reading): Type {
    const def = defOf(schema);
    const { side } = reading;
    const refuse = (message: string, at?: Span): Type => this.#refuse(place, reading, message, at);
    const read = (part: unknown, { place: at, path, about = "" }: Inner): Type =>
      this.#read(part, at, {
        side,
        about: `${reading.about}${about}`,
        path: [...reading.path, "_zod", "def", ...path],
        depth: reading.depth + 1,
        inTemplate: reading.inTemplate || def.type === "template_literal",
      });
    const inner = (): Type => read(def.innerType, { place: place.inner(def.type), path: ["innerType"] });
    const part = (name: "left" | "right" | "in" | "out"): Type =>
      read(def[name], { place: place.inner(name), path: [name] });

    if (place.method("brand")) return this.#ask(place, reading, place.method("brand"));
    if (place.hasTypeArguments && def.type !== "custom") return this.#ask(place, reading);
    if (side === "parsed" && place.guard && this.#checked.isNarrowed(reading.path))
      return this.#ask(place, reading, place.guard);
    if (def.coerce === true && side === "sent") return UNKNOWN;
    switch (def.type) {
      case "array": {
        const element = read(def.element, { place: place.inner("array"), path: ["element"], about: "[]" });
        return { kind: "array", element, readonly: false };
      }
      case "tuple":
        return readTuple(def, place, side, read);
      case "object":
        return readObject(def, place, side, read);
      case "record":
        return readRecord(def, place, side, read);
      case "map": {
        const key = read(def.keyType, { place: place.inner("key"), path: ["keyType"] });
        const value = read(def.valueType, { place: place.inner("record"), path: ["valueType"], about: "[]" });
        return { kind: "reference", name: "Map", from: undefined, args: [key, value] };
      }
      case "set": {
        const element = read(def.valueType, { place: place.inner("set"), path: ["valueType"], about: "[]" });
        return { kind: "reference", name: "Set", from: undefined, args: [element] };
      }
      case "union":
        return unionOf(
          (def.options ?? []).map((option, at) => read(option, { place: place.item(at), path: ["options", at] })),
        );
      case "intersection": {
        const members = [part("left"), part("right")];
        return {
          kind: "intersection",
          members: members.flatMap((one) => (one.kind === "intersection" ? one.members : [one])),
        };
      }
      case "enum":
        return this.#readEnum(def, place, reading);
      case "literal":
        return this.#readLiteral(def, place, reading);
      case "template_literal": {
        const type = readTemplate(def, place, read);
        return contains(type, (one) => one === UNSEEN) ? this.#ask(place, reading) : type;
      }
      case "optional":
        return hasTrait(schema, "$ZodExactOptional") ? inner() : unionOf([inner(), NOTHING]);
      case "nullable":
        return unionOf([inner(), { kind: "plain", text: "null" }]);
      case "default":
        return side === "sent" ? unionOf([inner(), NOTHING]) : withoutUndefined(inner());
      case "prefault":
        return side === "sent" ? unionOf([inner(), NOTHING]) : inner();
      case "nonoptional":
        return withoutUndefined(inner());
      case "catch":
        return inner();
      case "success":
        return side === "sent" ? inner() : { kind: "plain", text: "boolean" };
      case "lazy":
        return read(lazyOf(schema), { place: place.inner("lazy"), path: ["getter()"] });
      case "pipe": {
        const end = side === "sent" ? "in" : "out";
        // What a function takes and gives only the compiler knows.
        return def[end] && defOf(def[end]).type === "transform" ? this.#ask(place, reading) : part(end);
      }
      case "transform":
        return this.#ask(place, reading);
      case "readonly":
        return asReadonly(inner()) ?? this.#ask(place, reading, place.method("readonly"));
      case "custom":
        return this.#readCustom(schema, place, reading);
      default: {
        const name = NAMES[def.type];
        if (name !== undefined) return { kind: "plain", text: name };
        return refuse(REFUSALS[def.type] ?? `a schema of the type "${def.type}" has no plain type`);
      }
    }
  }

  #readEnum(def: ZodDef, place: Place, reading: Reading): Type {
    const entries = Object.entries(def.entries ?? {});
    // TypeScript adds a way back from each number to its name.
    const isNumericEnum = entries.some(
      ([key, value]) => typeof value === "string" && def.entries?.[value] === Number(key),
    );
    if (isNumericEnum) return this.#ask(place, reading);
    return this.#mayBeOfEnum(place) ? this.#ask(place, reading) : unionOf(entries.map(([, value]) => literalOf(value)));
  }

  #readLiteral({ values = [] }: ZodDef, place: Place, reading: Reading): Type {
    return this.#mayBeOfEnum(place) ? this.#ask(place, reading) : unionOf(values.map(literalOf));
  }

  /** Members of a TypeScript enum are texts and numbers of a type of their own. */
  #mayBeOfEnum(place: Place): boolean {
    return this.#hasErased && place.beginsWithNames;
  }

  #readCustom(schema: ZodSchema, place: Place, reading: Reading): Type {
    const known = classOf(schema);
    const isInstance = known !== undefined || hasTrait(schema, "ZodInstanceOf");
    const properties = place.method("properties");
    if (properties) return this.#refuse(place, reading, CUSTOM, properties);
    for (const [name, sendable] of SENDABLE) {
      // A described schema has lost its class: then the text tells.
      if (known === undefined ? isInstance && place.beginsWith(name) : known === sendable)
        return { kind: "plain", text: name === "Date" ? name : `${name}<ArrayBuffer>` };
    }
    if (isInstance && reading.side === "sent") return this.#refuse(place, reading, INSTANCE);
    return this.#ask(place, reading);
  }

  /** The type as the compiler says it. */
  #ask(place: Place, reading: Reading, at?: Span): Type {
    if (reading.inTemplate) return UNSEEN;
    const answer = this.#typeOf(reading);
    return typeof answer === "string" ? this.#refuse(place, reading, answer, at) : answer;
  }

  #typeOf({ path, side }: Reading): Type | string {
    return this.#checked.typeOf([...path, "_zod", side === "sent" ? "input" : "output"], {
      mustTravel: side === "sent",
    });
  }

  #refuse(place: Place, { about }: Reading, message: string, at: Span = place.span): Type {
    // Both sides are read, and the first one says enough.
    const key = `${place.file}:${at.start.line}:${at.start.column} ${about}`;
    if (!this.#refused.has(key)) this.#problems.push({ file: place.file, ...at.start, message, about });
    this.#refused.add(key);
    return UNKNOWN;
  }
}

type Read = (part: unknown, inner: Inner) => Type;

function readTuple(def: ZodDef, place: Place, side: Side, read: Read): Type {
  const schemas = def.items ?? [];
  const items = schemas.map((item, index) => ({
    type: read(item, { place: place.item(index), path: ["items", index], about: `[${index}]` }),
    optional: schemas.slice(index).every((later) => isOptionalKey(later, side)),
  }));
  const rest = def.rest ? read(def.rest, { place: place.inner("rest"), path: ["rest"], about: "[]" }) : undefined;
  return { kind: "tuple", items, rest, readonly: false };
}

function readObject(def: ZodDef, place: Place, side: Side, read: Read): Type {
  const fields = Object.entries(def.shape ?? {}).map(([name, schema]): Field => {
    const at = place.field(name);
    const type = read(schema, { place: at, path: ["shape", name], about: `.${name}` });
    return {
      name,
      type,
      optional: isOptionalKey(schema, side),
      readonly: false,
      doc: docOf(schema, at.doc),
      origin: at.origin,
    };
  });
  const isClosed = def.catchall === undefined || defOf(def.catchall).type === "never";
  const rest = isClosed ? undefined : read(def.catchall, { place: place.inner("catchall"), path: ["catchall"] });
  const keys: Type = { kind: "plain", text: "string" };
  if (fields.length === 0) {
    const value: Type = rest ?? { kind: "plain", text: "never" };
    return { kind: "record", key: keys, value, partial: false, readonly: false };
  }
  const object: Type = { kind: "object", fields, open: [] };
  if (rest === undefined) return object;
  // Where fields are of other types than the rest, no object type says it: who reads gets both, who writes may write either.
  const others = unionOf([rest, ...fields.map(({ type, optional }) => (optional ? unionOf([type, NOTHING]) : type))]);
  if (isAlike(others, rest) || side === "sent")
    return { ...object, open: [{ key: keys, value: others, readonly: false }] };
  return {
    kind: "intersection",
    members: [object, { kind: "record", key: keys, value: rest, partial: false, readonly: false }],
  };
}

function readRecord(def: ZodDef, place: Place, side: Side, read: Read): Type {
  const key = asKey(read(def.keyType, { place: place.inner("key"), path: ["keyType"] }));
  const value = read(def.valueType, { place: place.inner("record"), path: ["valueType"], about: "[]" });
  const isPartial = isPartialRecord(def) || (side === "sent" && isOptionalKey(def.valueType, "sent"));
  return { kind: "record", key, value, partial: isPartial, readonly: false };
}

function readTemplate(def: ZodDef, place: Place, read: Read): Type {
  const texts = [""];
  const types: Type[] = [];
  for (const [index, part] of (def.parts ?? []).entries()) {
    if (isZodSchema(part)) {
      const type = read(part, { place: place.item(index), path: ["parts", index] });
      types.push(contains(type, isNothing) ? unionOf([withoutUndefined(type), literalOf("")]) : type);
      texts.push("");
    } else texts.push(`${texts.pop() ?? ""}${textOfPart(part)}`);
  }
  return { kind: "template", texts, types };
}

/** Of a template: zod leaves out what is undefined. */
function textOfPart(part: string | number | bigint | boolean | null | undefined): string {
  return part === undefined ? "" : String(part);
}

function isNothing(type: Type): boolean {
  return type.kind === "plain" && type.text === "undefined";
}

/** What a comment says of a schema, else `.describe(...)` or `.meta(...)` of it or of the one that it wraps; and whether that says that it is deprecated. */
function docOf(schema: ZodSchema, comment?: string): string | undefined {
  let doc = comment;
  for (let at: ZodSchema | undefined = schema; at !== undefined; at = defOf(at).innerType) {
    const { description } = at;
    if (doc === undefined && typeof description === "string" && description.trim() !== "") doc = description.trim();
    const { deprecated } = (at as { meta?: () => { deprecated?: unknown } | undefined }).meta?.() ?? {};
    if (deprecated !== true && typeof deprecated !== "string") continue;
    const tag = deprecated === true ? "@deprecated" : `@deprecated ${deprecated.trim()}`;
    return doc?.includes("@deprecated") === true ? doc : [...(doc === undefined ? [] : [doc]), tag].join("\n");
  }
  return doc;
}
