import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

/** The same chance in every run. */
const SEED = 1;
/** How long each test may take, and all test files of one trial: what takes longer hangs. */
export interface TimeLimits {
  readonly testMs: number;
  readonly allMs: number;
}

const USUAL: TimeLimits = { testMs: 10_000, allMs: 30_000 };

/** The schedules, a tenth of them; the other tests of that file plant faults of their own. */
const SCHEDULES = ["test/session/schedules.test.ts", "--testNamePattern=schedules of"];
const SCHEDULES_SHARE = "0.1";
/** How the schedules say which one failed. */
const SCHEDULE = /schedule of seed (\d+)/;

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

/** Runs test files in a tree, until the first test fails. */
export function tryTests(root: string, tests: readonly string[], limits = USUAL): Promise<Verdict> {
  return run(root, ["--bail=1", ...tests], {}, limits);
}

/** Runs the schedules in a tree, until the first one fails. */
export function trySchedules(root: string): Promise<Verdict> {
  return run(root, SCHEDULES, { SOAK: SCHEDULES_SHARE }, USUAL);
}

async function run(
  root: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  { testMs, allMs }: TimeLimits,
): Promise<Verdict> {
  const outputFile = join(root, "verdict.json");
  rmSync(outputFile, { force: true });
  const options = ["--config", "test/vitest.config.ts", "--reporter=json", `--outputFile=${outputFile}`, "--silent"];
  const limits = ["--no-file-parallelism", `--testTimeout=${testMs}`];
  const child = spawn(process.execPath, ["node_modules/vitest/vitest.mjs", "run", ...options, ...limits, ...args], {
    cwd: root,
    env: { ...process.env, SEED: String(SEED), ...env },
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
  }, allMs);
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  clearTimeout(timer);
  running.delete(child);
  if (isLate) return { kind: "time limit", by: "the time limit", schedule: undefined };
  return verdictOf(code, outputFile, errors);
}

function kill(child: ChildProcess): void {
  if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGKILL");
}

function verdictOf(code: number | null, outputFile: string, errors: string): Verdict {
  let report: Report;
  try {
    report = JSON.parse(readFileSync(outputFile, "utf8")) as Report;
  } catch {
    return { kind: "broken", by: errors.trim() || `no report, exit code ${code}`, schedule: undefined };
  }
  const results = report.testResults;
  const unread = results.find(({ assertionResults, message }) => assertionResults.length === 0 && message !== "");
  if (unread !== undefined) return { kind: "broken", by: `${unread.name}: ${unread.message}`, schedule: undefined };
  const failed = results.flatMap((one) => one.assertionResults).filter(({ status }) => status === "failed");
  const seed = failed.flatMap((one) => SCHEDULE.exec(one.failureMessages?.[0] ?? "")?.[1] ?? []).map(Number)[0];
  const schedule = seed === undefined ? undefined : seed - SEED + 1;
  if (failed[0] !== undefined) return { kind: "failed", by: `"${failed[0].fullName.trim()}"`, schedule };
  if (code === 0) return { kind: "passed", by: "", schedule };
  return { kind: "failed", by: "an error outside of every test", schedule };
}
