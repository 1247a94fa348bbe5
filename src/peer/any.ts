import { PeerError } from "../base/errors.ts";
import { onAbort } from "../call/abort.ts";
import { DEFAULT_TIMEOUT_MS } from "../call/caller.ts";
import { MAX_TIMEOUT_MS } from "../call/handler-call.ts";
import type { Request } from "../call/outgoing-call.ts";
import type { Directory, Start } from "./directory.ts";

/** Calls a live user of a kind, the least busy; while there is none, a call waits for one within its deadline. */
export function startAny(directory: Directory, kind: string): Start {
  let turn = 0;
  const leastBusy = (): string | undefined => {
    const names = directory.live(kind);
    let best: string | undefined;
    let least = Infinity;
    // Equally busy ones take turns.
    for (let at = 0; at < names.length; at++) {
      const name = names[(at + turn) % names.length] as string;
      const { busy } = directory.conversation(name).caller;
      if (busy < least) [best, least] = [name, busy];
    }
    turn = (turn + 1) % 1_000_003;
    return best;
  };
  return async (request) => {
    const name = leastBusy();
    if (name !== undefined) return directory.conversation(name).start(request);
    const began = directory.clock.now();
    const found = await someone(directory, leastBusy, request, kind);
    const timeoutMs = Math.max(1, limitOf(request, began) - (directory.clock.now() - began));
    return directory.conversation(found).start({ ...request, options: { ...request.options, timeoutMs } });
  };
}

function limitOf(request: Request, began: number): number {
  const own = Math.min(request.options?.timeoutMs ?? DEFAULT_TIMEOUT_MS, MAX_TIMEOUT_MS);
  return request.scope === undefined ? own : Math.min(own, request.scope.deadlineAt - began);
}

function someone(
  directory: Directory,
  choose: () => string | undefined,
  request: Request,
  kind: string,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const { timeoutMs } = request.options ?? {};
    if (timeoutMs !== undefined && !(typeof timeoutMs === "number" && timeoutMs > 0)) {
      return reject(new TypeError(`timeoutMs must be a number of milliseconds above 0, not ${String(timeoutMs)}`));
    }
    const limitMs = limitOf(request, directory.clock.now());
    const signals = [request.options?.signal, request.scope?.signal].filter((signal) => signal !== undefined);
    const watched: (() => void)[] = [];
    const stop = (): void => {
      forget();
      timer.cancel();
      for (const unwatch of watched) unwatch();
    };
    const fail = (code: "TIMEOUT" | "CANCELLED" | "CLOSED", text: string): void => {
      stop();
      reject(
        new PeerError(code, `${request.label}: ${text}`, { outcome: "did not run", method: request.label, peer: kind }),
      );
    };
    const abort = (): void => fail("CANCELLED", "cancelled by the caller");
    const timer = directory.clock.after(
      Math.max(0, limitMs),
      () => fail("TIMEOUT", `no ${kind} is live (waited ${Math.round(limitMs)} ms)`),
      { hold: false },
    );
    const forget = directory.onChange(() => {
      const closing = directory.closing();
      if (closing !== undefined) return fail("CLOSED", closing);
      const name = choose();
      if (name === undefined) return;
      stop();
      resolve(name);
    });
    const closing = directory.closing();
    if (closing !== undefined) return fail("CLOSED", closing);
    for (const signal of signals) {
      if (signal.aborted) return abort();
      watched.push(onAbort(signal, abort));
    }
  });
}
