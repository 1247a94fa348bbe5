import { existsSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { readIfThere, readTextFile } from "./file-error.ts";
import type { Problem } from "./problem.ts";
import type { Constant, Expression, SourceModule } from "./source-tree.ts";
import { parseModule } from "./typescript.ts";

/** An expression and the module it stands in. */
export interface Located {
  module: SourceModule;
  expression: Expression;
  /** What the parameters of the function that it is in stand for, where it was followed there from a call. */
  given?: ReadonlyMap<string, Located | undefined>;
}

/** The modules read so far; each is read from disk once. */
export class Sources {
  readonly #modules = new Map<string, { module: SourceModule; problems: readonly Problem[] }>();

  /** @throws the system's error when the file can't be read. */
  open(path: string): SourceModule {
    const known = this.#modules.get(path);
    if (known) return known.module;
    const read = parseModule(path, readTextFile(path));
    this.#modules.set(path, read);
    return read.module;
  }

  /** Syntax errors of every module that was opened. */
  get problems(): readonly Problem[] {
    return [...this.#modules.values()].flatMap(({ problems }) => problems);
  }

  /** What JavaScript loses of their object literals. */
  get lost(): Problem[] {
    return [...this.#modules.values()].flatMap(({ module: { path, lost } }) =>
      lost.map(({ at, message }) => ({ file: path, ...at, message })),
    );
  }

  /** Forgets the modules whose files are not what they were, and tells which. */
  refresh(): ReadonlySet<string> {
    const changed = new Set<string>();
    for (const [path, { module }] of this.#modules) {
      if (readIfThere(path) === module.text) continue;
      this.#modules.delete(path);
      changed.add(path);
    }
    return changed;
  }

  /** The text of a file, when it can be read. */
  textOf(path: string): string | undefined {
    try {
      return this.open(path).text;
    } catch {
      return undefined;
    }
  }

  /** The text of a file as it was read; undefined where it was not. */
  knownTextOf(path: string): string | undefined {
    return this.#modules.get(path)?.module.text;
  }

  /** What a name at the top of a module stands for, followed through imports of the project's own files. */
  resolve(module: SourceModule, name: string, depth = 0): Located | undefined {
    const constant = module.constants.find((one) => one.name === name);
    if (constant) return { module, expression: constant.value };
    const found = this.#follow(module, name);
    if (found === undefined || found.name === "*" || depth > 20) return undefined;
    return this.resolve(found.module, found.name, depth + 1);
  }

  /** The same for the member of a namespace import: `shapes.Size`. */
  resolveMember(module: SourceModule, namespace: string, name: string): Located | undefined {
    const found = this.#follow(module, namespace);
    return found?.name === "*" ? this.resolve(found.module, name) : undefined;
  }

  /** A module and those of the project's own that it imports, and they import. */
  closureOf(module: SourceModule): SourceModule[] {
    const found = new Map([[module.path, module]]);
    for (const { path, uses } of found.values()) {
      for (const { from } of uses) {
        const used = from.startsWith(".") ? sourceFileOf(resolve(dirname(path), from)) : undefined;
        if (used !== undefined && !found.has(used)) found.set(used, this.open(used));
      }
    }
    return [...found.values()];
  }

  /** All that was read, and the manifests of the packages that it imports. */
  get inputs(): string[] {
    const manifests = [...this.#modules.values()].flatMap(({ module: { path, uses } }) =>
      uses.flatMap(({ from }) => (from.startsWith(".") ? [] : (manifestOf(dirname(path), from) ?? []))),
    );
    return [...new Set([...this.#modules.keys(), ...manifests])];
  }

  #follow(module: SourceModule, local: string): { module: SourceModule; name: string } | undefined {
    const found = module.imports.find((one) => one.local === local);
    if (found === undefined || !found.from.startsWith(".")) return undefined;
    const path = sourceFileOf(resolve(dirname(module.path), found.from));
    return path === undefined ? undefined : { module: this.open(path), name: found.imported };
  }
}

/** Whether an expression is a call of `definePeer`, under whatever name and from wherever the module imports it. */
export function callsDefinePeer(module: SourceModule, value: Expression): value is Expression & { kind: "call" } {
  if (value.kind !== "call") return false;
  const { callee } = value;
  if (callee.kind === "member") return callee.name === "definePeer";
  if (callee.kind !== "name") return false;
  return (module.imports.find((one) => one.local === callee.name)?.imported ?? callee.name) === "definePeer";
}

/** The constants of a module that are peer kinds. */
export function kindsOf(module: SourceModule): Constant[] {
  return module.constants.filter((constant) => callsDefinePeer(module, constant.value));
}

/** The TypeScript file that an import path means: with its own extension, with `.js` for `.ts`, or with none. */
function sourceFileOf(path: string): string | undefined {
  const candidates = [
    path,
    path.replace(/\.js$/, ".ts"),
    path.replace(/\.mjs$/, ".mts"),
    `${path}.ts`,
    `${path}/index.ts`,
  ];
  return candidates.find((one) => /\.m?ts$/.test(one) && existsSync(one) && statSync(one).isFile());
}

/** The manifest of a package, as it is found from a folder. */
function manifestOf(folder: string, from: string): string | undefined {
  const name = from.split("/", from.startsWith("@") ? 2 : 1).join("/");
  for (let dir = folder; ; dir = dirname(dir)) {
    const path = join(dir, "node_modules", name, "package.json");
    if (statSync(path, { throwIfNoEntry: false })?.isFile()) return path;
    if (dir === dirname(dir)) return undefined;
  }
}
