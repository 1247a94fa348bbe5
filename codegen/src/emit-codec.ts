/** A kind's values as code that writes and reads them member by member. */
import type { Contract } from "./contract.ts";
import { fingerprintOf, isWorthIt, type Layout, type Layouts, layoutsOf, type Member } from "./layout.ts";

/** The module, or undefined where no method of the kind gains by it. */
export function emitCodec(kind: string, contract: Contract, header: string): string | undefined {
  const functions = new Functions();
  const entries: string[] = [];
  for (const [name, method] of Object.entries(contract.kinds[kind]?.methods ?? {})) {
    const sides = (["input", "output"] as const).flatMap((side) => {
      const layouts = layoutsOf(method[side]);
      if (!isWorthIt(layouts)) return [];
      const is = functions.of(
        layouts,
        `${name.slice(0, 1).toUpperCase()}${name.slice(1)}${side === "input" ? "Input" : "Output"}`,
      );
      return [`    ${side}: { write: write${is}, read: read${is} },\n`];
    });
    if (sides.length === 0) continue;
    entries.push(`  ${propertyName(name)}: {\n    fingerprint: "${fingerprintOf(method)}",\n${sides.join("")}  },\n`);
  }
  if (entries.length === 0) return undefined;
  return `${header}import type { Codecs, ShapeReader, ShapeWriter } from "chatroom/runtime";

/** How values of ${kind} travel between programs with the same schemas: member by member, without keys. A program whose schemas differ has another fingerprint there, and both write keys then. */
export const codecs: Codecs = {
${entries.join("")}};
${functions.lists === "" ? "" : `\n${functions.lists}`}${functions.text}`;
}

/** Of more members than these, comparing each key with each of them takes longer than counting all. */
const MAX_COMPARED = 16;

/** The functions of a module, one pair for each layout. */
class Functions {
  text = "";
  readonly #lists = new Map<string, string>();
  readonly #names = new Map<string, string>();
  readonly #taken = new Set<string>();
  #cycles: readonly Layout[] = [];
  #scope = "";
  #wanted = "";

  /** The name of what writes and reads values of that layout, which is wanted for a part of that name. */
  of({ layout, cycles }: Layouts, wanted: string): string {
    this.#cycles = cycles;
    this.#scope = cycles.length === 0 ? "" : JSON.stringify(cycles);
    this.#wanted = wanted;
    return this.#pair(layout);
  }

  /** The lists of words, as declarations. */
  get lists(): string {
    return [...this.#lists].map(([words, name]) => `const ${name} = ${words};\n`).join("");
  }

  #words(words: readonly string[]): string {
    const key = list(
      "[",
      words.map((word) => JSON.stringify(word)),
      "]",
    );
    const name = this.#lists.get(key) ?? `words${this.#lists.size + 1}`;
    this.#lists.set(key, name);
    return name;
  }

  #pair(layout: Layout): string {
    if (layout.kind === "same") return this.#pair(this.#cycles[layout.as] as Layout);
    const key = this.#scope + JSON.stringify(layout);
    const known = this.#names.get(key);
    if (known !== undefined) return known;
    let name = this.#wanted;
    for (let n = 2; this.#taken.has(name); n++) name = `${this.#wanted}${n}`;
    this.#taken.add(name);
    this.#names.set(key, name);
    const at = this.text.length;
    const [write, read] = this.#bodies(layout);
    // any: the caller's types are checked where it calls; what is no such value after all is found as it is written.
    const own = `
function write${name}(out: ShapeWriter, value: any): void {
${indent(write)}}

function read${name}(from: ShapeReader): unknown {
${indent(read)}}
`;
    // What it calls stands below it.
    this.text = this.text.slice(0, at) + own + this.text.slice(at);
    return name;
  }

