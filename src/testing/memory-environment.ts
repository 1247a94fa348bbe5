import type { Environment } from "../link/environment.ts";
import { MemoryNetwork } from "../pipe/memory.ts";

/**
 * A network inside this process: give the same one to a Room and its users, as their option `environment`, and no socket is opened.
 * Everything else is the real thing: handshakes, sealing, sessions, calls.
 */
export function memoryEnvironment(network: MemoryNetwork = new MemoryNetwork()): Partial<Environment> {
  return {
    listen: (options) => network.listen(options),
    dial: ({ host, port, signal, from }) => network.dial({ host, port, signal, localPort: from?.port }),
    addresses: () => [],
  };
}
