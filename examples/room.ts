// The Room: introduces everybody. Start it first, or last: the others keep trying until it is there.
import { once } from "node:events";
import { Room } from "chatroom";

await using room = await Room.open({ log: "error" }); // 127.0.0.1:2428
console.log(`open on ${room.host}:${room.port}`);

await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
console.log("closing");
