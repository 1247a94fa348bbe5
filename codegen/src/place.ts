import { constructorOf, findInner, findItem, findMember, follow, isZod } from "./follow.ts";
import type { Origin } from "./model.ts";
import type { Located, Sources } from "./sources.ts";
import type { Constant, Expression, Member, SourceModule, Span } from "./source-tree.ts";

/**
 * Where a part of a running schema was written. The walk over the schema's data is led by zod; a place follows beside it in the text.
 * Where the text can't be followed (a function made the schema), the place stays at the nearest part that could.
 */
export class Place {
  readonly #sources: Sources;
  readonly module: SourceModule;
  readonly span: Span;
  readonly #expression: Expression;
  /** The comment above the key that led here. */
  readonly doc: string | undefined;
  /** The key that led here, in the file where it stands; undefined where the text could not be followed. */
  readonly origin: Origin | undefined;

  constructor(sources: Sources, at: Located, member?: Member) {
    this.#sources = sources;
    const seen = follow(sources, at);
    this.module = seen.module;
    this.#expression = seen.expression;
    this.span = seen.expression.span;
    this.doc = member?.doc;
    this.origin = member && { file: at.module.path, key: member.key, whole: member.span };
  }

  /** Whether the text was followed until here. */
  get isKnown(): boolean {
    return this.#expression.kind !== "other";
  }

  get file(): string {
    return this.module.path;
  }

  /** The member of an object literal, or of an object schema. */
  field(name: string): Place {
    const found = findMember(this.#sources, this.#located, name);
    if (found === undefined) return this.#stay();
    return new Place(this.#sources, { module: found.module, expression: found.member.value }, found.member);
  }

  /** An item of an array literal, or of a tuple, a union or an enum. */
  item(index: number): Place {
    const found = findItem(this.#sources, this.#located, index);
    return found ? new Place(this.#sources, found) : this.#stay();
  }

  /** What a schema of that type wraps: `array`, `optional`, `nullable`, ... ; for records "record" is the value, "key" the key; for tuples "rest". */
  inner(type: string): Place {
    const found = findInner(this.#sources, this.#located, type);
    return found ? new Place(this.#sources, found) : this;
  }

  /** The method of a chain by that name, as in `z.string().brand("Id")`. */
  method(...names: string[]): Span | undefined {
    let at: Expression | undefined = this.#expression;
    while (at?.kind === "call" && at.callee.kind === "member") {
      if (names.includes(at.callee.name) && !isZod(this.module, at.callee.object)) return at.callee.nameSpan;
      at = at.callee.object;
    }
    return undefined;
  }

  /** The constant that is this schema. */
  get constant(): Constant | undefined {
    return this.module.constants.find(({ value }) => value === this.#expression);
  }

  /** The function that makes this schema, where that is not one of zod that makes many. */
  get maker(): string | undefined {
    const made = this.#expression;
    if (made.kind !== "call") return undefined;
    const ofZod = constructorOf(this.module, made);
    if (ofZod !== undefined) return ofZod === "json" ? ofZod : undefined;
    return made.callee.kind === "name" ? made.callee.name : undefined;
  }

  /** A check of the chain that may narrow the type for the compiler, as in `.refine((value) => value !== null)`. */
  get guard(): Span | undefined {
    let at: Expression | undefined = this.#expression;
    while (at?.kind === "call" && at.callee.kind === "member") {
      const [check] = at.args;
      if (at.callee.name === "refine" && check !== undefined) {
        const isPlain = check.kind === "function" || check.kind === "other";
        if (!isPlain || /[!=]==?|\b(?:is|in|instanceof|typeof|isArray)\b/.test(textIn(this.module.text, check.span)))
          return at.callee.nameSpan;
      }
      at = at.callee.object;
    }
    return undefined;
  }

  /** Whether zod was told a type that only the compiler sees, as in `z.string<Id>()`. */
  get hasTypeArguments(): boolean {
    let at: Expression | undefined = this.#expression;
    while (at?.kind === "call") {
      if (at.hasTypeArguments) return true;
      at = at.callee.kind === "member" ? at.callee.object : undefined;
    }
    return false;
  }

  /** Whether the chain begins with a function of zod that is handed that name: `Color` in `z.enum(Color).optional()`. */
  beginsWith(name: string): boolean {
    const argument = this.#firstArgument;
    return argument?.kind === "name" && argument.name === name;
  }

  /** Whether the chain begins with a function of zod that is handed a TypeScript enum. */
  get beginsWithEnum(): boolean {
    const argument = this.#firstArgument;
    return argument !== undefined && this.#sources.isEnum(this.module, argument);
  }

  get #firstArgument(): Expression | undefined {
    let at: Expression | undefined = this.#expression;
    while (at?.kind === "call" && at.callee.kind === "member" && !isZod(this.module, at.callee.object))
      at = at.callee.object;
    return at?.kind === "call" ? at.args[0] : undefined;
  }

  get #located(): Located {
    return { module: this.module, expression: this.#expression };
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
