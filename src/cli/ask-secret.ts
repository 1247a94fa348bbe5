import { createInterface } from "node:readline";
import { Writable } from "node:stream";

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
