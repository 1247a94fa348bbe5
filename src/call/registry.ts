import { type Contract, MAX_METHOD_CHARACTERS, MAX_METHODS, type Method } from "./contract.ts";
import type { Around } from "../schema/context-types.ts";
import type { HandlerCall } from "./handler-call.ts";

/** What runs when a peer calls. What it returns or resolves to is the answer to a get; a send's is ignored. */
export type Handler = (input: unknown, call: HandlerCall) => unknown;

export interface Handled extends Method {
  readonly handler: Handler;
}

/**
 * The methods this program handles, shared by the conversations with all peers. It only grows, so that the numbers peers learned stay
 * true; a handler registered again under the same name takes the place of the old one.
 */
export class Registry {
  readonly kind: string | undefined;
  readonly handling: readonly Around<HandlerCall>[];
  readonly #methods: Handled[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #grown = new Set<() => void>();

  constructor(kind: string | undefined, handling: readonly Around<HandlerCall>[] = []) {
    this.kind = kind;
    this.handling = handling;
  }

  /** @throws TypeError for a name that is not 1 to 64 characters, or a handler that is not a function. @throws RangeError past 10,000 methods. */
  handle(method: Handled): void {
    const { name, handler } = method;
    if (typeof name !== "string" || name === "" || name.length > MAX_METHOD_CHARACTERS)
      throw new TypeError(`handle: a method's name has 1 to 64 characters, not ${JSON.stringify(name)}`);
    if (typeof handler !== "function") throw new TypeError(`handle: the handler of "${name}" must be a function`);
    const number = this.#numbers.get(name);
    if (number !== undefined) {
      const before = this.#methods[number - 1]?.codec?.fingerprint;
      this.#methods[number - 1] = method;
      if (before !== method.codec?.fingerprint) this.#tell();
      return;
    }
    if (this.#methods.length >= MAX_METHODS)
      throw new RangeError(`handle: a program handles at most ${MAX_METHODS} methods`);
    this.#methods.push(method);
    this.#numbers.set(name, this.#methods.length);
    this.#tell();
  }

  #tell(): void {
    for (const run of this.#grown) run();
  }

  /** The method of a number on the wire. */
  byNumber(number: number): Handled | undefined {
    return this.#methods[number - 1];
  }

  byName(name: string): Handled | undefined {
    return this.byNumber(this.#numbers.get(name) ?? 0);
  }

  /** A method's name as people read it: `Bar.find`, or `find` in a program without a kind. */
  label(name: string): string {
    return this.kind === undefined ? name : `${this.kind}.${name}`;
  }

  contract(): Contract {
    return { kind: this.kind, methods: this.#methods };
  }

  /** Calls `run` whenever the contract changes, until the returned function is called. */
  onGrown(run: () => void): () => void {
    this.#grown.add(run);
    return () => this.#grown.delete(run);
  }
}
