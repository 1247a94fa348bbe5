/** What a schema lets in, as plain data: what is compared when a schema changes. Of both its sides it is the sender's that travels. */
import {
  classOf,
  defOf,
  internalsOf,
  hasTrait,
  isOptionalKey,
  isPartialRecord,
  isRefusedBy,
  isZodSchema,
  lazyOf,
  type ZodDef,
  type ZodSchema,
} from "./zod.ts";

/** Least and most, inclusive unless told; of a text, a list or a set its length. */
export interface Bounds {
  min?: number | string;
  max?: number | string;
  isMinOpen?: true;
  isMaxOpen?: true;
}

/** A check that data can't describe: its text, to see whether it is still the same. */
export type Opaque = string;

interface Checked {
  /** Formats and patterns of texts, formats and divisors of numbers, each of which must hold. */
  rules?: string[];
  /** Checks that are functions. */
  checks?: Opaque[];
  /** What it has to pass once it is no longer what was sent: trimmed, transformed, decoded. */
  later?: Opaque;
}

export type Shape = Checked &
  (
    | ({ kind: "string" | "number" | "bigint" | "date" } & Bounds)
    | { kind: "boolean" | "null" | "undefined" | "never" | "nan" }
    /** `becomes`: what it has to be once it is coerced. */
    | { kind: "unknown"; becomes?: Shape }
    /** Each as JSON; bigints as "5n", undefined as "undefined". */
    | { kind: "values"; values: string[] }
    | ({ kind: "array"; element: Shape } & Bounds)
    | ({ kind: "set"; element: Shape } & Bounds)
    | { kind: "tuple"; items: { shape: Shape; optional: boolean }[]; rest?: Shape }
    /** `others`: what other keys may hold; absent: they are dropped; "refused": they are. */
    | { kind: "object"; fields: Record<string, { shape: Shape; optional: boolean }>; others?: Shape | "refused" }
    /** `loose`: other keys may hold anything. */
    | { kind: "record"; key: Shape; value: Shape; partial: boolean; loose?: true }
    | ({ kind: "map"; key: Shape; value: Shape } & Bounds)
    | { kind: "union"; options: Shape[]; exclusive?: true }
    | { kind: "intersection"; parts: Shape[] }
    | { kind: "template"; pattern: string }
    | { kind: "instance"; name: string }
    /** Only a function says what is let in. */
    | { kind: "custom" }
    /** A shape that contains itself, by its place in the list. */
    | { kind: "same"; as: number }
  );

/** A shape, and those in it that contain themselves. */
export interface Shapes {
  shape: Shape;
  cycles: Shape[];
}

export function shapesOf(schema: unknown): Shapes {
  const reader = new ShapeReader();
  return { shape: isZodSchema(schema) ? reader.read(schema) : { kind: "undefined" }, cycles: reader.cycles };
}

class ShapeReader {
  readonly cycles: Shape[] = [];
  readonly #inside: ZodSchema[] = [];
  /** Where each schema that contains itself stands in the list. */
  readonly #places = new Map<ZodSchema, number>();
  readonly #outside: readonly ZodSchema[];

  /** @param outside the schemas that this one is in, where they are read by another */
  constructor(outside: readonly ZodSchema[] = []) {
    this.#outside = outside;
  }

