import type { EmittedKind } from "./emit-kind.ts";
import { assemble, Imports } from "./generated-file.ts";
import { kindNames } from "./names.ts";
import type { Piece } from "./pieces.ts";
import { printDoc, printEnd, printLinked } from "./print-type.ts";

/** network.d.ts: what the kinds make together, with marks for its source map. The kinds come sorted. */
export function emitNetwork(kinds: readonly Omit<EmittedKind, "pieces">[], header: string): Piece[] {
  const imports = new Imports();
  const table = (name: string, pick: (names: ReturnType<typeof kindNames>) => string): Piece[] => [
    `export interface ${name} {\n`,
    ...kinds.flatMap(({ kind }) => {
      const type = imports.from(`./${kind.name}.d.ts`, pick(kindNames(kind.name)));
      return ["  ", kind.name, `: ${type};\n`];
    }),
    "}\n",
  ];
  const peers = kinds.flatMap(({ kind }): Piece[] => {
    const type = imports.from(`./${kind.name}.d.ts`, kindNames(kind.name).peers);
    const member = ["  readonly ", ...printLinked(kind.name, kind.origin), `: ${type};`];
    return [...printDoc(kind.doc, "  "), ...member, ...printEnd(kind.origin), "\n"];
  });
  const anyPeer = kinds.map(({ kind }) => imports.from(`./${kind.name}.d.ts`, kindNames(kind.name).peer));
  anyPeer.push(imports.runtime("Stranger"));
  const errors = kinds.flatMap(({ kind, errors: declared }) =>
    declared.map(({ method, type }) => {
      return `  "${kind.name}.${method}": ${imports.from(`./${kind.name}.d.ts`, type)};\n`;
    }),
  );
  const body: Piece[] = [
    "/** The kinds of this network. */\nexport interface Peers {\n",
    ...peers,
    "}\n",
    "/** Whoever calls; told apart by `kind`. */\n",
    anyPeerType(anyPeer),
    "/** What a handler knows of its call. */\n",
    `export interface Call extends ${imports.runtime("CallContext")}<Peers, AnyPeer> {}\n`,
    "/** A program that joined a Room. */\n",
    `export interface User extends ${imports.runtime("UserOf")}<Peers> {}\n`,
    "/** A program that clients connect to, without a Room. */\n",
    `export interface Server extends ${imports.runtime("ServerOf")}<Peers> {}\n`,
    "/** A program that connects to servers, without a Room. */\n",
    `export interface Client extends ${imports.runtime("ClientOf")}<Peers> {}\n`,
    "/** What a program handles, by its kind. */\n",
    ...table("Handlers", (names) => names.handlers),
    "/** What joining gives, by kind. */\n",
    ...table("Users", (names) => names.user),
    "/** What opening a server gives, by kind. */\n",
    ...table("Servers", (names) => names.server),
    "/** What opening a client gives, by kind. */\n",
    ...table("Clients", (names) => names.client),
    "/** The errors that methods declare: by method, then by code. */\n",
    errors.length === 0 ? "export interface DeclaredErrors {}\n" : "",
    ...(errors.length === 0 ? [] : ["export interface DeclaredErrors {\n", ...errors, "}\n"]),
  ];
  return assemble(header, imports, body);
}

function anyPeerType(peers: readonly string[]): string {
  const flat = `export type AnyPeer = ${peers.join(" | ")};\n`;
  return flat.length <= 120 ? flat : `export type AnyPeer =\n${peers.map((peer) => `  | ${peer}`).join("\n")};\n`;
}
