import { openSync, writeSync } from "node:fs";
import type { PeerError } from "../../src/base/errors.ts";
import type { Logger } from "../../src/base/log.ts";
import type { HandlerCall } from "../../src/call/handler-call.ts";
import { User } from "../../src/user/user.ts";
import { dialThrough } from "./line.ts";
import type { Order, Told } from "./processes.ts";

/** A user in a process of its own, told what to do by the test that started it, and killed or stopped by it. */
let user: User | undefined;
/** Calls of `hold` that wait for `release`. */
const held: (() => void)[] = [];
let events: string[] = [];

function tell(told: Told): void {
  process.send?.(told);
}

const silent = (): void => {};
const log: Logger = { debug: silent, info: (_fields, text) => void events.push(text), warn: silent, error: silent };

function after(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function join({ name, room, line, file, host, password }: Order & { do: "join" }): Promise<void> {
  const environment = line === undefined ? {} : { dial: dialThrough(line, room) };
  // Written at once, by the system call itself: what a killed program has logged stays.
  const journal = file === undefined ? undefined : openSync(file, "a");
  const started = (input: unknown): { id: string; ms: number } => {
    const { id, ms } = input as { id: string; ms: number };
    if (journal !== undefined) writeSync(journal, `${id}\n`);
    return { id, ms };
  };
  user = await User.join(name, { log, room: { host, port: room, password }, environment });
  user.handle("work", async (input) => {
    const { id, ms } = started(input);
    if (ms > 0) await after(ms);
    return id;
  });
  user.handle("fail", (input) => {
    started(input);
    throw new Error("on purpose");
  });
  user.handle("note", (input) => void started(input));
  // A second on average, each another one: some thousand a second is all that it takes.
  user.handle("slow", (input) => after(500 + ((Number((input as { id: string }).id) * 0.618) % 1) * 1_000));
  user.handle("hold", async (input) => {
    const { id } = started(input);
    await new Promise<void>((resolve) => held.push(resolve));
    return id;
  });
  user.handle("stuck", (_input, { signal }: HandlerCall) => {
    return new Promise((resolve) => signal.addEventListener("abort", () => resolve(undefined), { once: true }));
  });
  tell({ is: "in" });
}

/** Calls without end, so many at once, for whoever kills this process. */
function load({ to, inFlight, prefix }: Order & { do: "load" }): void {
  const peer = user?.peer(to);
  let last = 0;
  const worker = async (): Promise<void> => {
    for (;;) {
      const id = `${prefix}-${++last}`;
      const call = last % 2 === 0 ? peer?.tell("note", { id, ms: 0 }) : peer?.get("work", { id, ms: last % 7 });
      await call?.catch(silent);
    }
  };
  for (let at = 0; at < inFlight; at++) void worker();
  // One that never ends by itself: its handler learns that its caller is gone.
  void peer?.get("stuck", { id: `${prefix}-stuck`, ms: 0 }).catch(silent);
}

async function ask({ to, method, id }: Order & { do: "call" }): Promise<void> {
  try {
    tell({ is: "settled", id, value: await user?.peer(to).get(method, { id, ms: 0 }) });
  } catch (error) {
    const { code, outcome } = error as PeerError;
    tell({ is: "settled", id, value: undefined, error: `${code}: ${outcome}` });
  }
}

process.on("message", (order: Order) => {
  switch (order.do) {
    case "join":
      return void join(order);
    case "load":
      return load(order);
    case "call":
      return void ask(order);
    case "release":
      for (const resolve of held.splice(0)) resolve();
      return;
    case "block":
      // As a breakpoint does: the process is there, and nothing of it runs.
      return void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, order.ms);
    case "events":
      tell({ is: "events", events });
      events = [];
      return;
  }
});
process.on("disconnect", () => process.exit());
tell({ is: "ready" });
