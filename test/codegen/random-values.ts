import fc from "fast-check";
import { z } from "zod";

/** A schema, and values that are meant for it; not all of them pass. */
export interface Pair {
  schema: z.ZodType;
  values: fc.Arbitrary<unknown>;
}

/** Whatever can be sent, of few parts, so that it often meets what a schema says. */
export const anything: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 2 },
    fc.constantFrom<unknown>(
      "",
      "a",
      "b",
      "x",
      "longer",
      "\ud800",
      0,
      -0,
      1,
      7,
      2.5,
      NaN,
      -300,
      2 ** 40,
      5n,
      true,
      false,
    ),
    fc.constantFrom<unknown>(null, undefined, new Date(0), new Uint8Array([1, 2]), new Map([[1, "a"]]), new Set(["a"])),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom("a", "b", "c", "kind", "k-1", "constructor"), tie("value"), { maxKeys: 4 }),
  ),
})).value;

const NAMES = ["a", "b", "c", "kind", "k-1", "constructor", "toString"];

const leaves: fc.Arbitrary<Pair> = fc.constantFrom<Pair>(
  { schema: z.string(), values: fc.string({ unit: "binary", maxLength: 300 }) },
  { schema: z.string().min(2), values: fc.string({ maxLength: 40 }) },
  { schema: z.email(), values: fc.constantFrom("a@b.cd", "no") },
  { schema: z.templateLiteral(["a", z.int()]), values: fc.constantFrom("a1", "b") },
  { schema: z.number(), values: fc.double() },
  { schema: z.int().min(0), values: fc.integer() },
  { schema: z.boolean(), values: fc.boolean() },
  { schema: z.bigint(), values: fc.bigInt() },
  { schema: z.date(), values: fc.date() },
  { schema: z.null(), values: fc.constant(null) },
  { schema: z.undefined(), values: fc.constant(undefined) },
  { schema: z.nan(), values: fc.constant(NaN) },
  { schema: z.unknown(), values: anything },
  { schema: z.json(), values: fc.jsonValue() },
  { schema: z.never(), values: anything },
  { schema: z.literal("x"), values: fc.constant("x") },
  { schema: z.literal([1, "y", false, null]), values: fc.constantFrom<unknown>(1, "y", false, null) },
  { schema: z.enum(["p", "q", "r"]), values: fc.constantFrom("p", "q", "r", "s") },
  { schema: z.instanceof(Uint8Array), values: fc.uint8Array() },
  { schema: z.coerce.number(), values: anything },
  { schema: z.string().default("d"), values: fc.option(fc.string(), { nil: undefined }) },
  { schema: z.string().transform((text) => text.length), values: fc.string() },
  { schema: z.instanceof(Float64Array), values: fc.constantFrom(new Float64Array([1]), new Float32Array([1])) },
  { schema: z.void(), values: fc.constant(undefined) },
  { schema: z.iso.date().prefault("2026-01-01"), values: fc.constantFrom("2026-02-03", "no", undefined) },
  { schema: z.int().catch(0), values: anything },
  // As TypeScript makes an enum.
  {
    schema: z.enum({ 0: "Low", 1: "High", Low: 0, High: 1 } as const),
    values: fc.constantFrom<unknown>(0, 1, "Low", 2),
  },
  { schema: z.success(z.string()), values: anything },
  { schema: z.stringbool(), values: fc.constantFrom("yes", "off", "maybe") },
  { schema: z.custom<string>((value) => typeof value === "string"), values: anything },
  {
    schema: z.codec(z.string(), z.date(), { decode: (text) => new Date(text), encode: (date) => date.toISOString() }),
    values: fc.constantFrom("2026-02-03", "no"),
  },
  {
    schema: z.looseRecord(z.string().regex(/^a/), z.int()),
    values: fc.dictionary(fc.constantFrom("a", "ab", "b"), fc.oneof(fc.integer(), fc.string()), {
      noNullPrototype: true,
    }),
  },
);

