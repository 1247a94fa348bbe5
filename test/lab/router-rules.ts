import { AT_INTERNET, internetAddress, internetAddress6, type RouterKind } from "./layout.ts";

/** What each kind has of its own; the rest is the same for all. */
interface Rules {
  /** What comes from the internet to the router itself and belongs to no connection. */
  readonly strangers: string;
  /** What passes from one side to the other and belongs to no connection. */
  readonly passing: string;
  readonly nat: string;
}

const DROP = `iifname "wan" drop`;
const FROM_LAN = `iifname "lan0" accept; drop`;
const KEEP_PORT = `oifname "wan" masquerade`;
const EASY: Rules = { strangers: DROP, passing: FROM_LAN, nat: KEEP_PORT };

const RULES: Readonly<Record<RouterKind, Rules>> = {
  easy: EASY,
  hard: { ...EASY, nat: `oifname "wan" masquerade random,fully-random` },
  rst: { ...EASY, strangers: `iifname "wan" meta l4proto tcp reject with tcp reset; ${DROP}` },
  open: { ...EASY, strangers: "accept", passing: "accept" },
  fw: { ...EASY, nat: "" },
  block: {
    ...EASY,
    passing: [
      `iifname "lan0" ip daddr ${internetAddress(AT_INTERNET.room)} meta l4proto tcp accept`,
      `iifname "lan0" ip6 daddr ${internetAddress6(AT_INTERNET.room)} meta l4proto tcp accept`,
      `iifname "lan0" reject with icmpx type admin-prohibited; drop`,
    ].join("; "),
  },
};

/** The nftables rules of a router of this kind, whose interfaces are `wan` and `lan0`. IPv6 is filtered, never translated. */
export function routerRules(kind: RouterKind): string {
  const { strangers, passing, nat } = RULES[kind];
  const knock = `iifname "wan" icmp type echo-request accept; meta l4proto ipv6-icmp accept`;
  return `flush ruleset
table inet filter {
  chain input { type filter hook input priority 0; ct state established,related accept; ${knock}; ${strangers}; }
  chain forward { type filter hook forward priority 0; ct state established,related accept; ct status dnat accept; meta l4proto ipv6-icmp accept; ${passing}; }
}
table ip nat {
  chain prerouting { type nat hook prerouting priority dstnat; }
  chain postrouting { type nat hook postrouting priority srcnat; ${nat}; }
}
`.replaceAll("; ;", ";");
}

/** The rule, as arguments of nft, that forwards a TCP port from outside into the LAN. */
export function forwardRule(port: number, address: string): string[] {
  const to = ["dnat", "to", `${address}:${port}`];
  return ["add", "rule", "ip", "nat", "prerouting", "iifname", "wan", "tcp", "dport", String(port), ...to];
}
