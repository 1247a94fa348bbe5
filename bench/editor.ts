/**
 * `npm run bench -- --editor [methods]`: what a large contract costs whoever works with it, and how that stands to the goals. What codegen takes: cold, after a
 * save under `--watch`, with nothing to do. The same schemas, as our generated types, as a tRPC router and as an oRPC router, each with a handler for every
 * method and 100 calls: how long the compiler takes for all of it, and how long an editor takes to complete an argument after an edit.
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { ts as compiler } from "ts-morph";
import { EDITOR_GOALS } from "./goals.ts";
import { editorVerdicts } from "./report.ts";

// This file runs from bench/dist/bench.
const BENCH = fileURLToPath(new URL("../../", import.meta.url));
const ROOT = join(BENCH, "..");
const HOME = join(BENCH, "rivals/.editor");
const methods = Number(process.argv.find((argument) => /^\d+$/.test(argument)) ?? 1_000);
const PER_FILE = 50;
const CALLS = Math.min(methods, 100);
const ROUNDS = 3;

const INPUT = `z.object({ id: z.string().min(1), page: z.int().default(0), filter: z.object({ from: z.date().optional(), tags: z.array(z.string()).max(10), mode: z.enum(["all", "some", "none"]) }).optional() })`;
const OUTPUT = `z.object({ total: z.int(), items: z.array(z.object({ id: z.string(), name: z.string().nullable(), at: z.date(), price: z.number(), kind: z.discriminatedUnion("type", [z.object({ type: z.literal("a"), a: z.string() }), z.object({ type: z.literal("b"), b: z.number() })]) })) })`;

/** The last compiler that tells what its editor service does; ours tells nothing yet. */
async function compilerOf6(): Promise<typeof compiler> {
  const { default: loaded } = (await import(join(BENCH, "rivals/node_modules/typescript/lib/typescript.js"))) as {
    default: typeof compiler;
  };
  return loaded;
}

interface Method {
  file: string;
  name: string;
}
const all: Method[] = Array.from({ length: methods }, (_, at) => ({
  file: `Kind${String.fromCharCode(65 + (Math.floor(at / PER_FILE) % 26))}${Math.floor(at / PER_FILE / 26) || ""}`,
  name: `find${at}`,
}));
const files = [...new Set(all.map(({ file }) => file))];
const own = (file: string): Method[] => all.filter((one) => one.file === file);

/** The files of a project, whose `use.ts` holds the calls. */
type Project = Record<string, string>;

function settings(): string {
  return JSON.stringify({
    compilerOptions: {
      target: "ES2022",
      lib: ["ES2023", "DOM", "ESNext.Disposable"],
      module: "ESNext",
      moduleResolution: "bundler",
      types: [],
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      skipLibCheck: true,
      allowImportingTsExtensions: true,
      noEmit: true,
    },
    include: ["**/*.ts"],
  });
}

function calls(call: (method: Method) => string): string {
  return all
    .filter((_, at) => at % Math.ceil(methods / CALLS) === 0)
    .map((method, at) => `export const r${at}: number = (await ${call(method)}({ id: "x" })).total;\n`)
    .join("");
}

const ours: Project = {
  "tsconfig.json": settings(),
  "schemas/Asker.ts": `import { definePeer } from "chatroom/schema";\nexport const Asker = definePeer({});\n`,
  ...Object.fromEntries(
    files.map((file) => [
      `schemas/${file}.ts`,
      `import { definePeer } from "chatroom/schema";
import { z } from "zod";
export const ${file} = definePeer({
  get: {
${own(file)
  .map(({ name }) => `    ${name}: { input: ${INPUT}, output: ${OUTPUT} },\n`)
  .join("")}  },
});
`,
    ]),
  ),
  ...Object.fromEntries(
    files.map((file) => [
      `handlers/${file}.ts`,
      `import { joinRoom } from "../generated/index.ts";
export const joined = joinRoom("${file}", { get: {
${own(file)
  .map(({ name }) => `  ${name}: ({ page }) => ({ total: page, items: [] }),\n`)
  .join("")}} });
`,
    ]),
  ),
  "use.ts": `import { joinRoom } from "./generated/index.ts";
const { peers } = await joinRoom("Asker", {});
${calls(({ file, name }) => `peers.${file}.get.${name}`)}`,
};

/** Routers of tRPC and oRPC are built of the same parts. */
function routers(imports: string, handler: (name: string) => string, close: (list: string) => string): Project {
  return Object.fromEntries(
    files.map((file) => [
      `routers/${file}.ts`,
      `import { z } from "zod";
${imports}export const ${file} = ${close(
        own(file)
          .map(({ name }) => `  ${name}: ${handler(name)},\n`)
          .join(""),
      )};
`,
    ]),
  );
}

