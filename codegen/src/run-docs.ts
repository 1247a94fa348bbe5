import { emitDocs } from "./emit-docs.ts";
import { Generator } from "./generate.ts";
import { applyChanges, planChanges } from "./output.ts";
import { check, displayPath, done, report, type Surroundings } from "./run.ts";

export interface DocsCommandOptions {
  schemasDir: string;
  outDir: string;
  version: string;
  check: boolean;
  json: boolean;
}

/** Writes what there is to read about the kinds: 0 done, 1 not up to date. @throws as `Generator.run` and `applyChanges` do. */
export async function runDocs(options: DocsCommandOptions, around: Surroundings): Promise<number> {
  const { outDir, version } = options;
  const files = emitDocs(await new Generator(options).kinds(), { version, root: around.cwd, outDir });
  const changes = planChanges(outDir, files);
  if (options.check) return check(changes, options, around, "npm run codegen -- docs");
  applyChanges(outDir, changes);
  return done(report(changes, displayPath(outDir, around.cwd)), options, around);
}
