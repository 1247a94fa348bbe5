import { compareTexts } from "./problem.ts";
import type { Spot } from "./source-tree.ts";

/** The next character of the output comes from there; without a source, from nowhere. */
export interface Mark {
  file: string | undefined;
  spot: Spot | undefined;
}

/** Output in the making: texts, with marks between them for the source map. */
export type Piece = string | Mark;

/** How wide pieces are when they stand in one line. */
export function widthOf(pieces: readonly Piece[]): number {
  let width = 0;
  for (const piece of pieces) if (typeof piece === "string") width += piece.length;
  return width;
}

export function textOf(pieces: readonly Piece[]): string {
  let text = "";
  for (const piece of pieces) if (typeof piece === "string") text += piece;
  return text;
}

/** The same pieces without blanks at the ends of lines. */
export function trimLines(pieces: readonly Piece[]): Piece[] {
  let next = "";
  return pieces
    .toReversed()
    .map((piece) => {
      if (typeof piece !== "string") return piece;
      const ended = next.startsWith("\n") && piece.endsWith(" ") ? piece.replace(/ +$/, "") : piece;
      const trimmed = ended.includes(" \n") ? ended.replaceAll(/ +\n/g, "\n") : ended;
      if (trimmed !== "") next = trimmed;
      return trimmed;
    })
    .toReversed();
}

/** The source map, version 3, that the marks in the pieces make; `sourceOf` gives a source file as the map names it. */
export function sourceMapOf(pieces: readonly Piece[], file: string, sourceOf: (path: string) => string): string {
  const marks = pieces.filter((piece) => typeof piece !== "string");
  const paths = [...new Set(marks.flatMap((mark) => (mark.file === undefined ? [] : [mark.file])))];
  const sources = paths
    .map((path) => ({ path, name: sourceOf(path) }))
    .toSorted((a, b) => compareTexts(a.name, b.name));
  const encoder = new MappingEncoder(sources.map((source) => source.path));
  for (const piece of pieces) encoder.add(piece);
  return `${JSON.stringify({ version: 3, file, names: [], sources: sources.map((source) => source.name), mappings: encoder.mappings })}\n`;
}

/** Writes the field `mappings`: segments of differences, base 64 with the lowest bits first. */
class MappingEncoder {
  mappings = "";
  readonly #sources: readonly string[];
  #column = 0;
  /** The values of the segment before, which differences are taken from. */
  #last = { column: 0, source: 0, line: 0, sourceColumn: 0 };
  #isFirstInLine = true;
  #lastMarkAt: number | undefined;

  constructor(sources: readonly string[]) {
    this.#sources = sources;
  }

  add(piece: Piece): void {
    if (typeof piece === "string") this.#advance(piece);
    else this.#mark(piece);
  }

  #advance(text: string): void {
    const last = text.lastIndexOf("\n");
    if (last >= 0) {
      this.mappings += ";".repeat(text.split("\n").length - 1);
      this.#column = 0;
      this.#last.column = 0;
      this.#isFirstInLine = true;
      this.#lastMarkAt = undefined;
    }
    this.#column += text.length - 1 - last;
  }

  #mark({ file, spot }: Mark): void {
    // One mark per place: the first one stands.
    if (this.#lastMarkAt === this.#column) return;
    this.#lastMarkAt = this.#column;
    if (!this.#isFirstInLine) this.mappings += ",";
    this.#isFirstInLine = false;
    this.mappings += vlq(this.#column - this.#last.column);
    this.#last.column = this.#column;
    if (file === undefined || spot === undefined) return;
    const now = { source: this.#sources.indexOf(file), line: spot.line - 1, sourceColumn: spot.column - 1 };
    this.mappings += vlq(now.source - this.#last.source);
    this.mappings += vlq(now.line - this.#last.line) + vlq(now.sourceColumn - this.#last.sourceColumn);
    this.#last = { column: this.#column, ...now };
  }
}

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

function vlq(value: number): string {
  let rest = value < 0 ? (-value << 1) | 1 : value << 1;
  let text = "";
  do {
    const digit = rest & 31;
    rest >>>= 5;
    text += DIGITS[rest > 0 ? digit | 32 : digit];
  } while (rest > 0);
  return text;
}
