import {
  type DeclaredError,
  type Kind,
  type Method,
  NOTHING,
  type Origin,
  type Sides,
  VOID,
  WORDS,
  type Word,
} from "./model.ts";
import type { TypePath } from "./checked-types.ts";
import type { Checker } from "./checker.ts";
import { allNamesOf, NETWORK_NAMES, RUNTIME_NAMES } from "./names.ts";
import { Place } from "./place.ts";
import type { Problem } from "./problem.ts";
import { TypeReader } from "./read-type.ts";
import type { Sources } from "./sources.ts";
import type { Constant, SourceModule } from "./source-tree.ts";
import { isZodSchema } from "./zod.ts";

/** What may stand in the declaration of a method. */
const METHOD_KEYS: Readonly<Record<Word, readonly string[]>> = {
  get: ["input", "output", "errors", "from", "fromNames"],
  send: ["input", "from", "fromNames"],
};

/** Where there may be types that the data of a schema does not tell. */
const ERASED = /\.brand\b|\benum\b|\bz\.(?!infer\b|input\b|output\b|Zod|core\b)[\w.]+</;

/** Files of the project, and packages that make no schemas of their own. */
const KNOWN_MODULE = /^(?:\.|node:|zod$|zod\/|chatroom$|chatroom\/)/;

/** Reads one peer kind: its running value says what it is, the text says where it was written. */
export function readKind(
  constant: Constant,
  module: SourceModule,
  value: unknown,
  sources: Sources,
  checker: Checker,
  problems: Problem[],
): Kind {
  const origin: Origin = { file: module.path, key: constant.key, whole: constant.span };
  const kind: Kind = { name: constant.name, doc: constant.doc, origin, words: [], methods: [], types: [] };
  const argument = constant.value.kind === "call" ? constant.value.args[0] : undefined;
  const place = new Place(sources, { module, expression: argument ?? constant.value });
  const checked = checker.of(module.path, (argument ?? constant.value).span);
  // Brands, enums and type arguments are seen in the text alone, and what packages hold is not read.
  const hasErased = sources
    .closureOf(module)
    .some(({ text, uses }) => ERASED.test(text) || uses.some(({ from }) => !KNOWN_MODULE.test(from)));
  const types = new TypeReader(kind.name, { checked, hasErased }, problems);
  const reader = new KindReader(kind, types, problems);
  reader.readWords(value, place);
  types.nameTypes(new Set([...allNamesOf(kind).map(({ name }) => name), ...NETWORK_NAMES, ...RUNTIME_NAMES]));
  kind.types.push(...types.types);
  return kind;
}

class KindReader {
  readonly #kind: Kind;
  readonly #types: TypeReader;
  readonly #problems: Problem[];

  constructor(kind: Kind, types: TypeReader, problems: Problem[]) {
    this.#kind = kind;
    this.#types = types;
    this.#problems = problems;
  }

  readWords(value: unknown, place: Place): void {
    if (!isRecord(value)) {
      this.#refuse(place, `definePeer takes an object: definePeer({ get: { ... }, send: { ... } })`);
      return;
    }
    for (const [word, methods] of Object.entries(value)) {
      const at = place.field(word);
      if (!isWord(word)) this.#refuse(at, `"${word}" is not a word of a schema: the words are ${WORDS.join(" and ")}`);
      else if (!isRecord(methods)) this.#refuse(at, `${word} takes an object with a key per method`);
      else this.#readWord(word, methods, at);
    }
    // The words in their order, whatever the schema's.
    this.#kind.words.sort((a, b) => WORDS.indexOf(a.word) - WORDS.indexOf(b.word));
    this.#kind.methods.sort((a, b) => WORDS.indexOf(a.word) - WORDS.indexOf(b.word));
  }

  #readWord(word: Word, methods: Readonly<Record<string, unknown>>, place: Place): void {
    this.#kind.words.push({ word, origin: originOf(place) });
    for (const [name, definition] of Object.entries(methods))
      this.#readMethod(word, name, definition, place.field(name));
  }

  #readMethod(word: Word, name: string, definition: unknown, place: Place): void {
    const isShort = word === "send" && isZodSchema(definition);
    if (!isShort && !isRecord(definition)) {
      const wanted = word === "get" ? "{ input: schema, output: schema }" : "a zod schema, or { input: schema }";
      this.#refuse(place, `${word} ${name} takes ${wanted}`);
      return;
    }
    const parts: Readonly<Record<string, unknown>> =
      isShort || !isRecord(definition) ? { input: definition } : definition;
    for (const key of Object.keys(parts)) {
      if (METHOD_KEYS[word].includes(key)) continue;
      const known = METHOD_KEYS[word].join(", ");
      this.#refuse(place.field(key), `"${key}" is not known here: a ${word} has ${known}`);
    }
    const label = `${this.#kind.name}.${name}`;
    const path: TypePath = [word, name];
    const side = (key: string, nothing: Sides): Sides =>
      key in parts
        ? this.#types.readSides(
            parts[key],
            isShort ? place : place.field(key),
            `${label} ${key}`,
            isShort ? path : [...path, key],
          )
        : nothing;
    const fromNames = this.#readFromNames(parts["fromNames"], place.field("fromNames"));
    this.#kind.methods.push({
      word,
      name,
      doc: place.doc,
      origin: originOf(place),
      input: side("input", { sent: NOTHING, parsed: NOTHING }),
      output: word === "get" ? side("output", { sent: VOID, parsed: VOID }) : undefined,
      errors:
        word === "get" ? this.#readErrors(parts["errors"], label, place.field("errors"), [...path, "errors"]) : [],
      schemas: {
        input: parts["input"],
        output: parts["output"],
        errors: isRecord(parts["errors"]) ? parts["errors"] : {},
      },
      from: this.#readFrom(parts["from"], place.field("from")),
      fromNames,
    });
  }

  #readErrors(errors: unknown, label: string, place: Place, path: TypePath): DeclaredError[] {
    if (errors === undefined) return [];
    if (!isRecord(errors)) {
      this.#refuse(place, "errors takes an object: { NotFound: schema of its data }");
      return [];
    }
    return Object.entries(errors).map(([code, schema]) => {
      const at = place.field(code);
      return {
        code,
        data: this.#types.readSides(schema, at, `${label} ${code}`, [...path, code]),
        doc: at.doc,
        origin: originOf(at),
      };
    });
  }

  #readFrom(from: unknown, place: Place): Method["from"] {
    if (from === undefined) return undefined;
    if (!isTexts(from)) {
      this.#refuse(place, 'from takes the kinds that may call: from: ["Foo"]');
      return undefined;
    }
    return from.map((kind, index) => ({ kind, origin: originOf(place.item(index)) }));
  }

  #readFromNames(names: unknown, place: Place): readonly string[] | undefined {
    if (names === undefined) return undefined;
    if (isTexts(names) && names.every((name) => name !== "")) return names;
    this.#refuse(place, 'fromNames takes the user names that may call: fromNames: ["foo-1"]');
    return undefined;
  }

  #refuse(place: Place, message: string): void {
    const { file, key } = originOf(place);
    this.#problems.push({ file, ...key.start, message });
  }
}

function originOf(place: Place): Origin {
  return place.origin ?? { file: place.file, key: place.span, whole: place.span };
}

function isWord(text: string): text is Word {
  return WORDS.some((word) => word === text);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !isZodSchema(value);
}

/** A list that leaves somebody to call. */
function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === "string");
}
