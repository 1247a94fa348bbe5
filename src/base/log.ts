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

/** What would change how a line looks, or begin another one: control characters, separators, invisible ones, halves of pairs. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** A text with nothing in it that a terminal or a reader of lines would obey. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (char) => {
    const short = JSON.stringify(char).slice(1, -1);
    return short.startsWith("\\") ? short : `\\u{${(char.codePointAt(0) as number).toString(16)}}`;
  });
}

/** A name or text of others for a message: as it is when it is one plain word, else in quotes, so that it can't pose as anything else. */
export function quoted(text: string): string {
  return /^[\p{L}\p{N}_.-]+$/u.test(text) ? text : printable(JSON.stringify(text));
}

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
    return contained(level, name);
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
          const said = printable(`${word} ${name}: ${message}`);
          const known = rest.length === 0 ? "" : ` ${styleText("dim", printable(rest.join(" ")))}`;
          process.stderr.write(`${styleText("dim", time)} ${said}${known}\n${stack}`);
        };
  return { debug: line("debug", 3), info: line("info", 2), warn: line("warn", 1), error: line("error", 1) };
}

/**
 * A logger of the user's own that can't fail: strangers cause lines, and what a logger throws then (a full disk, say) would end the program. It may have stumbled over `err`, which
 * may be anything that was thrown, so it is given the line without that. That it did not take a line either way is told on standard error, the first time in a row.
 */
function contained(logger: Logger, name: string): Logger {
  let isBroken = false;
  const failed = (error: unknown): void => {
    if (isBroken) return;
    isBroken = true;
    const text = error instanceof Error ? error.message : typeof error;
    process.stderr.write(`${printable(`error ${name}: the logger of the option log failed: ${text}`)}\n`);
  };
  const method = (level: "debug" | "info" | "warn" | "error") => {
    const write = (fields: object, message: string): void => {
      try {
        const result: unknown = logger[level](fields, message);
        if (result instanceof Promise) result.then(() => (isBroken = false), failed);
        else isBroken = false;
      } catch (error) {
        if (!("err" in fields)) return failed(error);
        const { err: _, ...rest } = fields;
        write(rest, message);
      }
    };
    return write;
  };
  return { debug: method("debug"), info: method("info"), warn: method("warn"), error: method("error") };
}

/** Where an error came from, for whoever has to mend it. */
function stackOf(fields: object): string {
  const error = "err" in fields ? fields.err : undefined;
  if (!(error instanceof Error) || typeof error.stack !== "string") return "";
  const lines = error.stack.split("\n").map((line) => `    ${printable(line)}\n`);
  return lines.join("");
}

function show(value: unknown): string {
  if (value instanceof Error) return JSON.stringify(value.message);
  if (typeof value === "string") return /^[\w.:/[\]-]+$/.test(value) ? value : JSON.stringify(value);
  return inspect(value, { breakLength: Infinity, depth: 3 });
}
