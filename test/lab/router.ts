import { type Plan, routerNode, routesToLan } from "./build.ts";
import { ip, runIn } from "./command.ts";
import {
  AT_INTERNET,
  addressesOf,
  type HostName,
  internetAddress,
  type RouterKind,
  type RouterName,
} from "./layout.ts";
import { forwardRule } from "./router-rules.ts";

/** A router of the lab, between a LAN and the internet. */
export class Router {
  readonly name: RouterName;
  readonly kind: RouterKind;
  readonly namespace: string;
  readonly #plan: Plan;
  #at: number;

  constructor(plan: Plan, name: RouterName) {
    this.#plan = plan;
    this.name = name;
    this.kind = plan.routers[name];
    this.namespace = `${plan.prefix}${routerNode(name)}`;
    this.#at = AT_INTERNET[name];
  }

  /** Its address at the internet, at the moment. */
  get address(): string {
    return internetAddress(this.#at);
  }

  /** Forgets every connection and every mapping, as after a restart. */
  async flush(): Promise<void> {
    await runIn(this.namespace, "conntrack", ["-F"]);
  }

  /** Its table of connections and mappings, a line each. */
  async mappings(): Promise<string[]> {
    const text = await runIn(this.namespace, "conntrack", ["-L"]);
    return text.split("\n").filter((line) => line !== "");
  }

  /** Forwards a TCP port of its address to the same port of a host in its LAN, for as long as the lab stands. */
  async forward(port: number, host: Exclude<HostName, "room" | "public">): Promise<void> {
    const [address = ""] = addressesOf(host, false);
    await runIn(this.namespace, "nft", forwardRule(port, address));
  }

  /** Gets a new address at the internet, as from a provider, and forgets its mappings. The old address belongs to nobody then. */
  async renumber(): Promise<string> {
    const old = this.address;
    this.#at++;
    await ip(this.namespace, [`addr del ${old}/24 dev wan`, `addr add ${this.address}/24 dev wan`]);
    const routes = routesToLan(this.#plan, this.name, this.address);
    const other = routerNode(this.name === "a" ? "b" : "a");
    await Promise.all([
      this.flush(),
      ...["room", "public", other].map(async (node) => {
        if (routes.length > 0) await ip(`${this.#plan.prefix}${node}`, routes);
      }),
    ]);
    return this.address;
  }
}
