/** gRPC as its guide for Node shows it: protobuf messages over HTTP/2, unary calls. Nothing is encrypted. */
import { fileURLToPath } from "node:url";
import { credentials, loadPackageDefinition, Server, ServerCredentials } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";

const { Echo } = loadPackageDefinition(loadSync(fileURLToPath(new URL("./echo.proto", import.meta.url))));
const LIMIT = { "grpc.max_receive_message_length": 4 << 20, "grpc.max_send_message_length": 4 << 20 };

function connected(port) {
  // A pool of its own for each: else all clients would share a connection.
  const client = new Echo(`127.0.0.1:${port}`, credentials.createInsecure(), {
    ...LIMIT,
    "grpc.use_local_subchannel_pool": 1,
  });
  return new Promise((resolve, reject) =>
    client.waitForReady(Date.now() + 10_000, (error) => (error ? reject(error) : resolve(client))),
  );
}

/** @type {import("../adapter.ts").Adapter} */
export const adapter = {
  serve: () =>
    new Promise((resolve, reject) => {
      let notes = 0;
      const server = new Server(LIMIT);
      server.addService(Echo.service, {
        Call: ({ request }, answer) => answer(null, request),
        EchoBytes: ({ request }, answer) => answer(null, request),
        Note: (_, answer) => (notes++, answer(null, {})),
        Told: (_, answer) => answer(null, { text: "", n: notes }),
      });
      server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) =>
        error ? reject(error) : resolve({ port }),
      );
    }),
  async connect(port) {
    const client = await connected(port);
    const call = (name, data) =>
      new Promise((resolve, reject) =>
        client[name](data, (error, answer) => (error ? reject(error) : resolve(answer))),
      );
    return {
      call: (data) => call("Call", data),
      echo: async (data) => (await call("EchoBytes", { data })).data,
      told: async () => (await call("Told", {})).n,
      tell: (data, count) => Promise.all(Array.from({ length: count }, () => call("Note", data))),
      close: async () => client.close(),
    };
  },
  async touch(port) {
    const client = await connected(port);
    return { close: () => client.close() };
  },
};
