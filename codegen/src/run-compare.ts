import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { BaseError, readBase } from "./base.ts";
import { compareContracts, type SchemaChange } from "./compare.ts";
import { contractOf } from "./contract.ts";
import { Generator } from "./generate.ts";
import { formatProblem, ProblemsError } from "./problem.ts";
import type { Surroundings } from "./run.ts";

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

/** Compares the schemas with those of before, and says what breaks. 0: nothing does, or it is accepted; 1: something does; 2: nothing to compare with. */
export async function runCompare(options: CompareOptions, { cwd, out, error }: Surroundings): Promise<number> {
  const { schemasDir, outDir, accept, json } = options;
  const accepted = join(outDir, ACCEPTED);
  const shown = relative(cwd, accepted).split(sep).join("/");
  const base = options.base ?? (existsSync(accepted) ? shown : "HEAD");
  const generator = new Generator(options);
  try {
    const now = contractOf(await generator.kinds(), cwd);
    const isFirst = accept && options.base === undefined && base === "HEAD";
    const changes = isFirst ? [] : compareContracts(await readBase(base, schemasDir, cwd), now);
    out(json ? `${JSON.stringify(changes, undefined, 2)}\n` : report(changes, base));
    if (accept) {
      mkdirSync(outDir, { recursive: true });
      writeFileSync(accepted, `${JSON.stringify(now, undefined, 1)}\n`);
      if (!json) out(`${shown}: written\n`);
      return 0;
    }
    return changes.some(({ verdict }) => verdict === "breaking") ? 1 : 0;
  } catch (problem) {
    if (problem instanceof BaseError) {
      error(`${problem.message}\n`);
      return 2;
    }
    if (problem instanceof ProblemsError) {
      error(
        `${problem.problems.map((one) => formatProblem(one, cwd, (path) => generator.textOf(path))).join("\n\n")}\n`,
      );
      return 2;
    }
    throw problem;
  }
}

function report(changes: readonly SchemaChange[], base: string): string {
  if (changes.length === 0) return `no change since ${base}\n`;
  const lines = changes.map(({ verdict, about, reason, was, is }) => {
    const place = was === is ? (is ?? "") : [was, is].filter((one) => one !== undefined).join(" -> ");
    return `${verdict.padEnd(8)}  ${about}: ${reason}  (${place})`;
  });
  const count = (which: string): number => changes.filter(({ verdict }) => verdict === which).length;
  return `${lines.join("\n")}\n\nsince ${base}: ${count("breaking")} breaking, ${count("risky")} risky, ${count("safe")} safe\n`;
}
