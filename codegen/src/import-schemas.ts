import { once } from "node:events";
import { isAbsolute } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { type NamespacedUnregister, register } from "tsx/esm/api";
import { readIfThere } from "./file-error.ts";
import type { Problem } from "./problem.ts";
import type { Sources } from "./sources.ts";

/** What a module exports, by name. */
export type ModuleExports = Readonly<Record<string, unknown>>;

let namespaces = 0;

/**
 * Runs schema modules and gives what they export. They are TypeScript and resolve their packages from where they stand, so zod and chatroom are the project's own.
 */
export class SchemaLoader {
  #loader: NamespacedUnregister | undefined;
  #loads = 0;
  /** The project's own files that were run, by whatever name they are imported, and their texts then. */
  readonly #ran = new Map<string, string>();

  /** The files that were run since the last `forget`, those of installed packages left out. */
  get files(): readonly string[] {
    return [...this.#ran.keys()];
  }

  /** The text of a file when it was run. */
  textOf(path: string): string | undefined {
    return this.#ran.get(path);
  }

  /** The files that are no longer what was run. */
  get changed(): readonly string[] {
    return [...this.#ran].filter(([path, text]) => readIfThere(path) !== text).map(([path]) => path);
  }

  /**
   * Runs modules afresh; those that fail become problems. What they import is run once, until `forget`.
   */
  async load(paths: readonly string[], sources: Sources, problems: Problem[]): Promise<Map<string, ModuleExports>> {
    // Makes the lines and columns of stack traces those of the TypeScript text.
    process.setSourceMapsEnabled(true);
    this.#loader ??= register({ namespace: `chatroom-codegen-${namespaces++}`, onImport: (url) => this.#note(url) });
    const modules = new Map<string, ModuleExports>();
    const query = `?load=${this.#loads++}`;
    const exit = Object.getOwnPropertyDescriptor(process, "exit");
    process.exit = leave;
    for (const path of paths) {
      const over = new AbortController();
      // Then the program has nothing left to do but to wait for this module.
      const stuck = once(process, "beforeExit", { signal: over.signal }).then((): never => {
        throw Object.assign(new Error("it awaits what never comes"), { stack: "" });
      });
      try {
        const url = `${pathToFileURL(path).href}${query}`;
        modules.set(path, (await Promise.race([this.#loader.import(url, import.meta.url), stuck])) as ModuleExports);
      } catch (error) {
        problems.push(problemOf(error, path, sources));
      }
      over.abort();
    }
    if (exit !== undefined) Object.defineProperty(process, "exit", exit);
    return modules;
  }

  /** The next modules run what they import afresh, too. */
  async forget(): Promise<void> {
    const loader = this.#loader;
    this.#loader = undefined;
    this.#ran.clear();
    await loader?.unregister();
  }

  #note(url: string): void {
    if (!url.startsWith("file:") || /[\\/]node_modules[\\/]/.test(url)) return;
    const path = toPath(url);
    const text = readIfThere(path);
    if (text !== undefined) this.#ran.set(path, text);
  }
}

/** What ends the program while schemas are loaded would pass for a run with nothing to say. */
function leave(code?: number | string | null): never {
  throw new Error(`it called process.exit(${code ?? ""})`);
}

function problemOf(error: unknown, path: string, sources: Sources): Problem {
  const message = error instanceof Error ? error.message : String(error);
  const missing = /^Cannot find (?:package|module) '(.+?)' imported from (.+)$/m.exec(message);
  if (missing) return missingModule(missing[1] ?? "", toPath(missing[2] ?? ""), path, sources);
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  const spot = frames(stack).find((frame) => frame.file === path) ??
    frames(stack)[0] ?? { file: path, line: 1, column: 1 };
  const name = error instanceof Error ? error.name : "it threw";
  return { ...spot, message: `the schema can't be loaded: ${name}: ${message}` };
}

/** An import that leads nowhere, at the place where it is written. */
function missingModule(wanted: string, importer: string, path: string, sources: Sources): Problem {
  const file = sources.textOf(importer) === undefined ? path : importer;
  const isPath = isAbsolute(wanted) || wanted.startsWith("file:");
  const use = sources
    .open(file)
    .uses.find(({ from }) =>
      isPath ? from.startsWith(".") && endsAlike(from, wanted) : from === wanted || from.startsWith(`${wanted}/`),
    );
  const message = isPath ? `there is no file ${wanted}` : `there is no package ${wanted} here: npm install ${wanted}`;
  return { file, ...(use?.span.start ?? { line: 1, column: 1 }), message };
}

function endsAlike(from: string, wanted: string): boolean {
  return fileStem(from) === fileStem(wanted);
}

function fileStem(path: string): string | undefined {
  const file = toPath(path).split(/[\\/]/).at(-1);
  return file?.replace(/\.\w+$/, "");
}

/** The project's own places in a stack trace, innermost first. */
function frames(stack: string): { file: string; line: number; column: number }[] {
  return [...stack.matchAll(/(?:\(|at )((?:file:\/\/)?[^\s()]+?\.m?ts)(?:\?[^:]*)?:(\d+):(\d+)\)?$/gm)]
    .map((match) => ({ file: toPath(match[1] ?? ""), line: Number(match[2]), column: Number(match[3]) }))
    .filter(({ file }) => isAbsolute(file) && !/[\\/]node_modules[\\/]/.test(file));
}

function toPath(text: string): string {
  const plain = text.replace(/\?.*$/, "");
  return plain.startsWith("file:") ? fileURLToPath(plain) : plain;
}
