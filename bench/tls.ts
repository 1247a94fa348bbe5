import type { AddressInfo } from "node:net";
import tls from "node:tls";
import type { Adapter } from "./adapter.ts";
import { CERTIFICATE, CERTIFICATE_KEY } from "./certificate.ts";
import { answer, callOver } from "./raw.ts";

/** `raw` over TLS 1.3 with a P-256 certificate that the client verifies: what encrypting with Node's own means costs. */
export const overTls: Adapter = {
  serve: () =>
    new Promise((resolve) => {
      const server = tls.createServer(
        { key: CERTIFICATE_KEY, cert: CERTIFICATE, minVersion: "TLSv1.3", noDelay: true },
        answer,
      );
      server.on("tlsClientError", () => {}); // connections that are closed at once
      server.listen(0, "127.0.0.1", 4_096, () => resolve({ port: (server.address() as AddressInfo).port }));
    }),
  connect: async (port) => callOver(await dialTls(port)),
  touch: async (port) => {
    const socket = await dialTls(port);
    return { close: () => socket.destroy() };
  },
};

const context = tls.createSecureContext({ ca: CERTIFICATE, minVersion: "TLSv1.3" });

/** A full handshake every time: no session is resumed. */
export function dialTls(port: number): Promise<tls.TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = tls.connect({ port, host: "127.0.0.1", secureContext: context }, () => {
      socket.setNoDelay();
      resolve(socket);
    });
    socket.once("error", reject);
  });
}
