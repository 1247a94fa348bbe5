import { execFile, spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { colored, paintFor } from "../../codegen/src/color.ts";
import { run } from "../../codegen/src/run.ts";
import { CODEGEN } from "../support/built.ts";
import { type Project, projectWith, schemaFile } from "./project.ts";

const PROGRAM = [process.execPath, CODEGEN];

interface Told {
  code: number;
  out: string;
  error: string;
}

function runCommand(cwd: string, [command = "", ...args]: readonly string[], env = {}): Promise<Told> {
  // What runs the tests asks for colours, or for none.
  const { FORCE_COLOR: _, NO_COLOR: __, ...others } = process.env;
  return new Promise((resolve) => {
    execFile(command, args, { cwd, env: { ...others, TERM: "xterm", ...env } }, (failure, out, error) => {
      resolve({ code: failure === null ? 0 : Number(failure.code), out, error });
    });
  });
}

/** Runs the command as users do: a program of its own. */
function runProgram(cwd: string, ...argv: string[]): Promise<Told> {
  return runCommand(cwd, [...PROGRAM, ...argv]);
}

test("the program says where a schema module threw, and ends although another one keeps a timer", async () => {
  const project = projectWith({
    "schemas/Bar.ts": schemaFile("setInterval(() => {}, 1000);\nexport const Bar = definePeer({});"),
    "schemas/Foo.ts": schemaFile(`interface Dropped { text: string }
export const Foo = definePeer({
  get: { title: { output: (z as unknown as { srting(): z.ZodType }).srting() } },
});`),
  });
  expect(await runProgram(project.dir)).toEqual({
    code: 1,
    out: "",
    error: `schemas/Foo.ts:5:69: the schema can't be loaded: TypeError: z.srting is not a function
  5 |   get: { title: { output: (z as unknown as { srting(): z.ZodType }).srting() } },
    |                                                                     ^

1 error, nothing was written.
`,
  });
});

test("--json gives what has to be corrected to editors", async () => {
  const project = projectWith({
    "schemas/Bar.ts": schemaFile(`export const Bar = definePeer({
  get: { one: { input: z.symbol() }, two: { output: z.any() } },
});`),
  });
  const { code, out, error } = await project.codegen("--json");
  expect([code, error]).toEqual([1, ""]);
  const problems = JSON.parse(out) as Record<string, unknown>[];
  expect(problems.map(({ file, line, about }) => [file, line, about])).toEqual([
    ["schemas/Bar.ts", 4, "Bar.one input"],
    ["schemas/Bar.ts", 4, "Bar.two output"],
  ]);
  for (const { column, message } of problems) {
    expect(column).toBeGreaterThan(10);
    expect(message).toMatch(/.{20}/);
  }
});

test("a schema that awaits what never comes is told by name, with the others' errors", async () => {
  const project = projectWith({
    "schemas/Bar.ts": schemaFile("await new Promise(() => {});\nexport const Bar = definePeer({});"),
    "schemas/Foo.ts": schemaFile("throw 'a text';\nexport const Foo = definePeer({});"),
  });
  const { code, out, error } = await runProgram(project.dir);
  expect({ code, out }).toEqual({ code: 1, out: "" });
  expect(error).toContain("schemas/Bar.ts:1:1: the schema can't be loaded: Error: it awaits what never comes\n");
  expect(error).toContain("schemas/Foo.ts:1:1: the schema can't be loaded: it threw: a text\n");
  expect(error).toContain("\n\n2 errors, nothing was written.\n");
});

describe("--json is JSON alone", () => {
  test("what schemas print goes to standard error", async () => {
    const project = projectWith({
      "schemas/Bar.ts": schemaFile(`console.log("loading");
process.stdout.write("soon\\n");
setTimeout(() => console.info("later"), 0);
export const Bar = definePeer({});`),
    });
    for (const [argv, wanted] of [
      [["--json"], []],
      [["--json", "--force"], []],
      [["docs", "--json"], []],
      [["docs", "--check", "--json"], []],
      [["compare", "--accept", "--json"], []],
    ] as const) {
      const { code, out, error } = await runProgram(project.dir, ...argv);
      expect({ argv, code, out: JSON.parse(out) as unknown }).toEqual({ argv, code: 0, out: wanted });
      if (argv[1] !== undefined) expect(error).toContain("loading\nsoon\n");
    }
  });

  test("under every command, also of what is not up to date", async () => {
    const project = projectWith({ "schemas/Bar.ts": schemaFile("export const Bar = definePeer({});") });
    await project.codegen();
    await project.codegen("docs");
    project.write({
      "schemas/Bar.ts": schemaFile("/** Changed. */\nexport const Bar = definePeer({ get: { one: {} } });"),
    });
    expect(JSON.parse((await project.codegen("--check", "--json")).out)).toContainEqual({
      file: "generated/Bar.d.ts",
      line: 1,
      column: 1,
      message: "is not up to date: npm run codegen",
    });
    const { code, out } = await project.codegen("docs", "--check", "--json");
    expect(code).toBe(1);
    expect(out).toContain('"is not up to date: npm run codegen -- docs"');
    project.write({ "schemas/Bar.ts": schemaFile("export const Bar = definePeer({ get: { then: {} } });") });
    for (const [wanted, ...argv] of [[1], [1, "--check"], [1, "docs"], [2, "compare"]] as const) {
      const told = await project.codegen(...argv, "--json");
      expect([told.code, told.error]).toEqual([wanted, ""]);
      expect(JSON.parse(told.out)).toMatchObject([{ file: "schemas/Bar.ts", line: 3, column: 40 }]);
    }
  });
});

describe("colours", () => {
  const MISTAKE = { "schemas/Bar.ts": schemaFile("export const Bar = definePeer({ get: { then: {} } });") };
  const RED = "\x1b[31m";

  test.each<[isTTY: boolean, env: Record<string, string>, isColored: boolean]>([
    [true, {}, true],
    [false, {}, false],
    [true, { NO_COLOR: "1" }, false],
    [true, { NO_COLOR: "" }, true],
    [true, { TERM: "dumb" }, false],
    [false, { FORCE_COLOR: "1" }, true],
    [true, { FORCE_COLOR: "0" }, false],
    [false, { FORCE_COLOR: "1", NO_COLOR: "1" }, true],
  ])("on a terminal (%s), with %j: %s", (isTTY, env, isColored) => {
    expect(paintFor({ isTTY }, env)("red", "x")).toBe(isColored ? `${RED}x\x1b[39m` : "x");
  });

  test("errors, differences and verdicts are coloured, JSON is not", async () => {
    const project = projectWith(MISTAKE);
    let said = "";
    const say = (text: string): void => void (said += text);
    const paint = { out: colored, error: colored };
    const told = async (...argv: string[]): Promise<string> => {
      said = "";
      await run(argv, { cwd: project.dir, version: "0.0.0", out: say, error: say, paint });
      return said;
    };
    expect(
      await told(),
    ).toBe(`\x1b[1mschemas/Bar.ts:3:40:\x1b[22m a method can't be named then, JavaScript gives that name a meaning: choose another
  \x1b[2m3 | \x1b[22mexport const Bar = definePeer({ get: { then: {} } });
  \x1b[2m  | \x1b[22m                                       ${RED}^\x1b[39m

${RED}1 error\x1b[39m, nothing was written.
`);
    expect(await told("--json")).not.toContain("\x1b");
    project.write({ "schemas/Bar.ts": schemaFile("export const Bar = definePeer({ get: { one: {} } });") });
    await told();
    await told("compare", "--accept");
    project.write({ "schemas/Bar.ts": schemaFile("export const Bar = definePeer({ get: { two: {} } });") });
    const difference = await told("--check");
    expect(difference).toContain(`${RED}-  one: (input: undefined, call: Call) => Awaitable<void>;\x1b[39m\n`);
    expect(difference).toContain(`\x1b[32m+  two: (input: undefined, call: Call) => Awaitable<void>;\x1b[39m\n`);
    expect(difference).toContain("\x1b[1m--- a/generated/Bar.d.ts\x1b[22m\n");
    expect(difference).toContain("\x1b[36m@@ -");
    const verdicts = await told("compare");
    expect(verdicts).toContain(`${RED}breaking\x1b[39m  Bar.one:`);
    expect(verdicts).toContain(`\x1b[32msafe    \x1b[39m  Bar.two:`);
    expect(await told("compare", "--json")).not.toContain("\x1b");
  });

  const hasScript = spawnSync("script", ["--version"], { encoding: "utf8" }).stdout?.includes("util-linux");
  test.skipIf(!hasScript)("a real terminal shows them, a file does not", async () => {
    const project = projectWith(MISTAKE);
    const onTerminal = ["script", "-qec", PROGRAM.map((word) => `'${word}'`).join(" "), "/dev/null"];
    const [terminal, none, file] = await Promise.all([
      runCommand(project.dir, onTerminal),
      runCommand(project.dir, onTerminal, { NO_COLOR: "1" }),
      runProgram(project.dir),
    ]);
    expect(terminal.out).toContain(`${RED}^`);
    expect(none.out).toContain("schemas/Bar.ts:3:40: a method");
    expect(file.error).not.toContain("\x1b");
  });
});

test.each([
  [["docs", "--watch"], "docs takes no --watch", "docs [--schemas DIR] [--out DIR] [--check] [--json]"],
  [["docs", "--force"], "docs takes no --force", "docs "],
  [["compare", "--check"], "compare takes no --check", "compare [--schemas DIR] "],
  [["compare", "-w"], "compare takes no --watch", "compare "],
  [["--accept"], "--accept belongs to compare", "compare "],
  [["--base", "main"], "--base belongs to compare", "compare "],
  [["--base="], "--base belongs to compare", "compare "],
  [["docs", "--base", "main"], "docs takes no --base", "docs "],
])("what a command does not take is refused, with what it does: %j", async (argv, message, usage) => {
  const project = projectWith({ "schemas/Bar.ts": schemaFile("export const Bar = definePeer({});") });
  const { code, out, error } = await project.codegen(...argv);
  expect({ code, out }).toEqual({ code: 2, out: "" });
  expect(error.startsWith(`${message}\n\n  chatroom-codegen ${usage}`), error).toBe(true);
  expect(error.endsWith("]\n")).toBe(true);
  expect(project.list("generated")).toEqual([]);
});

/** `count` methods in 20 kinds, whose schemas they share. */
function largeProject(count: number): Project {
  const kinds = Array.from({ length: 20 }, (_, at) => `Kind${String.fromCharCode(65 + at)}`);
  const methods = Array.from(
    { length: count / kinds.length },
    (_, at) => `    find${at}: { input: Query, output: Page },\n`,
  );
  return projectWith({
    "schemas/lib/shapes.ts": `import { z } from "zod";
export const Query = z.object({ id: z.string().min(1), page: z.int().default(0) });
export const Page = z.object({ total: z.int(), items: z.array(z.object({ id: z.string(), at: z.date().nullable() })) });
`,
    ...Object.fromEntries(
      kinds.map((kind) => [
        `schemas/${kind}.ts`,
        schemaFile(`import { Page, Query } from "./lib/shapes.js";
export const ${kind} = definePeer({
  get: {
${methods.join("")}  },
});`),
      ]),
    ),
  });
}

test("5,000 methods in 20 files are generated within 768 MiB and two minutes, and a run without a change does nothing", {
  timeout: 180_000,
}, async () => {
  const project = largeProject(5_000);
  const [node = "", ...program] = PROGRAM;
  const start = performance.now();
  // Beyond that much the program would end.
  const { code, out, error } = await runCommand(project.dir, [node, "--max-old-space-size=768", ...program]);
  expect({ code, error }).toEqual({ code: 0, error: "" });
  expect(performance.now() - start).toBeLessThan(120_000);
  expect(out).toMatch(/^generated: wrote KindA\.codec\.ts, KindA\.d\.ts, .*KindT\.d\.ts, index\.ts, network\.d\.ts\n$/);
  expect(new Set(project.read("generated/KindT.d.ts").match(/^  find\d+\(/gm)).size).toBe(250);
  expect(await runProgram(project.dir)).toEqual({ code: 0, out: "generated: up to date\n", error: "" });
});

test("--help shows the options and their defaults", async () => {
  const { code, out } = await projectWith({}).codegen("--help");
  expect(code).toBe(0);
  expect(out).toContain("--schemas DIR   where the schema files are (default: schemas)");
});

test("--version shows the version that stands in the files", async () => {
  expect(await projectWith({}).codegen("--version")).toEqual({ code: 0, out: "0.0.0\n", error: "" });
});

test.each([
  [["--scheams", "x"], /^Unknown option '--scheams'/],
  [["surplus"], /^there is no command surplus/],
  [
    ["--schemas", "nowhere"],
    /^there is no folder nowhere: write schema files there, or name their folder with --schemas\n$/,
  ],
  [["--out", "schemas/generated"], /^--out schemas\/generated lies within the schemas: choose a folder beside them\n$/],
])("wrong arguments %j end with code 2 and write nothing", async (argv, message) => {
  const project = projectWith({ "schemas/Bar.ts": schemaFile("export const Bar = definePeer({});") });
  const { code, error } = await project.codegen(...argv);
  expect(code).toBe(2);
  expect(error).toMatch(message);
  expect(project.list(".")).toEqual(["node_modules", "package.json", "schemas"]);
});
