import { BlockList, isIP } from "node:net";
import { isV4, parseAddress } from "../../../src/link/address.ts";
import { AddressSet } from "../../../src/link/address-set.ts";
import { isLoopback, isPrivate } from "../../../src/link/defaults.ts";
import { safeCandidates } from "../../../src/user/dial-safety.ts";
import { must, outcomeOf, type Target } from "../target.ts";

const ADDRESSES = [
  "127.0.0.1",
  "10.1.2.3",
  "::1",
  "::",
  "fe80::1%eth0",
  "::ffff:1.2.3.4",
  "2001:db8:0:1:2:3:4:5",
  "1:2:3:4:5:6:7.8.9.10",
  "224.0.0.1",
  "169.254.169.254",
  "localhost",
  "1.2.3",
  "01.2.3.4",
  "2001:db8::1",
];
const SUBNETS = [
  "10.0.0.0/8",
  "fe80::/10",
  "0.0.0.0/0",
  "::/0",
  "1.2.3.4/32",
  "::ffff:0:0/96",
  "2001:db8::/127",
  "10.0.0.0/33",
  "/",
  "1.2.3.4/",
];

/** Node's own answer whether an address is in a subnet. */
function isInside(subnet: string, address: string): boolean | undefined {
  const [host = "", bits] = subnet.split("/");
  const [family, other] = [isIP(host), isIP(address)];
  if (family === 0 || other === 0 || host.includes("%") || address.includes("%")) return undefined;
  // Its rule for mapped addresses is another one than ours.
  if (/^[:0]*ffff:/i.test(host) || /^[:0]*ffff:/i.test(address) || family !== other) return undefined;
  const list = new BlockList();
  const kind = family === 4 ? "ipv4" : "ipv6";
  // It takes no prefix of 0 bits for a subnet in every version.
  if (bits === "0" || Number(bits) === 0) return undefined;
  if (bits === undefined) list.addAddress(host, kind);
  else list.addSubnet(host, Number(bits), kind);
  return list.check(address, kind);
}

/** Addresses and subnets as text: two of them, parted by a line feed. */
export const part: Target = {
  samples: [...ADDRESSES, ...SUBNETS].map((text, at) => Buffer.from(`${text}\n${ADDRESSES[at % ADDRESSES.length]}`)),
  words: [":", "::", ".", "/", "%", "0", "255", "256", "ffff", "::ffff:", "/128", "/0", "00", "x"].map((text) =>
    Buffer.from(text),
  ),
  maxBytes: 120,
  run(input) {
    const [entry = "", address = ""] = Buffer.from(input).toString("latin1").split("\n", 2);
    const bytes = parseAddress(address);
    const bare = address.split("%", 1)[0] as string;
    must((bytes !== undefined) === (isIP(bare) !== 0), "an address that Node takes for none, or the other way round");
    if (bytes !== undefined) must(isV4(bytes) === (isIP(bare) === 4) || bare.includes(":"), "of another family");
    const { value: set, error } = outcomeOf(() => new AddressSet([entry]), TypeError);
    must(isLoopback(address) ? isPrivate(address) : true, "loopback and not private");
    const safe = safeCandidates([{ host: address, port: 5_000 }], false);
    must(safe.length === 0 || bytes !== undefined || isIP(bare) === 0, "a candidate that is no address");
    if (error !== undefined) return `${bytes === undefined} refused`;
    const has = set.has(address);
    const expected = isInside(entry, address);
    must(expected === undefined || expected === has, "another answer than Node's BlockList");
    must(set.delete(entry) && !set.has(address), "still there after it was taken out");
    return `${bytes === undefined ? "none" : isV4(bytes)} ${has} ${entry.includes("/")} ${safe.length}`;
  },
};
