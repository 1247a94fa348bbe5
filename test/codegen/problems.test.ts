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

const SYMBOLS = "symbols are not supported: use z.enum([...]) or z.literal(...)";
const INSTANCES =
  "instances of a class do not travel: write its fields with z.object({...}), or what it is made from with .transform(); dates and typed arrays travel as they are";
const ANY = "this is of the type any, which would switch checking off: say what it is, or unknown";
const FUNCTIONS = "functions do not travel: declare a method and call back through it";
const PROMISES = "promises do not travel: declare the value; a handler may answer with a promise of it anyway";
const UNPRINTABLE = "this type can't be printed: write it out, or use plain schemas";
const INSTANCES_OF = (name: string): string =>
  `instances of ${name} do not travel: declare the fields that are sent, and make one of them with .transform()`;
const NO_ZOD = "this is not a zod schema: write one, as in z.string()";

/** Schemas that are refused: where (at the mark), in which part of the input, and what the message says. */
const REFUSED: [schema: string, part: string, message: string][] = [
  ["‸z.any()", "", "z.any() would switch checking off: write z.unknown()"],
  ["z.object({ a: ‸z.symbol() })", ".a", SYMBOLS],
  ["‸z.promise(z.string())", "", PROMISES],
  ["‸z.custom<Promise<string>>()", "", PROMISES],
  ["‸z.function()", "", "functions are not supported: declare a method and call back through it"],
  [
    "‸z.file()",
    "",
    "files do not travel, for their bytes come later than they do: send the bytes, with z.instanceof(Uint8Array)",
  ],
  ["‸z.string().transform((text) => JSON.parse(text))", "", ANY],
  ["z.array(‸z.string().transform((text) => <T,>(more: T) => [text, more])).default([])", "[]", UNPRINTABLE],
  [
    "z.object({ list: z.set(‸z.string().transform((text) => new Money(text))) })",
    ".list[]",
    "Money must be exported, for what is generated imports it",
  ],
  ["‸z.custom<() => void>()", "", FUNCTIONS],
  ["‸z.custom<{ price: shapes.Price }>()", "", INSTANCES_OF("Price")],
  ["‸z.instanceof(Money)", "", INSTANCES],
  ["z.optional(‸z.instanceof(shapes.Price).describe('a price'))", "", INSTANCES],
  ["‸z.instanceof(Buffer)", "", INSTANCES],
  ["‸z.enum(Color)", "", "Color must be exported, for what is generated imports it"],
  ["‸z.custom<{ a: symbol }>()", "", "symbols do not travel: use texts"],
  ["‸z.string().transform((text) => ({ [Symbol.iterator]: text }))", "", UNPRINTABLE],
  ["‸z.custom<{ made: Iterator<string> }>()", "", INSTANCES_OF("Iterator")],
  ["z.tuple([z.string()], ‸z.symbol())", "[]", SYMBOLS],
  ["z.tuple([z.string()]).rest(‸z.symbol())", "[]", SYMBOLS],
  ["‸{ a: z.string() }", "", NO_ZOD],
  ["‸'text'", "", NO_ZOD],
  ["‸undefined", "", "there is nothing here: is it imported from a file that imports this one?"],
  ["‸{ _def: {} }", "", 'this is a schema of zod 3: install zod 4, and import { z } from "zod"'],
  ["z.union([z.string(), z.record(z.string(), ‸z.symbol())])", "[]", SYMBOLS],
  ["z.map(‸z.symbol(), z.string())", "", SYMBOLS],
  ["z.map(z.string(), ‸z.symbol())", "[]", SYMBOLS],
  ["z.object({ a: z.string() }).and(‸z.symbol())", "", SYMBOLS],
  ["z.intersection(‸z.symbol(), z.string())", "", SYMBOLS],
  ["z.string().pipe(z.transform(String)).pipe(z.lazy(() => ‸z.symbol()))", "", SYMBOLS],
  ["z.object({ get next() { return ‸z.symbol(); } })", ".next", SYMBOLS],
  ["z.object({}).catchall(‸z.symbol())", "", SYMBOLS],
  [
    "z.discriminatedUnion('k', [z.object({ k: z.literal('a'), v: ‸z.symbol() }), z.object({ k: z.literal('b') })])",
    ".v",
    SYMBOLS,
  ],
  ["z.record(‸z.symbol(), z.string())", "", SYMBOLS],
  ["z.object({ list: z.array(z.object({ deep: z.nullable(‸z.symbol()) })) })", ".list[].deep", SYMBOLS],
  ["z.object({ a: z.string() }).extend({ n: z.nullish(‸z.symbol()) })", ".n", SYMBOLS],
  ["z.string().or(‸z.symbol())", "", SYMBOLS],
  ["z.object({ 'a-b': z.object({ c: ‸z.symbol() }).partial().strict() }).pick({ 'a-b': true })", ".a-b.c", SYMBOLS],
];

