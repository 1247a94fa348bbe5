import { relative, sep } from "node:path";
import { type Paint, plain } from "./color.ts";
import type { Spot } from "./source-tree.ts";

/** Something a user has to change, and where. */
export interface Problem extends Spot {
  /** Absolute. */
  file: string;
  /** What is wrong, and what to write instead. */
  message: string;
  /** The part of the network that it concerns, as in `Bar.find input.id`; of several, the first. */
  about?: string;
}

/** Stops the run: carries everything that was found until then. */
export class ProblemsError extends Error {
  override readonly name = "ProblemsError";
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map((problem) => problem.message).join("\n"));
    this.problems = problems;
  }
}

/** In the order of files and places; what concerns several parts of the network is told once. */
export function sortProblems(problems: readonly Problem[]): Problem[] {
  const sorted = problems.toSorted(
    (a, b) =>
      compareTexts(a.file, b.file) || a.line - b.line || a.column - b.column || compareTexts(a.message, b.message),
  );
  return sorted.filter((problem, index) => {
    const before = sorted[index - 1];
    return before === undefined || describe(before) !== describe(problem);
  });
}

/** `file:line:column: message`, then the line itself with a caret under the place. `read` gives the text of a file. */
export function formatProblem(
  problem: Problem,
  cwd: string,
  read: (path: string) => string | undefined,
  paint: Paint = plain,
): string {
  const file = relative(cwd, problem.file).split(sep).join("/");
  const about = problem.about === undefined ? "" : `${problem.about}: `;
  const head = `${paint("bold", `${file}:${problem.line}:${problem.column}:`)} ${about}${problem.message}`;
  const line = read(problem.file)?.split(/\r?\n/)[problem.line - 1];
  if (line === undefined || line.trim() === "") return head;
  const gutter = `${problem.line} | `;
  const pad = line.slice(0, problem.column - 1).replace(/[^\t]/g, " ");
  const [number, below] = [gutter, `${" ".repeat(gutter.length - 2)}| `].map((text) => paint("dim", text));
  return `${head}\n  ${number}${line}\n  ${below}${pad}${paint("red", "^")}`;
}

/** Orders texts by code unit, the same on every machine. */
export function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function describe(problem: Problem): string {
  return `${problem.file}:${problem.line}:${problem.column}:${problem.message}`;
}
