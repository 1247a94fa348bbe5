import { ip, linksAre, runIn } from "./command.ts";
import {
  AT_INTERNET,
  addressesOf,
  HOSTS,
  type HostName,
  internetAddress,
  internetAddress6,
  lanPrefix,
  lanPrefix6,
  lanSubnet,
  LINES,
  ROUTERS,
  type RouterKind,
  type RouterName,
  routerOf,
} from "./layout.ts";
import { routerRules } from "./router-rules.ts";

/** What the namespaces of a lab are made of. */
export interface Plan {
  readonly prefix: string;
  readonly routers: Readonly<Record<RouterName, RouterKind>>;
  readonly ipv6: boolean;
}

/** The namespace that is the internet: it has a bridge with a port for each line, and no address. */
export const INTERNET = "internet";

/** The namespace of a router. */
export function routerNode(router: RouterName): string {
  return `router-${router}`;
}

/** The name of the namespace and of the port in it where a host's or a router's cable ends. */
export function portOf(name: HostName | RouterName): { readonly node: string; readonly port: string } {
  const router = name === "a" || name === "b" ? undefined : routerOf(name);
  return { node: router === undefined ? INTERNET : routerNode(router), port: `p-${name}` };
}

/** Makes the namespaces and all that is in them. All of it starts with the plan's prefix, nothing else of the machine is touched. */
export async function build(plan: Plan): Promise<void> {
  const nodes = [INTERNET, ...ROUTERS.map(routerNode), ...HOSTS];
  await ip(undefined, [...nodes.map((node) => `netns add ${plan.prefix}${node}`), ...cables(plan.prefix)]);
  await Promise.all([
    ip(`${plan.prefix}${INTERNET}`, bridge("br0", LINES)),
    ...ROUTERS.map((router) => buildRouter(plan, router)),
    ...HOSTS.map((host) => ip(`${plan.prefix}${host}`, hostLines(plan, host))),
  ]);
  await Promise.all(nodes.map((node) => linksAre("up", `${plan.prefix}${node}`)));
}

/** The routes that a node at the internet needs to LANs whose addresses are known outside. */
export function routesToLan(plan: Plan, router: RouterName, address: string): string[] {
  return [
    ...(plan.routers[router] === "fw" ? [`route replace ${lanSubnet(router)}.0/24 via ${address}`] : []),
    ...(plan.ipv6 ? [`route replace ${lanPrefix6(router)}::/64 via ${internetAddress6(AT_INTERNET[router])}`] : []),
  ];
}

function cables(prefix: string): string[] {
  return [...HOSTS, ...ROUTERS].map((name) => {
    const { node, port } = portOf(name);
    const [end, device] = name === "a" || name === "b" ? [routerNode(name), "wan"] : [name, "eth0"];
    return `link add ${port} netns ${prefix}${node} type veth peer name ${device} netns ${prefix}${end}`;
  });
}

function bridge(name: string, ends: readonly (HostName | RouterName)[]): string[] {
  return [
    `link add ${name} type bridge forward_delay 0 mcast_snooping 0`,
    `link set ${name} addrgenmode none up`,
    ...ends.map((end) => `link set p-${end} addrgenmode none master ${name} up`),
  ];
}

/** An interface whose addresses are there at once: made by hand, and not looked for on the wire before. */
function withAddresses(device: string, addresses: readonly string[]): string[] {
  return [
    `link set ${device} addrgenmode none up`,
    ...addresses.map((address) => `addr add ${address} dev ${device} ${address.includes(":") ? "nodad" : ""}`),
  ];
}

function hostLines(plan: Plan, host: HostName): string[] {
  const addresses = addressesOf(host, plan.ipv6).map((address) => `${address}/${address.includes(":") ? 64 : 24}`);
  const router = routerOf(host);
  const linkLocal = `fe80::${HOSTS.indexOf(host) + 1}/64`;
  return [
    "link set lo up",
    ...withAddresses("eth0", [...addresses, linkLocal]),
    ...(router === undefined
      ? ROUTERS.flatMap((one) => routesToLan(plan, one, internetAddress(AT_INTERNET[one])))
      : [
          `route add default via ${lanSubnet(router)}.1`,
          ...(plan.ipv6 ? [`route add default via ${lanPrefix6(router)}::1`] : []),
        ]),
  ];
}

async function buildRouter(plan: Plan, router: RouterName): Promise<void> {
  const namespace = `${plan.prefix}${routerNode(router)}`;
  const at = AT_INTERNET[router];
  const lan = [`${lanSubnet(router)}.1/24`, `${lanPrefix(router)}::1/64`, "fe80::ff/64"];
  await ip(namespace, [
    "link set lo up",
    ...bridge(
      "lan0",
      HOSTS.filter((host) => routerOf(host) === router),
    ),
    ...withAddresses("lan0", [...lan, ...(plan.ipv6 ? [`${lanPrefix6(router)}::1/64`] : [])]),
    ...withAddresses("wan", [
      `${internetAddress(at)}/24`,
      ...(plan.ipv6 ? [`${internetAddress6(at)}/64`] : []),
      `fe80::${at}/64`,
    ]),
    ...ROUTERS.filter((other) => other !== router).flatMap((other) =>
      routesToLan(plan, other, internetAddress(AT_INTERNET[other])),
    ),
  ]);
  await runIn(namespace, "nft", ["-f", "-"], routerRules(plan.routers[router]));
  // Frames between two hosts of one LAN are not the router's: its rules must not see them.
  const settings = ["net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1", "net.bridge.bridge-nf-call-iptables=0"];
  await runIn(namespace, "sysctl", ["-eqw", ...settings, "net.bridge.bridge-nf-call-ip6tables=0"]);
}
