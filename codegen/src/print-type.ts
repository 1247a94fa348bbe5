import type { Field, Index, Origin, Type } from "./model.ts";
import { type Piece, textOf, widthOf } from "./pieces.ts";
import { contains } from "./type-algebra.ts";

/** A type up to this width stands in one line, and in the signature that uses it. */
const MAX_INLINE = 60;

/** Whether a type is short enough to stand where it is used: one line, without comments on its fields. */
export function fitsInline(type: Type): boolean {
  return !hasDocs(type) && widthOf(printFlat(type)) <= MAX_INLINE;
}

/** Types are printed flat again and again to see whether they fit; once a kind is printed they change no more. */
const flat = new WeakMap<Type, Piece[]>();

/** The type as TypeScript, over several lines where it does not fit in one; `indent` is that of the line it begins in. */
export function printType(type: Type, indent: string): Piece[] {
  return fitsInline(type) ? printFlat(type) : printTall(type, indent);
}

/** The members of an object type, one per line, each line indented by `indent`. */
export function printFields(type: Type & { kind: "object" }, indent: string): Piece[] {
  const pieces: Piece[] = [];
  for (const field of type.fields) {
    pieces.push(...printDoc(field.doc, indent), indent, ...printName(field), ": ");
    pieces.push(...printType(field.type, indent), ";", ...printEnd(field.origin), "\n");
  }
  for (const index of type.open) pieces.push(indent, ...printIndex(index), ...printType(index.value, indent), ";\n");
  return pieces;
}

/** A JSDoc comment as lines of their own, or nothing. */
export function printDoc(doc: string | undefined, indent: string): Piece[] {
  if (doc === undefined) return [];
  const lines = doc.replaceAll("*/", "*\\/").split(/\r?\n/);
  if (lines.length === 1) return [`${indent}/** ${lines[0]} */\n`];
  return [`${indent}/**\n`, ...lines.map((line) => `${indent} * ${line}`.trimEnd().concat("\n")), `${indent} */\n`];
}

/** A name that leads back to where it was written. */
export function printLinked(name: string, origin: Origin | undefined): Piece[] {
  if (origin === undefined) return [name];
  const { file, key } = origin;
  return [{ file, spot: key.start }, name, { file, spot: key.end }];
}

/** The end of a declaration, for editors that show all of it. */
export function printEnd(origin: Origin | undefined): Piece[] {
  return origin === undefined ? [] : [{ file: origin.file, spot: origin.whole.end }];
}

/** A name that leads nowhere: editors stay in the generated file. */
export function printUnlinked(name: string): Piece[] {
  return [{ file: undefined, spot: undefined }, name];
}

/** A key as it must be written in an object type. */
export function printKey(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
}

function printName({ name, readonly, optional, origin }: Field): Piece[] {
  return [readonly ? "readonly " : "", ...printLinked(printKey(name), origin), optional ? "?" : ""];
}

function printIndex({ key, readonly }: Index): Piece[] {
  return [readonly ? "readonly " : "", "[key: ", ...printFlat(key), "]: "];
}

function printFlat(type: Type): Piece[] {
  const known = flat.get(type);
  if (known) return known;
  const pieces = printFlatly(type);
  flat.set(type, pieces);
  return pieces;
}

function printFlatly(type: Type): Piece[] {
  switch (type.kind) {
    case "plain":
      return [type.text];
    case "array":
      return [type.readonly ? "readonly " : "", ...printElement(type.element, printFlat), "[]"];
    case "tuple":
      return [type.readonly ? "readonly " : "", "[", ...join(printItems(type, printFlat), ", "), "]"];
    case "union":
      return join(type.members.map(printMember), " | ");
    case "intersection":
      return join(type.members.map(printFactor), " & ");
    case "record":
      return printRecord(type, printFlat);
    case "template":
      return printTemplate(type);
    case "reference":
      return printReference(type, printFlat);
    case "function":
      return printFunction(type, printFlat);
    case "named":
      return [nameOf(type)];
  }
  const fields = type.fields.map((field, index): Piece[] => {
    const isLast = index === type.fields.length - 1 && type.open.length === 0;
    return [...printName(field), ": ", ...printFlat(field.type), isLast ? "" : ";", ...printEnd(field.origin)];
  });
  type.open.forEach((index, at) => {
    const isLast = at === type.open.length - 1;
    fields.push([...printIndex(index), ...printFlat(index.value), isLast ? "" : ";"]);
  });
  return ["{ ", ...join(fields, " "), " }"];
}

