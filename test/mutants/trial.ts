import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

/** The same chance in every run. */
export const SEED = 1;
/** How the schedules say which one failed. */
const SCHEDULE = /schedule of seed (\d+)/;
const TEST_TIMEOUT_MS = 10_000;
/** What takes longer is taken for an endless loop. */
const TIME_LIMIT_MS = 20_000;

/** What some test files say of a tree. `broken`: they could not be run, which says nothing. */
export interface Verdict {
  readonly kind: "passed" | "failed" | "time limit" | "broken";
  /** The first test that failed, or what was wrong. */
  readonly by: string;
  /** The how-manieth of the schedules failed, where one did. */
  readonly schedule: number | undefined;
}

/** What vitest's json reporter writes, as far as it is read here. */
interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly failureMessages?: readonly string[];
    }[];
  }[];
}

const running = new Set<ChildProcess>();

/** Ends every trial that is under way. */
export function stopTrials(): void {
  for (const child of running) kill(child);
}

/** Runs test files in a tree. */
export async function tryTests(root: string, tests: readonly string[], timeLimitMs = TIME_LIMIT_MS): Promise<Verdict> {
  const outputFile = join(root, "verdict.json");
  rmSync(outputFile, { force: true });
  const options = ["--config", "test/vitest.config.ts", "--reporter=json", `--outputFile=${outputFile}`, "--silent"];
  const limits = ["--maxWorkers=1", `--testTimeout=${TEST_TIMEOUT_MS}`];
  const child = spawn(process.execPath, ["node_modules/vitest/vitest.mjs", "run", ...options, ...limits, ...tests], {
    cwd: root,
    env: { ...process.env, SEED: String(SEED) },
    stdio: ["ignore", "ignore", "pipe"],
    detached: true, // a group of its own: its workers end with it
  });
  running.add(child);
  let errors = "";
  child.stderr?.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    kill(child);
  }, timeLimitMs);
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  clearTimeout(timer);
  running.delete(child);
  if (isLate) return { kind: "time limit", by: `no end within ${timeLimitMs / 1000} s`, schedule: undefined };
  return verdictOf(tests, code, outputFile, errors);
}

function kill(child: ChildProcess): void {
  if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGKILL");
}

function verdictOf(tests: readonly string[], code: number | null, outputFile: string, errors: string): Verdict {
  let report: Report;
  try {
    report = JSON.parse(readFileSync(outputFile, "utf8")) as Report;
  } catch {
    return { kind: "broken", by: errors.trim() || `no report, exit code ${code}`, schedule: undefined };
  }
  const placeOf = (name: string): number => tests.findIndex((one) => name.endsWith(one));
  const results = report.testResults.toSorted((one, other) => placeOf(one.name) - placeOf(other.name));
  const unread = results.find(({ assertionResults, message }) => assertionResults.length === 0 && message !== "");
  if (unread !== undefined) return { kind: "broken", by: `${unread.name}: ${unread.message}`, schedule: undefined };
  const failed = results.flatMap((one) => one.assertionResults).filter(({ status }) => status === "failed");
  const seed = failed.flatMap((one) => SCHEDULE.exec(one.failureMessages?.[0] ?? "")?.[1] ?? []).map(Number)[0];
  const schedule = seed === undefined ? undefined : seed - SEED + 1;
  if (failed[0] !== undefined) return { kind: "failed", by: failed[0].fullName.trim(), schedule };
  if (code === 0) return { kind: "passed", by: "", schedule };
  return { kind: "failed", by: "an error outside of every test", schedule };
}
