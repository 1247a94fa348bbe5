import { declareTypes, type MethodTypes, type ModuleOf } from "./emit-types.ts";
import { assemble, Imports } from "./generated-file.ts";
import type { Kind, Method, Word } from "./model.ts";
import { kindNames } from "./names.ts";
import { type Piece, widthOf } from "./pieces.ts";
import { printDoc, printEnd, printLinked, printUnlinked } from "./print-type.ts";
import { allowsNothing } from "./type-algebra.ts";

const MAX_WIDTH = 120;

/** Prints what a caller gets from a method, or what its handler gives. */
type PrintResult = (types: MethodTypes) => Piece[];

/** What is generated for one kind. */
export interface EmittedKind {
  kind: Kind;
  /** Its declarations, with marks for their source map. */
  pieces: Piece[];
  /** For each method that declares errors: the type of those that its callers get. */
  errors: { method: string; type: string }[];
}

export function emitKind(kind: Kind, header: string, moduleOf: ModuleOf): EmittedKind {
  const imports = new Imports();
  const { declarations, types } = declareTypes(kind, imports, moduleOf);
  const emitter = new KindEmitter(kind, types, imports);
  const body = [...declarations, ...emitter.handlers(), ...emitter.peer(), ...emitter.peers(), ...emitter.programs()];
  const errors = [...types].flatMap(([method, { errorsParsed }]) =>
    errorsParsed === undefined ? [] : [{ method: method.name, type: errorsParsed }],
  );
  return { kind, pieces: assemble(header, imports, body), errors };
}

class KindEmitter {
  readonly #kind: Kind;
  readonly #types: ReadonlyMap<Method, MethodTypes>;
  readonly #imports: Imports;
  readonly #names: ReturnType<typeof kindNames>;
  /** The words that have methods; others are not emitted. */
  readonly #words: Kind["words"];

  constructor(kind: Kind, types: ReadonlyMap<Method, MethodTypes>, imports: Imports) {
    this.#kind = kind;
    this.#types = types;
    this.#imports = imports;
    this.#names = kindNames(kind.name);
    this.#words = kind.words.filter(({ word }) => kind.methods.some((method) => method.word === word));
  }

