import { isV4, parseAddress, showV4, showV6 } from "./address.ts";

/** A set of IP addresses and subnets ("10.0.0.0/8", "fe80::/10"); IPv4-mapped IPv6 is IPv4. */
export class AddressSet {
  /** By how many leading bits count: the entries of that length. Few lengths, so a look-up is a few map reads. */
  readonly #byBits = new Map<number, Set<string>>();

  /** @throws TypeError for an entry that is neither an address nor a subnet. */
  constructor(entries: Iterable<string> = []) {
    for (const entry of entries) this.add(entry);
  }

  /** @throws TypeError as the constructor does. */
  add(entry: string): void {
    const { bits, key } = parseSubnet(entry);
    const sameBits = this.#byBits.get(bits) ?? new Set();
    this.#byBits.set(bits, sameBits.add(key));
  }

  /** Takes an entry out again, as it was added. False when it was not there. @throws TypeError as the constructor does. */
  delete(entry: string): boolean {
    const { bits, key } = parseSubnet(entry);
    const sameBits = this.#byBits.get(bits);
    if (sameBits?.delete(key) !== true) return false;
    if (sameBits.size === 0) this.#byBits.delete(bits);
    return true;
  }

  /** Whether an address, or a subnet that holds it, is in the set. What is no address is not. */
  has(host: string): boolean {
    if (this.#byBits.size === 0) return false;
    const bytes = parseAddress(host);
    if (bytes === undefined) return false;
    for (const [bits, keys] of this.#byBits) if (keys.has(prefixKey(bytes, bits))) return true;
    return false;
  }
}

/**
 * How many leading bits an address or subnet counts by, of 128, and those bits as a map key.
 * @throws TypeError for a text that is neither.
 */
export function parseSubnet(entry: string): { bits: number; key: string } {
  const [host = "", length, ...more] = entry.split("/");
  const bytes = parseAddress(host);
  if (bytes === undefined || more.length > 0) throw noSubnet(entry);
  const most = isV4(bytes) && !host.includes(":") ? 32 : 128;
  if (length !== undefined && !(/^\d{1,3}$/.test(length) && Number(length) <= most)) throw noSubnet(entry);
  const bits = length === undefined ? 128 : Number(length) + 128 - most;
  return { bits, key: prefixKey(bytes, bits) };
}

function noSubnet(entry: string): TypeError {
  return new TypeError(`${JSON.stringify(entry)} is neither an IP address nor a subnet such as "10.0.0.0/8"`);
}

/** The one notation of an address or subnet, whichever way it was written: "::ffff:10.1.2.3/104" is "10.0.0.0/8". @throws TypeError for a text that is neither. */
export function canonicalSubnet(entry: string): string {
  const { bits } = parseSubnet(entry);
  const bytes = parseAddress(entry.split("/", 1)[0] as string) as Uint8Array;
  for (let bit = bits; bit < 128; bit++) bytes[bit >> 3] = (bytes[bit >> 3] as number) & ~(128 >> (bit & 7));
  const [least, text] = isV4(bytes) && bits >= 96 ? [96, showV4(bytes)] : [0, showV6(bytes)];
  return bits === 128 ? text : `${text}/${bits - least}`;
}

/** The leading bits of an address as a map key. */
export function prefixKey(bytes: Uint8Array, bits: number): string {
  let key = "";
  const whole = bits >> 3;
  for (let at = 0; at < whole; at++) key += String.fromCharCode(bytes[at] as number);
  const rest = bits & 7;
  if (rest > 0) key += String.fromCharCode((bytes[whole] as number) >> (8 - rest));
  return key;
}
