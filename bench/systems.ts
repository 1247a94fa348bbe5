import type { Adapter } from "./adapter.ts";

/** The rows of the table. */
export const ROWS: readonly string[] = ["raw", "tls", "sealed", "encryption off"];

/** All systems. A worker loads only what it measures. */
export const SYSTEMS: Readonly<Record<string, () => Promise<Adapter>>> = {
  raw: async () => (await import("./raw.ts")).raw,
  tls: async () => (await import("./tls.ts")).overTls,
  crp1: async () => (await import("./crp1.ts")).crp1,
  sealed: async () => (await import("./ours.ts")).ours(true),
  "encryption off": async () => (await import("./ours.ts")).ours(false),
  "asker direct": async () => (await import("./ours.ts")).oursApart("Asker", () => true),
  "answerer direct": async () => (await import("./ours.ts")).oursApart("Answerer", () => true),
  "asker relayed": async () => (await import("./ours.ts")).oursApart("Asker", (port, room) => port === room),
  "answerer relayed": async () => (await import("./ours.ts")).oursApart("Answerer", (port, room) => port === room),
};
