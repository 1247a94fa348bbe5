import { compareTexts } from "./problem.ts";

/** Where a kind is exported, as the generated index imports it. */
export interface KindImport {
  kind: string;
  /** The module, relative to the output folder, as in "../schemas/Bar.js". */
  from: string;
}

/** index.ts: the only code that is generated. The kinds come sorted. */
export function emitIndex(kinds: readonly KindImport[], header: string): string {
  const modules = [...new Set(kinds.map(({ from }) => from))].toSorted(compareTexts);
  const imports = modules.map((from) => {
    const names = kinds.filter((one) => one.from === from).map(({ kind }) => `${kind} as ${schemaName(kind)}`);
    return breakList("import { ", names, ` } from "${from}";\n`);
  });
  const types = [...kinds.map(({ kind }) => kind), "network"].map((name) => `export type * from "./${name}.d.ts";\n`);
  const schemas = kinds.map(({ kind }) => `${kind}: ${schemaName(kind)}`);
  const union = kinds.map(({ kind }) => `"${kind}"`);
  const flat = `<Kind extends ${union.join(" | ")}>`;
  const parameter =
    flat.length <= 90 ? flat : `<\n  Kind extends\n${union.map((kind) => `    | ${kind}`).join("\n")},\n>`;
  return `${header}import { bind, type ErrorOf, type JoinOptions } from "chatroom/runtime";
${imports.join("")}import type { Call, DeclaredErrors, Handlers, Users } from "./network.d.ts";

${types.join("")}
${breakList("const network = bind<Handlers, Users, Call>({ ", schemas, " });\n")}
/** Joins a Room as a program of that kind, by default under the kind's own name. */
export function joinRoom${parameter}(
  kind: Kind,
  handlers: Handlers[Kind],
  options?: JoinOptions<Call>,
): Promise<Users[Kind]> {
  return network.joinRoom(kind, handlers, options);
}

/** Whether a caught error is a declared error of that method: the one of that code or, without a code, any. */
export function isError<Method extends keyof DeclaredErrors, Code extends keyof DeclaredErrors[Method] & string>(
  error: unknown,
  method: Method,
  code?: Code,
): error is ErrorOf<DeclaredErrors[Method], Code> {
  return network.isError(error, method, code);
}
`;
}

/** A name that no kind can have: kinds begin with a capital letter. */
function schemaName(kind: string): string {
  return `${kind.slice(0, 1).toLowerCase()}${kind.slice(1)}Schema`;
}

/** A list in braces, in one line or with a line per item. */
function breakList(before: string, items: readonly string[], after: string): string {
  const flat = `${before}${items.join(", ")}${after}`;
  if (flat.length <= 121) return flat;
  return `${before.trimEnd()}\n${items.map((item) => `  ${item},\n`).join("")}${after.trimStart()}`;
}
