import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { until } from "../support/until.ts";
import { type Project, projectWith, schemaFile } from "./project.ts";

const barWith = (method: string): string =>
  schemaFile(`import { text } from "./lib/shapes.js";
export const Bar = definePeer({ get: { ${method}: { input: text } } });`);
const FILES = {
  "schemas/Bar.ts": barWith("one"),
  "schemas/Foo.ts": schemaFile("export const Foo = definePeer({ get: { still: {} } });"),
  "schemas/lib/shapes.ts": `import { z } from "zod";\nexport const text = z.string();\n`,
};

/** Runs `--watch` while `during` does, and gives all that it said. */
async function watched(project: Project, during: (said: () => string) => Promise<void>): Promise<string> {
  const { run } = await import("../../codegen/src/run.ts");
  const over = new AbortController();
  let said = "";
  const say = (text: string): void => void (said += text);
  const ended = run(["--watch"], { cwd: project.dir, version: "0.0.0", out: say, error: say, signal: over.signal });
  try {
    await until(() => said.includes("wrote"));
    await during(() => said);
  } finally {
    over.abort();
    await ended;
  }
  return said;
}

test("each save is generated: a kind, a file that it imports, a new kind, one that is gone; the others are not written", async () => {
  const project = projectWith(FILES);
  const said = await watched(project, async (sofar) => {
    project.write({ "schemas/Bar.ts": barWith("two") });
    await until(() => sofar().includes("generated: wrote Bar.d.ts\n"));
    project.write({ "schemas/lib/shapes.ts": FILES["schemas/lib/shapes.ts"].replace("string", "date") });
    await until(() => project.read("generated/Bar.d.ts").includes("two(input: Date"));
    project.write({ "schemas/Baz.ts": schemaFile("export const Baz = definePeer({});") });
    await until(() => sofar().includes("wrote Baz.d.ts, index.ts, network.d.ts"));
  });
  expect(said.split("\n").slice(0, 3)).toEqual([
    "watching for changes",
    "generated: wrote Bar.d.ts, Foo.d.ts, index.ts, network.d.ts",
    "generated: wrote Bar.d.ts",
  ]);
  expect(said).not.toContain("error");
  // What was kept from run to run is what a new run gives.
  const kept = project.list("generated").map((name) => project.read(`generated/${name}`));
  expect((await project.codegen("--force")).out).toBe("generated: up to date\n");
  expect(project.list("generated").map((name) => project.read(`generated/${name}`))).toEqual(kept);
});

test("a mistake is told and nothing is written; once it is mended, generating goes on; a type that the compiler is asked for is asked anew", async () => {
  const project = projectWith(FILES);
  await watched(project, async (sofar) => {
    const before = project.read("generated/Bar.d.ts");
    project.write({ "schemas/Bar.ts": barWith("two").replace("input: text", "input: z.any()") });
    await until(() => sofar().includes("1 error, nothing was written."));
    project.write({ "schemas/Bar.ts": barWith("two").replace("input: text", "input: ") });
    await until(() => sofar().includes("syntax error"));
    expect(project.read("generated/Bar.d.ts")).toBe(before);
    for (const [made, type] of [
      ["[text]", "string[]"],
      ["text.length", "number"],
      ["new Date(text)", "Date"],
    ]) {
      const output = `output: z.string().transform((text) => ${made})`;
      project.write({ "schemas/Bar.ts": barWith("two").replace("input: text", output) });
      await until(() => project.read("generated/Bar.d.ts").includes(`Promise<${type}>;`));
    }
  });
});

test("a file outside of the folder is watched, too, and --check is no --watch", async () => {
  const project = projectWith({
    ...FILES,
    "schemas/Bar.ts": barWith("one").replace("./lib/shapes.js", "../shared/shapes.js"),
    "shared/shapes.ts": FILES["schemas/lib/shapes.ts"],
  });
  await watched(project, async () => {
    writeFileSync(join(project.dir, "shared/shapes.ts"), FILES["schemas/lib/shapes.ts"].replace("string", "bigint"));
    await until(() => project.read("generated/Bar.d.ts").includes("one(input: bigint"));
  });
  expect(await project.codegen("--check", "--watch")).toMatchObject({
    code: 2,
    error: "--check looks once, --watch goes on: give one of them\n",
  });
});

test("files that schemas import by any name and of any kind are watched, also those that change in the turn that first reads them", async () => {
  const project = projectWith({
    "package.json": '{ "type": "module", "imports": { "#own/*": "./own/*.ts" } }',
    "own/size.ts": `export const size: number = 1;\n`,
    "lib/words.json": "[]",
    "schemas/more.json": "[]",
  });
  project.write({
    "schemas/Bar.ts": schemaFile(`import { size } from "#own/size";
import words from "../lib/words.json" with { type: "json" };
import more from "./more.json" with { type: "json" };
import { writeFileSync } from "node:fs";
if (size === 1) writeFileSync(import.meta.dirname + "/../own/size.ts", "export const size: number = 2;\\n");
export const Bar = definePeer({ get: { [\`m\${size}\${words.length}\${more.length}\`]: {} } });`),
  });
  const isWritten = (method: string): boolean => project.read("generated/Bar.d.ts").includes(`  ${method}(`);
  await watched(project, async () => {
    await until(() => isWritten("m200"));
    project.write({ "lib/words.json": "[1]" });
    await until(() => isWritten("m210"));
    project.write({ "schemas/more.json": "[1]" });
    await until(() => isWritten("m211"));
  });
});
