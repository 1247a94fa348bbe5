import { emitDocs } from "./emit-docs.ts";
import { Generator } from "./generate.ts";
import { applyChanges, planChanges } from "./output.ts";
import { check, displayPath, report, type Surroundings, tell } from "./run.ts";

export interface DocsCommandOptions {
  schemasDir: string;
  outDir: string;
  version: string;
  check: boolean;
  json: boolean;
}

/** Writes what there is to read about the kinds: 0 done, 1 something is to be corrected, or not up to date. */
export async function runDocs(options: DocsCommandOptions, around: Surroundings): Promise<number> {
  const { outDir, version } = options;
  const generator = new Generator(options);
  try {
    const files = emitDocs(await generator.kinds(), { version, root: around.cwd, outDir });
    const changes = planChanges(outDir, files);
    if (options.check) return check(changes, outDir, around, "npm run codegen -- docs");
    applyChanges(outDir, changes);
    around.out(report(changes, displayPath(outDir, around.cwd)));
    return 0;
  } catch (error) {
    return tell(error, generator, around, options.json);
  }
}
