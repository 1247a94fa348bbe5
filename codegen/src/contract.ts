/** What the kinds of a network declare, as plain data that can be kept and compared. */
import { relative, sep } from "node:path";
import type { Kind, Method, Origin, Word } from "./model.ts";
import { type Shapes, shapesOf } from "./shape.ts";

export interface Contract {
  /** Of this form. */
  chatroom: 1;
  kinds: Record<string, ContractKind>;
}

export interface ContractKind {
  /** `file:line`. */
  at: string;
  methods: Record<string, ContractMethod>;
}

export interface ContractMethod {
  at: string;
  word: Word;
  /** The kinds that may call; absent: all. */
  from?: string[];
  /** The names of the users that may call; absent: all. */
  fromNames?: string[];
  input: Shapes;
  output: Shapes;
  errors: Record<string, Shapes>;
}

/** `root`: what paths are relative to. */
export function contractOf(kinds: readonly Kind[], root: string): Contract {
  const at = ({ file, key }: Origin): string => `${relative(root, file).split(sep).join("/")}:${key.start.line}`;
  const methodOf = ({ origin, word, from, fromNames, schemas }: Method): ContractMethod => ({
    at: at(origin),
    word,
    ...(from === undefined ? {} : { from: from.map(({ kind }) => kind).toSorted() }),
    ...(fromNames === undefined ? {} : { fromNames: fromNames.toSorted() }),
    input: shapesOf(schemas.input),
    output: shapesOf(schemas.output),
    errors: Object.fromEntries(Object.entries(schemas.errors).map(([code, schema]) => [code, shapesOf(schema)])),
  });
  const entries = kinds.map(({ name, origin, methods }): [string, ContractKind] => [
    name,
    { at: at(origin), methods: Object.fromEntries(methods.map((method) => [method.name, methodOf(method)])) },
  ]);
  return { chatroom: 1, kinds: Object.fromEntries(entries) };
}
