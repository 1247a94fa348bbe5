import type { Environment } from "../../src/link/environment.ts";
import type { Pipe, PipeEvents } from "../../src/pipe/pipe.ts";
import { dialTcp } from "../../src/pipe/tcp.ts";

/** Everything that goes over the wires dialled through it, both ways, as an eavesdropper would have it. */
export class Tap {
  readonly #chunks: Buffer[] = [];

  /** For the diallers' environment. */
  readonly dial: Environment["dial"] = async (options) => {
    const pipe = await dialTcp(options);
    const start = pipe.start.bind(pipe);
    const write = pipe.write.bind(pipe);
    const tapped: Pipe = Object.assign(pipe, {
      start: (events: PipeEvents) =>
        start({
          data: (chunk) => {
            this.#chunks.push(Buffer.from(chunk));
            events.data(chunk);
          },
          drain: () => events.drain(),
          end: (error) => events.end(error),
        }),
      write: (parts: readonly Uint8Array[]) => {
        for (const part of parts) this.#chunks.push(Buffer.from(part));
        return write(parts);
      },
    });
    return tapped;
  };

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  /** Whether the capture holds a secret: raw, as hex or as base64 (at any of its three alignments), or as it is if it is text. */
  holds(secret: Uint8Array | string): boolean {
    const raw = Buffer.from(secret as string);
    const forms = [raw, Buffer.from(raw.toString("hex")), Buffer.from(raw.toString("hex").toUpperCase())];
    for (const skip of [0, 1, 2]) {
      const aligned = raw.subarray(skip);
      forms.push(Buffer.from(aligned.subarray(0, aligned.length - (aligned.length % 3)).toString("base64")));
      forms.push(Buffer.from(aligned.subarray(0, aligned.length - (aligned.length % 3)).toString("base64url")));
    }
    return forms.some((form) => this.bytes.includes(form));
  }
}
