import { expect } from "vitest";
import { Client } from "../../src/server/client.ts";
import { Server } from "../../src/server/server.ts";
import { MemoryNetwork, memoryEnvironment } from "../../src/testing/index.ts";
import { heapBytes, MIB } from "./heap.ts";

/** What a case may leave behind. */
const MOST_LEFT_BYTES = 10 * MIB;

/**
 * Two honest programs that talk to each other in the process in which an attack is tried. Call what it gives when the attack is over and all that belonged to it is closed: the process
 * lives, their session is the same one and carries calls, and the memory is back.
 */
export async function aroundCase(): Promise<() => Promise<void>> {
  const environment = memoryEnvironment(new MemoryNetwork());
  const server = await Server.listen({ name: "Honest", port: 0, log: "silent", environment });
  const client = await Client.open("Witness", { log: "silent", environment });
  server.handle("echo", (data) => data);
  const peer = await client.connect("Honest", { port: server.port });
  server.handle(
    "stays",
    (_data, { signal }) => new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve())),
  );
  expect(await peer.get("echo", "before")).toBe("before");
  let isHeld = true;
  // Under way from before the attack until after it: it would fail with the session.
  const held = peer.get("stays", undefined, { timeoutMs: 3_600_000 }).catch(() => (isHeld = false));
  const before = await heapBytes();
  return async () => {
    expect(await peer.get("echo", "after"), "honest programs go on").toBe("after");
    expect(isHeld, "their session is the same one").toBe(true);
    const left = (await heapBytes()) - before;
    await client.close({ graceMs: 0 });
    await server.close({ graceMs: 0 });
    await held;
    expect(left, "memory is back").toBeLessThan(MOST_LEFT_BYTES);
  };
}
