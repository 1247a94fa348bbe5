// A server: Bar again, without a Room. Clients connect to it (examples/client.ts is one), and it can call every one of them.
import { once } from "node:events";
import { openServer } from "../generated/index.js";

await using bar = await openServer(
  "Bar",
  {
    get: {
      test: (data) => ["Bar did the test", data],
      find: async ({ id }, call) => {
        for (const { name, value } of await call.peers.Foo.all.get.title()) console.log(`${name} is here: ${value}`);
        return call.fail("NotFound", { id });
      },
    },
    send: { chat: ({ text }, call) => console.log(`${call.from} says: ${text}`) },
  },
  { log: "error" },
);
console.log(`listens on ${bar.host}:${bar.port}`); // 127.0.0.1:2428

await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
console.log("closing");
