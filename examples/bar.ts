// Bar: answers what schemas/Bar.ts declares. A missing or mistyped handler does not compile.
import { once } from "node:events";
import { joinRoom } from "../generated/index.js";

const titles = new Map([["1", "The Art of Computer Programming"]]);

await using bar = await joinRoom(
  "Bar",
  {
    get: {
      test: (data) => ["Bar did the test", data],
      find: ({ id }, call) => {
        const title = titles.get(id);
        return title === undefined ? call.fail("NotFound", { id }) : { title };
      },
    },
    send: {
      chat: async ({ text }, call) => {
        console.log(`${call.from} says: ${text}   (met over ${call.peer.path})`);
        if (call.peer.kind !== "Foo") return;
        const title = await call.peer.get.title(); // typed, since only a Foo gets here
        await call.peer.send.chat({ text: `Nice to meet you, ${title}` });
      },
    },
  },
  { log: "error" },
);
console.log(`${bar.name} is here, and answers`);

await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
console.log("leaving");
