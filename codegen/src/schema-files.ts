import { readdirSync } from "node:fs";
import { join } from "node:path";
import { compareTexts } from "./problem.ts";

/** The TypeScript files of a folder and its folders, sorted. */
export function schemaFiles(folder: string): string[] {
  const found: string[] = [];
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.name.startsWith(".") || entry.name === "node_modules") continue;
    if (entry.isDirectory()) found.push(...schemaFiles(path));
    else if (/\.m?ts$/.test(entry.name) && !/\.d\.m?ts$/.test(entry.name)) found.push(path);
  }
  return found.toSorted(compareTexts);
}
