import { execFileSync } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** The programs as they are shipped, for tests that run them as users do: they start in a third of the time that the sources take. */
export const CHATROOM = join(ROOT, "dist/cli/main.js");
export const CODEGEN = join(ROOT, "codegen/dist/main.js");

const PARTS = [
  { sources: "src", built: CHATROOM },
  { sources: "codegen/src", built: CODEGEN },
];

/** Builds what is older than its sources. Mistakes in types are others' to tell. @throws Error when nothing comes of it */
export default function build(): void {
  for (const { sources, built } of PARTS) {
    if (changedAt(built) > newestIn(join(ROOT, sources))) continue;
    const project = join(ROOT, sources.split("/")[0] as string);
    const start = Date.now();
    try {
      execFileSync(process.execPath, [join(ROOT, "node_modules/typescript/bin/tsc"), "-p", project], { stdio: "pipe" });
    } catch (error) {
      if (changedAt(built) < start) throw error;
    }
  }
}

/** When a file was written, in ms of the epoch; 0 for none. */
function changedAt(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function newestIn(folder: string): number {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return files.reduce((newest, file) => Math.max(newest, changedAt(join(folder, file))), 0);
}
