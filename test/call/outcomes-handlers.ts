import type { Method } from "../../src/call/contract.ts";
import type { HandlerCall } from "../../src/call/handler-call.ts";
import { type Handler, Registry } from "../../src/call/registry.ts";
import type { Schema } from "../../src/call/validation.ts";
import type { Network } from "./outcomes-network.ts";
import type { Program } from "./outcomes-program.ts";

export const GETS = ["now", "later", "never", "stubborn", "throws", "declares", "refused"] as const;
export const SENDS = ["note", "noteLater", "noteChecked"] as const;

const ANYTHING: Schema = { "~standard": { validate: (value) => ({ value }) } };

/** What the caller knows about a method. */
export function methodOf(word: "get" | "send", name: string): Method {
  return { name, word, errors: { Declared: ANYTHING } };
}

export interface Handlers {
  readonly registry: Registry;
  /** Ends the handlers that do not listen to their signals. */
  release(): void;
}

/** Handlers that answer at once, later, when they are told to stop, or not even then; each start is logged. */
export function handlersOf(program: Program, { chance, clock, log }: Network): Handlers {
  const registry = new Registry("Kind");
  const held: (() => void)[] = [];
  const later = <Value>(value: Value): Promise<Value> =>
    new Promise((resolve) => clock.after(chance.int(1_500), () => resolve(value)));
  const handlers: Record<string, (input: unknown, call: HandlerCall) => unknown> = {
    now: (input) => input,
    later,
    never: (_input, { signal }) =>
      new Promise((resolve) => signal.addEventListener("abort", () => resolve(1), { once: true })),
    stubborn: () => new Promise<void>((resolve) => held.push(resolve)),
    throws: () => {
      throw new Error("on purpose");
    },
    declares: (_input, call) => call.fail("Declared", 1),
    refused: (input) => input,
    note: () => {},
    noteLater: later,
    noteChecked: () => {},
  };
  const logged =
    (handler: Handler): Handler =>
    (input, call) => {
      if (program.isAlive) log.started((input as [number])[0]);
      return handler(input, call);
    };
  const slowly = (isRight: boolean): Schema => ({
    "~standard": {
      validate: (value) => later(isRight ? { value } : { issues: [{ message: "not wanted" }] }),
    },
  });
  const inputs: Record<string, Schema> = { refused: slowly(false), noteChecked: slowly(true) };
  for (const word of ["get", "send"] as const) {
    for (const name of word === "get" ? GETS : SENDS) {
      const handler = handlers[name];
      if (handler === undefined) throw new Error(`no handler is written for ${name}`);
      registry.handle({ name, word, input: inputs[name], handler: logged(handler) });
    }
  }
  const release = (): void => {
    for (const resolve of held.splice(0)) resolve();
  };
  return { registry, release };
}