  /** What it is to write and to read, as statements. */
  #bodies(layout: Layout): [write: string, read: string] {
    switch (layout.kind) {
      case "object":
        return this.#object(layout.required, layout.optional);
      case "array":
        return [
          `const count = out.items(value);\nfor (let i = 0; i < count; i++) ${this.#write(layout.element, "value[i]")}\nout.close(0);\n`,
          `const list: unknown[] = [];\nfor (let left = from.items(); left > 0; left--) list.push(${this.#read(layout.element)});\nfrom.close();\nreturn list;\n`,
        ];
      case "tuple": {
        const { items } = layout;
        const writes = items.map((item, at) => `${this.#write(item, `value[${at}]`)}\n`);
        const reads = items.map((item) => this.#read(item));
        return [
          `out.items(value, ${items.length});\n${writes.join("")}out.close(0);\n`,
          `from.tuple(${items.length});\nconst list = ${list("[", reads, "]")};\nfrom.close();\nreturn list;\n`,
        ];
      }
      case "record":
        return [
          `for (const key of out.keys(value)) {\n  out.key(key);\n  ${this.#write(layout.value, "value[key]")}\n}\nout.close(0);\n`,
          `const record: any = {};\nfor (let left = from.keys(); left > 0; left--) record[from.key()] = ${this.#read(layout.value)};\nfrom.close();\nreturn record;\n`,
        ];
      case "choice": {
        const chosen = (at: number): string => {
          const { layout: one } = layout.options[at] as (typeof layout.options)[number];
          return `out.choice(${at + 1});\n${this.#write(one, "value")}\nreturn;\n`;
        };
        const tests = layout.options.map(({ type, by }, at) => {
          const isIt = type === "array" ? "Array.isArray(value)" : "out.isPlain(value)";
          const cases = by?.values.map((value) => `${access("value", by.name)} === ${value}`).join(" || ");
          const all = cases === undefined ? isIt : `${isIt} && ${by?.values.length === 1 ? cases : `(${cases})`}`;
          return `if (${all}) {\n${indent(chosen(at))}}\n`;
        });
        const cases = layout.options.map(
          (option, at) => `  case ${at + 1}:\n    return ${this.#read(option.layout)};\n`,
        );
        return [
          `${tests.join("")}out.choice(0);\nout.any(value);\n`,
          `switch (from.choice(${layout.options.length + 1})) {\n${cases.join("")}  default:\n    return from.any();\n}\n`,
        ];
      }
      default:
        return [`${this.#write(layout, "value")}\n`, `return ${this.#read(layout)};\n`];
    }
  }

  #object(required: readonly Member[], optional: readonly Member[]): [write: string, read: string] {
    const writes = required.map(({ name, layout }) => `${this.#write(layout, access("value", name))}\n`);
    const reads = required.map(({ name, layout }) => `${propertyName(name)}: ${this.#read(layout)}`);
    const literal = reads.length === 0 ? "{}" : list("{ ", reads, " }");
    const names = [...required, ...optional].map(({ name }) => name);
    // Members that are no keys of the value are none for a value that describes itself either.
    const open =
      names.length > MAX_COMPARED
        ? "let unwritten = out.open(value);\n"
        : `${countOf(names)}out.open(value, unwritten);\n`;
    if (optional.length === 0)
      return [
        `${open}${writes.join("")}out.close(unwritten - ${required.length});\n`,
        `from.open(${required.length});\nconst value = ${literal};\nfrom.close();\nreturn value;\n`,
      ];
    const mayWrite = optional.map(({ name, layout }) => {
      const member = access("value", name);
      return `if (${member} === undefined && !Object.hasOwn(value, ${JSON.stringify(name)})) out.absent();
else {
  unwritten--;
  ${this.#write(layout, member)}
}
`;
    });
    const mayRead = optional.map(
      ({ name, layout }) => `if (from.has()) ${access("value", name)} = ${this.#read(layout)};\n`,
    );
    return [
      `${open}${writes.join("")}${mayWrite.join("")}out.close(unwritten${required.length === 0 ? "" : ` - ${required.length}`});\n`,
      `from.open(${required.length});\nconst value: any = ${literal};\n${mayRead.join("")}from.close();\nreturn value;\n`,
    ];
  }

  #write(layout: Layout, value: string): string {
    switch (layout.kind) {
      case "any":
      case "text":
      case "number":
      case "boolean":
        return `out.${layout.kind}(${value});`;
      case "word":
        return `out.word(${value}, ${this.#words(layout.words)});`;
      default:
        return `write${this.#pair(layout)}(out, ${value});`;
    }
  }

  #read(layout: Layout): string {
    switch (layout.kind) {
      case "any":
      case "text":
      case "number":
      case "boolean":
        return `from.${layout.kind}()`;
      case "word":
        return `from.word(${this.#words(layout.words)})`;
      default:
        return `read${this.#pair(layout)}(from)`;
    }
  }
}

/** In one line, or with a line for each. */
function list(before: string, items: readonly string[], after: string): string {
  const flat = `${before}${items.join(", ")}${after}`;
  if (flat.length <= 90) return flat;
  return `${before.trimEnd()}\n${items.map((item) => `  ${item},\n`).join("")}${after.trimStart()}`;
}

/** Counts the keys of a value, which must all be among these. */
function countOf(names: readonly string[]): string {
  const tests = names.map((name) => `key === ${JSON.stringify(name)}`);
  const flat = `if (${tests.join(" || ")}) unwritten++;\n`;
  const isOneLine = flat.length <= 110;
  const test = isOneLine ? flat : `if (\n${indent(tests.join(" ||\n"))}\n)\n  unwritten++;\n`;
  return `let unwritten = 0;\nfor (const key in value)\n${indent(`${test}else out.misfit();\n`)}`;
}

function indent(text: string): string {
  return text.replaceAll(/^(?=.)/gm, "  ");
}

const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;

function propertyName(name: string): string {
  return IDENTIFIER.test(name) ? name : JSON.stringify(name);
}

function access(value: string, name: string): string {
  return IDENTIFIER.test(name) ? `${value}.${name}` : `${value}[${JSON.stringify(name)}]`;
}
