import type { Adapter } from "./adapter.ts";

/** The rows of the table. A worker loads only what it measures. */
export const SYSTEMS: Readonly<Record<string, () => Promise<Adapter>>> = {
  raw: async () => (await import("./raw.ts")).raw,
  tls: async () => (await import("./tls.ts")).overTls,
  sealed: async () => (await import("./ours.ts")).ours(true),
  "encryption off": async () => (await import("./ours.ts")).ours(false),
};
