import { describe, expect, test } from "vitest";
import { type Project, projectWith, schemaFile } from "./project.ts";

/** What the command says of a project: `file:line:column: message`, without the lines that it shows. */
async function problemsOf(project: Project): Promise<string[]> {
  const { code, error } = await project.codegen();
  expect(code, error).toBe(1);
  expect(project.list("generated")).toEqual([]);
  return error.split("\n").filter((line) => /^\S+:\d+:\d+: /.test(line));
}

/** The text without its mark `‸`, and `line:column` of the mark, counted from 1. */
function unmark(text: string): { text: string; spot: string } {
  const [before = "", after = ""] = text.split("‸");
  const lines = before.split("\n");
  return { text: before + after, spot: `${lines.length}:${(lines.at(-1) ?? "").length + 1}` };
}

/** Asserts that one schema file has one problem: at its mark `‸`, with that message. */
async function expectProblem(marked: string, message: string): Promise<void> {
  const { text, spot } = unmark(schemaFile(marked));
  const project = projectWith({ "schemas/Bar.ts": text });
  expect(await problemsOf(project)).toEqual([`schemas/Bar.ts:${spot}: ${message}`]);
}

const PIPED =
  "the type that comes out of a transform, pipe, codec or preprocess can't be read from the schema: declare what travels, and convert in the program";
const RECURSIVE =
  "a schema that contains itself, or z.lazy(), has no plain type yet: end it at a fixed depth, or send a flat z.array(...) whose items name their parents";
const SETS = "sets are not supported: use z.array(...)";
const SYMBOLS = "symbols are not supported: use z.enum([...]) or z.literal(...)";
const MAPS = "maps are not supported: use z.record(key, value) or z.array(z.tuple([key, value]))";
const ENUMS = 'a TypeScript enum has no plain type: write its values, as in z.enum(["red", "green"])';
const INSTANCES =
  "instances of a class do not travel: write its fields with z.object({...}); of the built-in classes, z.date() and z.instanceof(Uint8Array) travel";
const INTERSECTIONS = "an intersection has no plain type: use a.extend(b.shape), or one z.object({...})";
const NO_ZOD = "this is not a zod schema: write one, as in z.string()";

