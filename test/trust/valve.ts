import type { Socket } from "node:net";

/** A socket that is read only while nothing speaks against it. */
export class Valve {
  readonly #socket: Socket;
  readonly #against = new Set<string>();
  #isStarted = false;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  start(data: (chunk: Uint8Array) => void, end: () => void): void {
    this.#socket.on("data", data);
    this.#socket.on("end", end);
    this.#isStarted = true;
    if (this.#against.size === 0) this.#socket.resume();
    else this.#socket.pause();
  }

  stop(reason: string): void {
    this.#against.add(reason);
    this.#socket.pause();
  }

  go(reason: string): void {
    this.#against.delete(reason);
    if (this.#isStarted && this.#against.size === 0) this.#socket.resume();
  }
}
