import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { inspect } from "node:util";
import { z } from "zod";
import { fits } from "../../codegen/src/fits.ts";
import { shapesOf } from "../../codegen/src/shape.ts";

type Verdict = "breaking" | "risky" | "safe";

const text = z.string();
const Even = z.object({
  n: z.int(),
  get odd() {
    return Odd.optional();
  },
}); // prettier-ignore
const Odd: z.ZodType = z.object({
  get even() {
    return Even;
  },
}); // prettier-ignore
const tree = (leaf: z.ZodType): z.ZodType => {
  const Node: z.ZodType = z.lazy(() => z.object({ leaf, kids: z.array(Node) }));
  return Node;
};
const same = (value: unknown, { issues }: z.RefinementCtx): unknown => (issues.length > 0 ? undefined : value);
const longer = (value: string): boolean => value.length > 2;

/** A change of a schema: the old one, the new one, what it means for an input, and for an output. */
const CHANGES: readonly [name: string, before: z.ZodType, after: z.ZodType, input: Verdict, output: Verdict][] = [
  ["text to number", text, z.number(), "breaking", "breaking"],
  ["number to int", z.number(), z.int(), "breaking", "safe"],
  ["int to int32", z.int(), z.int32(), "breaking", "breaking"],
  ["a text gets a least length", text, z.string().min(3), "breaking", "safe"],
  ["a least length of nothing", text, z.string().min(0), "safe", "safe"],
  ["a least length grows", z.string().min(2), z.string().min(3), "breaking", "safe"],
  ["a greatest length grows", z.string().max(5), z.string().max(9), "safe", "breaking"],
  ["an exact length", z.string().min(2).max(4), z.string().length(3), "breaking", "safe"],
  ["a text gets a format", text, z.email(), "breaking", "safe"],
  ["another format", z.email(), z.uuid(), "breaking", "breaking"],
  ["a pattern is lifted", z.string().regex(/^a/), text, "safe", "breaking"],
  ["another pattern", z.string().regex(/^a/), z.string().regex(/^b/), "breaking", "breaking"],
  ["trimming comes", text, z.string().trim(), "safe", "safe"],
  ["a number gets a least", z.number(), z.number().min(0), "breaking", "safe"],
  ["a least is no longer included", z.number().min(0), z.number().gt(0), "breaking", "safe"],
  ["a greatest sinks", z.number().max(10), z.number().max(9), "breaking", "safe"],
  ["a divisor comes", z.number(), z.number().multipleOf(5), "breaking", "safe"],
  ["a bigint gets a least", z.bigint(), z.bigint().min(5n), "breaking", "safe"],
  ["a bigint's least sinks", z.bigint().min(5n), z.bigint().min(-5n), "safe", "breaking"],
  ["a date gets a least", z.date(), z.date().min(new Date(0)), "breaking", "safe"],
  ["coercion comes", z.number(), z.coerce.number(), "safe", "breaking"],
  ["an enum grows", z.enum(["a", "b"]), z.enum(["a", "b", "c"]), "safe", "breaking"],
  ["an enum shrinks", z.enum(["a", "b", "c"]), z.enum(["a", "b"]), "breaking", "safe"],
  ["an enum in another order", z.enum(["a", "b"]), z.enum(["b", "a"]), "safe", "safe"],
  ["an enum becomes a text", z.enum(["a", "b"]), text, "safe", "breaking"],
  ["a literal becomes an enum", z.literal("a"), z.enum(["a", "b"]), "safe", "breaking"],
  ["true becomes a boolean", z.literal(true), z.boolean(), "safe", "breaking"],
  ["a boolean becomes both its values", z.boolean(), z.literal([true, false]), "safe", "safe"],
  ["a required field comes", z.object({}), z.object({ a: text }), "breaking", "safe"],
  ["an optional field comes", z.object({ a: text }), z.object({ a: text, b: text.optional() }), "safe", "safe"],
  ["a field with a default comes", z.object({}), z.object({ a: text.default("x") }), "safe", "safe"],
  ["a field goes", z.object({ a: text, b: text }), z.object({ a: text }), "risky", "breaking"],
  ["an optional field goes", z.object({ a: text.optional() }), z.object({}), "risky", "safe"],
  ["a field is renamed", z.object({ a: text }), z.object({ b: text }), "breaking", "breaking"],
  ["a field becomes optional", z.object({ a: text }), z.object({ a: text.optional() }), "safe", "breaking"],
  ["a field becomes required", z.object({ a: text.optional() }), z.object({ a: text }), "breaking", "safe"],
  ["exactly optional", z.object({ a: text.optional() }), z.object({ a: text.exactOptional() }), "breaking", "safe"],
  [
    "a field within a field",
    z.object({ a: z.object({ b: text }) }),
    z.object({ a: z.object({ b: z.int() }) }),
    "breaking",
    "breaking",
  ],
  ["fields in another order", z.object({ a: text, b: z.int() }), z.object({ b: z.int(), a: text }), "safe", "safe"],
  ["unknown keys are refused", z.object({ a: text, b: text }), z.strictObject({ a: text }), "breaking", "breaking"],
  [
    "unknown keys are refused, of the same fields",
    z.looseObject({ a: text }),
    z.strictObject({ a: text }),
    "breaking",
    "safe",
  ],
  [
    "unknown keys are refused, where they were dropped",
    z.object({ a: text }),
    z.strictObject({ a: text }),
    "risky",
    "safe",
  ],
  ["unknown keys are kept", z.object({ a: text }), z.looseObject({ a: text }), "safe", "safe"],
  ["a catchall comes", z.looseObject({ a: text }), z.object({ a: text }).catchall(z.int()), "breaking", "safe"],
  ["nullable", text, text.nullable(), "safe", "breaking"],
  ["no longer nullable", text.nullable(), text, "breaking", "safe"],
  ["a default goes", text.default("a"), text, "breaking", "safe"],
  ["a catch comes", text, text.catch("x"), "safe", "breaking"],
  ["a list gets a least length", z.array(text), z.array(text).min(1), "breaking", "safe"],
  ["items change", z.array(text), z.array(text.max(3)), "breaking", "safe"],
  ["a list becomes a set", z.array(text), z.set(text), "breaking", "breaking"],
  ["a tuple becomes a list", z.tuple([text, text]), z.array(text), "safe", "breaking"],
  ["a tuple becomes a list of another length", z.tuple([text, text]), z.array(text).max(1), "breaking", "breaking"],
  ["a tuple grows", z.tuple([text]), z.tuple([text, text]), "breaking", "breaking"],
  ["a tuple grows by what may be left out", z.tuple([text]), z.tuple([text, text.optional()]), "safe", "breaking"],
  ["a tuple gets a rest", z.tuple([text]), z.tuple([text], z.int()), "safe", "breaking"],
  ["values of a record", z.record(text, z.int()), z.record(text, z.number()), "safe", "breaking"],
  ["keys of a record", z.record(text, z.int()), z.record(z.enum(["a"]), z.int()), "breaking", "safe"],
  [
    "a record becomes partial",
    z.record(z.enum(["a", "b"]), z.int()),
    z.partialRecord(z.enum(["a", "b"]), z.int()),
    "safe",
    "breaking",
  ],
  ["an object becomes a record", z.strictObject({ a: z.int() }), z.record(text, z.int()), "safe", "breaking"],
  ["values of a map", z.map(text, z.int()), z.map(text, z.int().max(3)), "breaking", "safe"],
  ["an option comes", z.union([text, z.int()]), z.union([text, z.int(), z.null()]), "safe", "breaking"],
  ["an option goes", z.union([text, z.int()]), text, "breaking", "safe"],
  ["options in another order", z.union([text, z.int()]), z.union([z.int(), text]), "safe", "safe"],
  [
    "a variant comes",
    z.discriminatedUnion("k", [z.object({ k: z.literal("a") })]),
    z.discriminatedUnion("k", [z.object({ k: z.literal("a") }), z.object({ k: z.literal("b") })]),
    "safe",
    "breaking",
  ],
  [
    "a field of a variant",
    z.discriminatedUnion("k", [z.object({ k: z.literal("a") }), z.object({ k: z.literal("b") })]),
    z.discriminatedUnion("k", [z.object({ k: z.literal("a"), v: text }), z.object({ k: z.literal("b") })]),
    "breaking",
    "safe",
  ],
  ["one of both becomes either", z.union([text, z.int()]), z.xor([text, z.int()]), "safe", "safe"],
  [
    "an intersection of the same fields",
    z.object({ a: text, b: z.int() }),
    z.object({ a: text }).and(z.object({ b: z.int() })),
    "safe",
    "safe",
  ],
  ["a check comes", text, text.refine(longer), "breaking", "safe"],
  ["a check stays", text.refine(longer).max(3), text.refine(longer), "safe", "breaking"],
  ["a check changes", text.refine(longer), text.refine((value) => value.length > 3), "risky", "risky"],
  ["anything", text, z.unknown(), "safe", "breaking"],
  ["of anything one thing", z.unknown(), text, "breaking", "safe"],
  ["what a transform gives", text.transform(Number), text.transform(Boolean), "safe", "safe"],
  ["what goes into a pipe", text.pipe(z.coerce.number()), z.int().pipe(z.coerce.string()), "breaking", "breaking"],
  ["a form of text", z.templateLiteral(["v", z.int()]), text, "safe", "breaking"],
  [
    "another form of text",
    z.templateLiteral(["v", z.int()]),
    z.templateLiteral(["w", z.int()]),
    "breaking",
    "breaking",
  ],
  ["a tree stays", tree(text), tree(text), "safe", "safe"],
  ["leaves of a tree", tree(text), tree(z.union([text, z.int()])), "safe", "breaking"],
  ["two that contain each other", Even, z.object({ n: z.number(), odd: Odd.optional() }), "safe", "breaking"],
  ["other bytes", z.instanceof(Uint8Array), z.instanceof(Float32Array), "breaking", "breaking"],
  [
    "only a function knows",
    z.custom<string>((value) => value === "a"),
    z.custom<string>((value) => value === "b"),
    "risky",
    "risky",
  ],
];

