import { constructorOf, findInner, findItem, findMember, follow, isZod, valueOf } from "./follow.ts";
import type { Origin } from "./model.ts";
import type { Located, Sources } from "./sources.ts";
import type { Constant, Expression, Member, SourceModule, Span } from "./source-tree.ts";

/** Calls in a chain; of longer ones the beginning is not seen. */
const MAX_CALLS = 200;

type Call = Located & { expression: { kind: "call" } };

/**
 * Where a part of a running schema was written. The walk over the schema's data is led by zod; a place follows beside it in the text.
 * Where the text can't be followed (a function made the schema), the place stays at the nearest part that could.
 */
export class Place {
  readonly #sources: Sources;
  readonly #at: Located;
  /** Looked for when it is asked for, which is often. */
  #calls: readonly Call[] | undefined;
  /** The comment above the key that led here. */
  readonly doc: string | undefined;
  /** The key that led here, in the file where it stands; undefined where the text could not be followed. */
  readonly origin: Origin | undefined;

  constructor(sources: Sources, at: Located, member?: Member) {
    this.#sources = sources;
    this.#at = follow(sources, at);
    this.doc = member?.doc;
    this.origin = member && { file: at.module.path, key: member.key, whole: member.span };
  }

  /** Whether the text was followed until here: to a function of zod, and the methods that were called on what it made. */
  get isKnown(): boolean {
    const last = this.#chain.at(-1);
    return last !== undefined && constructorOf(last.module, last.expression) !== undefined;
  }

  get module(): SourceModule {
    return this.#at.module;
  }

  get span(): Span {
    return this.#at.expression.span;
  }

  get file(): string {
    return this.module.path;
  }

  /** The member of an object literal, or of an object schema. */
  field(name: string): Place {
    const found = findMember(this.#sources, this.#at, name);
    return found ? new Place(this.#sources, valueOf(found), found.member) : this.#stay();
  }

  /** An item of an array literal, or of a tuple, a union or an enum. */
  item(index: number): Place {
    const found = findItem(this.#sources, this.#at, index);
    return found ? new Place(this.#sources, found) : this.#stay();
  }

  /** What a schema of that type wraps: `array`, `optional`, `nullable`, ... ; for records "record" is the value, "key" the key; for tuples "rest". */
  inner(type: string): Place {
    const found = findInner(this.#sources, this.#at, type);
    return found ? new Place(this.#sources, found) : this;
  }

  /** The method of a chain by that name, as in `z.string().brand("Id")`; where that stands elsewhere, the place that uses it. */
  method(...names: string[]): Span | undefined {
    for (const { module, expression } of this.#chain) {
      const { callee } = expression;
      if (callee.kind === "member" && names.includes(callee.name) && !isZod(module, callee.object))
        return module === this.module ? callee.nameSpan : this.span;
    }
    return undefined;
  }

  /** The constant that is this schema. */
  get constant(): Constant | undefined {
    return this.module.constants.find(({ value }) => value === this.#at.expression);
  }

  /** The function that makes this schema, where that is not one of zod that makes many. */
  get maker(): string | undefined {
    const made = this.#at.expression;
    if (made.kind !== "call") return undefined;
    const ofZod = constructorOf(this.module, made);
    if (ofZod !== undefined) return ofZod === "json" ? ofZod : undefined;
    return made.callee.kind === "name" ? made.callee.name : undefined;
  }

  /** A check of the chain that may narrow the type for the compiler, as in `.refine((value) => value !== null)`. */
  get guard(): Span | undefined {
    for (const { module, expression } of this.#chain) {
      const { callee, args } = expression;
      const [check] = args;
      if (callee.kind !== "member" || callee.name !== "refine" || check === undefined) continue;
      const isPlain = check.kind === "function" || check.kind === "other";
      if (!isPlain || /[!=]==?|\b(?:is|in|instanceof|typeof|isArray)\b/.test(textIn(module.text, check.span)))
        return module === this.module ? callee.nameSpan : this.span;
    }
    return undefined;
  }

  /** Whether zod was told a type that only the compiler sees, as in `z.string<Id>()`. */
  get hasTypeArguments(): boolean {
    return this.#chain.some(({ expression }) => expression.hasTypeArguments);
  }

  /** Whether the chain begins with a function of zod that is handed that name: `Color` in `z.enum(Color).optional()`. */
  beginsWith(name: string): boolean {
    const argument = this.#firstArgument?.expression;
    return argument?.kind === "name" && argument.name === name;
  }

  /** Whether the chain begins with an enum or a literal whose values are not all written out: a TypeScript enum has names for them. */
  get beginsWithNames(): boolean {
    const last = this.#chain.at(-1);
    const made = last && constructorOf(last.module, last.expression);
    const argument = this.#firstArgument;
    return /^(?:enum|nativeEnum|literal)$/.test(made ?? "") && argument !== undefined && !this.#isWrittenOut(argument);
  }

  #isWrittenOut(at: Located): boolean {
    const { expression, ...where } = follow(this.#sources, at);
    const all = (parts: readonly Expression[]): boolean =>
      parts.every((part) => this.#isWrittenOut({ ...where, expression: part }));
    switch (expression.kind) {
      case "text":
        return true;
      case "array":
        return all(expression.items);
      case "object":
        return all(expression.members.map(({ value }) => value));
      case "name":
        return expression.name === "undefined";
      case "other":
        return /^(?:[-+]?\d[\w.]*|true|false|null)$/.test(textIn(where.module.text, expression.span));
      default:
        return false;
    }
  }

  get #firstArgument(): Located | undefined {
    const last = this.#chain.at(-1);
    const argument = last?.expression.args[0];
    return last && argument && { ...last, expression: argument };
  }

  /** The calls that made this schema, the last one first; a schema that has a name is looked up. */
  get #chain(): readonly Call[] {
    return (this.#calls ??= this.#readChain());
  }

  #readChain(): readonly Call[] {
    const calls: Call[] = [];
    let at = this.#at;
    while (at.expression.kind === "call" && calls.length < MAX_CALLS) {
      const { expression } = at;
      calls.push({ ...at, expression });
      const { callee } = expression;
      if (constructorOf(at.module, expression) !== undefined || callee.kind !== "member") break;
      at = follow(this.#sources, { ...at, expression: callee.object });
    }
    return calls;
  }

  #stay(): Place {
    return new Place(this.#sources, { module: this.module, expression: { kind: "other", span: this.span } });
  }
}

function textIn(text: string, { start, end }: Span): string {
  const lines = text.split("\n").slice(start.line - 1, end.line);
  const last = lines.pop() ?? "";
  const cut = [...lines, last.slice(0, end.column - 1)].join("\n");
  return cut.slice(start.column - 1);
}
