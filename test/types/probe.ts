import { join } from "node:path";
import { ROOT } from "../codegen/root.ts";

/** Where the program below pretends to be: no file of that name exists. */
export const PROBE_PATH = join(ROOT, "examples/probe-of-the-tests.ts");

/** A program to point at in an editor. */
export const PROBE = `import { joinRoom, openClient, openServer, isError, type BarHandlers } from "../generated/index.js";
const foo = await joinRoom("Foo", { get: { title: () => "x" }, send: { chat: () => {} } });
await joinRoom("Bar", {
  get: { test: (data) => ["x", data], find: ({ id }, call) => call.fail("NotFound", { id }) },
  send: { chat: ({ text }, sender) => console.log(text, sender.from) },
});
await foo.peers.Bar.get.test("hi");
await foo.peers.Bar.send.chat({ text: "hi" });
const found = await foo.peers.Bar.try.find({ id: "1" });
if (!found.ok && found.error.code === "NotFound") found.error.data.id;
await foo.peers.Worker.any.get.render({ scene: new Uint8Array() });
await foo.peers.Worker.all.get.status();
isError(found, "Bar.find");
declare const barHandlers: BarHandlers;
const server = await openServer("Bar", barHandlers, { port: 0 });
const client = await openClient("Foo", { get: { title: () => "y" }, send: { chat: () => {} } });
const there = await client.connect("Bar", { port: server.port, name: "bar-eu" });
await there.get.find({ id: "2" });
await server.peers.Foo.get.title();
export type Kept = BarHandlers;
`;

/** A place in the program: the needle's first character, or the one after \`|\` in it. */
export function offsetOf(needle: string): number {
  const at = PROBE.indexOf(needle.replace("|", ""));
  if (at < 0) throw new Error(`the program has no ${needle}`);
  return at + Math.max(needle.indexOf("|"), 0);
}

/** Where F12 leads from places in the program: file, line, and the text that is selected there. */
export const DEFINITIONS: [needle: string, file: string, line: string][] = [
  ["get.|test(", "schemas/Bar.ts", "test: { input: z.string(), output: z.tuple([z.string(), z.string()]) },"],
  ["try.|find(", "schemas/Bar.ts", "find: {"],
  ["send.|chat(", "schemas/Bar.ts", "chat: z.object({ text: z.string().max(2000) }),"],
  [
    "get.|status(",
    "schemas/Worker.ts",
    "status: { output: z.object({ load: z.number(), running: z.array(z.string()) }) },",
  ],
  ["|find: ({", "schemas/Bar.ts", "find: {"],
  ["peers.|Bar.get", "schemas/Bar.ts", "export const Bar = definePeer({"],
  ["Bar.|get.test", "schemas/Bar.ts", "get: {"],
  ["{ |scene:", "schemas/Worker.ts", "scene: z.instanceof(Uint8Array),"],
  ["data.|id;", "schemas/Bar.ts", "errors: { NotFound: z.object({ id: z.string() }), Closed: z.void() },"],
  ["there.get.|find(", "schemas/Bar.ts", "find: {"],
  ["Foo.get.|title(", "schemas/Foo.ts", "title: { output: z.string() },"],
  ["= |BarHandlers", "generated/Bar.d.ts", "export interface BarHandlers {"],
  ["Worker.|any", "generated/Worker.d.ts", "readonly any: WorkerPeer;"],
];
