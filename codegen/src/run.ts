import { statSync } from "node:fs";
import { join, relative, resolve, sep } from "node:path";
import { parseArgs } from "node:util";
import { type Paint, plain } from "./color.ts";
import { unifiedDiff } from "./diff.ts";
import { readFileError, readIfThere } from "./file-error.ts";
import type { Generator } from "./generate.ts";
import { applyChanges, type Change, ForeignFileError, planChanges } from "./output.ts";
import { formatProblem, type Problem, ProblemsError } from "./problem.ts";
import { isFresh, keepStamp } from "./stamp.ts";
import { changesOf } from "./watch.ts";

/** What each command takes. */
const USAGE = {
  generate: "chatroom-codegen [--schemas DIR] [--out DIR] [--check | --watch] [--force] [--json]",
  docs: "chatroom-codegen docs [--schemas DIR] [--out DIR] [--check] [--json]",
  compare:
    "chatroom-codegen compare [--schemas DIR] [--out DIR] [--base COMMIT | --base FILE.json] [--accept] [--json]",
} as const;

const HELP = `chatroom-codegen: turns schema files into plain TypeScript

  ${Object.values(USAGE).join("\n  ")}

  --schemas DIR   where the schema files are (default: schemas)
  --out DIR       where the generated files go (default: generated)
  --check         write nothing; end with code 1 and a diff when the output is not up to date
  --watch         go on, and generate whenever a schema is saved
  --force         also where nothing has changed since the last run
  docs            write a page for each kind, JSON Schemas and AsyncAPI (default of --out: docs/api)
  compare         say what a change of the schemas does to programs that run with the old ones; end with code 1 when it breaks them
  --base          what to compare with (default: generated/contract.json, else the commit HEAD)
  --accept        take the schemas as they are: write them to generated/contract.json
  --json          print the changes, or what has to be corrected, as JSON
  --help          show this text
  --version       show the version

Files that need no change are not written. With errors in a schema, nothing is. Colours are for terminals; NO_COLOR takes them away, FORCE_COLOR=1 brings them elsewhere.
`;

/** What a run has of its surroundings. */
export interface Surroundings {
  cwd: string;
  version: string;
  out: (text: string) => void;
  error: (text: string) => void;
  /** How each of them is coloured; absent: it is not. */
  paint?: { out: Paint; error: Paint };
  /** Ends `--watch`. */
  signal?: AbortSignal;
}

/** Runs the command and gives its exit code: 0 done, 1 something is to be corrected, 2 wrong arguments. */
export async function run(argv: readonly string[], around: Surroundings): Promise<number> {
  const options = readOptions(argv, around);
  if (typeof options === "number") return options;
  const where: RunOptions = { ...options, version: around.version };
  try {
    return await COMMANDS[options.command](where, around);
  } catch (error) {
    const code = tell(error, around, options.json);
    // Of a comparison 1 says that something breaks.
    return error instanceof ProblemsError && options.command === "compare" ? 2 : code;
  }
}

const COMMANDS: Readonly<Record<Options["command"], (options: RunOptions, around: Surroundings) => Promise<number>>> = {
  generate,
  docs: async (options, around) => (await import("./run-docs.ts")).runDocs(options, around),
  compare: async (options, around) => (await import("./run-compare.ts")).runCompare(options, around),
};

async function generate(options: RunOptions, around: Surroundings): Promise<number> {
  if (!options.force && !options.watch && isFresh(options)) {
    return done(
      `${displayPath(options.outDir, around.cwd)}${options.check ? " is" : ":"} up to date\n`,
      options,
      around,
    );
  }
  // The compiler behind this takes half a second to load: not for --help, nor where nothing has changed.
  const { Generator } = await import("./generate.ts");
  const generator = new Generator(options);
  return options.watch ? watch(generator, options, around) : await generateOnce(generator, options, around);
}

/** Reads, writes and says what was done. */
async function generateOnce(generator: Generator, options: RunOptions, around: Surroundings): Promise<number> {
  const files = await generator.run();
  const changes = planChanges(options.outDir, files);
  if (!options.check || changes.length === 0) {
    applyChanges(options.outDir, changes);
    keepStamp(options, generator, files);
  }
  if (options.check) return check(changes, options, around);
  return done(report(changes, displayPath(options.outDir, around.cwd)), options, around);
}

/** Says that there is nothing to correct; gives the exit code. */
export function done(text: string, { json }: { json: boolean }, { out }: Surroundings): number {
  out(json ? "[]\n" : text);
  return 0;
}

/** Says what has to be corrected, as text or as JSON for editors; gives the exit code. @throws what is nobody's mistake */
function tell(error: unknown, around: Surroundings, json: boolean): number {
  const { cwd, error: say, paint } = around;
  const problems = error instanceof ProblemsError ? error.problems : [inTheWay(error, cwd)];
  if (json) return printProblems(problems, around);
  if (error instanceof ProblemsError) {
    const texts = problems.map((problem) => formatProblem(problem, cwd, readIfThere, paint?.error));
    const count = `${texts.length} ${texts.length === 1 ? "error" : "errors"}`;
    say(`${texts.join("\n\n")}\n\n${(paint?.error ?? plain)("red", count)}, nothing was written.\n`);
  } else {
    for (const { message } of problems) say(`${message}\n`);
  }
  return 1;
}

function printProblems(problems: readonly Problem[], { cwd, out }: Surroundings): number {
  const shown = problems.map(({ file, ...rest }) => ({ file: displayPath(file, cwd), ...rest }));
  out(`${JSON.stringify(shown, undefined, 2)}\n`);
  return 1;
}

