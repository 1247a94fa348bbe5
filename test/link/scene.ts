import { expect } from "vitest";

import type { LimitChanges } from "../../src/base/limits.ts";
import type { UserPassword } from "../../src/crypto/user-password.ts";
import type { Link } from "../../src/link/link.ts";
import type { LinkListenerConfig } from "../../src/link/listener.ts";
import { MemoryNetwork } from "../../src/pipe/memory.ts";
import type { Pipe, PipeListener } from "../../src/pipe/pipe.ts";
import { dialTcp, listenTcp } from "../../src/pipe/tcp.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { Answerer, bytesOf, dialHonestly, LinkEar } from "./parties.ts";
import { RawPeer } from "./raw-peer.ts";

export type Way = "TCP" | "memory";
export const WAYS: readonly Way[] = ["TCP", "memory"];

/** Where attackers come from, and where an honest program does: two sources. */
const ATTACKER = "127.0.0.1";
const HONEST = "::1";

export interface SceneOptions {
  readonly limits?: LimitChanges;
  readonly encryption?: boolean;
  readonly config?: Partial<LinkListenerConfig>;
  readonly handshake?: Partial<LinkListenerConfig["handshake"]>;
  /** The password of the user "Witness", where users have passwords. */
  readonly witness?: UserPassword;
}

/** A listener with a clock of its own, an honest program that has a link to it, and room for attackers. */
export class Scene {
  readonly clock = new ManualClock();
  readonly network = new MemoryNetwork();
  readonly room: Answerer;
  readonly way: Way;
  readonly encryption: boolean;
  readonly limits: LimitChanges;
  readonly #user: UserPassword | undefined;
  #pipes: PipeListener | undefined;
  #witness: { link: Link; ear: LinkEar } | undefined;
  readonly #opened: Pipe[] = [];

  private constructor(way: Way, options: SceneOptions) {
    this.way = way;
    this.encryption = options.encryption ?? true;
    this.limits = options.limits ?? {};
    this.#user = options.witness;
    this.room = new Answerer({ clock: this.clock, ...options });
  }

  static async open(way: Way, options: SceneOptions = {}): Promise<Scene> {
    const scene = new Scene(way, options);
    const { accept } = scene.room.listener;
    scene.#pipes =
      way === "TCP"
        ? await listenTcp({ host: "::", port: 0, accept })
        : await scene.network.listen({ host: "::", port: 0, accept });
    scene.#witness = await scene.#honest();
    await scene.room.until(() => scene.room.links.length === 1);
    return scene;
  }

  get port(): number {
    return this.#pipes?.address.port ?? 0;
  }

  /** A pipe to the listener, from an attacker's address or another one (memory alone has those). */
  async dial(from = ATTACKER): Promise<Pipe> {
    const host = from.includes(":") ? "::1" : "127.0.0.1";
    const pipe =
      this.way === "TCP"
        ? await dialTcp({ host, port: this.port })
        : await this.network.dial({ host, port: this.port, localHost: from });
    this.#opened.push(pipe);
    return pipe;
  }

  async attacker(from?: string): Promise<RawPeer> {
    return new RawPeer(await this.dial(from));
  }

  async #honest(): Promise<{ link: Link; ear: LinkEar }> {
    const link = await dialHonestly(await this.dial(HONEST), {
      clock: this.clock,
      encryption: this.encryption,
      limits: this.limits,
      name: "Witness",
      user: this.#user,
    });
    const ear = new LinkEar();
    link.start(ear);
    return { link, ear };
  }

  /** The link of the listener's side that came last. */
  get last(): { link: Link; ear: LinkEar } {
    const { links, ears } = this.room;
    return { link: links.at(-1) as Link, ear: ears.at(-1) as LinkEar };
  }

  /** The process lives, the honest program's link works both ways, and another one gets in. */
  async expectServing(): Promise<void> {
    const witness = this.#witness as { link: Link; ear: LinkEar };
    const [link, ear] = [this.room.links[0] as Link, this.room.ears[0] as LinkEar];
    const [before, back] = [ear.received.length, witness.ear.received.length];
    witness.link.send([bytesOf("still here?")]);
    await ear.until(() => ear.received.length > before);
    link.send([bytesOf("yes")]);
    await witness.ear.until(() => witness.ear.received.length > back);
    expect(witness.ear.ends).toEqual([]);
    const count = this.room.links.length;
    const newcomer = await this.#honest();
    await this.room.until(() => this.room.links.length > count);
    const newest = this.last.ear;
    newcomer.link.send([bytesOf("hello")]);
    await newest.until(() => newest.bytes === 5);
    newcomer.link.destroy();
    await newest.until(() => newest.ends.length === 1);
  }

  /** Ends everything. */
  async close(): Promise<void> {
    this.#witness?.link.destroy();
    this.room.close();
    for (const pipe of this.#opened) pipe.destroy();
    await this.#pipes?.close();
  }

  /** After `close`: nothing is left on the clock or in the listener's books. */
  expectNothingLeft(): void {
    expect(this.clock.pending).toBe(0);
    expect(this.room.listener.unproven).toBe(0);
    expect(this.room.listener.links).toBe(0);
  }
}

/** Runs a scene and closes it, whatever happens. */
export async function inScene(way: Way, options: SceneOptions, run: (scene: Scene) => Promise<void>): Promise<void> {
  const scene = await Scene.open(way, options);
  try {
    await run(scene);
    await scene.expectServing();
  } finally {
    await scene.close();
  }
  scene.expectNothingLeft();
}
