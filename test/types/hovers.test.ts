import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { Project, ts } from "ts-morph";
import { beforeAll, describe, expect, test } from "vitest";
import { ROOT } from "../codegen/root.ts";
import { DEFINITIONS, offsetOf, PROBE, PROBE_PATH } from "./probe.ts";

/** The part of TypeScript 6 by which its editor server follows declaration maps. */
interface Mapping {
  getSourceMapper(): {
    tryGetSourcePosition(at: { fileName: string; pos: number }): { fileName: string; pos: number } | undefined;
  };
}

let service: ts.LanguageService & Mapping;

beforeAll(() => {
  const project = new Project({ tsConfigFilePath: join(ROOT, "tsconfig.json"), skipAddingFilesFromTsConfig: true });
  project.createSourceFile(PROBE_PATH, PROBE);
  service = project.getLanguageService().compilerObject as ts.LanguageService & Mapping;
}, 60_000);

/** What an editor shows: the signature in one line, and the comment. */
function hover(needle: string): { shown: string; comment: string } {
  const info = service.getQuickInfoAtPosition(PROBE_PATH, offsetOf(needle));
  const shown = ts
    .displayPartsToString(info?.displayParts)
    .replace(/\nimport \w+$/, "")
    .replace(/\s*\n\s*/g, " ");
  return { shown, comment: ts.displayPartsToString(info?.documentation) };
}

describe("what an editor shows is plain", () => {
  test.each([
    [
      "get.|test(",
      "(method) BarGet.test(input: string, options?: CallOptions): Promise<[string, string]>",
      "Gives the data back, and says who did the test.",
    ],
    [
      '|joinRoom("Bar"',
      '(alias) joinRoom<"Bar">(kind: "Bar", handlers: BarHandlers, options?: JoinOptions<Call>): Promise<BarUser>',
      "Joins a Room as a program of that kind, by default under the kind's own name.",
    ],
    [
      "|find: ({",
      "(property) BarGetHandlers.find: (input: { id: string; }, call: BarFindCall) => Awaitable<{ title: string; }>",
      "Looks a title up.",
    ],
    ["(|data) =>", "(parameter) data: string", ""],
    ["|call) =>", "(parameter) call: BarFindCall", ""],
    ["|sender) =>", "(parameter) sender: Call", ""],
    [
      "call.|fail(",
      '(method) Fails<BarFindErrors>.fail<"NotFound">(code: "NotFound", data: { id: string; }): never',
      "Ends the call with a declared error. `return` or `throw` what it gives: the compiler does not see that it never returns.",
    ],
    ["const |found", "const found: Result<{ title: string; }, BarFindErrors>", ""],
    [
      "get.|render(",
      "(method) WorkerGet.render(input: WorkerRenderInput, options?: CallOptions): Promise<{ image: Uint8Array<ArrayBuffer>; renderedAt: Date; }>",
      "Renders one frame of a scene.",
    ],
    [
      "get.|status(",
      "(method) WorkerAllGet.status(input?: undefined, options?: CallOptions): Answers<{ load: number; running: string[]; }>",
      "What the worker is doing right now.",
    ],
    [
      "{ |scene:",
      "(property) WorkerRenderInput.scene: Uint8Array<ArrayBuffer>",
      "What to render, as the scene editor saves it.",
    ],
    ["peers.|Bar.get", "(property) Peers.Bar: BarPeers", "Bar answers questions."],
    ["Worker.|any", "(property) WorkerPeers.any: WorkerPeer", "A live one, the least busy."],
    ["const |foo", "const foo: FooUser", ""],
    [
      '|openServer("Bar"',
      '(alias) openServer<"Bar">(kind: "Bar", handlers: BarHandlers, options?: OpenServerOptions<Call>): Promise<BarServer>',
      "Opens a server of that kind, by default under the kind's own name. Clients connect to it without a Room.",
    ],
    [
      '|openClient("Foo"',
      '(alias) openClient<"Foo">(kind: "Foo", handlers: FooHandlers, options?: OpenClientOptions<Call>): Promise<FooClient>',
      "Opens a client of that kind, by default under the kind's own name. It connects to servers without a Room.",
    ],
    [
      "client.|connect(",
      '(method) ClientOf<Peers>.connect<"Bar">(kind: "Bar", options?: ConnectOptions): Promise<BarPeers>',
      "Connects to a server of that kind, by default under the kind's own name. Without a server at that address it keeps trying; a refusal\n(password, name, encryption) and a server of another kind are final.",
    ],
    ["const |server", "const server: BarServer", ""],
    ["const |client", "const client: FooClient", ""],
    ["const |there", "const there: BarPeers", ""],
  ])("at %s", (needle, shown, comment) => {
    expect(hover(needle)).toEqual({ shown, comment });
  });
});

/** What an editor offers after a text of the program. */
function namesAfter(needle: string): string[] {
  const at = offsetOf(needle) + needle.length;
  return (service.getCompletionsAtPosition(PROBE_PATH, at, undefined)?.entries ?? []).map(({ name }) => name);
}

describe("completion lists what is declared, and nothing of the machinery", () => {
  test("of kinds, of a kind, of a word", () => {
    expect(namesAfter("foo.peers.")).toEqual(["Bar", "Foo", "Worker"]);
    expect(namesAfter("foo.peers.Bar.")).toEqual([
      "all",
      "any",
      "get",
      "identity",
      "kind",
      "name",
      "named",
      "path",
      "paths",
      "send",
      "try",
    ]);
    expect(namesAfter("foo.peers.Bar.get.")).toEqual(["find", "test"]);
  });

  test("of a client, of what it connects to, and of how", () => {
    expect(namesAfter("await client.")).toEqual([
      "close",
      "connect",
      "disconnect",
      "messages",
      "name",
      "peer",
      "peers",
    ]);
    expect(namesAfter('client.connect("').toSorted()).toEqual(["Bar", "Foo", "Worker"]);
    // Without `name`, which the program gives already.
    expect(namesAfter('client.connect("Bar", { ')).toEqual([
      "host",
      "identity",
      "password",
      "port",
      "reconnect",
      "signal",
    ]);
    expect(namesAfter("server.peers.")).toEqual(["Bar", "Foo", "Worker"]);
  });

  test("of an error's codes: the declared ones and ours", () => {
    expect(namesAfter('found.error.code === "')).toEqual(
      expect.arrayContaining(["NotFound", "Closed", "TIMEOUT", "REFUSED"]),
    );
  });
});

test.each(DEFINITIONS)("F12 at %s lands in %s (TypeScript 6)", (needle, file, line) => {
  const [definition] = service.getDefinitionAtPosition(PROBE_PATH, offsetOf(needle)) ?? [];
  if (definition === undefined) throw new Error("no definition");
  const declared = { fileName: definition.fileName, pos: definition.textSpan.start };
  const { fileName, pos } = service.getSourceMapper().tryGetSourcePosition(declared) ?? declared;
  const text = readFileSync(fileName, "utf8");
  const row = text.slice(0, pos).split("\n").length - 1;
  expect([relative(ROOT, fileName), text.split("\n")[row]?.trim()]).toEqual([file, line]);
});
