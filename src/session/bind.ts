/** One side of a session: a process of that name, and how many sessions it gave up with this peer. Two ends name a session. */
export interface End {
  /** 12 random bytes, per process. */
  readonly incarnation: Uint8Array;
  /** u32. */
  readonly epoch: number;
}
