/** A user that is in a Room. */
export interface RoomMemberStatus {
  readonly name: string;
  readonly kind: string | undefined;
  /** Where its link to the Room comes from, as the Room sees it: `host:port`. */
  readonly address: string;
  /** When it joined. */
  readonly since: Date;
  /** Whether the Room could dial its port from outside; undefined: it has not tried, as with addresses of this machine and of private networks, or does not know yet. */
  readonly reachable: boolean | undefined;
}

/** Two users that reach each other through the Room now. */
export interface RelayedStatus {
  /** Their names. */
  readonly between: readonly [string, string];
  /** Bytes that went through, both ways. */
  readonly bytes: number;
  readonly since: Date;
}

/** How a Room stands: plain data, of that moment. */
export interface RoomStatus {
  /** The address it listens on. */
  readonly host: string;
  readonly port: number;
  /** The second port, by which users learn whether holes can be opened; 0: it could not be had. */
  readonly probePort: number;
  /** Whether it relays for users that can't reach each other. */
  readonly relays: boolean;
  /** Sorted by name. */
  readonly members: readonly RoomMemberStatus[];
  /** The oldest first. Two users may be there more than once: while a new connection replaces one that died unseen. */
  readonly relayed: readonly RelayedStatus[];
}
