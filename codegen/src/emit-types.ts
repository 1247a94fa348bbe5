import type { Imports } from "./generated-file.ts";
import { type DeclaredError, type Kind, type Method, type NamedType, type Sides, type Type, typesOf } from "./model.ts";
import { kindNames, methodNames } from "./names.ts";
import type { Piece } from "./pieces.ts";
import { isAlike, partsOf } from "./type-algebra.ts";
import { fitsInline, printDoc, printEnd, printFields, printLinked, printType, printUnlinked } from "./print-type.ts";

/** How the types of a method stand in its signatures: as themselves, or as the name they were declared under. */
export interface MethodTypes {
  input: SidePieces;
  output: SidePieces;
  /** The declared errors as the caller gets them; undefined where none are declared. */
  errorsParsed: string | undefined;
  /** The type of the handler's second parameter. */
  call: string;
}

export interface SidePieces {
  sent: Piece[];
  parsed: Piece[];
}

/** Gives the path or package of an exported type as generated files import it. */
export type ModuleOf = (from: string) => string;

/** Declares what the methods of a kind need a name for. */
export function declareTypes(
  kind: Kind,
  imports: Imports,
  moduleOf: ModuleOf,
): { declarations: Piece[]; types: Map<Method, MethodTypes> } {
  const declarations: Piece[] = kind.types.flatMap(declareNamed);
  for (const type of typesOf(kind)) importAll(type, imports, moduleOf);
  const types = new Map<Method, MethodTypes>();
  for (const method of kind.methods) {
    const names = methodNames(kind.name, method.name);
    const input = declareSides(method.input, names.input, names.inputParsed, declarations);
    const nothing: SidePieces = { sent: ["void"], parsed: ["void"] };
    const output = method.output
      ? declareSides(method.output, names.output, names.outputParsed, declarations)
      : nothing;
    const errors = declareErrors(method, names, declarations);
    const call = declareCall(kind, method, errors?.sent, imports, declarations);
    types.set(method, { input, output, errorsParsed: errors?.parsed, call });
  }
  return { declarations, types };
}

/** A type that contains itself. */
function declareNamed({ name, parsedName, sent, parsed, doc }: NamedType): Piece[] {
  const declared = [...printDoc(doc, ""), ...declareType(sent, name)];
  return name === parsedName ? declared : [...declared, ...printDoc(doc, ""), ...declareType(parsed, parsedName)];
}

/** Notes what a type needs of other modules. */
function importAll(type: Type, imports: Imports, moduleOf: ModuleOf): void {
  if (type.kind === "reference" && type.from !== undefined)
    imports.from(moduleOf(type.from), type.name.split(".")[0] ?? "");
  for (const part of partsOf(type)) importAll(part, imports, moduleOf);
}

function declareSides(sides: Sides, name: string, parsedName: string, declarations: Piece[]): SidePieces {
  const sent = declareSide(sides.sent, name, declarations);
  return {
    sent,
    parsed: isAlike(sides.sent, sides.parsed) ? sent : declareSide(sides.parsed, parsedName, declarations),
  };
}

function declareSide(type: Type, name: string, declarations: Piece[]): Piece[] {
  if (fitsInline(type)) return printType(type, "");
  declarations.push(...declareType(type, name));
  return [name];
}

function declareType(type: Type, name: string): Piece[] {
  return type.kind === "object"
    ? ["export interface ", ...printUnlinked(name), " {\n", ...printFields(type, "  "), "}\n"]
    : ["export type ", ...printUnlinked(name), " = ", ...printType(type, ""), ";\n"];
}

function declareErrors(
  method: Method,
  names: { errors: string; errorsParsed: string },
  declarations: Piece[],
): { sent: string; parsed: string } | undefined {
  if (method.errors.length === 0) return undefined;
  const sent = printErrors(method.errors, "sent");
  declarations.push("export interface ", ...printUnlinked(names.errors), " {\n", ...sent, "}\n");
  if (method.errors.every(({ data }) => isAlike(data.sent, data.parsed)))
    return { sent: names.errors, parsed: names.errors };
  const parsed = printErrors(method.errors, "parsed");
  declarations.push("export interface ", ...printUnlinked(names.errorsParsed), " {\n", ...parsed, "}\n");
  return { sent: names.errors, parsed: names.errorsParsed };
}

function printErrors(errors: readonly DeclaredError[], side: keyof Sides): Piece[] {
  return errors.flatMap((error): Piece[] => [
    ...printDoc(error.doc, "  "),
    "  ",
    ...printLinked(error.code, error.origin),
    ": ",
    ...printType(error.data[side], "  "),
    ";",
    ...printEnd(error.origin),
    "\n",
  ]);
}

/** Declares what the handler knows of its call, where that is more than every handler knows. */
function declareCall(
  kind: Kind,
  method: Method,
  errors: string | undefined,
  imports: Imports,
  declarations: Piece[],
): string {
  const base = imports.from("./network.d.ts", "Call");
  if (errors === undefined && method.from === undefined) return base;
  const name = methodNames(kind.name, method.name).call;
  const bases = errors === undefined ? base : `${base}, ${imports.runtime("Fails")}<${errors}>`;
  declarations.push(`/** What the handler of \`${method.name}\` knows of its call. */\n`);
  declarations.push("export interface ", ...printUnlinked(name), ` extends ${bases} {`);
  if (method.from === undefined) {
    declarations.push("}\n");
    return name;
  }
  const peers = method.from.map(({ kind: other }) => {
    const { peer } = kindNames(other);
    return other === kind.name ? peer : imports.from(`./${other}.d.ts`, peer);
  });
  declarations.push("\n  readonly ", ...printUnlinked("peer"), `: ${peers.join(" | ")};\n}\n`);
  return name;
}