const imported = files.map((file) => `import { ${file} } from "./routers/${file}.ts";\n`).join("");

const trpc: Project = {
  "tsconfig.json": settings(),
  "t.ts": `import { initTRPC } from "@trpc/server";\nexport const t = initTRPC.create();\n`,
  ...routers(
    `import { t } from "../t.ts";\n`,
    () => `t.procedure.input(${INPUT}).output(${OUTPUT}).query(({ input }) => ({ total: input.page, items: [] }))`,
    (list) => `t.router({\n${list}})`,
  ),
  "router.ts": `import { t } from "./t.ts";\n${imported}export const router = t.router({ ${files.join(", ")} });\n`,
  "use.ts": `import { createTRPCClient, httpLink } from "@trpc/client";
import type { router } from "./router.ts";
const client = createTRPCClient<typeof router>({ links: [httpLink({ url: "" })] });
${calls(({ file, name }) => `client.${file}.${name}.query`)}`,
};

const orpc: Project = {
  "tsconfig.json": settings(),
  ...routers(
    `import { os } from "@orpc/server";\n`,
    () => `os.input(${INPUT}).output(${OUTPUT}).handler(({ input }) => ({ total: input.page, items: [] }))`,
    (list) => `{\n${list}}`,
  ),
  "router.ts": `${imported}export const router = { ${files.join(", ")} };\n`,
  "use.ts": `import { createORPCClient } from "@orpc/client";
import { RPCLink } from "@orpc/client/fetch";
import type { RouterClient } from "@orpc/server";
import type { router } from "./router.ts";
const client: RouterClient<typeof router> = createORPCClient(new RPCLink({ url: "" }));
${calls(({ file, name }) => `client.${file}.${name}`)}`,
};

const PROJECTS: Readonly<Record<string, Project>> = { ours, tRPC: trpc, oRPC: orpc };

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

function timed(command: string, args: readonly string[], cwd: string): number {
  const start = performance.now();
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: "utf8" });
  if (status !== 0) throw new Error(`${args.join(" ")} in ${cwd}:\n${stdout.slice(0, 2_000)}${stderr}`);
  return performance.now() - start;
}

/** Has a program say its greatest memory, in KiB, when it ends. */
const TELL_MEMORY = `data:text/javascript,process.on("exit",()=>console.error(process.resourceUsage().maxRSS))`;

const CODEGEN = join(ROOT, "codegen/dist/main.js");

