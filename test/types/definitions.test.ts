import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ROOT } from "../codegen/root.ts";
import { DEFINITIONS, offsetOf, PROBE, PROBE_PATH } from "./probe.ts";

interface Position {
  line: number;
  character: number;
}

interface Range {
  start: Position;
  end: Position;
}

/** A client of TypeScript 7's editor server, by the Language Server Protocol. */
class EditorServer {
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, (result: unknown) => void>();
  #received = Buffer.alloc(0);
  #lastId = 0;

  constructor() {
    const argv = [join(ROOT, "node_modules/typescript/lib/tsc.js"), "--lsp", "--stdio"];
    this.#process = spawn(process.execPath, argv, { cwd: ROOT, stdio: ["pipe", "pipe", "inherit"] });
    this.#process.stdout?.on("data", (chunk: Buffer) => this.#receive(chunk));
  }

  request(method: string, params: object): Promise<unknown> {
    const id = ++this.#lastId;
    this.#send({ id, method, params });
    return new Promise((resolve) => this.#waiting.set(id, resolve));
  }

  notify(method: string, params: object): void {
    this.#send({ method, params });
  }

  async close(): Promise<void> {
    const ended = once(this.#process, "exit");
    this.#process.kill();
    await ended;
  }

  #send(message: object): void {
    const text = JSON.stringify({ jsonrpc: "2.0", ...message });
    this.#process.stdin?.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
  }

  #receive(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    for (;;) {
      const head = /^Content-Length: (\d+)[^]*?\r\n\r\n/i.exec(this.#received.toString("latin1"));
      if (head === null) return;
      const end = head[0].length + Number(head[1]);
      if (this.#received.length < end) return;
      const text = this.#received.subarray(head[0].length, end).toString();
      this.#received = this.#received.subarray(end);
      this.#take(
        JSON.parse(text) as { id?: number; method?: string; params?: { items?: unknown[] }; result?: unknown },
      );
    }
  }

  #take(message: { id?: number; method?: string; params?: { items?: unknown[] }; result?: unknown }): void {
    if (message.id === undefined) return;
    if (message.method === undefined) {
      this.#waiting.get(message.id)?.(message.result);
      return;
    }
    // The server asks for settings and the like: there are none.
    this.#send({ id: message.id, result: message.params?.items?.map(() => null) ?? null });
  }
}

const uri = pathToFileURL(PROBE_PATH).href;
let server: EditorServer;

beforeAll(async () => {
  server = new EditorServer();
  const rootUri = pathToFileURL(ROOT).href;
  await server.request("initialize", {
    processId: process.pid,
    rootUri,
    workspaceFolders: [{ uri: rootUri, name: "chatroom" }],
    capabilities: { textDocument: { definition: { linkSupport: true } } },
  });
  server.notify("initialized", {});
  server.notify("textDocument/didOpen", { textDocument: { uri, languageId: "typescript", version: 1, text: PROBE } });
}, 60_000);

afterAll(() => server.close());

function positionOf(needle: string): Position {
  const before = PROBE.slice(0, offsetOf(needle)).split("\n");
  return { line: before.length - 1, character: before.at(-1)?.length ?? 0 };
}

test.each(DEFINITIONS)("F12 at %s lands in %s (TypeScript 7)", async (needle, file, line) => {
  const answer = await server.request("textDocument/definition", {
    textDocument: { uri },
    position: positionOf(needle),
  });
  const [found] = answer as { targetUri: string; targetRange: Range; targetSelectionRange: Range }[];
  if (found === undefined) throw new Error("no definition");
  const path = fileURLToPath(found.targetUri);
  const { start, end } = found.targetSelectionRange;
  const lines = readFileSync(path, "utf8").split("\n");
  expect([relative(ROOT, path), lines[start.line]?.trim()]).toEqual([file, line]);
  // What is selected is the very name that was pointed at.
  const name = /^[\w$]+/.exec(PROBE.slice(offsetOf(needle)))?.[0];
  expect(lines[start.line]?.slice(start.character, end.character)).toBe(name);
  // Editors refuse a selection outside of its surroundings.
  expect(found.targetRange.start.line).toBeLessThanOrEqual(start.line);
  expect(found.targetRange.end.line).toBeGreaterThanOrEqual(end.line);
});

test("renaming a called method renames its key in the schema, once, and the calls under that word", async () => {
  const params = { textDocument: { uri }, position: positionOf("get.|test("), newName: "probe" };
  const { changes } = (await server.request("textDocument/rename", params)) as {
    changes: Record<string, { range: Range }[]>;
  };
  const schema = pathToFileURL(join(ROOT, "schemas/Bar.ts")).href;
  expect(changes[schema]).toHaveLength(1);
  expect(changes[uri]).toEqual([
    { newText: "probe", range: { start: positionOf("get.|test("), end: positionOf('get.test|("hi")') } },
  ]);
  expect(Object.keys(changes).filter((one) => one.includes("/generated/"))).toEqual([]);
});