/** Schemas that are refused: where (at the mark), in which part of the input, and what the message says. */
const REFUSED: [schema: string, part: string, message: string][] = [
  ["‸z.any()", "", "z.any() would switch checking off: write z.unknown()"],
  ["‸z.map(z.string(), z.number())", "", MAPS],
  ["z.array(‸z.set(z.string()))", "[]", SETS],
  ["z.object({ a: ‸z.symbol() })", ".a", SYMBOLS],
  [
    "‸z.promise(z.string())",
    "",
    "promises are not supported: declare the value; a handler may answer with a promise of it anyway",
  ],
  ["‸z.function()", "", "functions are not supported: declare a method and call back through it"],
  ["‸z.lazy(() => z.string())", "", RECURSIVE],
  ["‸z.json()", "", RECURSIVE],
  ["‸z.file()", "", "files are not supported: send their bytes with z.instanceof(Uint8Array)"],
  ["z.string().‸transform(Number)", "", PIPED],
  ["z.string().min(1).‸pipe(z.string())", "", PIPED],
  ["z.array(z.string().‸transform(Number)).default([])", "[]", PIPED],
  ["‸z.transform(String)", "", PIPED],
  ["‸z.preprocess(String, z.string())", "", PIPED],
  ["‸z.codec(z.string(), z.number(), { decode: Number, encode: String })", "", PIPED],
  ["‸z.stringbool()", "", PIPED],
  [
    "‸z.coerce.number()",
    "",
    "what z.coerce accepts can't be said in a type: write the plain schema, as in z.number(), and convert before sending",
  ],
  ["z.string().‸brand('Id')", "", "a brand exists for the compiler alone and does not travel: leave .brand() out"],
  [
    "z.string().optional().‸brand<'Id'>()",
    "",
    "a brand exists for the compiler alone and does not travel: leave .brand() out",
  ],
  [
    "‸z.string<'a'>()",
    "",
    "a type argument tells the compiler what zod does not check: leave it out, and say it with the schema itself",
  ],
  [
    "‸z.custom<string>()",
    "",
    "what a custom check accepts can't be read from it: write a plain schema and refine it with .refine()",
  ],
  ["‸z.instanceof(Money)", "", INSTANCES],
  ["‸z.instanceof(Buffer)", "", INSTANCES],
  ["‸z.enum(Color)", "", ENUMS],
  ["z.optional(‸z.enum(Color).describe('a color'))", "", ENUMS],
  ["‸z.enum(shapes.Level)", "", ENUMS],
  ["‸z.enum(shapes.Shade)", "", ENUMS],
  [
    "z.tuple([z.string(), ‸z.templateLiteral(['a', z.number()])])",
    "[1]",
    "template literals have no plain type yet: use z.string().regex(...)",
  ],
  ["z.tuple([z.string()], ‸z.symbol())", "[]", SYMBOLS],
  ["z.tuple([z.string()]).rest(‸z.symbol())", "[]", SYMBOLS],
  ["z.object({ a: z.string() }).‸and(z.object({ b: z.string() }))", "", INTERSECTIONS],
  ["‸z.intersection(z.string(), z.string())", "", INTERSECTIONS],
  [
    "‸z.object({ a: z.string() }).catchall(z.string())",
    "",
    "a .catchall() schema can't be printed beside other keys: use z.looseObject({...}), or put the rest in a field of its own with z.record()",
  ],
  ["‸z.success(z.string())", "", "z.success() does not say what it parses: use z.boolean()"],
  ["z.instanceof(Uint8Array).‸readonly()", "", ".readonly() has no exact plain type here: leave it out"],
  ["z.tuple([z.string().optional()]).‸readonly()", "", ".readonly() has no exact plain type here: leave it out"],
  ["‸{ a: z.string() }", "", NO_ZOD],
  ["‸'text'", "", NO_ZOD],
  ["‸undefined", "", "there is nothing here: is it imported from a file that imports this one?"],
  ["‸{ _def: {} }", "", 'this is a schema of zod 3: install zod 4, and import { z } from "zod"'],
  ["z.union([z.string(), z.record(z.string(), ‸z.map(z.string(), z.string()))])", "[]", MAPS],
  [
    "z.discriminatedUnion('k', [z.object({ k: z.literal('a'), v: ‸z.symbol() }), z.object({ k: z.literal('b') })])",
    ".v",
    SYMBOLS,
  ],
  ["z.record(‸z.symbol(), z.string())", "", SYMBOLS],
  ["z.object({ list: z.array(z.object({ deep: z.nullable(‸z.set(z.string())) })) })", ".list[].deep", SETS],
  ["z.object({ a: z.string() }).extend({ n: z.nullish(‸z.symbol()) })", ".n", SYMBOLS],
  ["z.string().or(‸z.symbol())", "", SYMBOLS],
  ["z.object({ 'a-b': z.object({ c: ‸z.symbol() }).partial().strict() }).pick({ 'a-b': true })", ".a-b.c", SYMBOLS],
  ["‸made()", "[]", SETS],
];

test("types that can't be printed are refused where they stand, all in one run", async () => {
  const head = schemaFile(`import * as shapes from "./shared.js";
enum Color { Red = "red" }
class Money {}
const made = () => z.array(z.set(z.string()));
export const Bar = definePeer({ get: {`);
  const names = REFUSED.map((_, index) => `m${String(index).padStart(2, "0")}`);
  const marked = REFUSED.map(([schema], index) => unmark(`  ${names[index]}: { input: ${schema} },`));
  const project = projectWith({
    "schemas/Bar.ts": `${head}${marked.map(({ text }) => text).join("\n")}\n} });\n`,
    "schemas/shared.ts": `export enum Level { Low }\nexport enum Shade { Dark = "dark" }\n`,
  });
  const firstLine = head.split("\n").length;
  expect(await problemsOf(project)).toEqual(
    REFUSED.map(([, part, message], index) => {
      const column = marked[index]?.spot.split(":")[1];
      return `schemas/Bar.ts:${firstLine + index}:${column}: Bar.${names[index]} input${part}: ${message}`;
    }),
  );
});

