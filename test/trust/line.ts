import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import type { Environment } from "../../src/link/environment.ts";
import { dialTcp } from "../../src/pipe/tcp.ts";
import { type Shape, Shaper } from "./shaper.ts";
import { Valve } from "./valve.ts";

/** From who dialled to who listens, and back. */
export type Way = "forth" | "back";

interface Pair {
  readonly near: Socket;
  readonly far: Socket;
  readonly valves: Readonly<Record<Way, Valve>>;
  /** Carried so far. */
  readonly bytes: Record<Way, number>;
}

interface Cut {
  leftBytes: number;
  readonly how: "reset" | "end";
  readonly done: () => void;
}

/**
 * A TCP proxy between two programs that misbehaves at will: it breaks connections after a given byte, stops carrying while its sockets stay open, or is slow.
 * The first two bytes of a connection name the port on this machine that it leads to.
 */
export class Line {
  /** Connections so far. */
  opened = 0;
  /** Bytes carried, both ways. */
  carried = 0;
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  readonly #sockets = new Set<Socket>();
  /** Ways on which new connections carry nothing. */
  #heldForNew: readonly Way[] = [];
  #cut: Cut | undefined;
  #holdAt: { readonly carried: number; readonly done: () => void } | undefined;
  readonly #shape: Shape | undefined;

  private constructor(shape: Shape | undefined) {
    this.#shape = shape;
    this.#server = createServer({ noDelay: true, allowHalfOpen: true, pauseOnConnect: true });
    this.#server.on("connection", (near) => void this.#accept(near));
  }

  static async open(shape?: Shape): Promise<Line> {
    const line = new Line(shape);
    line.#server.listen(0, "127.0.0.1");
    await once(line.#server, "listening");
    return line;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Connections that are open now. */
  get open(): number {
    return this.#pairs.size;
  }

  /** For an environment: dials through this line, except to that port. */
  dialExcept(port: number): Environment["dial"] {
    return dialThrough(this.port, port);
  }

  /** Breaks the connection that carries the byte after so many from now, counted both ways: that byte does not arrive. Resolves when it is done. */
  cutAfter(bytes: number, how: "reset" | "end" = "reset"): Promise<void> {
    return new Promise((done) => (this.#cut = { leftBytes: bytes, how, done }));
  }

  /** Forgets the cut that was asked for. */
  uncut(): void {
    this.#cut = undefined;
  }

  /** Breaks every connection now. */
  reset(): void {
    for (const pair of this.#pairs) this.#break(pair, "reset");
  }

  /** The connections that are open now carry nothing any more on these ways; neither end is told. `newToo`: nor do later ones. */
  hold(ways: readonly Way[] = ["forth", "back"], newToo = false): void {
    for (const { valves } of this.#pairs) for (const way of ways) valves[way].stop("held");
    if (newToo) this.#heldForNew = ways;
  }

  /** Once so many bytes were carried in all, each connection holds the way that has carried more, whoever dialled it. Resolves then. */
  holdStreamAt(carried: number): Promise<void> {
    return new Promise((done) => (this.#holdAt = { carried, done }));
  }

  /** Everything is carried again, what waited first. */
  release(): void {
    this.#heldForNew = [];
    for (const { valves } of this.#pairs) {
      valves.forth.go("held");
      valves.back.go("held");
    }
  }

  async close(): Promise<void> {
    this.uncut();
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server, "close");
  }

  #own(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", ignore);
    socket.on("close", () => this.#sockets.delete(socket));
  }

  async #accept(near: Socket): Promise<void> {
    this.#own(near);
    near.resume();
    let preface = Buffer.alloc(0);
    while (preface.length < 2) {
      const [chunk] = (await Promise.race([once(near, "data"), once(near, "close")])) as [Buffer | boolean];
      if (!(chunk instanceof Buffer)) return;
      preface = Buffer.concat([preface, chunk]);
    }
    near.pause();
    const far = connect({ host: "127.0.0.1", port: preface.readUInt16BE(0), noDelay: true, allowHalfOpen: true });
    this.#own(far);
    const pair = { near, far, valves: { forth: new Valve(near), back: new Valve(far) }, bytes: { forth: 0, back: 0 } };
    this.#pairs.add(pair);
    this.opened++;
    const over = (): void => {
      this.#pairs.delete(pair);
      near.destroy();
      far.destroy();
    };
    near.on("close", over);
    far.on("close", over);
    for (const way of this.#heldForNew) pair.valves[way].stop("held");
    this.#carry(pair, "forth", far, preface.subarray(2));
    this.#carry(pair, "back", near, Buffer.alloc(0));
  }

  #carry(pair: Pair, way: Way, to: Socket, first: Buffer): void {
    const valve = pair.valves[way];
    const shaper = this.#shape === undefined ? undefined : new Shaper(this.#shape, valve, to);
    const write = (chunk: Uint8Array): void => {
      if (shaper !== undefined) return shaper.write(chunk);
      if (to.write(chunk)) return;
      valve.stop("full");
      to.once("drain", () => valve.go("full"));
    };
    const take = (chunk: Uint8Array): void => {
      const cut = this.#cut;
      if (cut === undefined || chunk.length <= cut.leftBytes) {
        this.carried += chunk.length;
        pair.bytes[way] += chunk.length;
        if (cut !== undefined) cut.leftBytes -= chunk.length;
        write(chunk);
        const hold = this.#holdAt;
        if (hold === undefined || this.carried < hold.carried) return;
        this.#holdAt = undefined;
        for (const { valves, bytes } of this.#pairs) valves[bytes.forth > bytes.back ? "forth" : "back"].stop("held");
        return hold.done();
      }
      this.#cut = undefined;
      this.carried += cut.leftBytes;
      if (cut.leftBytes > 0) write(chunk.subarray(0, cut.leftBytes));
      this.#break(pair, cut.how);
      cut.done();
    };
    if (first.length > 0) take(first);
    valve.start(take, () => (shaper === undefined ? to.end() : shaper.end()));
  }

  #break(pair: Pair, how: "reset" | "end"): void {
    this.#pairs.delete(pair);
    for (const socket of [pair.near, pair.far]) {
      socket.removeAllListeners("data");
      if (how === "reset") socket.resetAndDestroy();
      else socket.destroySoon();
    }
  }
}

/** For an environment of another process: dials through the line at that port, except to the other one. */
export function dialThrough(linePort: number, except: number): Environment["dial"] {
  return async ({ host, port, signal }) => {
    if (port === except) return dialTcp({ host, port, signal });
    const pipe = await dialTcp({ host: "127.0.0.1", port: linePort, signal });
    pipe.write([Uint8Array.of(port >>> 8, port & 255)]);
    return pipe;
  };
}

function ignore(): void {}