/** Changes of what stands behind a first change of the value, of what data can't tell, and of names that every object knows. */
const HIDDEN: typeof CHANGES = [
  ["a pipe gets a stricter end", text.pipe(text.min(2)), text.pipe(text.min(5)), "risky", "risky"],
  ["the end of a transform", text.transform(Number).pipe(z.number()), text.transform(Number).pipe(z.int()), "risky", "risky"],
  ["a transform that may refuse", text, text.transform(same), "risky", "risky"],
  ["what is decoded", text, z.stringbool(), "risky", "risky"],
  ["trimming before a least length", text.min(3), text.trim().min(3), "risky", "risky"],
  ["trimming after it", text.min(3), text.min(3).trim(), "safe", "safe"],
  ["a greatest length without trimming", text.trim().max(3), text.max(3), "risky", "risky"],
  ["an option that may be null", text.trim().min(3), text.trim().min(3).nullable(), "safe", "breaking"],
  ["more options behind a transform", z.union([text, z.int()]).transform(same), z.union([text, z.int(), z.null()]).transform(same), "safe", "breaking"],
  ["what is looked at before", z.preprocess(String, text), z.preprocess(String, text.min(4)), "risky", "risky"],
  ["a text coerced to a number", text, z.coerce.number(), "breaking", "breaking"],
  ["a bound of what is coerced", z.coerce.number(), z.coerce.number().min(5), "breaking", "safe"],
  ["a divisor of what is coerced", z.coerce.number().multipleOf(2), z.coerce.number(), "safe", "breaking"],
  ["anything coerced to a text", z.number(), z.coerce.string(), "safe", "breaking"],
  ["a size", z.set(text).min(1), z.set(text).size(2), "breaking", "safe"],
  ["keys that did not matter", z.looseRecord(text.regex(/^a/), text), z.record(text.regex(/^a/), text), "breaking", "safe"],
  ["an algorithm", z.jwt(), z.jwt({ alg: "HS256" }), "breaking", "safe"],
  ["a protocol", z.url(), z.url({ protocol: /^https$/ }), "breaking", "safe"],
  ["a property", z.array(text).check(z.property("length", z.int().min(1))), z.array(text).check(z.property("length", z.int())), "risky", "risky"],
  ["a check of one's own", text.check(() => {}), text.check(() => void 0), "risky", "risky"],
  ["a field that every object has", z.object({}), z.object({ constructor: text }), "breaking", "safe"],
  ["objects of which one only may fit", z.union([z.object({ a: text }), z.object({ b: text })]), z.xor([z.object({ a: text }), z.object({ b: text })]), "risky", "safe"],
  ["those that a field tells apart", z.union([z.object({ k: z.literal("a") }), z.object({ k: z.literal("b") })]), z.xor([z.object({ k: z.literal("a") }), z.object({ k: z.literal("b") })]), "safe", "safe"],
  ["those that refuse each other's fields", z.union([z.strictObject({ a: text }), z.strictObject({ b: text })]), z.xor([z.strictObject({ a: text }), z.strictObject({ b: text })]), "safe", "safe"],
  ["texts of which one only may fit", text, z.xor([text, z.email()]), "risky", "safe"],
  ["fewer of those", z.xor([z.object({ a: text }), z.object({ b: text }), z.int()]), z.xor([z.object({ a: text }), z.object({ b: text })]), "breaking", "risky"],
  ["the same beside a change", z.object({ x: z.xor([z.object({ a: text }), z.object({ b: text })]) }), z.object({ x: z.xor([z.object({ a: text }), z.object({ b: text })]), n: z.int().optional() }), "safe", "safe"],
  ["a prefault that passes", text.min(3).optional(), text.min(3).prefault("abc"), "safe", "safe"],
  ["a prefault that does not", text.min(3).optional(), text.min(3).prefault("a"), "risky", "risky"],
  ["a field with one", z.object({}), z.object({ a: text.min(3).prefault("a") }), "risky", "safe"],
  ["a field that what follows may refuse", z.object({}), z.object({ a: text.optional().pipe(text) }), "risky", "safe"],
  ["a key that is no number", z.strictObject({ "": text }), z.record(z.number(), text), "breaking", "breaking"],
  ["a key that is one", z.strictObject({ 1: text }), z.record(z.number(), text), "safe", "breaking"],
  ["a key that is too small a number", z.strictObject({ 1: text }), z.record(z.number().min(5), text), "breaking", "breaking"],
  ["a key that is too short", z.strictObject({ "": text }), z.record(text.min(1), text), "breaking", "breaking"],
  ["a key that has to pass a check", z.strictObject({ ab: text }), z.record(text.refine(longer), text), "breaking", "breaking"],
  ["keys in small letters", z.record(text, text), z.record(text.toLowerCase(), text), "risky", "risky"],
  ["keys that are changed", z.record(text, text), z.record(text.transform((key) => key.slice(1)), text), "risky", "risky"],
  ["keys that are changed as before", z.record(text.trim(), z.int()), z.record(text.trim(), z.number()), "safe", "breaking"],
  ["a record of some keys", z.record(z.enum(["a"]), text), z.strictObject({ a: text }), "safe", "safe"],
  ["a loose record of some keys", z.looseRecord(z.enum(["a"]), text), z.strictObject({ a: text }), "breaking", "safe"],
  ["no such field any more", z.object({ toString: text }), z.strictObject({}), "breaking", "breaking"],
]; // biome-ignore format: a line for each