  read(schema: ZodSchema): Shape {
    if (this.#outside.includes(schema)) return { kind: "custom" };
    const place = this.#places.get(schema);
    if (place !== undefined) return { kind: "same", as: place };
    if (this.#inside.includes(schema)) {
      this.#places.set(schema, this.cycles.length);
      return { kind: "same", as: this.cycles.push({ kind: "unknown" }) - 1 };
    }
    this.#inside.push(schema);
    const shape = { ...this.#body(schema), ...checksOf(schema), ...this.#laterOf(schema) };
    this.#inside.pop();
    const own = this.#places.get(schema);
    if (own === undefined) return shape;
    this.cycles[own] = shape;
    return { kind: "same", as: own };
  }

  #body(schema: ZodSchema): Shape {
    const def = defOf(schema);
    if (def.coerce === true) return coerced({ kind: def.type, ...boundsOf(schema), ...checksOf(schema) } as Shape);
    const read = (part: ZodSchema | undefined): Shape => (part ? this.read(part) : { kind: "unknown" });
    switch (def.type) {
      case "string":
      case "number":
      case "bigint":
      case "date":
        return { kind: def.type, ...boundsOf(schema) };
      case "boolean":
      case "null":
      case "nan":
      case "never":
        return { kind: def.type };
      case "undefined":
      case "void":
        return { kind: "undefined" };
      case "literal":
        return { kind: "values", values: (def.values ?? []).map(textOfValue).toSorted() };
      case "enum":
        return { kind: "values", values: enumValues(def).map(textOfValue).toSorted() };
      case "template_literal":
        return { kind: "template", pattern: String(internalsOf(schema).pattern) };
      case "array":
        return { kind: "array", element: read(def.element), ...boundsOf(schema) };
      case "set":
        return { kind: "set", element: read(def.valueType), ...boundsOf(schema) };
      case "map":
        return { kind: "map", key: read(def.keyType), value: read(def.valueType), ...boundsOf(schema) };
      case "record":
        return {
          kind: "record",
          key: this.#key(def.keyType),
          value: read(def.valueType),
          partial: isPartialRecord(def),
          ...(def.mode === "loose" ? { loose: true as const } : {}),
        };
      case "tuple": {
        const items = def.items ?? [];
        const shapes = items.map((item, at) => ({
          shape: read(item),
          optional: items.slice(at).every((later) => isOptionalKey(later, "sent")),
        }));
        return { kind: "tuple", items: shapes, ...(def.rest ? { rest: read(def.rest) } : {}) };
      }
      case "object":
        return this.#object(def);
      case "union":
        return {
          kind: "union",
          options: (def.options ?? []).map(read),
          ...(hasTrait(schema, "$ZodXor") ? { exclusive: true as const } : {}),
        };
      case "intersection":
        return { kind: "intersection", parts: [read(def.left), read(def.right)] };
      case "optional":
        return hasTrait(schema, "$ZodExactOptional") ? read(def.innerType) : orUndefined(read(def.innerType));
      case "default":
      case "prefault":
        return orUndefined(read(def.innerType));
      case "nullable":
        return { kind: "union", options: [read(def.innerType), { kind: "null" }] };
      case "nonoptional":
        return { kind: "intersection", parts: [read(def.innerType), { kind: "custom", checks: ["not undefined"] }] };
      case "readonly":
      case "success":
        return read(def.innerType);
      case "catch":
        return { kind: "unknown" };
      case "lazy":
        return read(lazyOf(schema));
      case "pipe":
        return def.in && defOf(def.in).type === "transform" ? { kind: "unknown" } : read(def.in);
      case "custom": {
        const Class = classOf(schema);
        return typeof Class === "function" ? { kind: "instance", name: Class.name } : { kind: "custom" };
      }
      default:
        return { kind: "unknown" };
    }
  }

  /** Keys that are changed may become one, so that any change of them counts. */
  #key(schema: ZodSchema | undefined): Shape {
    if (schema === undefined) return { kind: "unknown" };
    const shape = this.read(schema);
    const def = defOf(schema);
    const last = def.type === "pipe" && def.out ? defOf(def.out).transform : def.transform;
    const changes = [...checkDefs(schema).map(({ tx }) => tx), last].filter((one) => typeof one === "function");
    return shape.later === undefined && changes.length > 0
      ? { ...shape, later: changes.map(String).join("\n") }
      : shape;
  }

  /** What follows a first change of the value; nothing where that can refuse nothing. */
  #laterOf(schema: ZodSchema): { later?: Opaque } {
    const def = defOf(schema);
    const steps = stepsAfterChange(schema);
    // What stands in for nothing has to pass, too.
    if (def.type === "prefault" && isRefusedBy(schema, undefined)) steps.push("a prefault that is refused");
    if (def.type === "transform" && takesContext(def.transform)) steps.push(String(def.transform));
    if (def.type === "pipe") {
      const own = new ShapeReader([...this.#outside, ...this.#inside]);
      const [first, last] = [def.in, def.out].map((part) =>
        part && defOf(part).type === "transform" ? part : undefined,
      );
      if (first) steps.push(String(defOf(first).transform));
      if (typeof def.transform === "function") steps.push(String(def.transform));
      if (last && takesContext(defOf(last).transform)) steps.push(String(defOf(last).transform));
      if (!last && def.out) steps.push(JSON.stringify([own.read(def.out), own.cycles]));
    }
    return steps.length > 0 ? { later: steps.join("\n") } : {};
  }

  #object({ shape = {}, catchall }: ZodDef): Shape {
    const fields = Object.entries(shape).map(([name, one]) => [
      name,
      { shape: this.read(one), optional: isOptionalKey(one, "sent") },
    ]);
    const others = catchall && (defOf(catchall).type === "never" ? ("refused" as const) : this.read(catchall));
    return { kind: "object", fields: Object.fromEntries(fields) as never, ...(others ? { others } : {}) };
  }
}

function coerced(becomes: Shape): Shape {
  // Anything becomes a text, or true or false.
  const isAny = becomes.kind === "boolean" || (becomes.kind === "string" && Object.keys(becomes).length === 1);
  return isAny ? { kind: "unknown" } : { kind: "unknown", becomes };
}

/** Only such a function can refuse a value. */
function takesContext(fn: unknown): boolean {
  return typeof fn === "function" && fn.length > 1;
}