/** A run with nothing known yet: ms, and bytes. */
function cold(dir: string): { ms: number; bytes: number } {
  for (const folder of ["generated", "node_modules/.cache"])
    rmSync(join(dir, folder), { recursive: true, force: true });
  const start = performance.now();
  const { status, stderr } = spawnSync(process.execPath, ["--import", TELL_MEMORY, CODEGEN], {
    cwd: dir,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(stderr);
  return { ms: performance.now() - start, bytes: Number(stderr.trim()) * 1_024 };
}

/** From each of some saves of a schema until `--watch` says that it has written, the first one left out; in ms. */
async function saves(dir: string): Promise<number> {
  const child = spawn(process.execPath, [CODEGEN, "--watch", "--force"], {
    cwd: dir,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const said = child.stdout.setEncoding("utf8")[Symbol.asyncIterator]() as AsyncIterator<string>;
  const until = async (text: string): Promise<void> => {
    for (let heard = ""; !heard.includes(text); ) {
      const { done, value } = await said.next();
      if (done === true) throw new Error(`codegen --watch ended: ${heard}`);
      heard += value;
    }
  };
  const [file = ""] = files;
  const path = join(dir, "schemas", `${file}.ts`);
  const text = readFileSync(path, "utf8");
  const times: number[] = [];
  try {
    await until("generated: ");
    for (let save = 0; save < 6; save++) {
      await setTimeout(300);
      const start = performance.now();
      writeFileSync(path, text.replace("page: ", `page${save}: `));
      await until(`wrote ${file}`);
      times.push(performance.now() - start);
    }
  } finally {
    child.kill();
    writeFileSync(path, text);
  }
  return median(times.slice(1));
}

/** Completes an argument of the last call, after each of some edits; the median, in ms. */
function completionAfterEdits(ts: typeof compiler, dir: string): number {
  const use = join(dir, "use.ts");
  const base = readFileSync(use, "utf8");
  let version = 0;
  let text = base;
  const { fileNames, options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(join(dir, "tsconfig.json"), (path) => ts.sys.readFile(path)).config,
    ts.sys,
    dir,
  );
  const service = ts.createLanguageService({
    getCompilationSettings: () => options,
    getScriptFileNames: () => fileNames,
    getScriptVersion: (file) => (file === use ? String(version) : "0"),
    getScriptSnapshot(file) {
      const content = file === use ? text : ts.sys.readFile(file);
      return content === undefined ? undefined : ts.ScriptSnapshot.fromString(content);
    },
    getCurrentDirectory: () => dir,
    getDefaultLibFileName: (settingsOf) => ts.getDefaultLibFilePath(settingsOf),
    fileExists: (file) => ts.sys.fileExists(file),
    readFile: (file) => ts.sys.readFile(file),
    readDirectory: (...of) => ts.sys.readDirectory(...of),
    directoryExists: (path) => ts.sys.directoryExists(path),
    getDirectories: (path) => ts.sys.getDirectories(path),
  });
  const times: number[] = [];
  for (let edit = 0; edit < 6; edit++) {
    version++;
    text = `${base.trimEnd().replace(/\{ id: "x" \}\)\)\.total;$/, "{ ")}${" ".repeat(edit)}`;
    const start = performance.now();
    const found = service.getCompletionsAtPosition(use, text.length, {});
    times.push(performance.now() - start);
    if (found?.entries.some(({ name }) => name === "filter") !== true) throw new Error(`nothing to complete in ${dir}`);
  }
  return median(times.slice(1));
}

const [, , role, name] = process.argv;
if (role === "complete") console.log(completionAfterEdits(await compilerOf6(), join(HOME, name as string)));
else {
  rmSync(HOME, { recursive: true, force: true });
  for (const [project, contents] of Object.entries(PROJECTS)) {
    for (const [path, text] of Object.entries({ "package.json": '{ "type": "module" }', ...contents })) {
      mkdirSync(dirname(join(HOME, project, path)), { recursive: true });
      writeFileSync(join(HOME, project, path), text);
    }
  }
  mkdirSync(join(HOME, "ours/node_modules"));
  symlinkSync(ROOT, join(HOME, "ours/node_modules/chatroom"));
  const home = join(HOME, "ours");
  const colds = Array.from({ length: ROUNDS }, () => cold(home));
  const save = await saves(home);
  const run = (...args: string[]): number =>
    median(Array.from({ length: ROUNDS }, () => timed(process.execPath, args, home)));
  // What the saves have left is taken back.
  run(CODEGEN);
  const figures: Partial<Record<keyof typeof EDITOR_GOALS, number>> = {
    coldMs: median(colds.map(({ ms }) => ms)),
    coldBytes: median(colds.map(({ bytes }) => bytes)),
    saveMs: save,
    unchangedMs: run(CODEGEN) - run("-e", ""),
  };
  const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
  const names = Object.keys(PROJECTS);
  const times = new Map<string, number[]>(names.map((project) => [project, []]));
  for (let round = 0; round < ROUNDS; round++)
    for (const project of names)
      times.get(project)?.push(timed(process.execPath, [tsc, "-p", "."], join(HOME, project)));
  console.log(
    `\n| ${methods} methods | tsc, all of it, s | × ours | completion after an edit, ms | × ours |\n| --- | --- | --- | --- | --- |`,
  );
  const completions = new Map(
    names.map((project) => {
      const { stdout, stderr } = spawnSync(process.execPath, [fileURLToPath(import.meta.url), "complete", project], {
        encoding: "utf8",
      });
      if (stdout === "") throw new Error(stderr);
      return [project, Number(stdout)];
    }),
  );
  const of = (project: string): [number, number] => [median(times.get(project) ?? []), completions.get(project) ?? NaN];
  const [ownTsc, ownCompletion] = of("ours");
  figures.completionMs = ownCompletion;
  figures.tscTimes =
    Math.min(...names.filter((project) => project !== "ours").map((project) => of(project)[0])) / ownTsc;
  for (const project of names) {
    const [seconds, completion] = of(project);
    console.log(
      `| ${project} | ${(seconds / 1_000).toFixed(2)} | ${(seconds / ownTsc).toFixed(1)} | ${completion.toFixed(0)} | ${(completion / ownCompletion).toFixed(1)} |`,
    );
  }
  console.log(`\ncodegen and editor, ${methods} methods; the goals are for 1000`);
  for (const line of editorVerdicts(figures)) console.log(line);
  rmSync(HOME, { recursive: true, force: true });
}
