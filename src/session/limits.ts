/** Every cap of a session. Both ends must agree on those that say "wire"; the others are each end's own. */
export interface SessionLimits {
  /** W: the most bytes that are committed and not yet acknowledged. */
  windowBytes: number;
  /** The least that big messages may have in flight, however slow the path is. */
  bulkFloorBytes: number;
  /** The largest message that is taken, either way. */
  messageBytes: number;
  /** Memory for the messages that are being put together, in all. */
  assemblyBytes: number;
  /** Messages that are being put together at once (wire). */
  assemblyMessages: number;
  /** What of each big message may come without credit (wire). */
  freeBytes: number;
  /** Queued bytes above which the caller should wait; small and big messages are counted apart. */
  queueSoftBytes: number;
  /** Queued bytes above which a message is refused; small and big messages are counted apart. */
  queueHardBytes: number;
  /** Links that one session holds at once. */
  links: number;
}

export const DEFAULT_SESSION_LIMITS: SessionLimits = {
  windowBytes: 1024 * 1024,
  bulkFloorBytes: 64 * 1024,
  messageBytes: 16 * 1024 * 1024,
  assemblyBytes: 32 * 1024 * 1024,
  assemblyMessages: 64,
  freeBytes: 64 * 1024,
  queueSoftBytes: 4 * 1024 * 1024,
  queueHardBytes: 16 * 1024 * 1024,
  links: 3,
};
