import type { Span } from "./source-tree.ts";

/** Where something was written: for messages and for source maps. */
export interface Origin {
  /** Absolute path of the schema file. */
  file: string;
  /** The name itself. */
  key: Span;
  /** All of it: key and value. */
  whole: Span;
}

/** A type as it will be printed. */
export type Type =
  | { kind: "plain"; text: string }
  | { kind: "array"; element: Type; readonly: boolean }
  | { kind: "tuple"; items: { type: Type; optional: boolean }[]; rest: Type | undefined; readonly: boolean }
  | { kind: "union"; members: Type[] }
  | { kind: "intersection"; members: Type[] }
  | { kind: "record"; key: Type; value: Type; partial: boolean; readonly: boolean }
  /** `open`: other keys may be there too. */
  | { kind: "object"; fields: Field[]; open: Index[] }
  /** Texts, and what stands between them: one more text than types. */
  | { kind: "template"; texts: string[]; types: Type[] }
  /** A type by its name; `from`: the absolute path of the project's file, or the package, that exports it; undefined: every program knows it. */
  | { kind: "reference"; name: string; from: string | undefined; args: Type[] }
  /** Only what a schema gives may be one. */
  | { kind: "function"; parameters: Parameter[]; result: Type }
  /** A type that is declared on its own, for it contains itself. */
  | { kind: "named"; of: NamedType; side: keyof Sides };

/** What is declared under a name beside the methods that use it. */
export interface NamedType extends Sides {
  name: string;
  /** That of what its receiver gets, where that is another type; else the name itself. */
  parsedName: string;
  doc: string | undefined;
  origin: Origin | undefined;
}

export interface Field {
  name: string;
  type: Type;
  optional: boolean;
  readonly: boolean;
  doc: string | undefined;
  origin: Origin | undefined;
}

export interface Parameter {
  name: string;
  type: Type;
  /** "rest": all that follow. */
  is: "required" | "optional" | "rest";
}

/** What all keys of a type hold. */
export interface Index {
  key: Type;
  value: Type;
  readonly: boolean;
}

/** A schema seen from both its sides: what may be passed in, and what comes out of parsing. */
export interface Sides {
  /** What its sender passes. */
  sent: Type;
  /** What its receiver gets, defaults filled in. */
  parsed: Type;
}

export interface DeclaredError {
  code: string;
  data: Sides;
  doc: string | undefined;
  origin: Origin;
}

export interface Method {
  word: Word;
  name: string;
  doc: string | undefined;
  origin: Origin;
  input: Sides;
  /** Of a get; undefined for a send. */
  output: Sides | undefined;
  errors: DeclaredError[];
  /** The running schemas themselves. */
  schemas: { input: unknown; output: unknown; errors: Readonly<Record<string, unknown>> };
  /** The kinds that may call; undefined: everybody. */
  from: { kind: string; origin: Origin }[] | undefined;
  /** The names of the users that may call; undefined: all. */
  fromNames: readonly string[] | undefined;
}

export interface Kind {
  name: string;
  doc: string | undefined;
  origin: Origin;
  /** The words it declares methods under, and where. */
  words: { word: Word; origin: Origin }[];
  /** In the order of the schema. */
  methods: Method[];
  /** What its methods need a name for: types that contain themselves. */
  types: NamedType[];
}

/** The words of a schema, in the order of what is generated. */
export const WORDS = ["get", "send"] as const;
export type Word = (typeof WORDS)[number];

/** No value at all: what a left out input or output means. */
export const NOTHING: Type = { kind: "plain", text: "undefined" };
export const VOID: Type = { kind: "plain", text: "void" };

/** Every type that is printed for a kind, both sides. */
export function typesOf({ methods, types }: Kind): Type[] {
  const sides = methods.flatMap(({ input, output, errors }) => [input, output, ...errors.map(({ data }) => data)]);
  return [...sides, ...types].flatMap((one) => (one === undefined ? [] : [one.sent, one.parsed]));
}
