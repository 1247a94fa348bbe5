import { basename, isAbsolute, relative, sep } from "node:path";
import { checkNames } from "./check.ts";
import { Checker } from "./checker.ts";
import { emitIndex } from "./emit-index.ts";
import { emitKind } from "./emit-kind.ts";
import { emitNetwork } from "./emit-network.ts";
import { type GeneratedFile, headerOf } from "./generated-file.ts";
import { importSchemas } from "./import-schemas.ts";
import type { Kind } from "./model.ts";
import { checkModuleType } from "./module-type.ts";
import { type Piece, sourceMapOf, textOf, trimLines } from "./pieces.ts";
import { compareTexts, type Problem, ProblemsError, sortProblems } from "./problem.ts";
import { readKind } from "./read-kind.ts";
import { schemaFiles } from "./schema-files.ts";
import { callsDefinePeer, kindsOf, Sources } from "./sources.ts";
import type { SourceModule } from "./source-tree.ts";

/** Where to read and for where to write; paths are absolute. */
export interface GenerateOptions {
  schemasDir: string;
  outDir: string;
  /** Stands in the first line of each file. */
  version: string;
}

/**
 * Everything that belongs in the output folder, sorted by name. Nothing is written.
 * @throws ProblemsError with all that has to be corrected first.
 */
export async function generate(options: GenerateOptions, sources: Sources = new Sources()): Promise<GeneratedFile[]> {
  const kinds = await loadKinds(options.schemasDir, sources);
  const problems: Problem[] = [];
  checkNames(kinds, problems);
  stopAt(problems);
  return emit(kinds, options);
}

/** Finds, runs and reads every schema file. */
async function loadKinds(schemasDir: string, sources: Sources): Promise<Kind[]> {
  const modules = schemaFiles(schemasDir).map((path) => sources.open(path));
  stopAt(sources.problems);
  const problems: Problem[] = [];
  for (const module of modules) checkForm(module, problems);
  checkModuleType(schemasDir, problems);
  stopAt(problems);
  const withKinds = modules.filter((module) => kindsOf(module).length > 0);
  if (withKinds.length === 0) {
    const message = "there is no peer kind in this folder: write one, export const Bar = definePeer({ ... })";
    throw new ProblemsError([{ file: schemasDir, line: 1, column: 1, message }]);
  }
  const loaded = await importSchemas(
    withKinds.map(({ path }) => path),
    sources,
    problems,
  );
  stopAt(problems);
  const checker = new Checker(
    withKinds.map(({ path }) => path),
    schemasDir,
  );
  const kinds = withKinds.flatMap((module) =>
    kindsOf(module).map((constant) => {
      const value = loaded.get(module.path)?.[constant.name];
      return readKind(constant, module, value, sources, checker, problems);
    }),
  );
  // Names are checked in any case, to tell everything at once.
  if (problems.length > 0) checkNames(kinds, problems);
  stopAt(problems);
  return kinds.toSorted((a, b) => compareTexts(a.name, b.name));
}

/** A kind is an exported constant: its name is the kind's name. */
function checkForm(module: SourceModule, problems: Problem[]): void {
  for (const constant of kindsOf(module)) {
    if (constant.exported) continue;
    const message = `${constant.name} is not exported: export const ${constant.name} = definePeer({ ... })`;
    problems.push({ file: module.path, ...constant.key.start, message });
  }
  for (const expression of module.nameless) {
    if (!callsDefinePeer(module, expression)) continue;
    const message = "this kind has no name: export const Bar = definePeer({ ... })";
    problems.push({ file: module.path, ...expression.span.start, message });
  }
}

function emit(kinds: readonly Kind[], { schemasDir, outDir, version }: GenerateOptions): GeneratedFile[] {
  const schemasName = basename(schemasDir);
  const sourceOf = (path: string) => toPosix(relative(outDir, path));
  const moduleOf = (from: string): string => {
    if (!isAbsolute(from)) return from;
    const path = sourceOf(from).replace(/(?:\.d)?\.(m?)ts$/, ".$1js");
    return path.startsWith(".") ? path : `./${path}`;
  };
  const emitted = kinds.map((kind) => {
    const source = `${schemasName}/${toPosix(relative(schemasDir, kind.origin.file))}`;
    return emitKind(kind, headerOf(version, source), moduleOf);
  });
  const header = headerOf(version, `${schemasName}/`);
  const imports = kinds.map((kind) => ({ kind: kind.name, from: moduleOf(kind.origin.file) }));
  return [
    ...emitted.flatMap(({ kind, pieces }) => withMap(`${kind.name}.d.ts`, pieces, sourceOf)),
    ...withMap("network.d.ts", emitNetwork(emitted, header), sourceOf),
    { name: "index.ts", text: emitIndex(imports, header) },
  ].toSorted((a, b) => compareTexts(a.name, b.name));
}

function withMap(name: string, pieces: readonly Piece[], sourceOf: (path: string) => string): GeneratedFile[] {
  const mapName = `${name}.map`;
  const trimmed = trimLines(pieces);
  return [
    { name, text: `${textOf(trimmed)}//# sourceMappingURL=${mapName}\n` },
    { name: mapName, text: sourceMapOf(trimmed, name, sourceOf) },
  ];
}

function toPosix(path: string): string {
  return path.split(sep).join("/");
}

function stopAt(problems: readonly Problem[]): void {
  if (problems.length > 0) throw new ProblemsError(sortProblems(problems));
}
