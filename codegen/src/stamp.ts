/** What the last run read and wrote, so that a run with nothing to do costs nothing. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { GeneratedFile } from "./generated-file.ts";
import { schemaFiles } from "./schema-files.ts";

interface Stamp {
  version: string;
  /** The schema files that there were. */
  schemas: string[];
  /** Hashes of all that was read, by path: schema files, what they import, and the manifests of packages. */
  inputs: Record<string, string>;
  /** Of all that belongs in the output folder, by name. */
  outputs: Record<string, string>;
}

export interface StampOptions {
  schemasDir: string;
  outDir: string;
  version: string;
}

/** Whether nothing that the last run read has changed since, nor what it wrote. What schemas read by themselves (files, the environment) is not seen. */
export function isFresh({ schemasDir, outDir, version }: StampOptions): boolean {
  const path = stampPath(schemasDir, outDir);
  const stamp = path === undefined ? undefined : readStamp(path);
  if (stamp === undefined || stamp.version !== version) return false;
  if (JSON.stringify(stamp.schemas) !== JSON.stringify(schemaFiles(schemasDir))) return false;
  return (
    Object.entries(stamp.inputs).every(([input, hash]) => hashOf(input) === hash) &&
    Object.entries(stamp.outputs).every(([name, hash]) => hashOf(join(outDir, name)) === hash)
  );
}

/** What a run has read; `readTextOf` gives it as it was then, where that is known. */
interface Read {
  readonly inputs: Iterable<string>;
  readTextOf(path: string): string | undefined;
}

/** Notes what a run has read, and that its files are written. A project without node_modules keeps no note. */
export function keepStamp(
  { schemasDir, outDir, version }: StampOptions,
  read: Read,
  files: readonly GeneratedFile[],
): void {
  const path = stampPath(schemasDir, outDir);
  if (path === undefined) return;
  const stamp: Stamp = {
    version,
    schemas: schemaFiles(schemasDir),
    // A file that was saved meanwhile is not what was read.
    inputs: hashesOf(
      [...read.inputs].map((input) => [input, input]),
      (input) => read.readTextOf(input),
    ),
    outputs: hashesOf(files.map(({ name }) => [name, join(outDir, name)])),
  };
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(`${path}.${process.pid}`, JSON.stringify(stamp));
    renameSync(`${path}.${process.pid}`, path);
  } catch {
    // A cache that can't be written is no reason to fail.
  }
}

/** Of files, each under a key; those that can't be read are left out. */
function hashesOf(
  files: readonly [key: string, path: string][],
  textOf?: (path: string) => string | undefined,
): Record<string, string> {
  const hashes: Record<string, string> = {};
  for (const [key, path] of files) {
    const text = textOf?.(path);
    const hash = text === undefined ? hashOf(path) : hashOfText(text);
    if (hash !== undefined) hashes[key] = hash;
  }
  return hashes;
}

/** Where tools keep what they can make again. */
function stampPath(schemasDir: string, outDir: string): string | undefined {
  for (let dir = dirname(schemasDir); ; dir = dirname(dir)) {
    if (existsSync(join(dir, "node_modules"))) {
      const name = createHash("sha256")
        .update(JSON.stringify([schemasDir, outDir]))
        .digest("hex")
        .slice(0, 16);
      return join(dir, "node_modules/.cache/chatroom-codegen", `${name}.json`);
    }
    if (dir === dirname(dir)) return undefined;
  }
}

function readStamp(path: string): Stamp | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Stamp;
  } catch {
    return undefined;
  }
}

function hashOfText(text: string | Buffer): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}

function hashOf(path: string): string | undefined {
  try {
    return hashOfText(readFileSync(path));
  } catch {
    return undefined;
  }
}
