import { ValueError } from "./values-error.ts";

/** A key of an object, an index of an array, or a ready-made step such as `.get("a")` of a Map. */
type Key = string | number | { readonly step: string };

/** A refusal on its way up from the culprit; each container on the way adds its step. */
export class PathError extends Error {
  readonly #what: string;
  readonly #containers: object[] = [];
  readonly #keys: Key[] = [];

  /** `culprit`: the container that was refused for being too deep, and perhaps contains itself. */
  constructor(what: string, culprit?: object, cause?: unknown) {
    super(what, cause === undefined ? undefined : { cause });
    this.#what = what;
    if (culprit !== undefined) this.#containers.push(culprit);
  }

  /** The error, one step further up: it happened at `key` of `container`. What users' getters throw becomes a refusal. */
  static at(error: unknown, container: object, key: Key): unknown {
    if (error instanceof ValueError) return error;
    const refusal =
      error instanceof PathError ? error : new PathError(`reading it threw: ${textOf(error)}`, undefined, error);
    refusal.#containers.push(container);
    refusal.#keys.push(key);
    return refusal;
  }

  /** What the caller gets to see. */
  toValueError(): ValueError {
    const keys = this.#keys.toReversed();
    const containers = this.#containers.toReversed();
    for (let i = 1; i < containers.length; i++) {
      const first = containers.indexOf(containers[i] as object);
      if (first < i)
        return new ValueError(
          pathOf(keys.slice(0, i)),
          `a cycle can't be sent (it is value${pathOf(keys.slice(0, first))} again)`,
        );
    }
    return new ValueError(pathOf(keys), this.#what, this.cause);
  }
}

function pathOf(keys: readonly Key[]): string {
  return keys.map(stepOf).join("");
}

function stepOf(key: Key): string {
  if (typeof key === "object") return key.step;
  if (typeof key === "number") return `[${key}]`;
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]{0,63}$/u.test(key) ? `.${key}` : `[${quote(key)}]`;
}

/** How a Map's key looks in a path. */
export function shownKey(key: unknown): string {
  if (typeof key === "string") return quote(key);
  return typeof key === "object" && key !== null ? "{...}" : typeof key === "symbol" ? "symbol" : String(key);
}

function quote(text: string): string {
  return JSON.stringify(text.length > 64 ? `${text.slice(0, 63)}…` : text);
}

function textOf(error: unknown): string {
  try {
    return String(error instanceof Error ? error.message : error).slice(0, 200);
  } catch {
    return "an error without a text";
  }
}
