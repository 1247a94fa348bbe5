import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { ROOT } from "../codegen/root.ts";
import { type Complaint, compile } from "./compile.ts";
import { RIGHT_USES } from "./right-uses.ts";

const HEAD = `import { definePeer } from "chatroom/schema";
import { z } from "zod";
import { isError, joinRoom, openClient, openServer } from "${ROOT}/generated/index.js";
import type { BarGetHandlers, BarHandlers, FooClient, FooHandlers, FooServer, FooUser, WorkerHandlers } from "${ROOT}/generated/index.js";
declare const foo: FooUser;
declare const server: FooServer;
declare const client: FooClient;
declare const bar: BarHandlers;
declare const error: unknown;
const { get, send } = bar;
export const mistakes = [
`;

/** Expressions that must not compile: what is wrong, the expression, and all that the compiler says of it. */
const MISTAKES: [what: string, expression: string, ...messages: string[]][] = [
  [
    "a handler that is missing",
    `joinRoom("Bar", { get: { test: (data) => ["x", data] }, send })`,
    "Property 'find' is missing in type '{ test: (data: string) => [string, string]; }' but required in type 'BarGetHandlers'.",
  ],
  [
    "a handler that is not declared",
    `joinRoom("Bar", { get: { ...get, fnid: () => {} }, send })`,
    "Object literal may only specify known properties, and 'fnid' does not exist in type 'BarGetHandlers'.",
  ],
  [
    "a word without handlers",
    `joinRoom("Bar", { get })`,
    "Property 'send' is missing in type '{ get: BarGetHandlers; }' but required in type 'BarHandlers'.",
  ],
  [
    "a word that is not declared",
    `joinRoom("Bar", { get, sned: send })`,
    "Object literal may only specify known properties, and 'sned' does not exist in type 'BarHandlers'.",
  ],
  [
    "a wrong answer",
    `joinRoom("Bar", { get: { ...get, test: (data) => [data] }, send })`,
    "Type '[string]' is not assignable to type 'Awaitable<[string, string]>'.\n  Type '[string]' is not assignable to type '[string, string]'.\n    Source has 1 element(s) but target requires 2.",
  ],
  [
    "a handler that takes another input",
    `joinRoom("Bar", { get: { ...get, test: (data: number) => ["x", String(data)] }, send })`,
    "Type '(data: number) => [string, string]' is not assignable to type '(input: string, call: Call) => Awaitable<[string, string]>'.\n  Types of parameters 'data' and 'input' are incompatible.\n    Type 'string' is not assignable to type 'number'.",
  ],
  [
    "a handler that wants an input where none is declared",
    `joinRoom("Foo", { get: { title: (name: string) => name }, send: { chat: () => {} } })`,
    "Type '(name: string) => string' is not assignable to type '(input: undefined, call: Call) => Awaitable<string>'.\n  Types of parameters 'name' and 'input' are incompatible.\n    Type 'undefined' is not assignable to type 'string'.",
  ],
  [
    "an error that is not declared",
    `joinRoom("Bar", { get: { ...get, find: ({ id }, call) => call.fail("Missing", { id }) }, send })`,
    `Argument of type '"Missing"' is not assignable to parameter of type '"Closed" | "NotFound"'.`,
  ],
  [
    "an error with other data",
    `joinRoom("Bar", { get: { ...get, find: (_, call) => call.fail("NotFound", { di: "1" }) }, send })`,
    "Object literal may only specify known properties, and 'di' does not exist in type '{ id: string; }'.",
  ],
  [
    "an error without its data",
    `joinRoom("Bar", { get: { ...get, find: (_, call) => call.fail("NotFound") }, send })`,
    "Expected 2 arguments, but got 1.",
  ],
  [
    "data for an error that carries none",
    `joinRoom("Bar", { get: { ...get, find: (_, call) => call.fail("Closed", {}) }, send })`,
    "Expected 1 arguments, but got 2.",
  ],
  [
    "fail where no error is declared",
    `joinRoom("Bar", { get: { ...get, test: (_, call) => call.fail("NotFound") }, send })`,
    "Property 'fail' does not exist on type 'Call'.",
  ],
  [
    "joining as a kind that is not declared",
    `joinRoom("Baz", { get, send })`,
    `Argument of type '"Baz"' is not assignable to parameter of type '"Bar" | "Foo" | "Worker"'.`,
  ],
  [
    "an option that does not exist",
    `joinRoom("Bar", bar, { nmae: "bar-1" })`,
    "Object literal may only specify known properties, and 'nmae' does not exist in type 'JoinOptions<Call>'.",
  ],
  [
    "a server without a handler",
    `openServer("Bar", { get: { test: (data) => ["x", data] }, send })`,
    "Property 'find' is missing in type '{ test: (data: string) => [string, string]; }' but required in type 'BarGetHandlers'.",
  ],
  [
    "a client without a word",
    `openClient("Bar", { get })`,
    "Property 'send' is missing in type '{ get: BarGetHandlers; }' but required in type 'BarHandlers'.",
  ],
  [
    "a server of a kind that is not declared",
    `openServer("Baz", { get, send })`,
    `Argument of type '"Baz"' is not assignable to parameter of type '"Bar" | "Foo" | "Worker"'.`,
  ],
  [
    "a client of a kind that is not declared",
    `openClient("Baz", { get, send })`,
    `Argument of type '"Baz"' is not assignable to parameter of type '"Bar" | "Foo" | "Worker"'.`,
  ],
  [
    "an option that a server does not have",
    `openServer("Bar", bar, { hostname: "::1" })`,
    "Object literal may only specify known properties, and 'hostname' does not exist in type 'OpenServerOptions<Call>'.",
  ],
  [
    "a server told to reconnect",
    `openServer("Bar", bar, { reconnect: false })`,
    "Object literal may only specify known properties, and 'reconnect' does not exist in type 'OpenServerOptions<Call>'.",
  ],
  [
    "an address where a client is opened",
    `openClient("Bar", bar, { host: "::1" })`,
    "Object literal may only specify known properties, and 'host' does not exist in type 'OpenClientOptions<Call>'.",
  ],
  [
    "a layer around handlers that reads what no call has",
    `openServer("Bar", bar, { handling: [(call, next) => (call.form === "Foo" ? next() : next())] })`,
    "Property 'form' does not exist on type 'Call'.",
  ],
  [
    "connecting to a kind that is not declared",
    `client.connect("Baz")`,
    `Argument of type '"Baz"' is not assignable to parameter of type '"Bar" | "Foo" | "Worker"'.`,
  ],
  [
    "an option that connecting does not have",
    `client.connect("Bar", { pasword: "x" })`,
    "Object literal may only specify known properties, but 'pasword' does not exist in type 'ConnectOptions'. Did you mean to write 'password'?",
  ],
  [
    "a port that is no number",
    `client.connect("Bar", { port: "2428" })`,
    "Type 'string' is not assignable to type 'number'.",
  ],
  [
    "a method of another kind on what connecting gives",
    `client.connect("Bar").then((there) => there.get.status())`,
    "Property 'status' does not exist on type 'BarGet'.",
  ],
  ["a server that connects", `server.connect("Bar")`, "Property 'connect' does not exist on type 'FooServer'."],
  ["a client's port", `client.port`, "Property 'port' does not exist on type 'FooClient'."],
  [
    "a method that does not exist",
    `foo.peers.Bar.get.fnid({ id: "1" })`,
    "Property 'fnid' does not exist on type 'BarGet'.",
  ],
  ["a method of another word", `foo.peers.Bar.send.test("x")`, "Property 'test' does not exist on type 'BarSend'."],
  ["a kind that does not exist", `foo.peers.Baz`, "Property 'Baz' does not exist on type 'Peers'."],
  [
    "a wrong input",
    `foo.peers.Bar.get.test(1)`,
    "Argument of type 'number' is not assignable to parameter of type 'string'.",
  ],
  ["no input where one is declared", `foo.peers.Bar.get.test()`, "Expected 1-2 arguments, but got 0."],
  [
    "an input where none is declared",
    `foo.peers.Foo.get.title("x")`,
    "Argument of type '\"x\"' is not assignable to parameter of type 'undefined'.",
  ],
  [
    "a field that was renamed",
    `foo.peers.Bar.get.find({ idd: "1" })`,
    "Object literal may only specify known properties, and 'idd' does not exist in type '{ id: string; }'.",
  ],
  [
    "a call's option that does not exist",
    `foo.peers.Bar.get.find({ id: "1" }, { timeout: 5 })`,
    "Object literal may only specify known properties, but 'timeout' does not exist in type 'CallOptions'. Did you mean to write 'timeoutMs'?",
  ],
  [
    "a field that the answer does not have",
    `foo.peers.Bar.get.find({ id: "1" }).then((found) => found.ttile)`,
    "Property 'ttile' does not exist on type '{ title: string; }'. Did you mean 'title'?",
  ],
  [
    "a result used before it is looked at",
    `foo.peers.Bar.try.find({ id: "1" }).then((found) => found.value.title)`,
    "'found.value' is possibly 'undefined'.",
  ],
  [
    "a code that the method does not have",
    `foo.peers.Bar.try.find({ id: "1" }).then((found) => !found.ok && found.error.code === "NotFuond")`,
    `This comparison appears to be unintentional because the types '"Closed" | "NotFound" | CallErrorCode' and '"NotFuond"' have no overlap.`,
  ],
  [
    "a literal out of the list",
    `foo.peers.Worker.any.get.render({ scene: new Uint8Array(), quality: "best" })`,
    `Type '"best"' is not assignable to type '"draft" | "final" | undefined'.`,
  ],
  [
    "isError with a method that declares no errors",
    `isError(error, "Bar.test")`,
    `Argument of type '"Bar.test"' is not assignable to parameter of type 'keyof DeclaredErrors'.`,
  ],
  [
    "isError with a code that is not declared",
    `isError(error, "Bar.find", "Missing")`,
    `Argument of type '"Missing"' is not assignable to parameter of type '"Closed" | "NotFound" | undefined'.`,
  ],
  [
    "data that the error does not carry",
    `isError(error, "Bar.find", "NotFound") && error.data.title`,
    "Property 'title' does not exist on type '{ id: string; }'.",
  ],
  [
    "a caller that `from` leaves out",
    `(call: Parameters<WorkerHandlers["get"]["render"]>[1]) => call.peer.kind === "Bar"`,
    `This comparison appears to be unintentional because the types '"Foo"' and '"Bar"' have no overlap.`,
  ],
  [
    "calling back before asking for the kind",
    `(call: Parameters<FooHandlers["send"]["chat"]>[1]) => call.peer.get.title()`,
    "Property 'title' does not exist on type 'BarGet | FooGet | WorkerGet | ((method: string, input?: unknown, options?: CallOptions | undefined) => Promise<unknown>)'.\n  Property 'title' does not exist on type 'BarGet'.",
  ],
  [
    "calling back what the kind does not have",
    `(call: Parameters<BarGetHandlers["find"]>[1]) => call.peer.kind === "Foo" && call.peer.get.status()`,
    "Property 'status' does not exist on type 'FooGet'.",
  ],
  [
    "a schema with a mistyped field",
    `definePeer({ get: { find: { input: z.string(), outptu: z.string() } } })`,
    "Object literal may only specify known properties, but 'outptu' does not exist in type 'GetSchema'. Did you mean to write 'output'?",
  ],
  [
    "a schema with a mistyped word",
    `definePeer({ gets: {} })`,
    "Object literal may only specify known properties, but 'gets' does not exist in type 'PeerSchema'. Did you mean to write 'get'?",
  ],
  [
    "a schema with a word of another version",
    `definePeer({ stream: {} })`,
    "Object literal may only specify known properties, and 'stream' does not exist in type 'PeerSchema'.",
  ],
  [
    "a schema with fields where a zod schema belongs",
    `definePeer({ get: { find: { input: { id: z.string() } } } })`,
    "Object literal may only specify known properties, and 'id' does not exist in type 'ZodLike'.",
  ],
  [
    "a send with declared errors",
    `definePeer({ send: { chat: { input: z.string(), errors: {} } } })`,
    "Object literal may only specify known properties, and 'errors' does not exist in type 'SendSchema | ZodLike'.",
  ],
  [
    "a schema whose `from` is no list",
    `definePeer({ get: { find: { from: "Foo" } } })`,
    "Type 'string' is not assignable to type 'readonly string[]'.",
  ],
];

let complaints: Complaint[] = [];

beforeAll(async () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "chatroom-types-")));
  try {
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
    writeFileSync(join(folder, "mistakes.ts"), `${HEAD}${MISTAKES.map(([, text]) => `  ${text},\n`).join("")}];\n`);
    writeFileSync(join(folder, "right.ts"), RIGHT_USES.replaceAll("ROOT", ROOT));
    complaints = await compile(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 120_000);

describe("the compiler refuses", () => {
  test.each(MISTAKES.map(([what], index) => [what, index] as const))("%s, in plain words", (_, index) => {
    const line = HEAD.split("\n").length + index;
    const said = complaints
      .filter((one) => one.file === "mistakes.ts" && one.line === line)
      .map(({ message }) => message);
    expect(said).toEqual(MISTAKES[index]?.slice(2));
  });
});

test("the compiler has nothing to say of right uses, nor of any declaration, generated ones included", () => {
  expect(complaints.filter(({ file }) => file !== "mistakes.ts")).toEqual([]);
});
