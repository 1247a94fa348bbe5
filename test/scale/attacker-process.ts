import { connect, type Socket } from "node:net";
import { systemRandom } from "../../src/base/random.ts";
import { nativeEngine as engine } from "../../src/crypto/native.ts";
import { passwordSecret } from "../../src/crypto/secret.ts";
import { Initiator } from "../../src/link/handshake-initiator.ts";
import { answer, cpuMs } from "./answer.ts";

/** Strangers that do not know the password, from several loopback addresses. */
const secret = passwordSecret("not the password", 1, engine);
const counts = { hellos: 0, replies: 0, refusals: 0, dropped: 0, slow: 0, slowDropped: 0 };
const sockets = new Set<Socket>();
const timers = new Set<NodeJS.Timeout>();
let isOver = false;

function open(port: number, localAddress: string, gone: () => void): Socket {
  const socket = connect({ host: "127.0.0.1", port, localAddress, noDelay: true });
  sockets.add(socket);
  socket.on("error", () => {});
  socket.on("close", () => {
    sockets.delete(socket);
    if (!isOver) gone();
  });
  return socket;
}

function hello(): Uint8Array {
  const name = `Stranger-${counts.hellos}`;
  const config = { engine, random: systemRandom, encryption: true, suites: engine.suites(), secret };
  return new Initiator({ ...config, purpose: 1, name, peerName: "" }).hello;
}

/** One guess: HELLO, and away as soon as anything comes back. */
function guess(port: number, host: string): void {
  let isAnswered = false;
  const socket = open(port, host, () => void (isAnswered || counts.dropped++));
  counts.hellos++;
  socket.write(hello());
  socket.once("data", (bytes: Buffer) => {
    isAnswered = true;
    if (bytes[0] === 2) counts.replies++;
    else counts.refusals++;
    socket.destroy();
  });
}

/** Says nothing, or a byte of HELLO each second; comes again when it is dropped. */
function slow(port: number, host: string, isSilent: boolean, againMs: number): void {
  const bytes = hello();
  let at = 0;
  const startedAt = performance.now();
  counts.slow++;
  const socket = open(port, host, () => {
    clearInterval(ticking);
    if (performance.now() - startedAt < 1_000) counts.slowDropped++;
    timers.delete(ticking);
    const again = setTimeout(() => {
      timers.delete(again);
      slow(port, host, isSilent, againMs);
    }, againMs);
    timers.add(again);
  });
  const ticking = setInterval(() => void (isSilent || socket.write(bytes.subarray(at, ++at))), 1_000);
  timers.add(ticking);
}

const commands = {
  /** Wrong passwords, so many a second, from these addresses in turn; and so many slow strangers. */
  attack(port: number, perSecond: number, slowOnes: number, hosts: string[], againMs: number) {
    isOver = false;
    let sent = 0;
    const startedAt = performance.now();
    const due = (): number => ((performance.now() - startedAt) / 1_000) * perSecond;
    timers.add(
      setInterval(() => {
        while (sent < due()) guess(port, hosts[sent++ % hosts.length] as string);
      }, 5),
    );
    for (let at = 0; at < slowOnes; at++) slow(port, hosts[at % hosts.length] as string, at % 2 === 0, againMs);
  },
  stop() {
    isOver = true;
    for (const timer of timers) clearInterval(timer);
    timers.clear();
    for (const socket of sockets) socket.destroy();
    return counts;
  },
  cpuMs,
};

export type AttackerCommands = typeof commands;
answer(commands);
