import fc from "fast-check";

const fieldName = fc.constantFrom("a", "b", "longerName", "class", "'a-b'", "'1x'", "2", "$", "'with space'");

/** The text of a schema of supported types, up to three levels deep. */
export const randomSchema: fc.Arbitrary<string> = fc.letrec<{ schema: string; object: string }>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 3, depthSize: "small" },
    ...leaves(),
    tie("object"),
    ...containers(tie("schema"), tie("object")),
  ),
  object: fc
    .tuple(
      fc.constantFrom("object", "object", "strictObject", "looseObject"),
      fc.uniqueArray(fc.tuple(fieldName, tie("schema")), { selector: ([name]) => name, maxLength: 4 }),
    )
    .map(([make, fields]) => `z.${make}({ ${fields.map(([name, schema]) => `${name}: ${schema}`).join(", ")} })`),
})).schema;

function leaves(): fc.Arbitrary<string>[] {
  return [
    fc.constantFrom("z.string()", "z.string().max(3)", "z.email()", "z.number()", "z.int().min(1)", "z.boolean()"),
    fc.constantFrom("z.bigint()", "z.date()", "z.null()", "z.undefined()", "z.unknown()", "z.instanceof(Uint8Array)"),
    fc.constantFrom("z.coerce.number()", "z.stringbool()", "z.templateLiteral(['v', z.int()])", "Category", "z.json()"),
    fc.constantFrom(
      "z.string().transform((text) => text.length)",
      "z.string().brand<'Id'>()",
      "z.string().pipe(z.coerce.date())",
    ),
    fc.constantFrom("z.literal('x')", "z.literal([1, 'y', false])", "z.enum(['p', 'q'])"),
  ];
}

function containers(schema: fc.Arbitrary<string>, object: fc.Arbitrary<string>): fc.Arbitrary<string>[] {
  const some = fc.array(schema, { minLength: 1, maxLength: 3 });
  const key = fc.constantFrom("z.string()", "z.number()", "z.enum(['p', 'q'])", "z.literal('k')", "z.coerce.string()");
  return [
    schema.map((one) => `z.array(${one})`),
    schema.map((one) => `z.set(${one})`),
    fc.tuple(key, schema).map(([keys, values]) => `z.map(${keys}, ${values})`),
    fc.tuple(object, object).map(([one, other]) => `${one}.and(${other})`),
    schema.map((one) => `z.lazy(() => ${one})`),
    schema.map((one) => `page(${one})`),
    object.map((one) => `${one}.transform((value) => [value, 1] as const)`),
    object.map((one) => `z.preprocess((value) => value, ${one})`),
    object.map((one) => `${one}.brand<'Box'>().optional()`),
    schema.map((one) => `${one}.array().max(9)`),
    fc
      .tuple(some, fc.option(schema))
      .map(([items, rest]) => `z.tuple([${items.join(", ")}]${rest === null ? "" : `, ${rest}`})`),
    some.map((options) => `z.union([${options.join(", ")}])`),
    fc.tuple(schema, schema).map(([one, other]) => `${one}.or(${other})`),
    fc.tuple(key, schema).map(([keys, values]) => `z.record(${keys}, ${values})`),
    fc.tuple(key, schema).map(([keys, values]) => `z.partialRecord(${keys}, ${values})`),
    fc
      .tuple(schema, fc.constantFrom("optional", "nullable", "nullish", "exactOptional"))
      .map(([one, by]) => `${one}.${by}()`),
    schema.map((one) => `z.nonoptional(${one})`),
    fc.tuple(schema, schema).map(([one, other]) => `z.xor([${one}, ${other}])`),
    fc.tuple(object, object).map(([one, other]) => `${one}.and(${other}).readonly()`),
    fc.tuple(schema, schema).map(([one, other]) => `z.tuple([${one}, ${other}.optional()])`),
    schema.map((one) => `z.tuple([${one}.optional()]).readonly()`),
    schema.map((one) => `z.looseRecord(z.string().regex(/^a/), ${one})`),
    schema.map((one) => `z.codec(z.string(), ${one}, { decode: () => 0 as never, encode: String })`),
    fc.constantFrom("z.string().default('d')", "z.number().optional().default(1)", "z.date().prefault(new Date(0))"),
    object.map((one) => `${one}.readonly()`),
    object.map((one) => `${one}.partial()`),
    schema.map((one) => `z.array(${one}).readonly()`),
    schema.map((one) => `z.tuple([z.string(), ${one}]).readonly()`),
    schema.map((one) => `z.record(z.string(), ${one}).nullable().readonly()`),
    fc
      .tuple(schema, schema)
      .map(
        ([a, b]) =>
          `z.discriminatedUnion('k', [z.object({ k: z.literal('a'), v: ${a} }), z.object({ k: z.literal('b'), v: ${b} })])`,
      ),
  ];
}