/** "safe" where nothing was found. */
function verdictOf(sent: z.ZodType, received: z.ZodType, isInput: boolean): Verdict {
  const found = fits(shapesOf(sent), shapesOf(received), isInput);
  if (found.some(({ severity }) => severity === "breaking")) return "breaking";
  return found.length > 0 ? "risky" : "safe";
}

test.each([...CHANGES, ...HIDDEN])("%s", (_name, before, after, input, output) => {
  expect({ input: verdictOf(before, after, true), output: verdictOf(after, before, false) }).toEqual({ input, output });
});

test("there are enough changes whose verdict is known", () => {
  expect(CHANGES.length + HIDDEN.length).toBeGreaterThanOrEqual(60);
});

test("a schema compared with itself has not changed", () => {
  for (const [name, before, after] of [...CHANGES, ...HIDDEN])
    for (const schema of [before, after]) expect(verdictOf(schema, schema, true), name).toBe("safe");
});

/** Values that schemas of texts, numbers and objects may let in. */
const value = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 2 },
    fc.constantFrom<unknown>("", "a", "ab", "abcd", "b", 0, 1, 2.5, -3, 9, 5n, 12n, true, false, null, undefined),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom("a", "b", "c", "k", "", "1"), tie("value"), { maxKeys: 3 }),
  ),
})).value;

