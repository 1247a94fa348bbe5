import { DEFAULT_LIMITS, type Limits } from "../base/limits.ts";

/** Every cap of a session. Both ends must agree on those marked (wire); the others are each end's own. */
export interface SessionLimits extends Omit<Limits["session"], "resumeWindowMs"> {
  /** The largest message that is taken, either way (wire). */
  readonly messageBytes: number;
  /** Messages that are being put together at once (wire). */
  readonly assemblyMessages: number;
  /** What of each big message may come without credit (wire). */
  readonly freeBytes: number;
}

/** A program's own limits with what both ends share. */
export function ownSessionLimits(own: Limits["session"]): SessionLimits {
  const { windowBytes, bulkFloorBytes, assemblyBytes, queueSoftBytes, queueHardBytes, links } = own;
  const { messageBytes, unfinishedMessages, freeBytes } = DEFAULT_LIMITS.wire;
  return {
    windowBytes,
    bulkFloorBytes,
    assemblyBytes,
    queueSoftBytes,
    queueHardBytes,
    links,
    messageBytes,
    assemblyMessages: unfinishedMessages,
    freeBytes,
  };
}

export const DEFAULT_SESSION_LIMITS: SessionLimits = ownSessionLimits(DEFAULT_LIMITS.session);

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
