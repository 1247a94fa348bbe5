// Foo: calls Bar in every way there is, answers what Bar asks back, then leaves.
import { EventEmitter, once } from "node:events";
import { joinRoom } from "../generated/index.js";

const heard = new EventEmitter();

await using foo = await joinRoom(
  "Foo",
  {
    get: { title: () => "Foo, the curious" },
    send: {
      chat: ({ text }, call) => {
        console.log(`${call.from} says: ${text}`);
        heard.emit("chat");
      },
    },
  },
  { log: "error" },
);

async function timed<T>(what: string, call: Promise<T>): Promise<T> {
  const began = performance.now();
  const answer = await call;
  const ms = (performance.now() - began).toFixed(1);
  console.log(`${what} -> ${JSON.stringify(answer) ?? "accepted"}   ${ms} ms, over ${foo.peers.Bar.path}`);
  return answer;
}

const { Bar } = foo.peers;
// Bar need not be here yet: a call waits, within its deadline, until it is.
await timed('get.test("Hello get")', Bar.get.test("Hello get"));
console.log(`met Bar over ${Bar.path}`);
await timed('get.find({ id: "1" })', Bar.get.find({ id: "1" }));
const greeting = once(heard, "chat");
await timed('send.chat("Hello!")', Bar.send.chat({ text: "Hello!" }));
await greeting; // Bar sends one back

const found = await Bar.try.find({ id: "2" }); // a result instead of a throw
if (!found.ok && found.error.code === "NotFound")
  console.log(`try.find({ id: "2" }) -> NotFound, with the data ${found.error.data.id}`);
