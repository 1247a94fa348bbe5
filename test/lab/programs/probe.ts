import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { networkInterfaces } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { takeOrders } from "../inside.ts";

/** How a dial ended: open, or as the system says it (ECONNREFUSED ...), or not at all within its time. */
export interface Dialled {
  readonly outcome: string;
  /** The connection, for further orders. */
  readonly id: number;
  readonly localPort: number;
  /** The address and port by which the other side sees this one, when that one greets. */
  readonly seen: string;
}

interface Dial {
  readonly host: string;
  readonly port: number;
  /** 0 or none: the kernel chooses one that can be bound again. */
  readonly localPort?: number;
  /** Whether the other side is one that greets. Default true. */
  readonly isGreeted?: boolean;
  readonly timeoutMs?: number;
}

const sockets: Socket[] = [];

/** Greets everyone with the address it sees, then gives back what comes. */
async function listen({ port }: { port: number }): Promise<void> {
  const server = createServer((socket) => {
    socket.setNoDelay();
    socket.on("error", () => {});
    socket.write(`${socket.remoteAddress?.replace("::ffff:", "")}:${socket.remotePort}\n`);
    socket.pipe(socket);
  });
  server.listen(port);
  await once(server, "listening");
}

async function dial({ host, port, localPort = 0, isGreeted = true, timeoutMs = 500 }: Dial): Promise<Dialled> {
  const localAddress = host.includes(":") ? "::" : "0.0.0.0";
  const socket = connect({ host, port, localAddress, localPort, noDelay: true });
  const id = sockets.push(socket) - 1;
  const outcome = await new Promise<string>((resolve) => {
    socket.once("connect", () => resolve("open"));
    socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    setTimeout(() => resolve("timeout"), timeoutMs).unref();
  });
  const local = socket.localPort ?? 0;
  if (outcome !== "open") socket.destroy();
  const seen = outcome === "open" && isGreeted ? String(((await once(socket, "data")) as [Buffer])[0]).trim() : "";
  return { outcome, id, localPort: local, seen };
}

/** Sends a byte and waits until it is back, so many times: how long each took, in ms. */
async function roundTrips({ id, count }: { id: number; count: number }): Promise<number[]> {
  const socket = sockets[id] as Socket;
  const times: number[] = [];
  for (let done = 0; done < count; done++) {
    const start = performance.now();
    socket.write("x");
    await once(socket, "data");
    times.push(performance.now() - start);
  }
  return times;
}

/** Says something into a connection and waits for an answer. @returns the answer, the error's code, or "silence" */
async function say({ id, text, timeoutMs = 400 }: { id: number; text: string; timeoutMs?: number }): Promise<string> {
  const socket = sockets[id] as Socket;
  return await new Promise((resolve) => {
    setTimeout(() => resolve("silence"), timeoutMs).unref();
    socket.once("data", (answer: Buffer) => resolve(String(answer)));
    socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    socket.write(text);
  });
}

/** Sends so many bytes and waits until they are back: how many Mbit/s came back from the first to the last. */
async function bulk({ id, bytes }: { id: number; bytes: number }): Promise<number> {
  const socket = sockets[id] as Socket;
  let back = 0;
  let first = 0;
  let firstBytes = 0;
  const done = new Promise<void>((resolve) =>
    socket.on("data", (chunk: Buffer) => {
      if (back === 0) [first, firstBytes] = [performance.now(), chunk.length];
      back += chunk.length;
      if (back >= bytes) resolve();
    }),
  );
  socket.write(Buffer.alloc(bytes, 7));
  await done;
  return ((back - firstBytes) * 8) / 1000 / (performance.now() - first);
}

/** Sends numbered datagrams, ten each ms. */
async function send({ host, port, count }: { host: string; port: number; count: number }): Promise<void> {
  const socket = createSocket("udp4");
  for (let number = 0; number < count; number++) {
    const datagram = Buffer.alloc(100);
    datagram.writeUInt32BE(number);
    await new Promise((resolve) => socket.send(datagram, port, host, resolve));
    if (number % 10 === 9) await sleep(1);
  }
  socket.close();
}

/** The addresses that this machine has, and the loopback's. */
function addresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address));
}

const orders = { listen, dial, roundTrips, say, bulk, send, addresses };
export type Probe = typeof orders;
takeOrders(orders);