/** Objects that may have each of some keys, and one that a schema does not name. */
function keyed(values: fc.Arbitrary<unknown>): fc.Arbitrary<Record<string, unknown>> {
  return fc.record({ p: values, q: values, other: values }, { requiredKeys: [], noNullPrototype: true });
}

function record(fields: readonly (readonly [string, Pair, boolean])[]): fc.Arbitrary<Record<string, unknown>> {
  const required = fields.filter(([, , optional]) => !optional).map(([name]) => name);
  const model = Object.fromEntries(fields.map(([name, { values }]) => [name, values]));
  return fc.record(model, { requiredKeys: required, noNullPrototype: true });
}

/** Now and then with a key that the schema does not name. */
function withOthers(values: fc.Arbitrary<Record<string, unknown>>): fc.Arbitrary<Record<string, unknown>> {
  return fc
    .tuple(values, fc.option(anything, { freq: 6 }))
    .map(([value, other]) => (other === null ? value : { ...value, other }));
}

const object = (part: fc.Arbitrary<Pair>): fc.Arbitrary<Pair> =>
  fc
    .tuple(
      fc.uniqueArray(fc.tuple(fc.constantFrom(...NAMES), part, fc.boolean()), {
        selector: ([name]) => name,
        maxLength: 4,
      }),
      fc.constantFrom(z.object, z.object, z.strictObject, z.looseObject),
      fc.constantFrom(z.optional, z.exactOptional),
    )
    .map(([fields, make, optional]) => ({
      schema: make(Object.fromEntries(fields.map(([name, { schema }, is]) => [name, is ? optional(schema) : schema]))),
      values: withOthers(record(fields)),
    }));

const tagged = (part: fc.Arbitrary<Pair>): fc.Arbitrary<Pair> =>
  fc.tuple(part, part, fc.constantFrom("kind", "k-1"), fc.constantFrom<[z.ZodType, unknown, z.ZodType, unknown]>(
    [z.literal("a"), "a", z.literal("b"), "b"],
    [z.literal(1), 1, z.enum(["b", "c"]), "c"],
    [z.literal(true), true, z.literal([false, 0]), 0],
  )).map(([one, other, by, [first, firstValue, second, secondValue]]) => ({
    schema: z.union([z.object({ [by]: first, v: one.schema }), z.object({ [by]: second, v: other.schema }), z.null()]),
    values: fc.oneof(
      one.values.map((v) => ({ [by]: firstValue, v })),
      other.values.map((v) => ({ v, [by]: secondValue })),
      fc.constant(null),
    ),
  })); // biome-ignore format: short

/** Contains itself. */
const tree: fc.Arbitrary<Pair> = fc.constantFrom(z.string(), z.int()).map((leaf) => {
  const Node: z.ZodType = z.object({ leaf, kids: z.array(z.lazy(() => Node)), next: z.lazy(() => Node).optional() });
  const end = fc.record({ leaf: fc.oneof(fc.string(), fc.nat()), kids: fc.constant([]) }, { noNullPrototype: true });
  const values = fc.letrec<{ node: unknown }>((tie) => ({
    node: fc.oneof(
      { maxDepth: 3 },
      end,
      fc.record(
        { leaf: fc.oneof(fc.string(), fc.nat()), kids: fc.array(tie("node"), { maxLength: 2 }), next: tie("node") },
        { requiredKeys: ["leaf", "kids"], noNullPrototype: true },
      ),
    ),
  })).node;
  return { schema: Node, values };
});

/** Contain each other. */
const evenAndOdd: fc.Arbitrary<Pair> = fc.constantFrom(z.string(), z.int()).map((leaf) => {
  const Even = z.object({
    leaf,
    get odd() {
      return Odd.optional();
    },
  });
  const Odd = z.object({
    get even() {
      return z.record(z.string(), Even);
    },
  });
  const values = fc.letrec<{ even: unknown; odd: unknown }>((tie) => ({
    even: fc.record(
      { leaf: fc.oneof(fc.string(), fc.nat()), odd: fc.oneof({ maxDepth: 3 }, fc.constant(undefined), tie("odd")) },
      { requiredKeys: ["leaf"], noNullPrototype: true },
    ),
    odd: fc.record(
      { even: fc.dictionary(fc.constantFrom("a", "b"), tie("even"), { maxKeys: 2, noNullPrototype: true }) },
      { noNullPrototype: true },
    ),
  })).even;
  return { schema: Even, values };
});