describe("a shared shape", () => {
  test("is blamed in its own file, once, with the first method that needs it", async () => {
    const shared = unmark(
      `import { z } from "zod";\nconst Inner = z.object({ tags: ‸z.set(z.string()) });\nexport { Inner };\n`,
    );
    const project = projectWith({
      "schemas/lib/shared.ts": shared.text,
      "schemas/Bar.ts": schemaFile(`import * as lib from "./lib/shared.js";
export const Bar = definePeer({
  get: { one: { input: lib.Inner.array() }, two: { output: z.object({ ...lib.Inner.shape }) } },
});`),
    });
    expect(await problemsOf(project)).toEqual([`schemas/lib/shared.ts:${shared.spot}: Bar.one input[].tags: ${SETS}`]);
  });
});

/** Schemas whose form is wrong, which plain JavaScript would run: where (at the mark), and what the message says. */
const MALFORMED: [schema: string, message: string][] = [
  [`export const Bar = definePeer({ ‸gets: {} });`, '"gets" is not a word of a schema: the words are get and send'],
  [
    `export const Bar = definePeer({ get: {}, ‸stream: {} });`,
    '"stream" is not a word of a schema: the words are get and send',
  ],
  [
    `export const Bar = definePeer({ get: { test: { ‸inputs: z.string() } } });`,
    '"inputs" is not known here: a get has input, output, errors, from, fromNames',
  ],
  [
    `export const Bar = definePeer({ send: { chat: { input: z.string(), ‸errors: {} } } });`,
    '"errors" is not known here: a send has input, from, fromNames',
  ],
  [
    `export const Bar = definePeer({ get: { ‸test: z.string() } });`,
    "get test takes { input: schema, output: schema }",
  ],
  [`export const Bar = definePeer({ send: { ‸chat: "x" } });`, "send chat takes a zod schema, or { input: schema }"],
  [`export const Bar = definePeer({ ‸get: null });`, "get takes an object with a key per method"],
  [
    `export const Bar = definePeer({ get: { test: { ‸errors: z.string() } } });`,
    "errors takes an object: { NotFound: schema of its data }",
  ],
  [
    `export const Bar = definePeer({ get: { test: { ‸from: [] } } });`,
    'from takes the kinds that may call: from: ["Foo"]',
  ],
  [
    `export const Bar = definePeer({ get: { test: { ‸fromNames: [""] } } });`,
    'fromNames takes the user names that may call: fromNames: ["foo-1"]',
  ],
  [
    `export const Bar = definePeer(‸undefined);`,
    "definePeer takes an object: definePeer({ get: { ... }, send: { ... } })",
  ],
];

describe("the form of a schema", () => {
  test("each mistake is told at its place, all in one run", async () => {
    const marked = MALFORMED.map(([schema], index) => unmark(schema.replaceAll("Bar", `Bar${index}`)));
    const project = projectWith({ "schemas/all.ts": schemaFile(marked.map(({ text }) => text).join("\n")) });
    expect(await problemsOf(project)).toEqual(
      MALFORMED.map(
        ([, message], index) => `schemas/all.ts:${3 + index}:${marked[index]?.spot.split(":")[1]}: ${message}`,
      ),
    );
  });

  test("a caller that is no kind is told, with the kinds that there are", async () => {
    await expectProblem(
      `export const Bar = definePeer({ get: { test: { from: ["Bar", ‸"Foo"] } } });`,
      "there is no kind Foo: from takes Bar",
    );
  });

  test("a kind that is not exported, or has no name, is told before anything runs", async () => {
    const project = projectWith({
      "schemas/a.ts": schemaFile("const Bar = definePeer({});\nthrow new Error('runs');"),
      "schemas/b.ts": schemaFile("export default definePeer({});\ndefinePeer({});"),
    });
    expect(await problemsOf(project)).toEqual([
      "schemas/a.ts:3:7: Bar is not exported: export const Bar = definePeer({ ... })",
      "schemas/b.ts:3:16: this kind has no name: export const Bar = definePeer({ ... })",
      "schemas/b.ts:4:1: this kind has no name: export const Bar = definePeer({ ... })",
    ]);
  });

  test("a kind declared in two files is told at both places", async () => {
    const text = schemaFile(`export const Bar = definePeer({});`);
    const message = "two kinds have the same name, Bar and Bar: rename one";
    const project = projectWith({ "schemas/a.ts": text, "schemas/b.ts": text });
    expect(await problemsOf(project)).toEqual([`schemas/a.ts:3:14: ${message}`, `schemas/b.ts:3:14: ${message}`]);
  });
});

