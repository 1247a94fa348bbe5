import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { Project, schemaFile } from "../codegen/project.ts";
import { type Complaint, compile, compileWith6 } from "./compile.ts";
import { randomSchema } from "./random-schema.ts";

const SEED = 71_204;
const RANDOM_COUNT = 120 * Number(process.env["SOAK"] ?? 1);

/** Supported shapes: the schema, how it is printed for its sender, and for its receiver where that differs. */
const SHAPES: [schema: string, sent: string, parsed?: string][] = [
  ["z.string()", "string"],
  ["z.string().min(1).max(5).trim().toLowerCase().regex(/a/)", "string"],
  ["z.email()", "string"],
  ["z.iso.datetime()", "string"],
  ["z.uuid().describe('an id')", "string"],
  ["z.number().int().positive()", "number"],
  ["z.int()", "number"],
  ["z.int32()", "number"],
  ["z.float64()", "number"],
  ["z.nan()", "number"],
  ["z.boolean()", "boolean"],
  ["z.bigint()", "bigint"],
  ["z.uint64()", "bigint"],
  ["z.never()", "never"],
  ["z.date().min(new Date(0))", "Date"],
  ...["Uint8Array", "Uint8ClampedArray", "Int8Array", "Int16Array", "Uint16Array", "Int32Array", "Uint32Array"]
    .concat("Float32Array", "Float64Array", "BigInt64Array", "BigUint64Array")
    .map((name): [string, string] => [`z.instanceof(${name})`, `${name}<ArrayBuffer>`]),
  ["z.instanceof(Uint8Array).describe('bytes').optional()", "Uint8Array<ArrayBuffer> | undefined"],
  ["z.instanceof(Uint8Array).readonly()", "Uint8Array<ArrayBuffer>"],
  ["z.custom<Uint8Array>()", "Uint8Array"],
  ["z.custom<Uint8Array<ArrayBuffer>>()", "Uint8Array<ArrayBuffer>"],
  ["z.string().transform((text) => new TextEncoder().encode(text))", "string", "Uint8Array<ArrayBuffer>"],
  ["z.null()", "null"],
  ["z.undefined()", "undefined"],
  ["z.void()", "void"],
  ["z.unknown()", "unknown"],
  ["z.array(z.never())", "never[]"],
  ["z.undefined().nonoptional()", "never"],
  ["z.literal('a')", '"a"'],
  [
    "z.literal(['a', 1, -2.5, true, null, undefined, 10n, '\"'])",
    '"a" | 1 | -2.5 | true | null | undefined | 10n | "\\""',
  ],
  ["z.enum(['draft', 'final'])", '"draft" | "final"'],
  ["z.enum({ Red: 'red', One: 1 })", '"red" | 1'],
  ["z.object({ a: z.string(), b: z.number() }).keyof()", '"a" | "b"'],
  ["z.string().optional()", "string | undefined"],
  ["z.optional(z.string().nullable())", "string | null | undefined"],
  ["z.string().nullish()", "string | null | undefined"],
  ["z.string().optional().nonoptional()", "string"],
  ["z.string().default('x')", "string | undefined", "string"],
  ["z.string().optional().default('x')", "string | undefined", "string"],
  ["z.string().prefault('x')", "string | undefined", "string"],
  ["z.number().catch(0)", "number"],
  ["z.array(z.string())", "string[]"],
  ["z.array(z.string().nullable()).min(1)", "(string | null)[]"],
  ["z.string().array().array()", "string[][]"],
  ["z.array(z.string()).readonly()", "readonly string[]"],
  ["z.array(z.array(z.string()).readonly())", "(readonly string[])[]"],
  ["z.tuple([z.string(), z.number()])", "[string, number]"],
  ["z.tuple([z.string()], z.number())", "[string, ...number[]]"],
  ["z.tuple([z.string(), z.number().optional()])", "[string, (number | undefined)?]"],
  ["z.tuple([z.string(), z.number().default(1)])", "[string, (number | undefined)?]", "[string, number]"],
  ["z.tuple([z.string(), z.number()]).readonly()", "readonly [string, number]"],
  ["z.tuple([])", "[]"],
  ["z.tuple([]).readonly()", "readonly never[]"],
  ["z.tuple([z.string().optional()], z.int()).readonly()", "readonly (string | undefined | number)[]"],
  ["z.tuple([z.string().exactOptional()]).readonly()", "readonly (string | undefined)[]"],
  ["z.tuple([z.string(), z.int().optional()]).readonly()", "readonly [string, (number | undefined)?]"],
  ["z.object({ a: z.string(), b: z.number().optional() })", "{ a: string; b?: number | undefined }"],
  ["z.object({ a: z.string().exactOptional() })", "{ a?: string }"],
  ["z.object({ a: z.number().default(1) })", "{ a?: number | undefined }", "{ a: number }"],
  ["z.object({ a: z.string().nullish(), 'b-c': z.null() })", '{ a?: string | null | undefined; "b-c": null }'],
  ["z.object({ a: z.unknown(), b: z.undefined() })", "{ a: unknown; b: undefined }"],
  ["z.object({ a: z.union([z.string().optional(), z.number()]) })", "{ a?: string | undefined | number }"],
  ["z.object({ a: z.object({ b: z.array(z.object({ c: z.int() })) }) })", "{ a: { b: { c: number }[] } }"],
  ["z.strictObject({ a: z.string() })", "{ a: string }"],
  ["z.looseObject({ a: z.string() })", "{ a: string; [key: string]: unknown }"],
  ["z.object({})", "Record<string, never>"],
  ["z.looseObject({})", "Record<string, unknown>"],
  ["z.object({ a: z.string(), b: z.int() }).partial()", "{ a?: string | undefined; b?: number | undefined }"],
  ["z.object({ a: z.string(), b: z.int() }).omit({ a: true }).extend({ c: z.date() })", "{ b: number; c: Date }"],
  ["z.object({ a: z.string() }).strict().pick({ a: true })", "{ a: string }"],
  ["z.object({ a: z.string() }).loose()", "{ a: string; [key: string]: unknown }"],
  ["z.looseObject({ a: z.string() }).strip()", "{ a: string }"],
  ["z.object({ a: z.string().optional() }).required()", "{ a: string }"],
  ["z.object({ a: z.string() }).safeExtend({ b: z.int() })", "{ a: string; b: number }"],
  ["z.looseObject({ a: z.string() }).readonly()", "{ readonly a: string; readonly [key: string]: unknown }"],
  ["z.object({ a: z.string() }).readonly()", "{ readonly a: string }"],
  ["z.record(z.string(), z.number())", "Record<string, number>"],
  ["z.record(z.enum(['a', 'b']), z.number())", 'Record<"a" | "b", number>'],
  ["z.record(z.number(), z.string())", "Record<number, string>"],
  ["z.partialRecord(z.enum(['a', 'b']), z.number())", 'Partial<Record<"a" | "b", number>>'],
  ["z.record(z.coerce.number(), z.string())", "Record<PropertyKey, string>", "Record<number, string>"],
  [
    "z.partialRecord(z.coerce.string(), z.int())",
    "Partial<Record<PropertyKey, number>>",
    "Partial<Record<string, number>>",
  ],
  [
    "z.record(z.codec(z.int(), z.string(), { decode: String, encode: Number }), z.boolean())",
    "Record<number, boolean>",
    "Record<string, boolean>",
  ],
  [
    "z.record(z.codec(z.boolean(), z.string(), { decode: String, encode: Boolean }), z.int())",
    "Record<never, number>",
    "Record<string, number>",
  ],
  [
    "z.object({ a: z.record(z.coerce.string(), z.int()) }).brand<'Box'>()",
    "{ a: Record<PropertyKey, number> }",
    '{ a: Record<string, number> } & $brand<"Box">',
  ],
  [
    "z.object({ a: z.partialRecord(z.coerce.string(), z.int()) }).brand()",
    "{ a: Record<PropertyKey, number | undefined> }",
    "{ a: Record<string, number | undefined> }",
  ],
  ["z.looseRecord(z.string().regex(/^a/), z.int())", "Record<string, number>"],
  ["z.record(z.enum(Color), z.int())", "Record<Color, number>"],
  ["z.record(z.string().brand<'Key'>(), z.int())", "Record<string, number>", 'Record<string & $brand<"Key">, number>'],
  ["z.record(z.string(), z.string()).readonly()", "Readonly<Record<string, string>>"],
  ["z.union([z.string(), z.number(), z.string()])", "string | number"],
  ["z.string().or(z.null())", "string | null"],
  ["z.xor([z.string(), z.number()])", "string | number"],
  ["z.union([z.string(), z.unknown()])", "unknown"],
  [
    "z.discriminatedUnion('k', [z.object({ k: z.literal('a'), v: z.int() }), z.object({ k: z.literal('b') })])",
    '{ k: "a"; v: number } | { k: "b" }',
  ],
  ["z.map(z.string(), z.date())", "Map<string, Date>"],
  ["z.set(z.object({ a: z.int().default(1) }))", "Set<{ a?: number | undefined }>", "Set<{ a: number }>"],
  ["z.map(z.string(), z.int()).readonly()", "ReadonlyMap<string, number>"],
  ["z.set(z.int()).readonly()", "ReadonlySet<number>"],
  ["z.intersection(z.object({ a: z.string() }), z.object({ b: z.int() }))", "{ a: string } & { b: number }"],
  ["z.object({ a: z.string() }).and(z.union([z.null(), z.int()]))", "{ a: string } & (null | number)"],
  ["z.object({ a: z.string() }).and(z.object({ b: z.int() })).readonly()", "Readonly<{ a: string } & { b: number }>"],
  ["z.object({ a: z.string() }).or(z.int().and(z.unknown())).readonly()", "number | { readonly a: string }"],
  ["z.unknown().readonly()", "Readonly<unknown>"],
  ["z.custom<Dot>().readonly()", "{ readonly x: number }"],
  ["z.custom<{ inner: Shape | undefined }>()", "{ inner: Shape | undefined }"],
  ["z.array(z.object({ a: z.string() }).and(z.object({ b: z.int() })))", "({ a: string } & { b: number })[]"],
  ["z.templateLiteral(['a-', z.int(), z.enum(['x', 'y']).optional()])", '`a-${number}${"x" | "y" | ""}`'],
  ["z.templateLiteral(['`${', z.string(), 5, null, undefined])", "`\\`\\${${string}5null`"],
  ["z.templateLiteral([z.templateLiteral(['v', z.number()]), '.', z.boolean()])", "`${`v${number}`}.${boolean}`"],
  ["z.templateLiteral([z.enum(Color)])", '"green" | "red"'],
  [
    "z.templateLiteral(['a-', z.enum(Color).optional(), z.int()])",
    "`a-${number}` | `a-green${number}` | `a-red${number}`",
  ],
  ["z.templateLiteral([z.templateLiteral([z.literal(Level.Low)]), 'x'])", '"0x"'],
  ["z.object({ a: z.string() }).catchall(z.string())", "{ a: string; [key: string]: string }"],
  ["z.object({}).catchall(z.int())", "Record<string, number>"],
  ["z.object({}).catchall(z.never())", "Record<string, never>"],
  [
    "z.object({ a: z.string() }).catchall(z.int())",
    "{ a: string; [key: string]: number | string }",
    "{ a: string } & Record<string, number>",
  ],
  ["z.object({ a: z.string() }).catchall(z.never())", "{ a: string }"],
  ["z.coerce.number()", "unknown", "number"],
  ["z.object({ a: z.coerce.date().optional() })", "{ a?: unknown }", "{ a?: Date | undefined }"],
  ["z.coerce.string<number>()", "number", "string"],
  ["z.string<`id-${string}`>()", "`id-${string}`"],
  ["z.string().transform((text) => text.length)", "string", "number"],
  ["z.string().transform((text) => ({ text, at: new Date() }))", "string", "{ text: string; at: Date }"],
  [
    "z.object({ a: z.string().transform((text) => [text, 1] as const) })",
    "{ a: string }",
    "{ a: readonly [string, 1] }",
  ],
  ["z.string().optional().transform((text) => text ?? null)", "string | undefined", "string | null"],
  ["z.string().pipe(z.coerce.number())", "string", "number"],
  ["z.string().transform(Number).pipe(z.int())", "string", "number"],
  ["z.preprocess((value) => Number(value), z.int())", "unknown", "number"],
  [
    "z.object({ a: z.preprocess((text: string) => text, z.string().optional()) })",
    "{ a?: string }",
    "{ a?: string | undefined }",
  ],
  [
    "z.codec(z.iso.datetime(), z.date(), { decode: (text) => new Date(text), encode: (date) => date.toISOString() })",
    "string",
    "Date",
  ],
  ["z.stringbool()", "string", "boolean"],
  ["z.success(z.string())", "string", "boolean"],
  ["z.custom<{ x: number; y?: string }>()", "{ x: number; y?: string }"],
  ["z.custom<{ a?: string; readonly b: number[] }>()", "{ a?: string; readonly b: number[] }"],
  ["z.custom<{ a: string; readonly [at: number]: string }>()", "{ a: string; readonly [key: number]: string }"],
  [
    "z.custom<{ [name: string]: unknown; [at: number]: string }>()",
    "{ [key: string]: unknown; [key: number]: string }",
  ],
  ["z.custom<[a?: string, b?: number | undefined]>()", "[string?, (number | undefined)?]"],
  ["z.custom<readonly [a: string, b?: number]>()", "readonly [string, number?]"],
  [
    "z.string().transform((text) => ({ get a() { return text; }, b: 1 }))",
    "string",
    "{ readonly a: string; b: number }",
  ],
  ["z.string().transform((text) => /a/.exec(text))", "string", "RegExpExecArray | null"],
  ["z.string().transform((text) => text.matchAll(/a/g))", "string", "RegExpStringIterator<RegExpExecArray>"],
  ["z.string().transform((text) => ({ wait: Promise.resolve(text) }))", "string", "{ wait: Promise<string> }"],
  ["z.string().transform((text) => Symbol(text))", "string", "symbol"],
  [
    "z.string().transform((text) => (by: string, at?: number) => text.startsWith(by, at))",
    "string",
    "(by: string, at?: number) => boolean",
  ],
  [
    "z.string().transform((text) => (...more: string[]) => [() => text, ...more])",
    "string",
    "(...more: string[]) => ((() => string) | string)[]",
  ],
  ["z.string().transform((text) => ({ text, run(): void {} }))", "string", "{ text: string; run: () => void }"],
  ["z.custom<Shape>()", "Shape"],
  ["z.custom<Hidden>()", "AllHidden"],
  ["z.string().transform((text) => new Money(text))", "string", "Money"],
  ["z.string().overwrite((text) => text.trim()).check(z.minLength(1))", "string"],
  ["z.coerce.string()", "unknown", "string"],
  ["z.coerce.boolean()", "unknown", "boolean"],
  ["z.coerce.bigint()", "unknown", "bigint"],
  ["z.transform((text: string) => text.length)", "string", "number"],
  ["z.array(z.transform((one) => [one]))", "unknown[]", "unknown[][]"],
  ["z.map(z.coerce.number(), z.int().default(1))", "Map<unknown, number | undefined>", "Map<number, number>"],
  ["z.tuple([z.string().exactOptional()])", "[string?]"],
  ["z.literal(Color.Red)", "Color.Red"],
  ["z.partialRecord(z.enum(Color), z.int())", "Partial<Record<Color, number>>"],
  ["Annotated", "{ x: number }"],
  ["z.enum(Color)", "Color"],
  ["z.enum(Level)", "Level"],
  ["z.array(z.enum(Color).optional())", "(Color | undefined)[]"],
  ["z.string().brand<'Id'>()", "string", 'string & $brand<"Id">'],
  [
    "z.object({ id: z.string().brand('Id'), n: z.int() })",
    "{ id: string; n: number }",
    '{ id: string & $brand<"Id">; n: number }',
  ],
  ["z.object({ a: z.string() }).brand<'Box'>()", "{ a: string }", '{ a: string } & $brand<"Box">'],
  ["Category", "AllCategory"],
  ["z.array(Category)", "AllCategory[]"],
  ["Even", "AllEven", "AllEvenParsed"],
  ["z.json()", "AllJson"],
  ["z.lazy(() => z.string())", "string"],
  ["z.string().nullable().refine((value) => value !== null)", "string | null", "string"],
  ["z.union([z.string(), z.int()]).refine(isText)", "string | number", "string"],
  ["z.object({ a: z.int(), b: z.int() }).refine(({ a, b }) => a === b)", "{ a: number; b: number }"],
  ["z.array(z.unknown()).refine((list): list is [string] => list.length === 1)", "unknown[]", "unknown[] & [string]"],
  [
    "page(z.int().default(0))",
    "{ items: (number | undefined)[]; next: string | null }",
    "{ items: number[]; next: string | null }",
  ],
];

