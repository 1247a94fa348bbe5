/** Asks the compiler for types that the data of a schema does not tell. It takes seconds to open, so that is done when it is needed. */
import { Project, ts } from "./ts-morph.ts";
import type { CheckedTypes, TypePath } from "./checked-types.ts";
import type { NamedType } from "./model.ts";
import { CheckedTypeReader, Unprintable } from "./read-checked-type.ts";
import { NOT_FOUND } from "./refusals.ts";
import type { Span } from "./source-tree.ts";

/** Types that must be told apart exactly, whatever the project's own settings are. */
const STRICT: ts.CompilerOptions = {
  strict: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: true,
  noEmit: true,
  composite: false,
  incremental: false,
  allowImportingTsExtensions: true,
};

/** The compiler over the schema files of a project. */
export class Checker {
  readonly #paths: readonly string[];
  readonly #schemasDir: string;
  #project: Project | undefined;

  constructor(paths: readonly string[], schemasDir: string) {
    this.#paths = paths;
    this.#schemasDir = schemasDir;
  }

  /** Reads files again that have changed. */
  refresh(changed: ReadonlySet<string>): void {
    for (const path of changed) this.#project?.getSourceFile(path)?.refreshFromFileSystemSync();
  }

  #open(): ts.Program {
    this.#project ??= openProject(this.#paths, this.#schemasDir);
    return this.#project.getProgram().compilerObject;
  }

  #typeAt(path: string, span: Span, parts: TypePath): ts.Type | undefined {
    const source = this.#open().getSourceFile(path);
    const node = source && nodeAt(source, span);
    if (node === undefined) return undefined;
    const checker = this.#open().getTypeChecker();
    return follow(checker, checker.getTypeAtLocation(node), node, parts);
  }

  /** What it knows of the definition that stands there. */
  of(path: string, span: Span): CheckedTypes {
    const named = new Map<ts.Type, NamedType>();
    return {
      get named() {
        return [...named.values()];
      },
      isNarrowed: (parts) => this.#typeAt(path, span, parts)?.isIntersection() ?? false,
      typeOf: (parts, { mustTravel }) => {
        const type = this.#typeAt(path, span, parts);
        if (type === undefined) return NOT_FOUND;
        const program = this.#open();
        const source = program.getSourceFile(path) as ts.SourceFile;
        try {
          return new CheckedTypeReader(program, source, { mustTravel, named }).read(type);
        } catch (error) {
          if (error instanceof Unprintable) return error.message;
          throw error;
        }
      },
    };
  }
}

function openProject(paths: readonly string[], schemasDir: string): Project {
  const config = ts.findConfigFile(schemasDir, (path) => ts.sys.fileExists(path));
  const project = new Project({
    ...(config === undefined ? {} : { tsConfigFilePath: config }),
    skipAddingFilesFromTsConfig: true,
    compilerOptions: {
      ...(config === undefined
        ? {
            module: ts.ModuleKind.NodeNext,
            moduleResolution: ts.ModuleResolutionKind.NodeNext,
            target: ts.ScriptTarget.ES2023,
          }
        : {}),
      ...STRICT,
    },
  });
  project.addSourceFilesAtPaths([...paths]);
  return project;
}

/** The outermost expression that stands exactly there. */
function nodeAt(source: ts.SourceFile, { start, end }: Span): ts.Node | undefined {
  const [from, to] = [start, end].map(({ line, column }) => source.getPositionOfLineAndCharacter(line - 1, column - 1));
  const find = (node: ts.Node): ts.Node | undefined => {
    if (node.getStart(source) === from && node.getEnd() === to && !ts.isSourceFile(node)) return node;
    return ts.forEachChild(node, find);
  };
  return find(source);
}

function follow(checker: ts.TypeChecker, root: ts.Type, node: ts.Node, path: TypePath): ts.Type | undefined {
  let type: ts.Type | undefined = root;
  for (const part of path) {
    if (type === undefined) return undefined;
    const isCall = part === "getter()";
    const property = checker.getPropertyOfType(checker.getApparentType(type), isCall ? "getter" : String(part));
    let next = property && checker.getTypeOfSymbolAtLocation(property, node);
    // A list of unknown length has one type for all its items.
    if (next === undefined && typeof part === "number") next = checker.getIndexTypeOfType(type, ts.IndexKind.Number);
    if (isCall) next = next?.getCallSignatures()[0]?.getReturnType();
    type = next;
  }
  return type;
}
