// A client: connects to the server of examples/server.ts, calls it and is called by it, then leaves.
import { openClient } from "../generated/index.js";

await using foo = await openClient(
  "Foo",
  {
    get: { title: () => "Foo, the curious" },
    send: { chat: ({ text }, call) => console.log(`${call.from} says: ${text}`) },
  },
  { log: "error" },
);

// Without a server at 127.0.0.1:2428 it waits for one. The name is this client's own for it; another server gets another.
const bar = await foo.connect("Bar", { name: "bar-1" });
console.log(`connected to ${bar.name}`);
console.log(await bar.get.test("Hello get"));
const found = await bar.try.find({ id: "2" }); // the server asks every Foo for its title before it answers
if (!found.ok && found.error.code === "NotFound") console.log(`nothing is found under ${found.error.data.id}`);
await bar.send.chat({ text: "Hello!" });
