import { PeerError } from "../../src/base/errors.ts";
import type { Logger } from "../../src/base/log.ts";
import { User } from "../../src/user/user.ts";
import { type Most, memoryBytes, percentile, watchCounters } from "./counters.ts";
import { dialThrough } from "./line.ts";

/** What a test tells a sender. */
export type SenderOrder =
  | { readonly do: "join"; readonly room: number; readonly line?: number }
  /** Sends so many messages to a method, `inFlight` at once, each of one of these sizes in turn. */
  | {
      readonly do: "stream";
      readonly method: string;
      readonly count: number;
      readonly inFlight: number;
      readonly sizes: readonly number[];
    }
  /** Ends a stream before it has sent all. */
  | { readonly do: "enough" }
  | { readonly do: "measure" }
  /** Gets at a steady pace, each measured from the instant at which it was due. */
  | { readonly do: "pace"; readonly hz: number; readonly ms: number }
  /** One big get. */
  | { readonly do: "big"; readonly bytes: number };

/** What a sender tells. */
export type SenderTold =
  | { readonly is: "ready" | "in" | "begun" }
  | {
      readonly is: "streamed";
      readonly fates: Readonly<Record<string, number>>;
      readonly mostUnsettledBytes: number;
      readonly sentBytes: number;
      readonly busy: readonly string[];
    }
  | {
      readonly is: "measured";
      readonly grownBytes: number;
      readonly most: Most;
      readonly unsettledBytes: number;
      readonly connections: number;
      readonly settled: number;
    }
  | { readonly is: "paced"; readonly p50: number; readonly p99: number; readonly count: number; readonly wrong: number }
  | { readonly is: "big"; readonly ms: number };

/** A user in a process of its own that sends much, and looks at its own memory. Its peer is "Bar". */
let user: User;
let baseBytes = 0;
let unsettledBytes = 0;
let settled = 0;
let connections = 0;
/** Ends the stream that is under way. */
let enough = new AbortController();
const most = watchCounters();
const silent = (): void => {};

const log: Logger = {
  debug: silent,
  info: (_fields, text) => {
    if (text.endsWith("connected")) connections++;
  },
  warn: silent,
  error: silent,
};

function tell(told: SenderTold): void {
  process.send?.(told);
}

async function stream({ method, count, inFlight, sizes }: SenderOrder & { do: "stream" }): Promise<void> {
  const peer = user.peer("Bar");
  const fates: Record<string, number> = {};
  const busy: string[] = [];
  let mostUnsettledBytes = 0;
  let sentBytes = 0;
  let last = 0;
  enough = new AbortController();
  const worker = async (): Promise<void> => {
    while (last < count && !enough.signal.aborted) {
      const id = String(++last);
      const size = sizes[last % sizes.length] ?? 0;
      let fate = "answered";
      unsettledBytes += size;
      try {
        const call = peer.tell(method, { id, ms: 0, pad: "x".repeat(size) }, { timeoutMs: 600_000 });
        mostUnsettledBytes = Math.max(mostUnsettledBytes, unsettledBytes);
        await call;
        sentBytes += size;
      } catch (error) {
        if (!(error instanceof PeerError)) throw error;
        fate = `${error.code}: ${error.outcome}`;
        if (error.code === "BUSY") busy.push(id);
      }
      unsettledBytes -= size;
      settled++;
      fates[fate] = (fates[fate] ?? 0) + 1;
    }
  };
  const workers = Array.from({ length: inFlight }, worker);
  tell({ is: "begun" });
  await Promise.all(workers);
  tell({ is: "streamed", fates, mostUnsettledBytes, sentBytes, busy });
}

async function pace({ hz, ms }: SenderOrder & { do: "pace" }): Promise<void> {
  const peer = user.peer("Bar");
  const startedAt = performance.now();
  const count = Math.floor((hz * ms) / 1_000);
  const latencies: number[] = [];
  const calls: Promise<void>[] = [];
  let wrong = 0;
  for (let n = 0; n < count; ) {
    for (; n < count && performance.now() >= startedAt + (n * 1_000) / hz; n++) {
      const dueAt = startedAt + (n * 1_000) / hz;
      const id = `get ${n}`;
      const call = peer.get("work", { id, ms: 0 }).then((answer) => {
        latencies.push(performance.now() - dueAt);
        if (answer !== id) wrong++;
      });
      calls.push(call);
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(calls);
  tell({ is: "paced", p50: percentile(latencies, 0.5), p99: percentile(latencies, 0.99), count, wrong });
}

async function big({ bytes }: SenderOrder & { do: "big" }): Promise<void> {
  const startedAt = performance.now();
  const call = user.peer("Bar").get("work", { id: "big", ms: 0, pad: new Uint8Array(bytes) }, { timeoutMs: 600_000 });
  tell({ is: "begun" });
  await call;
  tell({ is: "big", ms: performance.now() - startedAt });
}

async function join({ room, line }: SenderOrder & { do: "join" }): Promise<void> {
  const environment = line === undefined ? {} : { dial: dialThrough(line, room) };
  user = await User.join("Foo", { log, room: { port: room }, environment });
  await user.peer("Bar").get("work", { id: "first", ms: 0 });
  baseBytes = memoryBytes();
  tell({ is: "in" });
}

process.on("message", (order: SenderOrder) => {
  switch (order.do) {
    case "join":
      return void join(order);
    case "stream":
      return void stream(order);
    case "enough":
      return enough.abort();
    case "measure":
      return tell({
        is: "measured",
        grownBytes: memoryBytes() - baseBytes,
        most,
        unsettledBytes,
        connections,
        settled,
      });
    case "pace":
      return void pace(order);
    case "big":
      return void big(order);
  }
});
process.on("disconnect", () => process.exit());
tell({ is: "ready" });
