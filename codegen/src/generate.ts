import { basename, isAbsolute, relative, sep } from "node:path";
import { checkNames } from "./check.ts";
import { Checker } from "./checker.ts";
import { contractOf } from "./contract.ts";
import { emitCodec } from "./emit-codec.ts";
import { emitIndex } from "./emit-index.ts";
import { type EmittedKind, emitKind } from "./emit-kind.ts";
import { emitNetwork } from "./emit-network.ts";
import { readIfThere } from "./file-error.ts";
import { type GeneratedFile, headerOf } from "./generated-file.ts";
import { SchemaLoader } from "./import-schemas.ts";
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

interface EmittedFiles extends Omit<EmittedKind, "pieces"> {
  files: readonly GeneratedFile[];
}

/** Generates, as often as it is asked: what a change does not concern is kept from the run before. */
export class Generator {
  readonly #options: GenerateOptions;
  readonly #sources = new Sources();
  readonly #loader = new SchemaLoader();
  #checker: Checker | undefined;
  /** The kinds of each schema file, read without a problem. */
  readonly #kinds = new Map<string, readonly Kind[]>();
  readonly #emitted = new WeakMap<Kind, EmittedFiles>();
  /** The schema files with kinds, as one text. */
  #paths = "";

  constructor(options: GenerateOptions) {
    this.#options = options;
  }

  /** All that was read, and the manifests of the packages that it imports. */
  get inputs(): readonly string[] {
    return [...new Set([...this.#sources.inputs, ...this.#loader.files])];
  }

  /** The text of an input as it was read, which may no longer be what it is; undefined for manifests. */
  readTextOf(path: string): string | undefined {
    return this.#sources.knownTextOf(path) ?? this.#loader.textOf(path);
  }

  /** Whether files are no longer what was read. */
  isStale(): boolean {
    return this.inputs.some((path) => {
      const text = this.readTextOf(path);
      return text !== undefined && text !== readIfThere(path);
    });
  }

  /** The kinds alone. @throws ProblemsError as `run` does. */
  async kinds(): Promise<readonly Kind[]> {
    const kinds = await this.#readKinds();
    const problems: Problem[] = [];
    checkNames(kinds, problems);
    stopAt(problems);
    return kinds;
  }

  /**
   * Everything that belongs in the output folder, sorted by name. Nothing is written.
   * @throws ProblemsError with all that has to be corrected first.
   */
  async run(): Promise<GeneratedFile[]> {
    return this.#emit(await this.kinds());
  }

  /** Finds, runs and reads every schema file. */
  async #readKinds(): Promise<Kind[]> {
    const { schemasDir } = this.#options;
    const sources = this.#sources;
    const changed = new Set(sources.refresh());
    // Imports that the text does not lead to: of packages of the project, and by other names than paths.
    const beyond = this.#loader.changed.filter((path) => !changed.has(path) && sources.knownTextOf(path) === undefined);
    if (beyond.length > 0) {
      this.#kinds.clear();
      this.#checker = undefined;
      await this.#loader.forget();
    }
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
    const paths = withKinds.map(({ path }) => path);
    for (const path of this.#kinds.keys()) if (!paths.includes(path)) this.#kinds.delete(path);
    await this.#forget(withKinds, changed);
    const stale = withKinds.filter(({ path }) => !this.#kinds.has(path));
    const loaded = await this.#loader.load(
      stale.map(({ path }) => path),
      sources,
      problems,
    );
    stopAt(problems);
    this.#checker ??= new Checker(paths, schemasDir);
    const failed: string[] = [];
    for (const module of stale) {
      const count = problems.length;
      const kinds = kindsOf(module).map((constant) => {
        const value = loaded.get(module.path)?.[constant.name];
        return readKind(constant, module, value, sources, this.#checker as Checker, problems);
      });
      this.#kinds.set(module.path, kinds);
      if (problems.length > count) failed.push(module.path);
    }
    const kinds = paths.flatMap((path) => this.#kinds.get(path) ?? []);
    for (const path of failed) this.#kinds.delete(path);
    // Names are checked in any case, to tell everything at once.
    problems.push(...sources.lost);
    if (problems.length > 0) checkNames(kinds, problems);
    stopAt(problems);
    return kinds.toSorted((a, b) => compareTexts(a.name, b.name));
  }

  /** Forgets what changed files have to do with. */
  async #forget(modules: readonly SourceModule[], changed: ReadonlySet<string>): Promise<void> {
    const paths = modules.map(({ path }) => path).join("\n");
    if (paths !== this.#paths) this.#checker = undefined;
    this.#paths = paths;
    if (changed.size === 0) return;
    this.#checker?.refresh(changed);
    let isShared = false;
    for (const module of modules) {
      const concerned = this.#sources.closureOf(module).filter(({ path }) => changed.has(path));
      if (concerned.length > 0) this.#kinds.delete(module.path);
      if (concerned.some(({ path }) => path !== module.path)) isShared = true;
    }
    // What modules import is run once for all of them.
    if (isShared) await this.#loader.forget();
  }

  #emit(kinds: readonly Kind[]): GeneratedFile[] {
    const header = headerOf(this.#options.version, `${basename(this.#options.schemasDir)}/`);
    const emitted = kinds.map((kind) => {
      const known = this.#emitted.get(kind) ?? this.#emitKind(kind);
      this.#emitted.set(kind, known);
      return known;
    });
    const imports = emitted.map(({ kind, files }) => ({
      kind: kind.name,
      from: this.#moduleOf(kind.origin.file),
      hasCodec: files.some(({ name }) => name === codecFile(kind)),
    }));
    return [
      ...emitted.flatMap(({ files }) => files),
      ...this.#withMap("network.d.ts", emitNetwork(emitted, header)),
      { name: "index.ts", text: emitIndex(imports, header) },
    ].toSorted((a, b) => compareTexts(a.name, b.name));
  }

  #emitKind(kind: Kind): EmittedFiles {
    const { schemasDir, version } = this.#options;
    const source = `${basename(schemasDir)}/${toPosix(relative(schemasDir, kind.origin.file))}`;
    const header = headerOf(version, source);
    const { pieces, errors } = emitKind(kind, header, (from) => this.#moduleOf(from));
    const codec = emitCodec(kind.name, contractOf([kind], schemasDir), header);
    const codecs = codec === undefined ? [] : [{ name: codecFile(kind), text: codec }];
    return { kind, errors, files: [...this.#withMap(`${kind.name}.d.ts`, pieces), ...codecs] };
  }

  #moduleOf(from: string): string {
    if (!isAbsolute(from)) return from;
    const path = this.#sourceOf(from).replace(/(?:\.d)?\.(m?)ts$/, ".$1js");
    return path.startsWith(".") ? path : `./${path}`;
  }

  #sourceOf(path: string): string {
    return toPosix(relative(this.#options.outDir, path));
  }

  #withMap(name: string, pieces: readonly Piece[]): GeneratedFile[] {
    const mapName = `${name}.map`;
    const trimmed = trimLines(pieces);
    return [
      { name, text: `${textOf(trimmed)}//# sourceMappingURL=${mapName}\n` },
      { name: mapName, text: sourceMapOf(trimmed, name, (path) => this.#sourceOf(path)) },
    ];
  }
}

function codecFile({ name }: Kind): string {
  return `${name}.codec.ts`;
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

function toPosix(path: string): string {
  return path.split(sep).join("/");
}

function stopAt(problems: readonly Problem[]): void {
  if (problems.length > 0) throw new ProblemsError(sortProblems(problems));
}
