/** One side of one system, in a process of its own: does what the runner asks for, one thing at a time. */
import type { Connection } from "./adapter.ts";
import { latency, load, mebibytes, median, oneWay, touches } from "./metrics.ts";
import { SYSTEMS } from "./systems.ts";

const adapter = await (SYSTEMS[process.argv[2] ?? ""] as (typeof SYSTEMS)[string])();
let connection: Connection | undefined;
let held: { close(): void }[] = [];

const connected = (): Connection => {
  if (connection === undefined) throw new Error("not connected");
  return connection;
};

/** What a worker can do; the runner calls it by name. */
const commands = {
  serve: () => adapter.serve(),
  accept: async () => adapter.accept?.(),
  connect: async (port: number) => {
    connection = await adapter.connect(port);
  },
  latency: (ms: number) => latency(connected(), ms),
  load: (ms: number, lanes: number) => load(connected(), ms, lanes),
  oneWay: (ms: number) => oneWay(connected(), ms),
  mebibytes: (ms: number, lanes: number) => mebibytes(connected(), ms, lanes),
  touches: (port: number, ms: number, lanes: number) => touches(adapter, port, ms, lanes),
  async hold(port: number, count: number) {
    while (held.length < count) held.push(await adapter.touch(port));
  },
  async release() {
    for (const one of held) one.close();
    held = [];
  },
  async introduce(times: number) {
    const all: number[] = [];
    for (let i = 0; i < times && adapter.introduce !== undefined; i++) all.push(await adapter.introduce());
    return all.length === 0 ? undefined : median(all);
  },
  async cpuUs() {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
  async rssBytes() {
    for (let i = 0; i < 3; i++) globalThis.gc?.();
    return process.memoryUsage.rss();
  },
};

export type Commands = typeof commands;

process.on("message", ({ command, args }: { command: keyof Commands; args: never[] }) => {
  const run = commands[command] as (...all: never[]) => Promise<unknown>;
  run(...args).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ error: error instanceof Error ? error.stack : String(error) }),
  );
});
process.on("disconnect", () => process.exit());
process.send?.({ result: "ready" });