type Relation = "Equal" | "Alike" | "Wider" | "Narrower";

/** Where what is printed is not zod's own type, as docs/schemas.md says, and how it stands to that. */
const DIFFERING: Readonly<Record<string, [sent: Relation, parsed: Relation]>> = {
  // zod's type lists the members, and is not the enum itself to the compiler.
  "z.enum(Color)": ["Alike", "Alike"],
  "z.enum(Level)": ["Alike", "Alike"],
  // zod's types can't be written, and nothing that is written out can be assigned to them.
  "z.object({ a: z.string() }).catchall(z.int())": ["Wider", "Alike"],
  "z.object({ a: z.string() }).catchall(z.never())": ["Wider", "Wider"],
  // For zod it is unknown what such a schema takes.
  Annotated: ["Narrower", "Equal"],
};

/** A project with one get per schema: input, output and the data of its error are all of that schema. */
function projectOf(schemas: readonly string[]): Project {
  const shapes = schemas.map((schema, index) => `  m${index}: ${schema},`);
  const gets = schemas.map((_, index) => {
    const shape = `shapes.m${index}`;
    return `    m${index}: { input: ${shape}, output: ${shape}, errors: { Failed: ${shape} } },`;
  });
  const checks = schemas.map((_, index) => {
    const [sent, parsed] = [`z.input<Shapes["m${index}"]>`, `z.output<Shapes["m${index}"]>`];
    const [isSent, isParsed] = DIFFERING[schemas[index] ?? ""] ?? ["Equal", "Equal"];
    const sides = [
      `${isSent}<Parameters<AllGet["m${index}"]>[0], Parameter<${sent}>>`,
      `${isParsed}<Returned<AllGet["m${index}"]>, Promise<${parsed}>>`,
      `${isParsed}<Parameters<AllGetHandlers["m${index}"]>[0], ${parsed}>`,
      `${isSent}<Returned<AllGetHandlers["m${index}"]>, Awaitable<${sent}>>`,
      `${isParsed}<DeclaredErrors["All.m${index}"]["Failed"], ${parsed}>`,
    ];
    return `export const m${index}: [${sides.join(", ")}] = [true, true, true, true, true];`;
  });
  return Project.create({
    "schemas/All.ts": schemaFile(`export interface Shape {
  readonly corners: number;
  inner?: Shape | undefined;
}
export interface Dot {
  x: number;
}
interface Hidden {
  corners: number;
  inner: Hidden[];
}
const isText = (value: unknown): value is string => typeof value === "string";
export class Money {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}
export enum Color {
  Red = "red",
  Green = "green",
}
export enum Level {
  Low,
  High,
}
const Annotated: z.ZodType<Dot> = z.object({ x: z.number() });
/** A tree. */
const Category = z.object({
  name: z.string(),
  /** Below it. */
  get children() {
    return z.array(Category);
  },
});
const Even = z.object({
  n: z.int().default(0),
  get odd() {
    return z.array(Odd);
  },
});
const Odd = z.object({
  get even() {
    return z.record(z.string(), Even);
  },
});
const page = <Item extends z.ZodType>(item: Item) => z.object({ items: z.array(item), next: z.string().nullable() });
export const shapes = {
${shapes.join("\n")}
};
export const All = definePeer({
  get: {
${gets.join("\n")}
  },
});`),
    "check.ts": `import type { Awaitable } from "chatroom/runtime";
import type { z } from "zod";
import type { AllGet, AllGetHandlers, DeclaredErrors } from "./generated/index.js";
import type { shapes } from "./schemas/All.js";
type Shapes = typeof shapes;
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type Narrower<A, B> = [A] extends [B] ? true : false;
type Wider<A, B> = Narrower<B, A>;
type Alike<A, B> = [Narrower<A, B>, Wider<A, B>] extends [true, true] ? true : false;
type Returned<Method> = Method extends (input: never, second: never) => infer Value ? Value : "no method";
type Parameter<Input> = undefined extends Input ? Input | undefined : void extends Input ? Input | undefined : Input;
${checks.join("\n")}
export const unequal: Equal<{ a: string }, { a?: string }> = true;
`,
  });
}

