/** A program that uses everything, with the exact type of each thing asserted. ROOT stands for this repository's folder. */
export const RIGHT_USES = `import { contextKey } from "chatroom/runtime";
import type { Answer, CallErrorCode, Result, Stranger } from "chatroom/runtime";
import { isError, joinRoom, openClient, openServer } from "ROOT/generated/index.js";
import type { AnyPeer, BarFindErrors, BarHandlers, BarPeer, BarUser, FooPeer, WorkerPeer } from "ROOT/generated/index.js";
import type { BarPeers, BarServer, Clients, FooClient, Servers, WorkerPeers } from "ROOT/generated/index.js";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function is<_Check extends true>(): void {}
declare const error: unknown;
const session = contextKey<{ user: string }>("session");

const handlers = {
  get: {
    test: (data) => ["Bar did the test", data],
    find: async ({ id }, call) => {
      is<Equal<typeof id, string>>();
      is<Equal<typeof call.peer, AnyPeer>>();
      is<Equal<typeof call.signal, AbortSignal>>();
      is<Equal<typeof call.deadline, Date>>();
      if (call.peer.kind === "Foo") {
        is<Equal<typeof call.peer, FooPeer>>();
        const title: string = await call.peer.get.title();
        return { title };
      }
      if (call.peer.kind === undefined) {
        is<Equal<typeof call.peer, Stranger>>();
        await call.peer.get("anything", { at: 1 });
      }
      if (id === "2") return call.fail("Closed");
      return call.fail("NotFound", { id });
    },
  },
  send: { chat: ({ text }, call) => console.log(call.from, text, call.context.get(session).user, call.meta["trace"]) },
} satisfies BarHandlers;
is<Equal<ReturnType<typeof handlers.get.test>, [string, string]>>();

const bar = await joinRoom("Bar", handlers, {
  name: "bar-1",
  handling: [
    async (call, next) => {
      call.context.set(session, { user: call.from });
      return next();
    },
  ],
});
is<Equal<typeof bar, BarUser>>();
await using foo = await joinRoom("Foo", { get: { title: () => "Foo" }, send: { chat: () => "ignored" } });
const worker = await joinRoom("Worker", {
  get: {
    status: () => ({ load: 0, running: [] }),
    render: async ({ scene, frame, size, quality }, call) => {
      is<Equal<typeof scene, Uint8Array<ArrayBuffer>>>();
      is<Equal<typeof frame, number>>();
      is<Equal<typeof size, { width: number; height: number } | undefined>>();
      is<Equal<typeof quality, "draft" | "final">>();
      is<Equal<typeof call.peer, FooPeer>>();
      return frame > 9 ? call.fail("BadScene", { line: 1, message: "?" }) : { image: scene, renderedAt: new Date() };
    },
  },
  send: { stop: async ({ reason }, call) => void (await call.peer.send.chat({ text: reason })) },
});

const { test: detached } = foo.peers.Bar.get;
is<Equal<Awaited<ReturnType<typeof detached>>, [string, string]>>();
await foo.peers.Bar.get.test("x", { timeoutMs: 500, signal: new AbortController().signal, meta: { trace: "1" } });
await foo.peers.Foo.get.title(undefined, { timeoutMs: 5 });
const sent: void = await foo.peers.Bar.named("bar-1").send.chat({ text: "x" });
await worker.peers.Worker.any.get.render({ scene: Buffer.from("x") });
void sent;

const found = await foo.peers.Bar.try.find({ id: "1" });
is<Equal<typeof found, Result<{ title: string }, BarFindErrors>>>();
if (found.ok) {
  is<Equal<typeof found.value, { title: string }>>();
} else if (found.error.code === "NotFound") {
  is<Equal<typeof found.error.data, { id: string }>>();
} else if (found.error.code === "Closed") {
  is<Equal<typeof found.error.data, void>>();
} else {
  is<Equal<typeof found.error.code, CallErrorCode>>();
  is<Equal<typeof found.error.data, undefined>>();
}
const said = await foo.peers.Bar.try.chat({ text: "x" });
if (!said.ok) is<Equal<typeof said.error.code, CallErrorCode>>();

if (isError(error, "Bar.find", "NotFound")) {
  is<Equal<typeof error.data, { id: string }>>();
  is<Equal<typeof error.outcome, "did not run" | "ran" | "may have run">>();
} else if (isError(error, "Bar.find")) {
  is<Equal<typeof error.code, "NotFound" | "Closed">>();
  if (error.code === "NotFound") is<Equal<typeof error.data, { id: string }>>();
}

for (const answer of await foo.peers.Worker.all.get.status()) {
  is<Equal<typeof answer, Answer<{ load: number; running: string[] }>>>();
  if (answer.ok) is<Equal<typeof answer.value.load, number>>();
  else is<Equal<typeof answer.name, string>>();
}
for await (const { name, ok } of foo.peers.Worker.all.send.stop({ reason: "x" })) {
  is<Equal<typeof name, string>>();
  is<Equal<typeof ok, boolean>>();
}
for (const one of foo.peers.Worker.all) is<Equal<typeof one, WorkerPeer>>();
for await (const { name, here } of foo.peers.Worker.all.changes()) console.log(name, here);
for await (const { from, data } of foo.messages()) console.log(from, data);
const peer: BarPeer = foo.peers.Bar;
is<Equal<typeof peer.kind, "Bar">>();
is<Equal<typeof peer.path, "lan" | "public" | "punched" | "relay" | undefined>>();
for await (const path of peer.paths()) is<Equal<typeof path, typeof peer.path>>();
for await (const path of foo.peer("Bar").paths({ signal: AbortSignal.timeout(1) })) is<Equal<typeof path, typeof peer.path>>();

await using server = await openServer("Bar", handlers, {
  name: "bar-eu",
  host: "::1",
  port: 0,
  password: "a password of its own",
  blacklist: ["10.0.0.0/8"],
  allow: ["Foo"],
  deny: ["Worker"],
  encryption: true,
  log: "silent",
  handling: [(call, next) => (call.from === "Foo" ? next() : Promise.reject(new Error(call.method)))],
});
is<Equal<typeof server, BarServer>>();
is<Equal<Servers["Bar"], BarServer>>();
is<Equal<typeof server.host, string>>();
is<Equal<typeof server.port, number>>();
const asked: string = await server.peers.Foo.get.title();
for (const one of server.peers.Foo.all) is<Equal<typeof one, FooPeer>>();
await using client = await openClient(
  "Foo",
  { get: { title: () => asked }, send: { chat: () => {} } },
  { name: "foo-1", encryption: true, reconnect: false, log: "silent", handling: [(_call, next) => next()] },
);
is<Equal<typeof client, FooClient>>();
is<Equal<Clients["Foo"], FooClient>>();
const { signal } = new AbortController();
const far = await client.connect("Bar", { host: "::1", port: server.port, password: "its", name: "bar-eu", reconnect: true, signal });
is<Equal<typeof far, BarPeers>>();
is<Equal<Awaited<ReturnType<typeof far.get.test>>, [string, string]>>();
const [near, busy] = await Promise.all([client.connect("Bar"), client.connect("Worker")]);
is<Equal<typeof near, BarPeers>>();
is<Equal<typeof busy, WorkerPeers>>();
await client.peers.Bar.named("bar-eu").send.chat({ text: "x" });
await client.disconnect("bar-eu");
for await (const { from, data } of server.messages()) console.log(from, data);
`;