function printTall(type: Type, indent: string): Piece[] {
  const deeper = `${indent}  `;
  const print = (part: Type) => printType(part, deeper);
  switch (type.kind) {
    case "plain":
      return [type.text];
    case "array":
      return [
        type.readonly ? "readonly " : "",
        ...printElement(type.element, (element) => printTall(element, indent)),
        "[]",
      ];
    case "tuple":
      return [
        type.readonly ? "readonly " : "",
        "[\n",
        ...printItems(type, print).flatMap((item): Piece[] => [deeper, ...item, ",\n"]),
        `${indent}]`,
      ];
    case "union":
      return type.members.flatMap((member): Piece[] => {
        const isInline = fitsInline(member);
        return [
          `\n${deeper}| `,
          ...(isInline ? printMember(member) : parenthesize(member, printTall(member, `${deeper}  `))),
        ];
      });
    case "intersection":
      return join(
        type.members.map((member) => (fitsInline(member) ? printFactor(member) : printTall(member, indent))),
        " & ",
      );
    case "record":
      return printRecord(type, (part) => printType(part, indent), type.value.kind === "union" ? indent : undefined);
    case "template":
      return printTemplate(type);
    case "reference":
      return printReference(type, (part) => printType(part, indent));
    case "function":
      return printFunction(type, (part) => printType(part, indent));
    case "named":
      return [nameOf(type)];
  }
  return ["{\n", ...printFields(type, deeper), `${indent}}`];
}

function printElement(element: Type, print: (type: Type) => Piece[]): Piece[] {
  const isLoose =
    element.kind === "union" ||
    element.kind === "intersection" ||
    element.kind === "function" ||
    ((element.kind === "array" || element.kind === "tuple") && element.readonly);
  return isLoose ? ["(", ...print(element), ")"] : print(element);
}

/** A member of an intersection. */
function printFactor(member: Type): Piece[] {
  return member.kind === "union" ? ["(", ...printFlat(member), ")"] : printMember(member);
}

function printTemplate({ texts, types }: Type & { kind: "template" }): Piece[] {
  const parts = texts.map((text, index): Piece[] => {
    const type = types[index];
    const escaped = text.replaceAll(/[\\`]|\$\{/g, (found) => `\\${found}`);
    return type === undefined ? [escaped] : [escaped, "${", ...printFlat(type), "}"];
  });
  return ["`", ...parts.flat(), "`"];
}

function printReference({ name, args }: Type & { kind: "reference" }, print: (type: Type) => Piece[]): Piece[] {
  return args.length === 0 ? [name] : [name, "<", ...join(args.map(print), ", "), ">"];
}

function printFunction({ parameters, result }: Type & { kind: "function" }, print: (type: Type) => Piece[]): Piece[] {
  const all = parameters.map(({ name, type, is }) => [
    is === "rest" ? "..." : "",
    name,
    is === "optional" ? "?: " : ": ",
    ...print(type),
  ]);
  return ["(", ...join(all, ", "), ") => ", ...print(result)];
}

function nameOf({ of, side }: Type & { kind: "named" }): string {
  return side === "sent" ? of.name : of.parsedName;
}

function printMember(member: Type): Piece[] {
  return parenthesize(member, printFlat(member));
}

/** `readonly` binds looser than a union reads, and so does what a function gives. */
function parenthesize(member: Type, pieces: Piece[]): Piece[] {
  const isLoose =
    member.kind === "function" || ((member.kind === "array" || member.kind === "tuple") && member.readonly);
  return isLoose ? ["(", ...pieces, ")"] : pieces;
}

function printItems(type: Type & { kind: "tuple" }, print: (type: Type) => Piece[]): Piece[][] {
  const items = type.items.map((item): Piece[] =>
    item.optional ? [...printElement(item.type, print), "?"] : print(item.type),
  );
  if (type.rest !== undefined) items.push(["...", ...printElement(type.rest, print), "[]"]);
  return items;
}

/** With `indent`, closes in a line of its own. */
function printRecord(type: Type & { kind: "record" }, print: (type: Type) => Piece[], indent?: string): Piece[] {
  if (contains(type, ({ kind }) => kind === "named")) return printMapped(type, print);
  const end = indent === undefined ? ">" : `\n${indent}>`;
  let pieces: Piece[] = ["Record<", ...print(type.key), ", ", ...print(type.value), end];
  if (type.partial) pieces = ["Partial<", ...pieces, ">"];
  return type.readonly ? ["Readonly<", ...pieces, ">"] : pieces;
}

/** `Record` may not stand for a type that contains it. */
function printMapped(type: Type & { kind: "record" }, print: (type: Type) => Piece[]): Piece[] {
  const key = textOf(printFlat(type.key));
  const isIndex = (key === "string" || key === "number") && !type.partial;
  const head = isIndex ? `[key: ${key}]` : `[Key in ${key}]${type.partial ? "?" : ""}`;
  return [`{ ${type.readonly ? "readonly " : ""}${head}: `, ...print(type.value), " }"];
}

function hasDocs(type: Type): boolean {
  return contains(type, (part) => part.kind === "object" && part.fields.some(({ doc }) => doc !== undefined));
}

function join(parts: readonly Piece[][], separator: string): Piece[] {
  const joined: Piece[] = [];
  for (const [index, part] of parts.entries()) {
    if (index > 0) joined.push(separator);
    for (const piece of part) joined.push(piece);
  }
  return joined;
}
