import type { LinkError } from "../base/errors.ts";

/** The codes of REFUSE frames and close records. */
export const CODE = {
  done: 0, // close only
  version: 1,
  encryptionMismatch: 2,
  busy: 3, // retryAfter
  penalty: 4,
  purpose: 5,
  ticket: 6,
  nameInvalid: 7,
  nameInUse: 8, // close only
  authentication: 9,
  timeout: 11,
  malformed: 12,
  shuttingDown: 13,
  limit: 14, // close only
} as const;

/**
 * The error that a received code shows as. `text` is what the peer said; it is shown as such and never acted on.
 * @param encryption this side's setting, for the message of a mismatch.
 */
export function errorOfCode(
  code: number,
  text: string,
  about: { retryAfter?: number; encryption?: boolean } = {},
): LinkError {
  throw new Error(`not yet ${code} ${text} ${about.retryAfter}`);
}
