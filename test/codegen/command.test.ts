import { execFile } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { projectWith, schemaFile } from "./project.ts";
import { ROOT } from "./root.ts";

/** Runs the command as users do: a program of its own. */
function runProgram(cwd: string, ...argv: string[]): Promise<{ code: number; out: string; error: string }> {
  const program = ["--import", join(ROOT, "node_modules/tsx/dist/loader.mjs"), join(ROOT, "codegen/src/main.ts")];
  return new Promise((resolve) => {
    execFile(process.execPath, [...program, ...argv], { cwd }, (failure, out, error) => {
      resolve({ code: failure === null ? 0 : Number(failure.code), out, error });
    });
  });
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
