import { type Paint, plain } from "./color.ts";

/** Lines around a change that are shown for orientation. */
const CONTEXT = 3;

/** Above this many pairs of lines, changed parts are shown as removed and added, without a search for what they share. */
const MAX_PAIRS = 4_000_000;

interface Edit {
  sign: " " | "-" | "+";
  line: string;
}

/** The change from one text to another in the unified format; empty when they are equal. */
export function unifiedDiff(
  before: string,
  after: string,
  beforeName: string,
  afterName: string,
  paint: Paint = plain,
): string {
  if (before === after) return "";
  const edits = editsBetween(toLines(before), toLines(after));
  return `${paint("bold", `--- ${beforeName}`)}\n${paint("bold", `+++ ${afterName}`)}\n${printHunks(edits, paint)}`;
}

function toLines(text: string): string[] {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

function editsBetween(before: readonly string[], after: readonly string[]): Edit[] {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before[start] === after[start]) start++;
  let end = 0;
  while (end < shorter - start && before.at(-1 - end) === after.at(-1 - end)) end++;
  return [
    ...before.slice(0, start).map(same),
    ...editsWithin(before.slice(start, before.length - end), after.slice(start, after.length - end)),
    ...before.slice(before.length - end).map(same),
  ];
}

function same(line: string): Edit {
  return { sign: " ", line };
}

/** By the longest common subsequence. */
function editsWithin(before: readonly string[], after: readonly string[]): Edit[] {
  const width = after.length + 1;
  const isSearched = before.length * after.length <= MAX_PAIRS;
  // At i, j: how many lines the rests from there have in common.
  const common = new Uint32Array(isSearched ? (before.length + 1) * width : 0);
  const at = (i: number, j: number): number => common[i * width + j] ?? 0;
  for (let i = isSearched ? before.length - 1 : -1; i >= 0; i--) {
    for (let j = after.length - 1; j >= 0; j--) {
      common[i * width + j] = before[i] === after[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const edits: Edit[] = [];
  let i = 0;
  let j = 0;
  while (i < before.length || j < after.length) {
    const [old, fresh] = [before[i], after[j]];
    if (isSearched && old !== undefined && old === fresh) {
      edits.push({ sign: " ", line: old });
      i++;
      j++;
    } else if (old !== undefined && (fresh === undefined || at(i + 1, j) >= at(i, j + 1))) {
      edits.push({ sign: "-", line: old });
      i++;
    } else {
      edits.push({ sign: "+", line: fresh ?? "" });
      j++;
    }
  }
  return edits;
}

function printHunks(edits: readonly Edit[], paint: Paint): string {
  const lineOf = ({ sign, line }: Edit): string =>
    sign === " " ? ` ${line}` : paint(sign === "-" ? "red" : "green", `${sign}${line}`);
  const isShown = (index: number) =>
    edits.slice(Math.max(0, index - CONTEXT), index + CONTEXT + 1).some(({ sign }) => sign !== " ");
  let text = "";
  let before = 1;
  let after = 1;
  for (let index = 0; index < edits.length; ) {
    if (!isShown(index)) {
      index++;
      before++;
      after++;
      continue;
    }
    const hunk: Edit[] = [];
    for (let one = edits[index]; one !== undefined && isShown(index); one = edits[index]) {
      hunk.push(one);
      index++;
    }
    const removed = hunk.filter(({ sign }) => sign !== "+").length;
    const added = hunk.filter(({ sign }) => sign !== "-").length;
    text += `${paint("cyan", `@@ -${range(before, removed)} +${range(after, added)} @@`)}\n`;
    text += hunk.map((edit) => `${lineOf(edit)}\n`).join("");
    before += removed;
    after += added;
  }
  return text;
}

/** An empty range names the line before it. */
function range(start: number, length: number): string {
  return `${length === 0 ? start - 1 : start},${length}`;
}
