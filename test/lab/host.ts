import { portOf } from "./build.ts";
import { ip, linksAre } from "./command.ts";
import type { Orders } from "./inside.ts";
import { addressesOf, type HostName } from "./layout.ts";
import { Program } from "./program.ts";
import type { Router } from "./router.ts";

/** A machine of the lab: at the internet, or in a LAN behind a router. */
export class Host {
  readonly name: HostName;
  readonly namespace: string;
  /** Addresses of its own interface: IPv4, then unique local IPv6 (the Room and the public host: public IPv6), then public IPv6 in a lab with `ipv6`. */
  readonly lanAddresses: readonly string[];
  readonly #prefix: string;
  readonly #router: Router | undefined;
  #renumbered = 0;
  readonly #programs = new Set<Program<Orders>>();

  constructor(prefix: string, name: HostName, router: Router | undefined, ipv6: boolean) {
    this.name = name;
    this.namespace = `${prefix}${name}`;
    this.lanAddresses = addressesOf(name, ipv6);
    this.#prefix = prefix;
    this.#router = router;
  }

  /** The IPv4 address by which others at the internet see it: its router's, if that one translates. */
  get address(): string {
    const isTranslated = this.#router !== undefined && this.#router.kind !== "fw";
    return isTranslated ? this.#router.address : (this.lanAddresses[0] as string);
  }

  /**
   * Starts a TypeScript program inside this machine; it sees the sources of this project. Resolves when it takes orders, which it does by
   * `takeOrders` of inside.ts. Killed with the lab. `script` is a path from the project's root. @throws Error when it ends before
   */
  async spawn<O extends Orders>(script: string, args: readonly string[] = []): Promise<Program<O>> {
    return await Program.start<O>(this.namespace, script, args, (program) => this.#programs.add(program));
  }

  /** Pulls the cable: the interface has no carrier. */
  async unplug(): Promise<void> {
    await this.#setPort("down");
  }

  async plug(): Promise<void> {
    await this.#setPort("up");
  }

  /** Gives a machine of a LAN another IPv4 address, as another lease does: what was open from the old one is dead, without a word. */
  async renumber(): Promise<void> {
    const [old = ""] = this.lanAddresses;
    const subnet = old.slice(0, old.lastIndexOf("."));
    const at = 100 + this.#renumbered++;
    const now = at === 100 ? old : `${subnet}.${at - 1}`;
    await ip(this.namespace, [
      `addr del ${now}/24 dev eth0`,
      `addr add ${subnet}.${at}/24 dev eth0`,
      `route replace default via ${subnet}.1`,
    ]);
  }

  /** Gives it one more address: it is in one more network, as far as it knows. */
  async addAddress(): Promise<void> {
    await ip(this.namespace, ["addr add 10.99.0.1/24 dev eth0"]);
  }

  /** Kills its programs and waits until they are gone. */
  async close(): Promise<void> {
    await Promise.all([...this.#programs].map((program) => program.kill()));
  }

  async #setPort(state: "up" | "down"): Promise<void> {
    const { node, port } = portOf(this.name);
    await ip(`${this.#prefix}${node}`, [`link set ${port} ${state}`]);
    await linksAre(state, this.namespace, "eth0");
  }
}