const FIRST_CHECK = 12;
const RANDOM = fc.sample(randomSchema, { seed: SEED, numRuns: RANDOM_COUNT });
const SCHEMAS = [...SHAPES.map(([schema]) => schema), ...RANDOM];

let declarations = "";
let complaints: Complaint[] = [];
let complaintsOf6: Complaint[] = [];

beforeAll(async () => {
  const project = projectOf(SCHEMAS);
  try {
    expect(await project.codegen()).toMatchObject({ error: "", code: 0 });
    declarations = project.read("generated/All.d.ts");
    complaints = await compile(project.dir, { erasableSyntaxOnly: false });
    complaintsOf6 = compileWith6(project.dir);
  } finally {
    project.remove();
  }
}, 120_000);

/** The declaration of a get, whose types stand on both sides, in one line. */
function printed(index: number): string {
  const from = declarations.indexOf(`  m${index}(`, declarations.indexOf("export interface AllGet {"));
  const text = declarations.slice(from, declarations.indexOf("CallOptions", from));
  const rest = declarations.slice(from + text.length).split(";\n")[0] ?? "";
  return `${text}${rest};`
    .replace(/\(\n +/, "(")
    .replace(/,\n +options/, ", options")
    .replace(/,\n +\)/, ")");
}

/** The complaints about schemas of that range, with their texts. */
function unequal(from: number, to: number): string[] {
  const ofSchemas = complaints.filter(({ file, line }) => file === "check.ts" && line - FIRST_CHECK < SCHEMAS.length);
  const ofRange = ofSchemas.map(({ line }) => line - FIRST_CHECK).filter((index) => index >= from && index < to);
  return [...new Set(ofRange)].map((index) => `${SCHEMAS[index]}\n${printed(index)}`);
}

