import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type GeneratedFile, HEADER_START } from "./generated-file.ts";
import { compareTexts } from "./problem.ts";

/** A file of the output folder that is not as it should be. */
export interface Change {
  name: string;
  /** Undefined: the file is missing. */
  before: string | undefined;
  /** Undefined: the file belongs to a kind that is gone. */
  after: string | undefined;
}

/** A file in the output folder that codegen did not write stands where it wants to write. */
export class ForeignFileError extends Error {
  override readonly name = "ForeignFileError";
}

/**
 * What has to change in the output folder, sorted by name. Line endings count for nothing: git may have turned them.
 * @throws ForeignFileError when a file in the way does not carry our header.
 */
export function planChanges(outDir: string, files: readonly GeneratedFile[]): Change[] {
  const changes: Change[] = [];
  for (const { name, text } of files) {
    const before = readText(join(outDir, name));
    if (before !== undefined && !name.endsWith(".map") && !isOurs(before)) {
      throw new ForeignFileError(
        `${join(outDir, name)} was not written by chatroom-codegen: move it away, or choose another --out`,
      );
    }
    if (before === undefined || toUnix(before) !== text) changes.push({ name, before, after: text });
  }
  const wanted = new Set(files.map(({ name }) => name));
  for (const name of staleFiles(outDir, wanted)) {
    changes.push({ name, before: readText(join(outDir, name)), after: undefined });
  }
  return changes.toSorted((a, b) => compareTexts(a.name, b.name));
}

/** Makes the changes: all of them, or none when one fails. Files that need no change are not touched. */
export function applyChanges(outDir: string, changes: readonly Change[]): void {
  if (changes.length === 0) return;
  mkdirSync(outDir, { recursive: true });
  const mark = `.chatroom-${process.pid}`;
  const staged = (name: string) => join(outDir, `${mark}-new-${name}`);
  const kept = (name: string) => join(outDir, `${mark}-old-${name}`);
  const undo: (() => void)[] = [];
  try {
    for (const { name, after } of changes) {
      if (after !== undefined) writeFileSync(staged(name), after);
    }
    for (const { name, before, after } of changes) {
      const path = join(outDir, name);
      if (before !== undefined) {
        renameSync(path, kept(name));
        undo.push(() => renameSync(kept(name), path));
      }
      if (after !== undefined) {
        renameSync(staged(name), path);
        undo.push(() => rmSync(path));
      }
    }
  } catch (error) {
    for (const step of undo.toReversed()) step();
    throw error;
  } finally {
    for (const { name } of changes) {
      rmSync(staged(name), { force: true });
      rmSync(kept(name), { force: true });
    }
  }
}

/** Files of kinds that are gone: those with our header, and their maps. */
function staleFiles(outDir: string, wanted: ReadonlySet<string>): string[] {
  if (!existsSync(outDir)) return [];
  const declarations = readdirSync(outDir).filter((name) => {
    return name.endsWith(".d.ts") && !wanted.has(name) && isOurs(readText(join(outDir, name)) ?? "");
  });
  return declarations.flatMap((name) => [name, `${name}.map`].filter((one) => existsSync(join(outDir, one))));
}

function isOurs(text: string): boolean {
  return text.startsWith(HEADER_START);
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

function toUnix(text: string): string {
  return text.replaceAll("\r\n", "\n");
}
