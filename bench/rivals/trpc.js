/** tRPC as its guide shows it: over WebSocket, input and output validated by zod. Nothing is encrypted. JSON has no bytes: they go as base64. */
import { createTRPCClient, createWSClient, wsLink } from "@trpc/client";
import { initTRPC } from "@trpc/server";
import { applyWSSHandler } from "@trpc/server/adapters/ws";
import { WebSocket, WebSocketServer } from "ws";
import { z } from "zod";

globalThis.WebSocket ??= WebSocket;

const payload = z.object({ text: z.string(), n: z.number() });

function connected(port) {
  return new Promise((resolve) => {
    const socket = createWSClient({ url: `ws://127.0.0.1:${port}`, onOpen: () => resolve(socket) });
  });
}

/** @type {import("../adapter.ts").Adapter} */
export const adapter = {
  serve: () =>
    new Promise((resolve) => {
      let notes = 0;
      const t = initTRPC.create();
      const router = t.router({
        echo: t.procedure
          .input(payload)
          .output(payload)
          .query(({ input }) => input),
        echoBytes: t.procedure
          .input(z.string())
          .output(z.string())
          .query(({ input }) => input),
        note: t.procedure.input(payload).mutation(() => void notes++),
        told: t.procedure.output(z.number()).query(() => notes),
      });
      const wss = new WebSocketServer({ port: 0, host: "127.0.0.1", backlog: 4_096 }, () =>
        resolve({ port: wss.address().port }),
      );
      applyWSSHandler({ wss, router });
    }),
  async connect(port) {
    const socket = await connected(port);
    const client = createTRPCClient({ links: [wsLink({ client: socket })] });
    return {
      call: (data) => client.echo.query(data),
      echo: async (data) => Buffer.from(await client.echoBytes.query(Buffer.from(data).toString("base64")), "base64"),
      told: () => client.told.query(),
      tell: (data, count) => Promise.all(Array.from({ length: count }, () => client.note.mutate(data))),
      close: () => socket.close(),
    };
  },
  async touch(port) {
    const socket = await connected(port);
    return { close: () => void socket.close() };
  },
};