function places(all: readonly Complaint[]): string[] {
  return all.map(({ file, line, code }) => `${file}:${line} ${code}`);
}

describe("printed types are zod's own types, by the compiler's word", () => {
  test("for each supported shape", () => {
    expect(unequal(0, SHAPES.length)).toEqual([]);
  });

  test(`for ${RANDOM_COUNT} schemas made at random (seed ${SEED})`, () => {
    expect(unequal(SHAPES.length, SCHEMAS.length)).toEqual([]);
  });

  test("and the compiler has nothing else to say, except of the check that must fail", () => {
    expect(places(complaints)).toEqual([`check.ts:${SCHEMAS.length + FIRST_CHECK} TS2322`]);
  });

  test("and TypeScript 6 says the same as TypeScript 7", () => {
    expect(places(complaintsOf6)).toEqual(places(complaints));
  });
});

test.each(SHAPES.map((shape, index) => [...shape.slice(0, 1), index] as [string, number]))(
  "%s reads as by hand",
  (_, index) => {
    const [, sent = "", parsed = sent] = SHAPES[index] ?? [];
    const allowsNothing = /(?:^| )(?:undefined|void|unknown)(?: |$)/.test(sent.replace(/[{[(<].*[>)\]}]/, "*"));
    expect(printed(index)).toBe(
      `  m${index}(input${allowsNothing ? "?" : ""}: ${sent}, options?: CallOptions): Promise<${parsed}>;`,
    );
  },
);
