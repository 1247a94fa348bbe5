import { createInterface } from "node:readline";
import { Writable } from "node:stream";

/** A password: from the variable of the environment, unless it is to be asked for; else from the terminal where one is needed, else none. It is never on the command line. */
export async function secretFrom(
  variable: string,
  question: string,
  { ask, isNeeded }: { readonly ask: boolean | undefined; readonly isNeeded: boolean },
): Promise<string | undefined> {
  const given = process.env[variable];
  if (given !== undefined && given !== "" && ask !== true) return given;
  return ask === true || (isNeeded && process.stdin.isTTY) ? askSecret(question) : undefined;
}

/** Asks for a line on the terminal without showing what is typed. Without a terminal the first line of standard input is taken. @throws Error when there is none. */
export async function askSecret(question: string): Promise<string> {
  process.stderr.write(question);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: process.stdin.isTTY });
  try {
    return await new Promise<string>((resolve, reject) => {
      lines.once("line", resolve);
      lines.once("close", () => reject(new Error("no password was given")));
      lines.once("SIGINT", () => reject(new Error("no password was given")));
    });
  } finally {
    process.stderr.write("\n");
    lines.close();
    process.stdin.pause();
  }
}
