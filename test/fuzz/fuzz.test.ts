import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { availableParallelism, constants, setPriority } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { expectNothingLeft } from "../support/leftovers.ts";
import { seedOfRun, soak } from "../support/seeded.ts";
import type { Report } from "./fuzz.ts";

expectNothingLeft();

/** Ten seconds for each parser; in the long form 6 s times SOAK, five minutes with the 50 of `npm run soak`. */
const MS = process.env["SOAK"] === undefined ? 10_000 : soak(6_000);
/** More than compiling, starting and the last collection of garbage take. */
const BESIDES_MS = 120_000;

const seed = seedOfRun();
console.log(`fuzzing, seed ${seed}, ${MS / 1_000} s for each parser`);

const FOLDER = join(import.meta.dirname, "targets");
const targets = readdirSync(FOLDER).filter((file) => file.endsWith(".ts"));
const run = promisify(execFile);

/** Processes at once: each keeps a core busy. */
const LANES = Math.min(4, Math.max(1, availableParallelism()));
const lanes = Array.from({ length: LANES }, () => Promise.resolve());

/** Runs a program to which all others go first. */
function runLast(args: readonly string[]): Promise<{ stdout: string; stderr: string }> {
  const running = run(process.execPath, args, { timeout: MS + BESIDES_MS, encoding: "utf8" });
  setPriority(running.child.pid as number, constants.priority.PRIORITY_LOW);
  return running;
}

/** Runs something as soon as one of the lanes is free. */
async function inLane<T>(at: number, work: () => Promise<T>): Promise<T> {
  const before = lanes[at % LANES];
  const mine = Promise.resolve(before).then(work);
  lanes[at % LANES] = mine.then(
    () => {},
    () => {},
  );
  return mine;
}

describe.concurrent("every parser of what others send", () => {
  test.each(targets.map((file, at) => [file.replace(/\.ts$/, ""), file, at] as const))(
    "%s: whatever comes is taken or refused as documented, fast, and nothing is left of it",
    async (_name, file, at) => {
      const { stdout, stderr } = await inLane(at, async () =>
        runLast([
          ...FLAGS,
          join(import.meta.dirname, "run.ts"),
          join(FOLDER, file),
          String(MS),
          String(seed + at),
        ]).catch((error: Error & { stderr?: string }) => ({
          stdout: "",
          stderr: `${error.stderr ?? ""}${error.message}`,
        })),
      );
      expect(stdout, stderr).toMatch(/^\{"inputs/m);
      const report = JSON.parse(/^\{"inputs.*$/m.exec(stdout)?.[0] ?? "{}") as Report;
      console.log(
        `${file}: ${report.inputs} inputs, ${report.corpus} kept, ${report.outcomes} outcomes, slowest ${report.slowestMs.toFixed(1)} ms, seed ${seed + at}`,
      );
      expect(report.inputs).toBeGreaterThan(500);
      expect(report.outcomes).toBeGreaterThan(3);
    },
    (MS + BESIDES_MS) * targets.length,
  );
});

const FLAGS = ["--conditions=chatroom-source", "--import", "tsx"];
