import type { Adapter } from "./adapter.ts";

/** The rows of the table. */
export const ROWS: readonly string[] = ["raw", "tls", "sealed", "encryption off", "socket.io", "tRPC", "gRPC"];

/** What others would pick instead; each is installed in bench/rivals alone. */
async function rival(file: string): Promise<Adapter> {
  // This file runs from bench/dist/bench.
  const { adapter } = (await import(new URL(`../../rivals/${file}.js`, import.meta.url).href)) as { adapter: Adapter };
  return adapter;
}

/** All systems. A worker loads only what it measures. */
export const SYSTEMS: Readonly<Record<string, () => Promise<Adapter>>> = {
  raw: async () => (await import("./raw.ts")).raw,
  tls: async () => (await import("./tls.ts")).overTls,
  crp1: async () => (await import("./crp1.ts")).crp1,
  sealed: async () => (await import("./ours.ts")).ours(true),
  "encryption off": async () => (await import("./ours.ts")).ours(false),
  "socket.io": () => rival("socket-io"),
  tRPC: () => rival("trpc"),
  gRPC: () => rival("grpc"),
  "asker direct": async () => (await import("./ours.ts")).oursApart("Asker", () => true),
  "answerer direct": async () => (await import("./ours.ts")).oursApart("Answerer", () => true),
  "asker relayed": async () => (await import("./ours.ts")).oursApart("Asker", (port, room) => port === room),
  "answerer relayed": async () => (await import("./ours.ts")).oursApart("Answerer", (port, room) => port === room),
};
