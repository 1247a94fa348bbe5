import { compareTexts } from "./problem.ts";

/** Where a kind is exported, as the generated index imports it. */
export interface KindImport {
  kind: string;
  /** The module, relative to the output folder, as in "../schemas/Bar.js". */
  from: string;
  /** Whether there is a module of its codecs. */
  hasCodec: boolean;
}

/** A function that makes a program of a kind. */
interface Opening {
  name: string;
  doc: string;
  /** The type of its options, and the table of what it gives. */
  options: string;
  gives: string;
}

const OPENINGS: readonly Opening[] = [
  {
    name: "joinRoom",
    doc: "Joins a Room as a program of that kind, by default under the kind's own name.",
    options: "JoinOptions",
    gives: "Users",
  },
  {
    name: "openServer",
    doc: "Opens a server of that kind, by default under the kind's own name. Clients connect to it without a Room.",
    options: "OpenServerOptions",
    gives: "Servers",
  },
  {
    name: "openClient",
    doc: "Opens a client of that kind, by default under the kind's own name. It connects to servers without a Room.",
    options: "OpenClientOptions",
    gives: "Clients",
  },
];

/** index.ts: the only code that is generated. The kinds come sorted. */
export function emitIndex(kinds: readonly KindImport[], header: string): string {
  const modules = [...new Set(kinds.map(({ from }) => from))].toSorted(compareTexts);
  const imports = modules.map((from) => {
    const names = kinds.filter((one) => one.from === from).map(({ kind }) => `${kind} as ${schemaName(kind)}`);
    return breakList("import { ", names, ` } from "${from}";\n`);
  });
  for (const { kind, hasCodec } of kinds)
    if (hasCodec) imports.push(`import { codecs as ${lowerCase(kind)}Codecs } from "./${kind}.codec.js";\n`);
  const types = [...kinds.map(({ kind }) => kind), "network"].map((name) => `export type * from "./${name}.d.ts";\n`);
  const schemas = kinds.map(({ kind }) => `${kind}: ${schemaName(kind)}`);
  const codecs = kinds.filter(({ hasCodec }) => hasCodec).map(({ kind }) => `${kind}: ${lowerCase(kind)}Codecs`);
  const options = ["ErrorOf", ...OPENINGS.map((opening) => opening.options)].toSorted(compareTexts);
  const runtime = ["bind", ...options.map((name) => `type ${name}`)];
  const tables = ["Call", "DeclaredErrors", "Handlers", ...OPENINGS.map(({ gives }) => gives)].toSorted(compareTexts);
  imports.unshift(breakList("import { ", runtime, ' } from "chatroom/runtime";\n'));
  imports.push(breakList("import type { ", tables, ' } from "./network.d.ts";\n'));
  return `${header}${imports.join("")}
${types.join("")}
${breakList("const schemas = { ", schemas, " };\n")}${codecs.length === 0 ? "" : breakList("const codecs = { ", codecs, " };\n")}const network = bind<Handlers, Users, Call, Servers, Clients>(${codecs.length === 0 ? "schemas" : "schemas, codecs"});

${OPENINGS.map((opening) => emitOpening(opening, kinds)).join("\n")}
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

function emitOpening({ name, doc, options, gives }: Opening, kinds: readonly KindImport[]): string {
  const union = kinds.map(({ kind }) => `"${kind}"`);
  const flat = `<Kind extends ${union.join(" | ")}>`;
  const parameter =
    flat.length <= 90 ? flat : `<\n  Kind extends\n${union.map((kind) => `    | ${kind}`).join("\n")},\n>`;
  return `/** ${doc} */
export function ${name}${parameter}(
  kind: Kind,
  handlers: Handlers[Kind],
  options?: ${options}<Call>,
): Promise<${gives}[Kind]> {
  return network.${name}(kind, handlers, options);
}
`;
}

/** A name that no kind can have: kinds begin with a capital letter. */
function schemaName(kind: string): string {
  return `${lowerCase(kind)}Schema`;
}

function lowerCase(kind: string): string {
  return `${kind.slice(0, 1).toLowerCase()}${kind.slice(1)}`;
}

/** A list in braces, in one line or with a line per item. */
function breakList(before: string, items: readonly string[], after: string): string {
  const flat = `${before}${items.join(", ")}${after}`;
  if (flat.length <= 121) return flat;
  return `${before.trimEnd()}\n${items.map((item) => `  ${item},\n`).join("")}${after.trimStart()}`;
}
