import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { ended, Tail } from "./child.ts";
import { PATH } from "./command.ts";
import { type TcpStream, tcpStreams } from "./tcp-streams.ts";

/** What passed an interface while a capture stood. */
export interface Recording {
  /** Ethernet frames, both directions. */
  readonly frames: readonly Buffer[];
  readonly streams: readonly TcpStream[];
}

const SCRIPT = new URL("capture.py", import.meta.url).pathname;

/** Records every frame that an interface sends or receives, until it is stopped. */
export class Capture {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #ended: Promise<void>;
  readonly #says: Tail;
  readonly #chunks: Buffer[] = [];

  private constructor(namespace: string, device: string) {
    this.#child = spawn("ip", ["netns", "exec", namespace, "python3", SCRIPT, device], {
      stdio: ["pipe", "pipe", "pipe"],
      env: { ...process.env, PATH },
    });
    this.#ended = ended(this.#child);
    this.#says = new Tail(this.#child.stderr);
    this.#child.stdin.on("error", () => {}); // its end tells
    this.#child.stdout.on("data", (chunk: Buffer) => this.#chunks.push(chunk));
  }

  /** Resolves when it records. */
  static async start(namespace: string, device: string, known: (capture: Capture) => void): Promise<Capture> {
    const capture = new Capture(namespace, device);
    known(capture);
    await Promise.race([once(capture.#child.stderr, "data"), capture.#ended]);
    if (!capture.#says.text.startsWith("ready")) throw new Error(`no capture at ${device}: ${capture.#says.text}`);
    return capture;
  }

  /** All that passed until now. @throws Error if the kernel could not keep a frame for it */
  async stop(): Promise<Recording> {
    await this.close();
    if (!this.#says.text.includes("missed 0\n")) throw new Error(`the capture is not whole: ${this.#says.text}`);
    const frames = framesOf(Buffer.concat(this.#chunks));
    return { frames, streams: tcpStreams(frames) };
  }

  async close(): Promise<void> {
    this.#child.stdin.end();
    await this.#ended;
  }
}

function framesOf(bytes: Buffer): Buffer[] {
  const frames: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const start = at + 4;
    at = start + bytes.readUInt32BE(at);
    frames.push(bytes.subarray(start, at));
  }
  return frames;
}
