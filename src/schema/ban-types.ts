/** An address or subnet that may not come in. */
export interface Ban {
  /** In its shortest notation: "10.0.0.0/8", "2001:db8::1"; IPv4-mapped IPv6 is IPv4. */
  readonly address: string;
  readonly since: Date;
  /** Undefined: until it is lifted. */
  readonly until: Date | undefined;
  readonly reason: string | undefined;
}

/** How long a ban holds, and why. */
export interface BanOptions {
  /** How long it holds. Default: until it is lifted. */
  seconds?: number | undefined;
  /** For whoever reads the list: at most 200 characters. The banned never see it. Default: none. */
  reason?: string | undefined;
}

/**
 * Addresses and subnets that are banned, by hand alone: penalties for failures are another thing, and end by themselves. With the option `state` the list is kept in
 * that file, where `npx chatroom bans` changes it too; without, it is gone with the program.
 *
 * A ban ends by the wall clock. Where that clock is set back, it ends after its own length at the latest, as long as this program runs.
 */
export interface Bans {
  /** The bans that hold now, in the order of their making. */
  list(): readonly Ban[];
  /**
   * Bans an address or subnet, at once: what comes from there is refused, links that live end. A ban of that very entry is replaced; wider and narrower ones stay.
   * @param address "192.0.2.7", "2001:db8::/32"
   * @returns the ban, once it is written
   * @throws TypeError for an address that is none, for a span that is not above 0 and at most 100 years, and for a reason that is too long or holds control characters.
   * @throws Error when the file can't be written, or there are 100,000 bans; nothing has changed then.
   */
  add(address: string, options?: BanOptions): Promise<Ban>;
  /**
   * Lifts the ban of that very entry; a wider one that covers it stays.
   * @returns false when there was none
   * @throws TypeError for an address that is none.
   * @throws Error when the file can't be written; nothing has changed then.
   */
  lift(address: string): Promise<boolean>;
}
