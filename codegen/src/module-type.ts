import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { readTextFile } from "./file-error.ts";
import type { Problem } from "./problem.ts";

/** Schemas and generated code are ES modules; in a project whose files are CommonJS that is told before anything runs. */
export function checkModuleType(schemasDir: string, problems: Problem[]): void {
  const manifest = nearestManifest(schemasDir);
  const wanted = '{ "type": "module" }, for schemas and generated code are ES modules';
  if (manifest === undefined) {
    problems.push({
      file: schemasDir,
      line: 1,
      column: 1,
      message: `there is no package.json above: write one with ${wanted}`,
    });
  } else if (!/"type"\s*:\s*"module"/.test(readTextFile(manifest))) {
    problems.push({ file: manifest, line: 1, column: 1, message: `this project is CommonJS: write ${wanted}` });
  }
}

function nearestManifest(folder: string): string | undefined {
  const path = join(folder, "package.json");
  if (existsSync(path)) return path;
  return dirname(folder) === folder ? undefined : nearestManifest(dirname(folder));
}