/** What the file system refuses, or another's file in the way. @throws what is neither */
function inTheWay(error: unknown, cwd: string): Problem {
  const start = { line: 1, column: 1 };
  if (error instanceof ForeignFileError) return { file: error.path, ...start, message: error.message };
  const refused = readFileError(error);
  if (refused === undefined) throw error;
  return { file: refused.path, ...start, message: `${displayPath(refused.path, cwd)}: ${refused.reason}` };
}

/** Generates after each change of what was read, until the signal fires. */
async function watch(generator: Generator, options: RunOptions, around: Surroundings): Promise<number> {
  let code: number | undefined;
  for await (const _ of changesOf(options.schemasDir, generator, around.signal)) {
    if (code === undefined && !options.json) around.out("watching for changes\n");
    code = await generateOnce(generator, options, around)
      .catch((error: unknown) => tell(error, around, options.json))
      .catch((error: unknown) => {
        // A mistake of ours is no reason to end: it may be gone with the next save.
        around.error(`${error instanceof Error ? error.message : String(error)}\n`);
        return 1;
      });
  }
  return code ?? 0;
}

interface Options {
  command: "generate" | "compare" | "docs";
  base: string | undefined;
  accept: boolean;
  json: boolean;
  schemasDir: string;
  outDir: string;
  check: boolean;
  force: boolean;
  watch: boolean;
}

interface RunOptions extends Options {
  version: string;
}

function isCommand(text: string): text is Options["command"] {
  return text === "generate" || text === "compare" || text === "docs";
}

function parse(argv: readonly string[]) {
  return parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      schemas: { type: "string", default: "schemas" },
      out: { type: "string" },
      check: { type: "boolean", default: false },
      force: { type: "boolean", default: false },
      watch: { type: "boolean", short: "w", default: false },
      base: { type: "string" },
      accept: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
      version: { type: "boolean", default: false },
    },
  });
}

/** The options, or the code to end with at once. */
function readOptions(argv: readonly string[], { cwd, version, out, error }: Surroundings): Options | number {
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(argv);
  } catch (problem) {
    error(`${problem instanceof Error ? problem.message : String(problem)}\n\n${HELP}`);
    return 2;
  }
  const { values, positionals } = parsed;
  if (values.help || values.version) {
    out(values.help ? HELP : `${version}\n`);
    return 0;
  }
  const [command = "generate", ...more] = positionals;
  if (!isCommand(command) || more.length > 0) {
    error(`there is no command ${positionals.join(" ")}\n\n${HELP}`);
    return 2;
  }
  const surplus = (["check", "force", "watch", "base", "accept", "json"] as const).find(
    (name) => (values[name] ?? false) !== false && !USAGE[command].includes(`--${name}`),
  );
  if (surplus !== undefined) {
    const isOfCompare = command === "generate";
    const message = isOfCompare ? `--${surplus} belongs to compare` : `${command} takes no --${surplus}`;
    error(`${message}\n\n  ${USAGE[isOfCompare ? "compare" : command]}\n`);
    return 2;
  }
  if (values.check && values.watch) {
    error("--check looks once, --watch goes on: give one of them\n");
    return 2;
  }
  const schemasDir = resolve(cwd, values.schemas);
  const outName = values.out ?? (command === "docs" ? "docs/api" : "generated");
  const outDir = resolve(cwd, outName);
  if (!isFolder(schemasDir)) {
    error(`there is no folder ${values.schemas}: write schema files there, or name their folder with --schemas\n`);
    return 2;
  }
  if (`${outDir}${sep}`.startsWith(`${schemasDir}${sep}`)) {
    error(`--out ${outName} lies within the schemas: choose a folder beside them\n`);
    return 2;
  }
  return { ...values, command, schemasDir, outDir, base: values.base };
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** Shows what is not as it would be written; gives the exit code. `command` mends it. */
export function check(
  changes: readonly Change[],
  { outDir, json }: { outDir: string; json: boolean },
  around: Surroundings,
  command = "npm run codegen",
): number {
  const { cwd, out, error, paint } = around;
  const folder = displayPath(outDir, cwd);
  if (changes.length === 0) return done(`${folder} is up to date\n`, { json }, around);
  if (json) {
    const message = `is not up to date: ${command}`;
    return printProblems(
      changes.map(({ name }) => ({ file: join(outDir, name), line: 1, column: 1, message })),
      around,
    );
  }
  for (const { name, before, after } of changes) {
    // Maps follow from the declarations and can't be read.
    if (name.endsWith(".map")) continue;
    const path = `${folder}/${name}`;
    const [from, to] = [
      before === undefined ? "/dev/null" : `a/${path}`,
      after === undefined ? "/dev/null" : `b/${path}`,
    ];
    out(unifiedDiff((before ?? "").replaceAll("\r\n", "\n"), after ?? "", from, to, paint?.out));
  }
  error(`${folder} is not up to date (${changes.map(({ name }) => name).join(", ")}): ${command}\n`);
  return 1;
}

/** Which files changed; each map goes with its declarations. */
export function report(changes: readonly Change[], outDir: string): string {
  if (changes.length === 0) return `${outDir}: up to date\n`;
  const names = (isThere: boolean): string =>
    changes
      .filter(({ name, after }) => !name.endsWith(".map") && (after !== undefined) === isThere)
      .map(({ name }) => name)
      .join(", ");
  const [written, removed] = [names(true), names(false)];
  const parts = [written === "" ? "" : `wrote ${written}`, removed === "" ? "" : `removed ${removed}`];
  return `${outDir}: ${parts.filter((part) => part !== "").join("; ") || "wrote maps"}\n`;
}

export function displayPath(path: string, cwd: string): string {
  return relative(cwd, path).split(sep).join("/") || ".";
}
