import type { ChildProcess } from "node:child_process";

/** Resolves when a child process has ended and its streams with it. */
export function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => child.once("close", () => resolve()));
}

/** Keeps the last of what a stream says, for a message to people. */
export class Tail {
  #text = "";

  constructor(stream: NodeJS.ReadableStream, maxChars = 1 << 20) {
    stream.setEncoding("utf8");
    stream.on("data", (text: string) => {
      this.#text = (this.#text + text).slice(-maxChars);
    });
  }

  get text(): string {
    return this.#text;
  }
}
