/**
 * The yardstick: good hand-written code without encryption, validation or reconnect. node:net, a 4-byte length, msgpackr
 * maps {id, method, data}, one write per tick, a Promise and a Map entry per call. Frozen: bench/frozen.json holds the
 * SHA-256 of this file, and the runner refuses to measure against any other.
 */
import net from "node:net";
import type { Duplex } from "node:stream";
import { Packr } from "msgpackr";
import type { Adapter, Connection, Payload } from "./adapter.ts";

interface Message {
  id: number; // 0: no answer is wanted
  method?: string;
  data: unknown;
}

/** Where copying small messages into one buffer stops paying. */
const LARGE_BYTES = 65_536;

/** Cuts a stream of bytes into frames, and gathers the frames of a tick into one write. */
class Framed {
  readonly #socket: Duplex;
  readonly #packr = new Packr({ useRecords: false });
  readonly #onMessage: (message: Message) => void;
  #out: Uint8Array[] = [];
  #outBytes = 0;
  #rest: Buffer | undefined; // an incomplete frame, its length first
  #restBytes = 0;
  #waiting: (() => void)[] = [];

  constructor(socket: Duplex, onMessage: (message: Message) => void) {
    this.#socket = socket;
    this.#onMessage = onMessage;
    socket.on("data", (chunk: Buffer) => this.#read(chunk));
    socket.on("error", () => socket.destroy());
  }

  send(message: Message): void {
    const body = this.#packr.pack(message);
    if (this.#out.push(body) === 1) process.nextTick(this.#flush);
    this.#outBytes += 4 + body.length;
  }

  /** Resolves when the socket took what was sent up to now. */
  flushed(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  readonly #flush = (): void => {
    const out = this.#out;
    const bytes = this.#outBytes;
    const waiting = this.#waiting;
    this.#out = [];
    this.#outBytes = 0;
    if (waiting.length > 0) this.#waiting = [];
    const done = waiting.length === 0 ? undefined : () => waiting.forEach((resolve) => resolve());
    if (bytes < LARGE_BYTES) {
      const all = Buffer.allocUnsafe(bytes);
      let at = 0;
      for (const body of out) {
        all.writeUInt32BE(body.length, at);
        all.set(body, at + 4);
        at += 4 + body.length;
      }
      this.#socket.write(all, done);
      return;
    }
    this.#socket.cork();
    for (const [index, body] of out.entries()) {
      const header = Buffer.allocUnsafe(4);
      header.writeUInt32BE(body.length);
      this.#socket.write(header);
      this.#socket.write(body, index === out.length - 1 ? done : undefined);
    }
    this.#socket.uncork();
  };

  #read(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#rest !== undefined) {
        at = this.#fill(chunk, at);
        continue;
      }
      const left = chunk.length - at;
      const length = left < 4 ? -1 : chunk.readUInt32BE(at);
      if (length >= 0 && left >= 4 + length) {
        this.#deliver(chunk.subarray(at + 4, at + 4 + length));
        at += 4 + length;
      } else {
        this.#rest = Buffer.allocUnsafe(4 + Math.max(length, 0));
        this.#restBytes = chunk.copy(this.#rest, 0, at);
        return;
      }
    }
  }

  /** Continues the incomplete frame with the chunk's bytes from `at`; gives the position after them. */
  #fill(chunk: Buffer, at: number): number {
    let rest = this.#rest as Buffer;
    let next = at;
    if (this.#restBytes < 4) {
      const copied = chunk.copy(rest, this.#restBytes, next, Math.min(chunk.length, next + 4 - this.#restBytes));
      this.#restBytes += copied;
      next += copied;
      if (this.#restBytes < 4) return next;
      const grown = Buffer.allocUnsafe(4 + rest.readUInt32BE(0));
      rest.copy(grown, 0, 0, 4);
      rest = grown;
      this.#rest = grown;
    }
    const copied = chunk.copy(rest, this.#restBytes, next);
    this.#restBytes += copied;
    if (this.#restBytes === rest.length) {
      this.#rest = undefined;
      this.#deliver(rest.subarray(4));
    }
    return next + copied;
  }

  #deliver(body: Buffer): void {
    this.#onMessage(this.#packr.unpack(body) as Message);
  }
}

/** Answers calls on one accepted socket. */
export function answer(socket: Duplex): void {
  let notes = 0;
  const handlers = new Map<string, (data: unknown) => unknown>([
    ["echo", (data) => data],
    [
      "note",
      () => {
        notes++;
      },
    ],
    ["told", () => notes],
  ]);
  const framed = new Framed(socket, ({ id, method, data }) => {
    const result = handlers.get(method as string)?.(data);
    if (id !== 0) framed.send({ id, data: result });
  });
}

/** The calling side on one connected socket. */
export function callOver(socket: Duplex): Connection {
  const waiting = new Map<number, (data: unknown) => void>();
  let lastId = 0;
  const framed = new Framed(socket, ({ id, data }) => {
    const resolve = waiting.get(id);
    waiting.delete(id);
    resolve?.(data);
  });
  const call = (method: string, data: unknown): Promise<unknown> =>
    new Promise((resolve) => {
      const id = ++lastId;
      waiting.set(id, resolve);
      framed.send({ id, method, data });
    });
  return {
    call: (data) => call("echo", data) as Promise<Payload>,
    echo: (data) => call("echo", data) as Promise<Uint8Array>,
    told: () => call("told", undefined) as Promise<number>,
    tell(data, count) {
      for (let i = 0; i < count; i++) framed.send({ id: 0, method: "note", data });
      return framed.flushed();
    },
    close: async () => {
      socket.destroy();
    },
  };
}

function dial(port: number): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ port, host: "127.0.0.1", noDelay: true }, () => resolve(socket));
    socket.once("error", reject);
  });
}

export const raw: Adapter = {
  serve: () =>
    new Promise((resolve) => {
      const server = net.createServer({ noDelay: true }, answer);
      server.listen(0, "127.0.0.1", 4_096, () => resolve({ port: (server.address() as net.AddressInfo).port }));
    }),
  connect: async (port) => callOver(await dial(port)),
  touch: async (port) => {
    const socket = await dial(port);
    return { close: () => socket.resetAndDestroy() };
  },
};
