/**
 * `npm run mutants`, or `npm run mutants -- words`: plants every fault of the lists, or those whose name or file holds one of the words, one at a time in a copy of the
 * repository, and says which test catches it. Fails when one survives, when the tests fail without a fault, and when a list no longer fits the sources.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import { ALL_MUTANTS } from "./all.ts";
import type { Mutant, Mutants } from "./mutant.ts";
import { copyTree, type Tree } from "./tree.ts";
import { stopTrials, type TimeLimits, trySchedules, tryTests, type Verdict } from "./trial.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const MOST_AT_ONCE = 2;
/** All of them at once, and on a machine that has other work too. */
const UNMUTATED: TimeLimits = { testMs: 60_000, allMs: 600_000 };

/** A mutant with its file and tests. */
type Planted = Mutant & Pick<Mutants, "file" | "tests" | "schedules">;

const PLANTED: readonly Planted[] = ALL_MUTANTS.flatMap(({ mutants, ...about }) =>
  mutants.map((mutant) => ({ ...mutant, ...about })),
);

const trees: Tree[] = [];

function removeTrees(): void {
  for (const tree of trees.splice(0)) tree.remove();
}

/** What is wrong with the list, a line each. */
function problemsOf(mutants: readonly Planted[]): string[] {
  const problems: string[] = [];
  const names = new Set<string>();
  for (const { name, file, find, replace } of mutants) {
    const count = readFileSync(join(ROOT, file), "utf8").split(find).length - 1;
    if (count !== 1) problems.push(`"${name}": its text occurs ${count} times in ${file}, not once`);
    if (find === replace) problems.push(`"${name}" changes nothing`);
    if (names.has(`${file} ${name}`)) problems.push(`"${name}" is there twice`);
    names.add(`${file} ${name}`);
  }
  return problems;
}

/** Plants one fault in a tree, tries its tests, and takes it out again. */
async function tryMutant(root: string, { file, find, replace, tests, schedules }: Planted): Promise<Verdict[]> {
  const path = join(root, file);
  const text = readFileSync(path, "utf8");
  writeFileSync(
    path,
    text.replace(find, () => replace),
  );
  try {
    const verdicts = [await tryTests(root, tests)];
    if (schedules === true) verdicts.push(await trySchedules(root));
    return verdicts;
  } finally {
    writeFileSync(path, text);
  }
}

type Fate = "caught" | "SURVIVED" | "BROKEN";

function fateOf(verdicts: readonly Verdict[]): Fate {
  if (verdicts.some(({ kind }) => kind === "broken")) return "BROKEN";
  return verdicts.every(({ kind }) => kind === "passed") ? "SURVIVED" : "caught";
}

function say(mutant: Planted, fate: Fate, verdicts: readonly Verdict[]): void {
  console.log(`${fate.padEnd(9)} ${mutant.file.replace("src/", "")}: ${mutant.name}`);
  for (const { kind, by, schedule } of verdicts) {
    if (schedule !== undefined) console.log(`          by schedule ${schedule}`);
    else if (kind !== "passed") console.log(`          by ${by}`);
  }
}

async function main(words: readonly string[]): Promise<number> {
  const mutants = PLANTED.filter(
    ({ name, file }) => words.length === 0 || words.some((word) => `${file} ${name}`.includes(word)),
  );
  const problems = problemsOf(mutants);
  if (problems.length > 0) {
    console.error(problems.join("\n"));
    return 1;
  }
  const startedAt = Date.now();
  for (let left = Math.min(MOST_AT_ONCE, availableParallelism(), mutants.length); left > 0; left--)
    trees.push(copyTree(ROOT));
  const [first] = trees;
  if (first === undefined) {
    console.error("no mutant has such a name");
    return 1;
  }
  const tests = [...new Set(mutants.flatMap((mutant) => mutant.tests))];
  const before = [await tryTests(first.root, tests, UNMUTATED)];
  if (mutants.some(({ schedules }) => schedules === true)) before.push(await trySchedules(first.root));
  for (const { kind, by } of before) {
    if (kind === "passed") continue;
    console.error(`without a fault the tests do not pass: ${by}`);
    return 1;
  }
  const waiting = [...mutants];
  const fates: Fate[] = [];
  const work = async ({ root }: Tree): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const verdicts = await tryMutant(root, next);
      const fate = fateOf(verdicts);
      fates.push(fate);
      say(next, fate, verdicts);
    }
  };
  await Promise.all(trees.map(work));
  const count = (which: Fate): number => fates.filter((fate) => fate === which).length;
  const broken = count("BROKEN");
  console.log(
    `${fates.length} mutants, ${count("caught")} caught, ${count("SURVIVED")} survived${broken > 0 ? `, ${broken} broken` : ""} (${Math.round((Date.now() - startedAt) / 1000)} s)`,
  );
  return count("caught") === fates.length ? 0 : 1;
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    stopTrials();
    removeTrees();
    process.exit(1);
  });
}

try {
  process.exitCode = await main(process.argv.slice(2));
} finally {
  removeTrees();
}
