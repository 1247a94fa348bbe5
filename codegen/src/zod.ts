/** Where zod keeps what a schema is: its documented place for libraries that read schemas. */
const INTERNALS = "_zod";

/**
 * What is read of zod's schemas. Codegen never imports zod: the schemas bring their own copy,
 * of the user's choice, and only this plain data of theirs is looked at.
 */
export interface ZodSchema {
  readonly [INTERNALS]: {
    readonly def: ZodDef;
    readonly traits?: ReadonlySet<string>;
    readonly bag?: Readonly<Record<string, unknown>>;
    readonly pattern?: RegExp;
    /** Of a check: what runs it. */
    readonly check?: unknown;
    /** Every value it accepts, where they can be counted. */
    readonly values?: ReadonlySet<unknown> | undefined;
    /** What `z.lazy(...)` leads to. */
    readonly innerType?: ZodSchema;
  };
  /** From `.describe(text)` or `.meta({ description: text })`. */
  readonly description?: unknown;
}

/** A schema's definition; which fields there are depends on `type`. */
export interface ZodDef {
  readonly type: string;
  readonly coerce?: boolean;
  readonly element?: ZodSchema;
  readonly innerType?: ZodSchema;
  readonly shape?: Readonly<Record<string, ZodSchema>>;
  readonly catchall?: ZodSchema;
  readonly items?: readonly ZodSchema[];
  readonly rest?: ZodSchema | null;
  readonly options?: readonly ZodSchema[];
  readonly entries?: Readonly<Record<string, string | number>>;
  readonly values?: readonly unknown[];
  readonly keyType?: ZodSchema;
  readonly valueType?: ZodSchema;
  readonly partial?: boolean;
  /** Of a record. */
  readonly mode?: string;
  /** The function of a transform, or by which a codec decodes. */
  readonly transform?: unknown;
  readonly left?: ZodSchema;
  readonly right?: ZodSchema;
  readonly in?: ZodSchema;
  readonly out?: ZodSchema;
  /** Of a template literal: texts and schemas. */
  readonly parts?: readonly (ZodSchema | string | number | bigint | boolean | null | undefined)[];
}

const PARTS = [
  "element",
  "innerType",
  "keyType",
  "valueType",
  "rest",
  "left",
  "right",
  "in",
  "out",
  "catchall",
] as const;

/** The schemas that a schema is made of. */
export function partsOfSchema(schema: ZodSchema): ZodSchema[] {
  const def = defOf(schema);
  const parts: unknown[] = [
    ...PARTS.map((name) => def[name]),
    ...Object.values(def.shape ?? {}),
    ...(def.items ?? []),
    ...(def.options ?? []),
    ...(def.parts ?? []),
    lazyOf(schema),
  ];
  return parts.filter(isZodSchema);
}

/** What a `z.lazy(...)` leads to. */
export function lazyOf(schema: ZodSchema): ZodSchema | undefined {
  return defOf(schema).type === "lazy" ? schema[INTERNALS].innerType : undefined;
}

/** Whether a value is a schema of zod 4. */
export function isZodSchema(value: unknown): value is ZodSchema {
  if (typeof value !== "object" || value === null || !(INTERNALS in value)) return false;
  const inner: unknown = value[INTERNALS];
  if (typeof inner !== "object" || inner === null || !("def" in inner)) return false;
  const { def } = inner;
  return typeof def === "object" && def !== null && "type" in def && typeof def.type === "string";
}

/** Whether a value is a schema of zod 3. */
export function isOldZodSchema(value: unknown): boolean {
  return typeof value === "object" && value !== null && "_def" in value && !(INTERNALS in value);
}

/** What zod keeps of a schema. */
export function internalsOf(schema: ZodSchema): ZodSchema[typeof INTERNALS] {
  return schema[INTERNALS];
}

/** The definition of a schema. */
export function defOf(schema: ZodSchema): ZodDef {
  return schema[INTERNALS].def;
}

/** Whether a schema refuses a value, by its own word; not where that takes time, or throws. */
export function isRefusedBy(schema: ZodSchema, value: unknown): boolean {
  try {
    const standard = (schema as { "~standard"?: { validate(value: unknown): unknown } })["~standard"];
    const result = standard?.validate(value);
    if (result instanceof Promise) result.catch(() => {});
    return typeof result === "object" && result !== null && "issues" in result && result.issues !== undefined;
  } catch {
    return false;
  }
}

/** Whether a schema was made by that class of zod, or by one that stands on it. */
export function hasTrait(schema: ZodSchema, name: string): boolean {
  return schema[INTERNALS].traits?.has(name) ?? false;
}

/** The class of `z.instanceof(Class)`. A described schema is a copy that has lost it. */
export function classOf(schema: ZodSchema): unknown {
  return schema[INTERNALS].bag?.["Class"];
}

/** Whether the keys of a record may be missing, as in `z.partialRecord(...)`. */
export function isPartialRecord({ partial, keyType }: ZodDef): boolean {
  if (partial === true) return true;
  // How versions of zod before it had the field mark them: the keys are a copy that no longer counts its values.
  const keys = keyType?.[INTERNALS];
  return (keys?.def.type === "enum" || keys?.def.type === "literal") && keys.values === undefined;
}

/** Whether a key of that schema may be missing, on that side: zod's own rule, as its types state it. */
export function isOptionalKey(schema: ZodSchema | undefined, side: "sent" | "parsed", depth = 0): boolean {
  if (schema === undefined || depth > 100) return false;
  const def = defOf(schema);
  const is = (part: ZodSchema | undefined): boolean => isOptionalKey(part, side, depth + 1);
  switch (def.type) {
    case "optional":
      return true;
    case "default":
    case "prefault":
      return side === "sent";
    case "nullable":
    case "readonly":
    case "catch":
      return is(def.innerType);
    case "success":
      return side === "sent" && is(def.innerType);
    case "union":
      return def.options?.some(is) ?? false;
    case "intersection":
      return is(def.left) && is(def.right);
    case "lazy":
      return is(lazyOf(schema));
    case "pipe":
      return is(side === "sent" && !hasTrait(schema, "$ZodPreprocess") ? def.in : def.out);
    default:
      return false;
  }
}
