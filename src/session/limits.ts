/** Every cap of a session. Both ends must agree on those marked (wire); the others are each end's own. */
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

/**
 * The defaults with some of them changed.
 * @throws RangeError when they can't hold together, so that a message could never be sent
 */
export function sessionLimits(changed: Partial<SessionLimits> | undefined): SessionLimits {
  const limits = { ...DEFAULT_SESSION_LIMITS, ...changed };
  for (const [name, value] of Object.entries(limits)) {
    if (!Number.isSafeInteger(value) || value < 1)
      throw new RangeError(`${name} must be a whole number above 0, not ${value}`);
  }
  if (limits.windowBytes < LEAST_WINDOW_BYTES)
    throw new RangeError(`windowBytes must be at least ${LEAST_WINDOW_BYTES}: a frame must fit`);
  if (limits.freeBytes < LEAST_WINDOW_BYTES)
    throw new RangeError(`freeBytes must be at least ${LEAST_WINDOW_BYTES}: a fragment must fit`);
  if (limits.assemblyMessages < 2)
    throw new RangeError("assemblyMessages must be at least 2: one place is for control messages");
  if (limits.messageBytes > 0xffff_ffff) throw new RangeError("messageBytes must fit into 32 bits");
  if (limits.messageBytes > creditedBytes(limits)) {
    throw new RangeError(
      "assemblyBytes must hold a message of messageBytes beside freeBytes for each of assemblyMessages",
    );
  }
  return limits;
}

/** The part of `assemblyBytes` that is given out as credit; the rest is for what comes without. */
export function creditedBytes(limits: SessionLimits): number {
  return limits.assemblyBytes - limits.assemblyMessages * limits.freeBytes;
}

const LEAST_WINDOW_BYTES = 16_384 + 8;