export const pairs: fc.Arbitrary<Pair> = fc.letrec<{ pair: Pair }>((tie) => {
  const part = tie("pair");
  return {
    pair: fc.oneof(
      { maxDepth: 3, depthSize: "small" },
      leaves,
      object(part),
      object(part),
      tagged(part),
      tree,
      evenAndOdd,
      part.map(({ schema, values }) => ({ schema: z.array(schema), values: fc.array(values, { maxLength: 3 }) })),
      part.map(({ schema, values }) => ({ schema: schema.nullish(), values: fc.option(values) })),
      part.map(({ schema, values }) => ({ schema: schema.refine((value) => value !== "a"), values })),
      part.map(({ schema, values }) => ({
        schema: z.record(z.string(), schema),
        values: fc.dictionary(fc.string({ maxLength: 40 }).filter((key) => key !== "__proto__"), values, { maxKeys: 3, noNullPrototype: true }),
      })),
      fc.tuple(part, part).map(([a, b]) => ({ schema: z.tuple([a.schema, b.schema]), values: fc.tuple(a.values, b.values) })),
      fc.tuple(part, part).map(([a, b]) => ({ schema: z.tuple([a.schema], b.schema), values: fc.tuple(a.values, b.values) })),
      fc.tuple(part, part).map(([a, b]) => ({ schema: z.union([a.schema, b.schema]), values: fc.oneof(a.values, b.values) })),
      fc.tuple(object(part), object(part)).map(([a, b]) => ({ schema: a.schema.and(b.schema), values: a.values })),
      fc.tuple(object(part), part).map(([{ schema, values }, rest]) => ({
        schema: (schema as z.ZodObject).catchall(rest.schema),
        values: fc.oneof(values, fc.tuple(values, rest.values).map(([value, more]) => ({ ...(value as object), more }))),
      })),
      fc.tuple(part, part).map(([a, b]) => ({ schema: z.xor([a.schema, b.schema]), values: fc.oneof(a.values, b.values) })),
      fc.tuple(part, part, fc.constantFrom(z.optional, z.exactOptional)).map(([a, b, optional]) => ({
        schema: z.tuple([a.schema, optional(b.schema)]),
        values: fc.oneof(fc.tuple(a.values), fc.tuple(a.values, b.values)),
      })),
      fc.tuple(part, fc.constantFrom(z.record, z.partialRecord)).map(([{ schema, values }, make]) => ({
        schema: make(z.enum(["p", "q"]), schema),
        values: keyed(values),
      })),
      part.map(({ schema, values }) => ({ schema: z.map(z.string(), schema), values: fc.array(fc.tuple(fc.string(), values), { maxLength: 3 }).map((entries) => new Map(entries)) })),
      part.map(({ schema, values }) => ({ schema: z.set(schema), values: fc.array(values, { maxLength: 3 }).map((items) => new Set(items)) })),
      part.map(({ schema, values }) => ({ schema: schema.readonly(), values })),
      part.map(({ schema, values }) => ({ schema: schema.catch(null), values })),
      part.map(({ schema, values }) => ({ schema: z.nonoptional(schema), values })),
      part.map(({ schema, values }) => ({ schema: z.preprocess((value) => value, schema), values })),
      part.map(({ schema, values }) => ({ schema: schema.transform((value) => [value]).pipe(z.array(z.unknown())), values })),
      part.map(({ schema, values }) => ({ schema: schema.optional().brand("Part"), values: fc.option(values, { nil: undefined }) })),
    ), // biome-ignore format: a line for each
  };
}).pair;
