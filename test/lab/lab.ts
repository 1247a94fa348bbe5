import { build, INTERNET, type Plan } from "./build.ts";
import { Capture } from "./capture.ts";
import { Host } from "./host.ts";
import {
  HOSTS,
  type HostName,
  LINES,
  type LineName,
  type RouterKind,
  type RouterName,
  ROUTERS,
  routerOf,
} from "./layout.ts";
import { Line } from "./line.ts";
import { newPrefix, removeLeftovers, removeNamespaces } from "./namespaces.ts";
import { Router } from "./router.ts";
import { type LineSettings, Wire } from "./wire.ts";

export interface LabOptions {
  /** The kinds of router a and router b. Default: both easy. */
  readonly routers?: readonly [RouterKind, RouterKind];
  /** Of the lines of router a and router b, one way, in ms. Default 0. */
  readonly delayMs?: number;
  /** Of the lines of router a and router b: the part of the packets that is lost in each direction, 0 to 1. Default 0. */
  readonly loss?: number;
  /** Of the lines of router a and router b, in each direction. Default 0: as fast as it goes. */
  readonly rateMbit?: number;
  /** Decides which packets are lost. Default 1. */
  readonly seed?: number;
  /** LAN hosts have public IPv6 addresses too, behind a stateful firewall. Default false: IPv6 ends at the router. */
  readonly ipv6?: boolean;
}

/**
 * Machines, routers and lines inside this one: Linux network namespaces, which have no way out to the machine's own network. See layout.ts
 * for the map. Needs root and what install.sh installs: tests say so with `labTest`.
 *
 *     labTest("a call survives a cut", async () => {
 *       await using lab = await Lab.open({ routers: ["easy", "hard"], delayMs: 50, loss: 0.02 });
 *       const a1 = await lab.host("a1").spawn<Caller>("test/some/caller.ts"); // there: takeOrders(orders); export type Caller = typeof orders
 *       await a1.ask("join", { host: lab.host("room").address });
 *       await lab.line("a").cut();
 *       const answer = a1.ask("call", "Hello");
 *       await lab.line("a").restore();
 *       expect(await answer).toBe("Hello");
 *     });
 */
export class Lab implements AsyncDisposable {
  readonly #prefix: string;
  readonly #hosts: Readonly<Record<HostName, Host>>;
  readonly #routers: Readonly<Record<RouterName, Router>>;
  readonly #lines: Readonly<Record<LineName, Line>>;
  readonly #captures: Capture[] = [];
  #wire: Wire | undefined;

  private constructor(plan: Plan, seed: number) {
    this.#prefix = plan.prefix;
    const wire = (): Wire => (this.#wire ??= new Wire(`${plan.prefix}${INTERNET}`, seed));
    this.#routers = record(ROUTERS, (name) => new Router(plan, name));
    this.#lines = record(LINES, (name) => new Line(plan.prefix, name, wire));
    this.#hosts = record(HOSTS, (name) => {
      const router = routerOf(name);
      return new Host(plan.prefix, name, router && this.#routers[router], plan.ipv6);
    });
  }

  /** Builds a lab; several may stand at once and don't see each other. Removes what dead programs have left of theirs. */
  static async open(options: LabOptions = {}): Promise<Lab> {
    const { routers = ["easy", "easy"], seed = 1, ipv6 = false } = options;
    const { delayMs = 0, loss = 0, rateMbit = 0 }: Partial<LineSettings> = options;
    const plan: Plan = { prefix: newPrefix(), routers: { a: routers[0], b: routers[1] }, ipv6 };
    const lab = new Lab(plan, seed);
    try {
      await removeLeftovers();
      await build(plan);
      if (delayMs > 0 || loss > 0 || rateMbit > 0)
        for (const name of ROUTERS) await lab.line(name).set({ delayMs, loss, rateMbit });
    } catch (error) {
      await lab.close();
      throw error;
    }
    return lab;
  }

  /** The names of all its namespaces start with it. */
  get prefix(): string {
    return this.#prefix;
  }

  host(name: HostName): Host {
    return this.#hosts[name];
  }

  router(name: RouterName): Router {
    return this.#routers[name];
  }

  line(name: LineName): Line {
    return this.#lines[name];
  }

  /** Records what passes a host's interface, or a router's at the internet. */
  async capture(at: HostName | RouterName): Promise<Capture> {
    const isRouter = at === "a" || at === "b";
    const { namespace } = isRouter ? this.router(at) : this.host(at);
    return await Capture.start(namespace, isRouter ? "wan" : "eth0", (capture) => this.#captures.push(capture));
  }

  /** Kills all programs inside and removes everything. May be called twice. */
  async close(): Promise<void> {
    await Promise.all([
      ...HOSTS.map((name) => this.#hosts[name].close()),
      ...this.#captures.map((capture) => capture.close()),
      this.#wire?.close(),
    ]);
    await removeNamespaces(this.#prefix);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

function record<K extends string, V>(names: readonly K[], make: (name: K) => V): Record<K, V> {
  return Object.fromEntries(names.map((name) => [name, make(name)])) as Record<K, V>;
}
