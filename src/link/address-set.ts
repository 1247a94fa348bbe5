/** A set of IP addresses and subnets ("10.0.0.0/8", "fe80::/10"); IPv4-mapped IPv6 is IPv4. */
export class AddressSet {
  /** @throws TypeError for an entry that is neither an address nor a subnet. */
  constructor(entries: Iterable<string> = []) {
    for (const entry of entries) this.add(entry);
  }

  add(entry: string): void {
    void entry;
  }

  delete(entry: string): boolean {
    return entry === "";
  }

  has(host: string): boolean {
    return host === "";
  }
}
