/** socket.io as its guide shows it: WebSocket alone, acknowledgements as answers. Nothing is encrypted or validated. */
import { createServer } from "node:http";
import { Server } from "socket.io";
import { io } from "socket.io-client";

function connected(port) {
  return new Promise((resolve, reject) => {
    const socket = io(`http://127.0.0.1:${port}`, { transports: ["websocket"], forceNew: true, reconnection: false });
    socket.once("connect", () => resolve(socket));
    socket.once("connect_error", reject);
  });
}

/** @type {import("../adapter.ts").Adapter} */
export const adapter = {
  serve: () =>
    new Promise((resolve) => {
      const http = createServer();
      const server = new Server(http, { serveClient: false, maxHttpBufferSize: 4 << 20, transports: ["websocket"] });
      server.on("connection", (socket) => {
        let notes = 0;
        socket.on("echo", (data, answer) => answer(data));
        socket.on("note", () => notes++);
        socket.on("told", (answer) => answer(notes));
      });
      http.listen(0, "127.0.0.1", 4_096, () => resolve({ port: http.address().port }));
    }),
  async connect(port) {
    const socket = await connected(port);
    const call = (name, ...data) => new Promise((resolve) => socket.emit(name, ...data, resolve));
    return {
      call: (data) => call("echo", data),
      echo: (data) => call("echo", data),
      told: () => call("told"),
      async tell(data, count) {
        for (let i = 0; i < count; i++) socket.emit("note", data);
        await call("told");
      },
      close: async () => void socket.disconnect(),
    };
  },
  async touch(port) {
    const socket = await connected(port);
    return { close: () => socket.disconnect() };
  },
};
