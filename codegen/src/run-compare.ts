import { join } from "node:path";
import { BaseError, readBase } from "./base.ts";
import { plain } from "./color.ts";
import { compareContracts, type SchemaChange } from "./compare.ts";
import { contractOf } from "./contract.ts";
import { Generator } from "./generate.ts";
import { applyChanges, readText } from "./output.ts";
import { displayPath, type Surroundings } from "./run.ts";

export interface CompareOptions {
  schemasDir: string;
  outDir: string;
  version: string;
  /** A commit, or a contract's file. Default: the contract that was accepted last, else the commit HEAD. */
  base: string | undefined;
  accept: boolean;
  json: boolean;
}

/** The contract that was accepted last, within the output folder. */
const ACCEPTED = "contract.json";

/**
 * Compares the schemas with those of before, and says what breaks. 0: nothing does, or it is accepted; 1: something does; 2: nothing to compare with.
 * @throws as `Generator.kinds` and `applyChanges` do.
 */
export async function runCompare(options: CompareOptions, { cwd, out, error, paint }: Surroundings): Promise<number> {
  const { schemasDir, outDir, accept, json } = options;
  const path = join(outDir, ACCEPTED);
  const shown = displayPath(path, cwd);
  const accepted = readText(path);
  const base = options.base ?? (accepted === undefined ? "HEAD" : shown);
  const now = contractOf(await new Generator(options).kinds(), cwd);
  // The first contract is accepted for what it is.
  const isFirst = accept && options.base === undefined && accepted === undefined;
  let changes: readonly SchemaChange[] = [];
  let said = `${shown}: nothing was accepted before\n`;
  try {
    if (!isFirst) {
      changes = compareContracts(await readBase(base, schemasDir, cwd), now);
      said = report(changes, base, paint?.out);
    }
  } catch (problem) {
    if (!(problem instanceof BaseError)) throw problem;
    if (!accept || options.base !== undefined) {
      error(`${problem.message}\n`);
      return 2;
    }
    said = `${shown} could not be read, so nothing was compared\n`;
  }
  out(json ? `${JSON.stringify(changes, undefined, 2)}\n` : said);
  if (!accept) return changes.some(({ verdict }) => verdict === "breaking") ? 1 : 0;
  const text = `${JSON.stringify(now, undefined, 1)}\n`;
  applyChanges(outDir, accepted === text ? [] : [{ name: ACCEPTED, before: accepted, after: text }]);
  if (!json) out(`${shown}: ${accepted === text ? "up to date" : "written"}\n`);
  return 0;
}

const COLORS = { breaking: "red", risky: "yellow", safe: "green" } as const;

function report(changes: readonly SchemaChange[], base: string, paint = plain): string {
  if (changes.length === 0) return `no change since ${base}\n`;
  const lines = changes.map(({ verdict, about, reason, was, is }) => {
    const place = was === is ? (is ?? "") : [was, is].filter((one) => one !== undefined).join(" -> ");
    return `${paint(COLORS[verdict], verdict.padEnd(8))}  ${about}: ${reason}  (${place})`;
  });
  const count = (which: string): number => changes.filter(({ verdict }) => verdict === which).length;
  return `${lines.join("\n")}\n\nsince ${base}: ${count("breaking")} breaking, ${count("risky")} risky, ${count("safe")} safe\n`;
}
