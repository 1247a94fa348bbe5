import net from "node:net";
import { LinkError } from "../src/base/errors.ts";
import { systemRandom } from "../src/base/random.ts";
import { nativeEngine as engine } from "../src/crypto/native.ts";
import { passwordSecret } from "../src/crypto/secret.ts";
import type { Frame } from "../src/link/handshake.ts";
import { FrameReader } from "../src/link/handshake-frames.ts";
import { Initiator } from "../src/link/handshake-initiator.ts";
import { Responder } from "../src/link/handshake-responder.ts";
import type { Adapter } from "./adapter.ts";
import { raw } from "./raw.ts";

const secret = passwordSecret("a password for measuring", 2, engine);
const suites = engine.suites();
const common = { engine, random: systemRandom, encryption: true, suites };

/** Calls back with each whole frame that comes. */
function onFrames(socket: net.Socket, take: (frame: Frame) => void): void {
  const reader = new FrameReader();
  socket.on("data", (chunk) => {
    reader.push(chunk);
    for (let frame = reader.next(); frame !== undefined; frame = reader.next()) take(frame);
  });
  socket.on("error", () => socket.destroy());
}

function respond(socket: net.Socket): void {
  const responder = new Responder({ ...common, name: "server", serves: () => true, secretFor: () => secret });
  let isFirst = true;
  onFrames(socket, (frame) => {
    if (!isFirst) {
      if (responder.confirm(frame).error !== undefined) throw new Error("CONFIRM was refused");
      return;
    }
    isFirst = false;
    const outcome = responder.hello(frame);
    if (outcome.error !== undefined) throw outcome.error;
    socket.write(outcome.send);
  });
}

/** The handshake alone, over TCP: no link around it, no admission. Calls are those of `raw`. */
export const crp1: Adapter = {
  ...raw,
  accept: () =>
    new Promise((resolve) => {
      const server = net.createServer({ noDelay: true }, respond);
      server.listen(0, "127.0.0.1", 4_096, () => resolve({ port: (server.address() as net.AddressInfo).port }));
    }),
  touch: (port) =>
    new Promise((resolve, reject) => {
      const initiator = new Initiator({ ...common, purpose: 2, name: "client", peerName: "", secret });
      const socket = net.connect({ port, host: "127.0.0.1", noDelay: true }, () => socket.write(initiator.hello));
      onFrames(socket, (frame) => {
        const outcome = initiator.receive(frame);
        if ("error" in outcome || outcome.established === undefined)
          return reject(new LinkError("ERR_AUTH", "refused"));
        socket.write(outcome.send);
        resolve({ close: () => socket.end() });
      });
    }),
};
