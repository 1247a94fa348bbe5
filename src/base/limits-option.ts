import { DEFAULT_LIMITS, type LimitChanges, type Limits, limitsWith } from "./limits.ts";
import { nearest } from "./nearest.ts";

/** The groups that both ends must agree on. */
const SHARED: readonly string[] = ["wire", "values"] satisfies (keyof Limits)[];

/** Timers take no more, in ms. */
const MOST_MS = 2 ** 31 - 1;

/**
 * The limits that an option `limits` asks for.
 * @throws TypeError for what is no object of groups of numbers, for groups and limits that do not exist, and for those that are parts of the protocol.
 */
export function limitsOption(option: LimitChanges | undefined, limits: Limits = DEFAULT_LIMITS): Limits {
  if (option === undefined) return limits;
  for (const [group, values] of entriesOf("limits", option)) {
    const known = Object.hasOwn(DEFAULT_LIMITS, group) ? DEFAULT_LIMITS[group as keyof Limits] : undefined;
    if (known === undefined)
      throw new TypeError(
        `limits.${group}: there is no such group; did you mean limits.${nearest(group, Object.keys(DEFAULT_LIMITS))}?`,
      );
    if (SHARED.includes(group))
      throw new TypeError(`limits.${group} is a part of the protocol, on which both ends must agree; it can't be set`);
    if (values === undefined) continue;
    for (const [key, value] of entriesOf(`limits.${group}`, values)) {
      if (!Object.hasOwn(known, key))
        throw new TypeError(
          `limits.${group}.${key}: there is no such limit; did you mean limits.${group}.${nearest(key, Object.keys(known))}?`,
        );
      if (value !== undefined) checkNumber(`limits.${group}.${key}`, value);
    }
  }
  return limitsWith(option, limits);
}

function entriesOf(name: string, value: unknown): [string, unknown][] {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new TypeError(`${name} must be an object, such as { room: { joinMs: 5000 } } for limits, not ${show(value)}`);
  return Object.entries(value);
}

function checkNumber(name: string, value: unknown): void {
  if (typeof value !== "number" || !Number.isFinite(value) || value < 0)
    throw new TypeError(`${name} must be a number, 0 or above, not ${show(value)}`);
  if (name.endsWith("Ms") && value > MOST_MS)
    throw new TypeError(`${name} must be at most ${MOST_MS} milliseconds, not ${value}`);
}

function show(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : Array.isArray(value) ? "a list" : String(value);
}
