import { expect } from "vitest";
import { Client } from "../../src/server/client.ts";
import { Server } from "../../src/server/server.ts";
import { MemoryNetwork, memoryEnvironment } from "../../src/testing/index.ts";
import type { UntypedPeer } from "../../src/schema/peer-types.ts";
import { heapBytes, MIB } from "./heap.ts";

/** What a case may leave behind. */
const MOST_LEFT_BYTES = 10 * MIB;

/** Two honest programs that talk to each other in the process in which attacks are tried. */
export class HonestPair {
  readonly #server: Server;
  readonly #client: Client;
  readonly #peer: UntypedPeer;
  /** A call that is under way from the first attack until after the last one: it would fail with their session. */
  readonly #held: Promise<unknown>;
  #isHeld = true;

  private constructor(server: Server, client: Client, peer: UntypedPeer) {
    this.#server = server;
    this.#client = client;
    this.#peer = peer;
    this.#held = peer.get("stay", undefined, { timeoutMs: 3_600_000 }).catch(() => (this.#isHeld = false));
  }

  static async open(): Promise<HonestPair> {
    const environment = memoryEnvironment(new MemoryNetwork());
    const server = await Server.listen({ name: "Honest", port: 0, log: "silent", environment });
    const client = await Client.open("Witness", { log: "silent", environment });
    server.handle("echo", (data) => data);
    server.handle(
      "stay",
      (_data, { signal }) => new Promise<void>((left) => signal.addEventListener("abort", () => left())),
    );
    return new HonestPair(server, client, await client.connect("Honest", { port: server.port }));
  }

  /**
   * To be called before an attack. Call what it gives when the attack is over and all that belonged to it is closed: the process lives, the session of the two is
   * the same one and carries calls, and the memory is back.
   */
  async watch(): Promise<() => Promise<void>> {
    await this.#answers();
    const before = await heapBytes(1);
    return async () => {
      await this.#answers();
      let left = (await heapBytes(1)) - before;
      // What one collection leaves may still go.
      if (left >= MOST_LEFT_BYTES) left = (await heapBytes()) - before;
      expect(left, "memory is back").toBeLessThan(MOST_LEFT_BYTES);
    };
  }

  async #answers(): Promise<void> {
    expect(await this.#peer.get("echo", "still here"), "honest programs go on").toBe("still here");
    expect(this.#isHeld, "their session is the same one").toBe(true);
  }

  async close(): Promise<void> {
    await this.#client.close({ graceMs: 0 });
    await this.#server.close({ graceMs: 0 });
    await this.#held;
  }
}
