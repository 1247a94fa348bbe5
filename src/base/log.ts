import { inspect, styleText } from "node:util";

/** Any logger shaped like pino's: an object of fields first, then the message. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export type LogLevel = "silent" | "error" | "info" | "debug";

/** What an option `log` takes: a level of the built-in logger, or a logger of the user's own. */
export type LogOption = LogLevel | Logger;

const none = (): void => {};

/**
 * The logger that an option asks for. The built-in one writes a line per event to standard error.
 * @throws TypeError when the option is neither a known level nor an object with the four methods.
 */
export function loggerOf(option: LogOption | undefined, name: string): Logger {
  const level = option ?? "info";
  if (typeof level === "object" && level !== null) {
    for (const method of ["debug", "info", "warn", "error"] as const) {
      if (typeof level[method] !== "function")
        throw new TypeError(`log: a logger needs a method ${method}(fields, message)`);
    }
    return level;
  }
  const rank = ["silent", "error", "info", "debug"].indexOf(level);
  if (rank < 0)
    throw new TypeError(`log must be "silent", "error", "info", "debug" or a logger, not ${JSON.stringify(level)}`);
  const line = (word: string, at: number) =>
    at > rank
      ? none
      : (fields: object, message: string) => {
          const rest = Object.entries(fields).map(([key, value]) => `${key}=${show(value)}`);
          const time = new Date().toISOString().slice(11, 23);
          const stack = at === 1 && word === "error" ? stackOf(fields) : "";
          process.stderr.write(
            `${styleText("dim", time)} ${word} ${name}: ${message}${rest.length ? ` ${styleText("dim", rest.join(" "))}` : ""}\n${stack}`,
          );
        };
  return { debug: line("debug", 3), info: line("info", 2), warn: line("warn", 1), error: line("error", 1) };
}

/** Where an error came from, for whoever has to mend it. */
function stackOf(fields: object): string {
  const error = "err" in fields ? fields.err : undefined;
  return error instanceof Error && error.stack !== undefined ? `${error.stack.replace(/^/gm, "    ")}\n` : "";
}

function show(value: unknown): string {
  if (value instanceof Error) return JSON.stringify(value.message);
  return typeof value === "string" && /^[\w.:/-]+$/.test(value)
    ? value
    : inspect(value, { breakLength: Infinity, depth: 3 });
}
