import { systemClock } from "../base/clock.ts";
import { Deadlines } from "../base/deadlines.ts";
import { HandlerCall } from "../call/handler-call.ts";

export interface TestCallOptions {
  /** Who calls. Default "Tester". */
  from?: string | undefined;
  /** The method as `Kind.method`. Default "Test.method". */
  method?: string | undefined;
  /** Milliseconds until `call.deadline`. Default 60,000. */
  timeoutMs?: number | undefined;
  meta?: Readonly<Record<string, string>> | undefined;
  /** What the handler gets as `call.peer`; a handler that calls back without one fails with a message that says so. */
  peer?: object | undefined;
  /** What the handler gets as `call.peers`. */
  peers?: object | undefined;
}

/**
 * The second argument of a handler, for testing it as a plain function: `await handlers.get.find({ id: "1" }, testCall())`.
 * Its type is the one that the handler asks for. A declared error is thrown, with `code` and `data`.
 */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- inferred from where the call is handed to
export function testCall<Call>(options: TestCallOptions = {}): Call {
  const origin = {
    from: options.from ?? "Tester",
    kind: undefined,
    clock: systemClock,
    deadlines: new Deadlines(systemClock),
    views: { peer: () => options.peer ?? missing("peer"), peers: () => options.peers ?? missing("peers") },
  };
  const call = new HandlerCall(origin, options.method ?? "Test.method", options.timeoutMs ?? 60_000, options.meta);
  return call as Call; // the handler's own type, which only generated code knows
}

function missing(what: string): never {
  throw new Error(`the handler asked for call.${what}, which the test did not give: testCall({ ${what}: ... })`);
}