test("types that can't be printed are refused where they stand, all in one run", async () => {
  const head = schemaFile(`import * as shapes from "./shared.js";
enum Color { Red = "red" }
class Money { constructor(readonly text: string) {} }
export const Bar = definePeer({ get: {`);
  const names = REFUSED.map((_, index) => `m${String(index).padStart(2, "0")}`);
  const marked = REFUSED.map(([schema], index) => unmark(`  ${names[index]}: { input: ${schema} },`));
  const project = projectWith({
    "schemas/Bar.ts": `${head}${marked.map(({ text }) => text).join("\n")}\n} });\n`,
    "schemas/shared.ts": "export class Price { cents = 1; }\n",
  });
  const firstLine = head.split("\n").length;
  expect(await problemsOf(project)).toEqual(
    REFUSED.map(([, part, message], index) => {
      const column = marked[index]?.spot.split(":")[1];
      return `schemas/Bar.ts:${firstLine + index}:${column}: Bar.${names[index]} input${part}: ${message}`;
    }),
  );
});

test.each([
  ["made", "const made = () => z.array(‸z.symbol());", `Bar.say input[]: ${SYMBOLS}`],
  [
    "endless",
    "const endless = (): z.ZodType => z.lazy(() => ‸z.array(endless()));",
    "Bar.say input: there are more than 100 schemas within each other here: does a function make a new one each time? Make it once, and refer to it",
  ],
])("what a function of the project's own makes is refused in that function: %s", async (name, text, message) => {
  await expectProblem(`${text}\nexport const Bar = definePeer({ send: { say: ${name}() } });`, message);
});

describe("a shared shape", () => {
  test("is blamed in its own file, once, with the first method that needs it", async () => {
    const shared = unmark(
      `import { z } from "zod";\nconst Inner = z.object({ tags: ‸z.symbol() });\nexport { Inner };\n`,
    );
    const project = projectWith({
      "schemas/lib/shared.ts": shared.text,
      "schemas/Bar.ts": schemaFile(`import * as lib from "./lib/shared.js";
export const Bar = definePeer({
  get: { one: { input: lib.Inner.array() }, two: { output: z.object({ ...lib.Inner.shape }) } },
});`),
    });
    expect(await problemsOf(project)).toEqual([
      `schemas/lib/shared.ts:${shared.spot}: Bar.one input[].tags: ${SYMBOLS}`,
    ]);
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

function twice(name: string, line: number): string {
  return `${name} stands here twice, first in line ${line}, where it is lost: rename one`;
}

describe("members that JavaScript loses", () => {
  test("a key that stands twice in one literal, and __proto__, are told at their places with the others' errors", async () => {
    const shared = unmark(`import { z } from "zod";
export const Size = z.object({
  w: z.int(),
  ‸"w": z.string(),
});
export const bare = { __proto__: null, w: 1 };
`);
    const project = projectWith({
      "lib/shapes.ts": shared.text,
      "schemas/Bar.ts": schemaFile(`import { Size } from "../lib/shapes.js";
export const Bar = definePeer({
  get: {
    one: { output: z.object({ get a() { return z.string(); }, b: z.int() }) },
    two: { input: Size, errors: { Gone: z.void(), Gone: z.string() } },
    one: { input: z.symbol() },
    __proto__: {},
  },
});`),
    });
    const { code, error } = await project.codegen();
    expect(code).toBe(1);
    expect(error.split("\n").filter((line) => /^\S+:\d+:\d+: /.test(line))).toEqual([
      `lib/shapes.ts:${shared.spot}: ${twice("w", 3)}`,
      `schemas/Bar.ts:7:51: ${twice("Gone", 7)}`,
      `schemas/Bar.ts:8:5: ${twice("one", 6)}`,
      `schemas/Bar.ts:8:19: Bar.one input: ${SYMBOLS}`,
      "schemas/Bar.ts:9:5: __proto__ makes no member here, JavaScript gives it a meaning: choose another name",
    ]);
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

  test("a module that ends the program is told where it does, and JavaScript may be imported", async () => {
    const project = projectWith({
      "schemas/Bar.ts": schemaFile(`import "../lib.mjs";
process.exit(0);
export const Bar = definePeer({});`),
      "lib.mjs": "export {};",
    });
    const { code, error } = await project.codegen();
    expect(code).toBe(1);
    expect(error).toContain("the schema can't be loaded: Error: it called process.exit(0)");
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