/** From the first check on that changes the value, if others follow it. */
function stepsAfterChange(schema: ZodSchema): Opaque[] {
  const checks = checkDefs(schema);
  const first = checks.findIndex(({ check }) => check === "overwrite");
  if (first < 0 || checks.slice(first).every(({ check }) => check === "overwrite")) return [];
  return checks.slice(first).map((check) =>
    Object.entries(check)
      .map(([name, value]) => (name === "run" ? "" : `${name} ${String(value)}`))
      .join(", "),
  );
}

function orUndefined(shape: Shape): Shape {
  return { kind: "union", options: [shape, { kind: "undefined" }] };
}

function enumValues({ entries = {} }: ZodDef): unknown[] {
  // TypeScript adds a way back from each number to its name.
  return Object.entries(entries)
    .filter(([key, value]) => !(typeof value === "string" && entries[value] === Number(key)))
    .map(([, value]) => value);
}

/** A value as a text that says its type as well. */
export function textOfValue(value: unknown): string {
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  return JSON.stringify(value) ?? "undefined";
}

interface CheckDef {
  readonly check?: string;
  readonly format?: string;
  readonly pattern?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly length?: number;
  readonly size?: number;
  readonly alg?: string;
  readonly hostname?: RegExp;
  readonly protocol?: RegExp;
  readonly value?: number | bigint | Date;
  readonly inclusive?: boolean;
  readonly fn?: unknown;
  readonly property?: string;
  readonly schema?: unknown;
  /** What runs it. */
  readonly run?: unknown;
  /** What changes the value. */
  readonly tx?: unknown;
}

/** The checks of a schema; a format is a check that a schema is itself. */
function checkDefs(schema: ZodSchema): CheckDef[] {
  const def = defOf(schema) as ZodDef & CheckDef & { readonly checks?: readonly ZodSchema[] };
  return [
    ...(def.check === undefined ? [] : [def]),
    ...(def.checks ?? []).map((check) => ({ ...defOf(check), run: internalsOf(check).check })),
  ];
}

function boundsOf(schema: ZodSchema): Bounds {
  const bounds: Bounds = {};
  const least = (value: number | string, isOpen: boolean): void => {
    if (bounds.min !== undefined && compareBounds(value, bounds.min) < 0) return;
    bounds.min = value;
    if (isOpen) bounds.isMinOpen = true;
    else delete bounds.isMinOpen;
  };
  const most = (value: number | string, isOpen: boolean): void => {
    if (bounds.max !== undefined && compareBounds(value, bounds.max) > 0) return;
    bounds.max = value;
    if (isOpen) bounds.isMaxOpen = true;
    else delete bounds.isMaxOpen;
  };
  for (const { check, minimum, maximum, size, length = size, value, inclusive } of checkDefs(schema)) {
    if (minimum !== undefined) least(minimum, false);
    if (maximum !== undefined) most(maximum, false);
    if (length !== undefined) {
      least(length, false);
      most(length, false);
    }
    if (value === undefined) continue;
    const plain = typeof value === "bigint" ? `${value}n` : value instanceof Date ? value.getTime() : value;
    if (check === "greater_than") least(plain, inclusive === false);
    if (check === "less_than") most(plain, inclusive === false);
  }
  return bounds;
}

/** Bounds are numbers, or bigints as texts. */
export function compareBounds(a: number | string, b: number | string): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  const [one, other] = [a, b].map((bound) => BigInt(String(bound).replace(/n$/, ""))) as [bigint, bigint];
  return one < other ? -1 : one > other ? 1 : 0;
}

function checksOf(schema: ZodSchema): Checked {
  const rules: string[] = [];
  const checks: Opaque[] = [];
  for (const { check, format, pattern, value, fn, run, property, schema: of, alg, hostname, protocol } of checkDefs(
    schema,
  )) {
    switch (check) {
      case "string_format":
        rules.push(pattern instanceof RegExp ? `${format ?? "regex"} ${pattern}` : (format ?? "format"));
        if (typeof fn === "function") checks.push(String(fn));
        for (const [name, one] of Object.entries({ alg, hostname, protocol }))
          if (one !== undefined) checks.push(`${name} ${String(one)}`);
        break;
      case "number_format":
      case "bigint_format":
        rules.push(format ?? check);
        break;
      case "multiple_of":
        rules.push(`multiple of ${String(value)}`);
        break;
      case "custom":
        checks.push(String(fn ?? run));
        break;
      case "property":
        checks.push(`property ${property}: ${JSON.stringify(shapesOf(of))}`);
        break;
      case "mime_type":
        checks.push(check);
        break;
    }
  }
  return { ...(rules.length > 0 ? { rules: rules.toSorted() } : {}), ...(checks.length > 0 ? { checks } : {}) };
}