  handlers(): Piece[] {
    const names = this.#names;
    const members = this.#wordMembers({ get: names.getHandlers, send: names.sendHandlers }, "");
    // An empty interface would take anything.
    if (members.length === 0) members.push("  [word: string]: never;\n");
    const awaitable: PrintResult = ({ output }) => [this.#imports.runtime("Awaitable"), "<", ...output.sent, ">"];
    return [
      `/** What a program that joins as ${this.#kind.name} handles. */\n`,
      ...declare(names.handlers, "", members),
      ...this.#methods(names.getHandlers, "get", (method, types) => printHandler(method, types, awaitable(types))),
      ...this.#methods(names.sendHandlers, "send", (method, types) => printHandler(method, types, ["unknown"])),
    ];
  }

  peer(): Piece[] {
    const names = this.#names;
    const members: Piece[] = ["  readonly ", ...printUnlinked("kind"), `: "${this.#kind.name}";\n`];
    members.push(...this.#wordMembers({ get: names.get, send: names.send }, "readonly "));
    if (this.#words.length > 0) members.push("  readonly ", ...printUnlinked("try"), `: ${names.try};\n`);
    const result: PrintResult = ({ output, errorsParsed }) => {
      return ["Promise<", this.#imports.runtime("Result"), "<", ...output.parsed, ...argument(errorsParsed), ">>"];
    };
    const tries = this.#calls(names.try, undefined, result);
    return [
      ...printDoc(this.#kind.doc, ""),
      ...declare(names.peer, this.#imports.runtime("AnyKindPeer"), members),
      ...this.#calls(names.get, "get", promise),
      ...this.#calls(names.send, "send", promise),
      ...(tries.length > 0 ? ["/** The same calls, giving a result instead of throwing. */\n", ...tries] : []),
    ];
  }

  peers(): Piece[] {
    const names = this.#names;
    const members: Piece[] = ["  ", ...printUnlinked("named"), `(name: string): ${names.peer};\n`];
    members.push("  /** A live one, the least busy. */\n  readonly ", ...printUnlinked("any"), `: ${names.peer};\n`);
    members.push("  /** Every live one. */\n  readonly ", ...printUnlinked("all"), `: ${names.all};\n`);
    const answers: PrintResult = ({ output, errorsParsed }) => {
      return [this.#imports.runtime("Answers"), "<", ...output.parsed, ...argument(errorsParsed), ">"];
    };
    const group = `${this.#imports.runtime("Group")}<${names.peer}>`;
    return [
      `/** The ${this.#kind.name} of that name, and ways to choose others. */\n`,
      ...declare(names.peers, names.peer, members),
      ...declare(names.all, group, this.#wordMembers({ get: names.allGet, send: names.allSend }, "readonly ")),
      ...this.#calls(names.allGet, "get", answers),
      ...this.#calls(names.allSend, "send", answers),
    ];
  }

  /** What a program of this kind is to itself, by the way it takes part. */
  programs(): Piece[] {
    const { user, server, client } = this.#names;
    const ways = [
      [user, "User"],
      [server, "Server"],
      [client, "Client"],
    ] as const;
    return ways.flatMap(([name, base]) => declare(name, this.#imports.from("./network.d.ts", base), []));
  }

  /** A property per word that has methods. */
  #wordMembers(types: Readonly<Record<Word, string>>, modifier: string): Piece[] {
    return this.#words.flatMap(({ word, origin }): Piece[] => {
      return ["  ", modifier, ...printLinked(word, origin), `: ${types[word]};`, ...printEnd(origin), "\n"];
    });
  }

  #calls(name: string, word: Word | undefined, print: PrintResult): Piece[] {
    const callOptions = (): string => this.#imports.runtime("CallOptions");
    return this.#methods(name, word, (method, types) => printCall(method, types, callOptions(), print(types)));
  }

  /** An interface with a member per method of the word, or of all words; nothing when there are none. */
  #methods(name: string, word: Word | undefined, print: (method: Method, types: MethodTypes) => Piece[]): Piece[] {
    const members: Piece[] = [];
    for (const [method, types] of this.#types) {
      if (word !== undefined && method.word !== word) continue;
      members.push(...printDoc(method.doc, "  "), ...print(method, types), ...printEnd(method.origin), "\n");
    }
    return members.length === 0 ? [] : declare(name, "", members);
  }
}

const promise: PrintResult = ({ output }) => ["Promise<", ...output.parsed, ">"];

function declare(name: string, base: string, members: readonly Piece[]): Piece[] {
  const head: Piece[] = ["export interface ", ...printUnlinked(name), base === "" ? "" : ` extends ${base}`];
  return members.length === 0 ? [...head, " {}\n"] : [...head, " {\n", ...members, "}\n"];
}

function argument(type: string | undefined): Piece[] {
  return type === undefined ? [] : [", ", type];
}

function printCall(method: Method, types: MethodTypes, callOptions: string, result: readonly Piece[]): Piece[] {
  const input: Piece[] = [allowsNothing(method.input.sent) ? "input?: " : "input: ", ...types.input.sent];
  return printSignature(method, "", [input, [`options?: ${callOptions}`]], ": ", result);
}

function printHandler(method: Method, types: MethodTypes, result: readonly Piece[]): Piece[] {
  const input: Piece[] = ["input: ", ...types.input.parsed];
  return printSignature(method, ": ", [input, [`call: ${types.call}`]], " => ", result);
}

/** One member, in one line or, where that grows too wide, with a line per parameter. */
function printSignature(
  method: Method,
  before: string,
  parameters: readonly Piece[][],
  after: string,
  result: readonly Piece[],
): Piece[] {
  const name: Piece[] = ["  ", ...printLinked(method.name, method.origin), `${before}(`];
  const end: Piece[] = [`)${after}`, ...result, ";"];
  const flat = [...name, ...parameters.flatMap((one, index) => (index === 0 ? one : [", ", ...one])), ...end];
  if (widthOf(flat) <= MAX_WIDTH) return flat;
  return [...name, "\n", ...parameters.flatMap((one) => ["    ", ...one, ",\n"]), "  ", ...end];
}
