/** A place in a text, both counted from 1; columns in UTF-16 units, as editors and source maps count. */
export interface Spot {
  line: number;
  column: number;
}

/** From the first character to just after the last. */
export interface Span {
  start: Spot;
  end: Spot;
}

/** What matters of an expression in a schema file. Parentheses, `as const`, `satisfies` and `!` are looked through. */
export type Expression = { span: Span } & (
  | { kind: "call"; callee: Expression; args: Expression[]; hasTypeArguments: boolean }
  | { kind: "member"; object: Expression; name: string; nameSpan: Span }
  | { kind: "object"; members: Member[] }
  | { kind: "array"; items: Expression[] }
  | { kind: "name"; name: string }
  | { kind: "text"; text: string }
  /** One that does nothing but give a value. Parameters that are taken apart have no name. */
  | { kind: "function"; parameters: (string | undefined)[]; body: Expression }
  | { kind: "other" }
);

/** One `key: value` of an object literal, or one `...spread`. */
export interface Member {
  /** Undefined: a spread, or a computed key. */
  name: string | undefined;
  key: Span;
  span: Span;
  value: Expression;
  /** The text of its JSDoc comment, without the stars. */
  doc: string | undefined;
}

/** A `const` (or `let`, `var`), or a function, at the top of a module. */
export interface Constant {
  name: string;
  key: Span;
  span: Span;
  exported: boolean;
  value: Expression;
  doc: string | undefined;
}

/** A name that a module imports; `imported` is "*" for a namespace, "default" for a default import. */
export interface Import {
  local: string;
  imported: string;
  from: string;
}

/** What matters of a module. */
export interface SourceModule {
  /** Absolute. */
  path: string;
  text: string;
  imports: Import[];
  constants: Constant[];
  /** Expressions that stand alone or are the default export: kinds that got no name. */
  nameless: Expression[];
  /** Every module named in an import, with where it is named. */
  uses: { from: string; span: Span }[];
  /** Members of object literals that JavaScript loses without a word. */
  lost: { at: Spot; message: string }[];
}