const schema: fc.Arbitrary<z.ZodType> = fc.letrec<{ schema: z.ZodType }>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 2, depthSize: "small" },
    fc.constantFrom<z.ZodType>(
      z.string(),
      z.string().min(1),
      z.string().max(2),
      z.string().regex(/^a/),
      z.literal("a"),
      z.enum(["a", "b"]),
      z.literal([1, "a", true]),
      z.number(),
      z.int(),
      z.number().min(1),
      z.number().gt(0).lt(9),
      z.bigint(),
      z.bigint().max(6n),
      z.boolean(),
      z.null(),
      z.undefined(),
      z.unknown(),
      z.never(),
    ),
    tie("schema").map((one) => z.array(one)),
    tie("schema").map((one) => z.array(one).min(1).max(2)),
    fc.tuple(tie("schema"), tie("schema")).map(([a, b]) => z.tuple([a, b])),
    fc.tuple(tie("schema"), tie("schema")).map(([a, b]) => z.tuple([a], b)),
    fc.tuple(tie("schema"), tie("schema")).map(([a, b]) => z.union([a, b])),
    fc.tuple(tie("schema"), tie("schema")).map(([a, b]) => z.xor([a, b])),
    tie("schema").map((one) => one.optional()),
    fc.tuple(tie("schema"), fc.constantFrom<unknown>("a", 1, {})).map(([one, given]) => one.prefault(given as never)),
    tie("schema").map((one) => z.record(z.number().min(1), one)),
    tie("schema").map((one) => z.record(z.string().min(1), one)),
    tie("schema").map((one) => one.nullable()),
    tie("schema").map((one) => z.record(z.string(), one)),
    tie("schema").map((one) => z.partialRecord(z.enum(["a", "b"]), one)),
    fc
      .tuple(tie("schema"), tie("schema"), fc.constantFrom(z.object, z.strictObject, z.looseObject), fc.boolean())
      .map(([a, b, make, isPartial]) => {
        const object = make({ a, b });
        return isPartial ? object.partial() : object;
      }),
    fc.tuple(tie("schema"), tie("schema")).map(([a, rest]) => z.object({ a }).catchall(rest)),
  ),
})).schema; // prettier-ignore

describe("by zod's own word", () => {
  const seed = Number(process.env["SEED"] ?? 20_261);
  const numRuns = 4_000 * Number(process.env["SOAK"] ?? 1);

  test(`of ${numRuns} pairs made at random, none that is called safe refuses what was let in (seed ${seed})`, () => {
    let [safe, tried] = [0, 0];
    const property = fc.property(
      schema,
      schema,
      fc.array(value, { minLength: 8, maxLength: 8 }),
      (before, after, values) => {
        const verdict = verdictOf(before, after, true);
        if (verdict === "safe") safe++;
        for (const one of values) {
          if (!before.safeParse(one).success || after.safeParse(one).success) continue;
          tried++;
          const shapes = [before, after].map((side) => JSON.stringify(shapesOf(side).shape));
          expect(verdict, `${shapes.join(" -> ")} refuses ${inspect(one)}`).not.toBe("safe");
        }
      },
    );
    fc.assert(property, { seed, numRuns });
    // There was something to find, either way.
    expect(safe).toBeGreaterThan(numRuns / 50);
    expect(tried).toBeGreaterThan(numRuns / 50);
  });
});