describe("modules that can't be read or run", () => {
  test("a syntax error is told at its place, before anything runs", async () => {
    const project = projectWith({
      "schemas/Bar.ts": schemaFile("export const Bar = definePeer({ get: { test: } });"),
      "schemas/Foo.ts": schemaFile("throw new Error('runs');\nexport const Foo = definePeer({});"),
    });
    expect(await problemsOf(project)).toEqual(["schemas/Bar.ts:3:46: syntax error: Expression expected."]);
  });

  test("a module that throws is told with what it threw, and so are the others' errors", async () => {
    const project = projectWith({
      "schemas/Bar.ts": schemaFile("throw 'a text';\nexport const Bar = definePeer({});"),
      "schemas/Foo.ts": schemaFile("export const Foo = definePeer({ get: { title: { output: z.srting() } } });"),
    });
    // At which line it threw is asserted where the command runs as a program of its own.
    expect(await problemsOf(project)).toEqual([
      "schemas/Bar.ts:1:1: the schema can't be loaded: it threw: a text",
      expect.stringMatching(
        /^schemas\/Foo\.ts:\d+:\d+: the schema can't be loaded: TypeError: z\.srting is not a function$/,
      ),
    ]);
  });

  test("an import that leads nowhere is told where it is written", async () => {
    const project = projectWith({
      "schemas/Bar.ts": `import { z } from "zood";\nimport { definePeer } from "chatroom/schema";\nexport const Bar = definePeer({ send: { chat: z.string() } });\n`,
      "schemas/Foo.ts": schemaFile(
        `import { Size } from "./shapes.js";\nexport const Foo = definePeer({ send: { chat: Size } });`,
      ),
    });
    expect((await problemsOf(project)).map((line) => line.replaceAll(project.dir, "."))).toEqual([
      "schemas/Bar.ts:1:19: there is no package zood here: npm install zood",
      expect.stringMatching(/^schemas\/Foo\.ts:3:22: there is no file \.\/schemas\/shapes\.\w+$/),
    ]);
  });

  test("a CommonJS project is told what to write in its package.json", async () => {
    const project = projectWith({
      "package.json": '{ "name": "mine" }',
      "schemas/Bar.ts": schemaFile("export const Bar = definePeer({});"),
    });
    expect(await problemsOf(project)).toEqual([
      'package.json:1:1: this project is CommonJS: write { "type": "module" }, for schemas and generated code are ES modules',
    ]);
  });

  test("a folder without a kind is told, with what to write", async () => {
    const project = projectWith({ "schemas/notes.md": "", "schemas/shapes.ts": "export const size = 1;\n" });
    expect(await problemsOf(project)).toEqual([
      "schemas:1:1: there is no peer kind in this folder: write one, export const Bar = definePeer({ ... })",
    ]);
  });
});

test("the line itself is shown with a caret under the place, also after tabs and far below", async () => {
  const project = projectWith({
    "schemas/Bar.ts": schemaFile(`${"\n".repeat(96)}export const Bar = definePeer({ get: {\n\t\tthen: {},\n} });`),
  });
  expect(
    (await project.codegen()).error,
  ).toBe(`schemas/Bar.ts:100:3: a method can't be named then, JavaScript gives that name a meaning: choose another
  100 | \t\tthen: {},
      | \t\t^

1 error, nothing was written.
`);
});
